"""Founding, serving and the demonstration, as an operator meets them."""

import json
import re
import signal
import socket
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crypto.public.encoding import unb64
from crypto.secret.codes import parse_code
from intake.cli import main
from tests.kit.serving import DREMPEL, Demo, Ran, Server, drempel, environment
from tests.kit.terminal import on_terminal

EXAMPLE = Path(__file__).parents[2] / "deploy" / "organisation.example.toml"


def init(data: Path, plan: Path, *options: str) -> Ran:
    return drempel("init", "--data", str(data), "--from", str(plan), "--json", *options)


def access_codes(founded: dict[str, Any]) -> dict[str, str]:
    return {
        item["id"]: item["access_code"] for channel in founded["channels"] for item in channel["recipients"]
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        item.name: (item.read_bytes(), item.stat().st_mtime_ns) for item in folder.iterdir() if item.is_file()
    }


def test_the_example_founds_an_organisation_that_is_served(tmp_path: Path) -> None:
    data = tmp_path / "data"
    founded = init(data, EXAMPLE).json
    assert list(founded) == ["organisation", "fingerprint", "custodian_code", "channels"]
    assert founded["organisation"] == "gemeente"
    assert len(unb64(founded["fingerprint"])) == 32
    assert parse_code(founded["custodian_code"], "custodian")
    codes = access_codes(founded)
    assert set(codes) == {"jansen", "de-vries"}
    assert all(parse_code(code, "access") for code in codes.values())

    # The codes are shown once: nothing in the folder knows them, and nobody else can enter it.
    assert mode(data) == 0o700
    assert all(mode(item) == 0o600 for item in data.iterdir())
    for stored, _ in contents(data).values():
        for code in (*codes.values(), founded["custodian_code"]):
            assert code.encode() not in stored

    before = contents(data)["store.sqlite"][0]
    init(data, EXAMPLE).refused("an organisation 'gemeente' in this folder already")
    assert contents(data)["store.sqlite"][0] == before

    serve = ["serve", "--data", str(data), "--port", "0"]
    for number in (signal.SIGTERM, signal.SIGINT):
        server = Server(serve, tmp_path / "logs")
        try:
            assert server.first_line.startswith("Listening on http://127.0.0.1:")
            drempel(*serve).refused("Another instance of the service is using this data folder")
            init(data, EXAMPLE).refused("Another instance of the service is using this data folder")
            url = server.first_line.removeprefix("Listening on ") + "gemeente"
            ran = drempel("inbox", "list", "--server", url, "--json", DREMPEL_ACCESS_CODE=codes["jansen"])
            assert ran.json == {"conversations": []}
            server.stop(number)
        finally:
            server.kill()
        assert server.err.splitlines() == ["The service has started.", "The service has stopped."]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('slug = "gemeente"', 'slug : "gemeente"', "The file is not TOML"),
        ('slug = "gemeente"', "", "Missing in the file: slug"),
        ('slug = "gemeente"', 'slug = "Gemeente!"', "slug or name"),
        ('slug = "gemeente"', 'slug = "static"', "that address is taken"),
        ('slug = "gemeente"', "slug = 1", "slug or name"),
        ('slug = "gemeente"', 'slug = "gemeente"\nslugg = "x"', "Unknown in the file: slugg"),
        ("valid_days = 365", "valid_days = 367", "from 1 to 366"),
        ("retention_days = 730", "retention_days = 0", "policy"),
        ("retention_days = 730", "retention = 730", "Unknown in 'policy': retention"),
        ("[policy]", "[[policy]]", "'policy' must be a table"),
        ("[[kinds]]", "[kinds]", "not TOML"),
        ('kinds = ["behaviour"]', 'kinds = ["behavior"]', "a channel's kinds"),
        ("https://www.huisvoor", "javascript:huisvoor", "https, http, mailto or tel"),
        ('recipients = ["jansen"]', 'recipients = ["jensen"]', "a channel's recipients"),
        ('recipients = ["jansen"]', "recipients = 5", "must be a list of their ids"),
        ('recipients = ["de-vries", "jansen"]', 'recipients = ["jansen"]', "'de-vries' is in no channel"),
        ('recipients = ["jansen"]', 'informd = []\nrecipients = ["jansen"]', "'channels': informd"),
        ('id = "jansen"', 'id = "reporter"', "Recipient 'reporter' is in no channel"),
        ('id = "jansen"', "id = 1979-05-27", "is in no channel"),
        ('id = "de-vries"', 'id = "jansen"', "recipients"),
        ('languages = ["nl", "en"]', "languages = []", "languages"),
        ('languages = ["nl", "en"]', "languages = { nl = 1 }", "languages"),
        ("name = { nl", "nam = { nl", "Unknown in the file: nam"),
        ('role = { nl = "vertrouwenspersoon"', 'rol = { nl = "x"', "Unknown in 'recipients': rol"),
    ],
)
def test_a_wrong_file_is_told_and_founds_nothing(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert old in text
    plan, data = tmp_path / "plan.toml", tmp_path / "data"
    plan.write_text(text.replace(old, new, 1), encoding="utf-8")
    result = CliRunner().invoke(main, ["init", "--data", str(data), "--from", str(plan), "--json"])
    assert result.exit_code == 2, result.stderr
    assert result.stdout == ""
    assert words in result.stderr
    assert not data.exists()


def test_an_organisation_is_founded_by_answering_questions(tmp_path: Path) -> None:
    data = tmp_path / "data"
    answers = [
        ("Short name", "Not An Id"),
        ("Use 1 to 40", "school"),
        ("Languages", "nl"),
        ("Name (nl)", "De school"),
        ("kinds of report", "wrongdoing, wrongdoing"),
        ("Use 1 to 40", "wrongdoing"),
        ("Name of kind 'wrongdoing' (nl)", "Misstand"),
        ("Ids of the channels", "adviser"),
        ("Name of channel 'adviser' (nl)", "Vertrouwenspersoon"),
        ("What it does", "Luistert."),
        ("Ids of the recipients of 'adviser'", "anna,bo"),
        ("Name of recipient 'anna' (nl)", "Anna"),
        ("Name of recipient 'bo' (nl)", "Bo"),
        ("Days that reports are kept", "0"),
        ("Days that reports are kept", "365"),
    ]
    founded = on_terminal(["init", "--data", str(data), "--json"], answers).ran.json
    assert founded["organisation"] == "school"
    assert [channel["id"] for channel in founded["channels"]] == ["adviser"]
    assert set(access_codes(founded)) == {"anna", "bo"}
    # A question that nobody answers founds nothing.
    drempel("init", "--data", str(tmp_path / "none")).refused("Nothing was changed.")
    assert not (tmp_path / "none").exists()


def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o700)
    (foreign / "letter.txt").write_text("Dear", encoding="utf-8")
    drempel("serve", "--data", str(foreign)).refused("holds no store")
    drempel("serve", "--data", str(tmp_path / "missing")).refused("holds no store")
    init(foreign, EXAMPLE).refused("holds no store")
    assert sorted(item.name for item in foreign.iterdir() if item.name != "lock") == ["letter.txt"]
    open_to_all = tmp_path / "open"
    init(open_to_all, EXAMPLE)
    open_to_all.chmod(0o755)
    drempel("serve", "--data", str(open_to_all), "--port", "0").refused("chmod 700")


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        init(tmp_path / "data", EXAMPLE)
        drempel("serve", "--data", str(tmp_path / "data"), "--port", port).refused("in use")
        drempel("demo", "--data", str(tmp_path / "demo"), "--port", port).refused("in use")
    for foreign in ("192.0.2.1", "nowhere.invalid"):
        drempel("serve", "--data", str(tmp_path / "data"), "--host", foreign).refused(
            "can't be had on this machine"
        )


def test_the_demo_says_first_where_it_is_and_who_reads(own_demo: Demo) -> None:
    demo = own_demo
    assert json.loads(demo.server.first_line) == demo.codes
    assert list(demo.codes) == ["url", "inbox", "organisation", "fingerprint", "custodian_code", "channels"]
    assert demo.codes["inbox"] == f"{demo.url}inbox#{demo.codes['fingerprint']}"
    assert demo.url.startswith("http://127.0.0.1:")
    assert demo.url.endswith("/demo/")
    names = {channel["id"]: channel["name"]["nl"] for channel in demo.codes["channels"]}
    assert names == {
        "confidential-adviser": "Vertrouwenspersoon",
        "complaints-committee": "Klachtencommissie",
        "integrity-committee": "Integriteitscommissie",
    }
    for channel in demo.codes["channels"]:
        assert list(channel) == ["id", "name", "recipients"]
        assert set(channel["name"]) == {"nl", "en"}
        assert len(channel["recipients"]) == 2
        assert all(list(item) == ["id", "access_code"] for item in channel["recipients"])
    for kind in ("wrongdoing", "integrity", "behaviour"):
        assert demo.report("A report.", "--kind", kind).json
    assert len(set(demo.access_codes.values())) == 6


def test_the_demo_keeps_its_codes_to_itself_and_never_touches_them_again(own_demo: Demo) -> None:
    demo = own_demo
    kept = demo.data / "demo-codes.json"
    assert mode(demo.data) == 0o700
    assert mode(kept) == 0o600
    before, codes = contents(demo.data)["demo-codes.json"], demo.codes
    sent = demo.report("A report.").json
    drempel("demo", "--data", str(demo.data), "--port", "0").refused("Another instance")
    demo.stop(signal.SIGINT)
    demo.start()
    assert {**demo.codes, "url": "", "inbox": ""} == {**codes, "url": "", "inbox": ""}
    assert demo.receipt(sent["receipt"], "read").json["messages"]
    demo.stop()
    assert contents(demo.data)["demo-codes.json"] == before

    for damage in (b"{", b"[]", b"{}", b'{"channels": 1}'):
        kept.write_bytes(damage)
        drempel("demo", "--data", str(demo.data), "--port", "0").refused("demo-codes.json is damaged")
        assert kept.read_bytes() == damage


def shell(command: str, **variables: str) -> str:
    """What a shell's command prints; it must succeed."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        stdout=subprocess.PIPE,
        env=environment(**variables),
        timeout=60,
        check=True,
        text=True,
    )
    return done.stdout


def test_the_demo_without_a_folder_leaves_nothing(tmp_path: Path) -> None:
    server = Server(["demo", "--port", "0"], tmp_path / "logs", {"TMPDIR": str(tmp_path)})
    try:
        assert [item.name.startswith("drempel-demo-") for item in tmp_path.iterdir() if item.name != "logs"]
        # What it says to open are addresses with the fingerprint; a browser comes first, the command line after it.
        pages = re.findall(
            r"^  (?:Make a report|Read reports): +http://127\.0\.0\.1:\d+(\S+)$", server.out, re.M
        )
        pinned = re.search(r"#[\w-]{43}", server.out)
        assert pinned
        assert pages == [f"/demo/{pinned[0]}", f"/demo/inbox{pinned[0]}"]
        assert server.out.index("in a browser") < server.out.index("command line") < server.out.index(DREMPEL)
        # What it says to try works as it stands there, from anywhere: no alias, nothing on the search path.
        lines = server.out.replace("\\\n", "").splitlines()
        tried = [line for line in lines if f"{DREMPEL} " in line]
        assert [line.partition(DREMPEL)[2].split()[0] for line in tried] == ["report", "inbox", "receipt"]
        access = server.out.partition("confidential-adviser-1: ")[2].splitlines()[0]
        receipt = shell(tried[0]).split("\n\n")[1].strip()
        assert "confidential-adviser  -  1 message\n" in shell(tried[1], DREMPEL_ACCESS_CODE=access)
        assert "I saw something." in shell(tried[2], DREMPEL_RECEIPT=receipt)
        server.stop()
    finally:
        server.kill()
    assert [item.name for item in tmp_path.iterdir()] == ["logs"]
