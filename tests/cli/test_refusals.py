"""What can't be done is refused with a word or two, with nothing on standard output, and nothing is changed."""

import socket
import subprocess
from pathlib import Path

import pytest

from crypto.public.encoding import b64, day_text, utc_day
from tests.cli.test_usage import run
from tests.kit.serving import DREMPEL, Demo, drempel, environment

FIXED = ("--message-file", "-", "--json")
ADVISER = "confidential-adviser-1"


@pytest.fixture(scope="module")
def before(demo: Demo) -> list[str]:
    """The conversations of an adviser before any of these tests."""
    return conversations(demo)


def conversations(demo: Demo) -> list[str]:
    return [row["id"] for row in demo.inbox(ADVISER, "list").json["conversations"]]


@pytest.mark.parametrize(
    ("options", "text", "words"),
    [
        (["--channel", "nobody"], "text", "There are: confidential-adviser, complaints-committee"),
        (["--channel", "complaints-committee", "--kind", "wrongdoing"], "text", "It takes: behaviour."),
        (["--channel", "confidential-adviser"], " \n", "There is no text."),
        (["--channel", "confidential-adviser"], "a" * 1_044_481, "at most 1,044,480 bytes"),
        (["--channel", "confidential-adviser", "--pin", b64(bytes(32))], "text", "another organisation"),
    ],
    ids=["channel", "kind", "empty", "too long", "pin"],
)
def test_a_report_that_cannot_be_sent_is_refused(
    demo: Demo, before: list[str], options: list[str], text: str, words: str
) -> None:
    ran = drempel("report", "--server", demo.url, *FIXED, *options, stdin=text.encode())
    refusal = ran.refused(words)
    assert "The text came from standard input and is nowhere else" in refusal
    assert text not in refusal or not text.strip() or text == "text"
    assert conversations(demo) == before


def test_the_largest_text_is_taken(demo: Demo) -> None:
    sent = demo.report("\u00e9" * 522_240, channel="integrity-committee").json
    assert demo.receipt(sent["receipt"], "read").json["messages"][0]["body"] == "\u00e9" * 522_240


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_address_without_slash_and_a_fingerprint_in_either_place(demo: Demo, slash: str) -> None:
    bare, pin = demo.url.rstrip("/") + slash, demo.codes["fingerprint"]
    access = demo.access_codes[ADVISER]
    for options in ([f"{bare}#{pin}"], [bare, "--pin", pin], [f"{bare}#{pin}", "--pin", pin]):
        ran = drempel("inbox", "list", "--server", *options, "--json", DREMPEL_ACCESS_CODE=access)
        assert "conversations" in ran.json
        assert "Not verified" not in ran.err
    ran = drempel("inbox", "list", "--server", bare, "--json", DREMPEL_ACCESS_CODE=access)
    assert "conversations" in ran.json
    assert "Not verified by link: use the address with its #fingerprint, or --pin.\n" in ran.err
    wrong = drempel("inbox", "list", "--server", f"{bare}#{b64(bytes(32))}", DREMPEL_ACCESS_CODE=access)
    wrong.refused("another organisation", access)


def test_an_address_without_an_organisation_or_a_server_is_told(demo: Demo) -> None:
    host = demo.url.removesuffix("demo/")
    fixed = ("--channel", "confidential-adviser", "--patience", "0.5", *FIXED)
    drempel("report", "--server", f"{host}nobody/", *fixed, stdin=b"text").refused("no such organisation")
    drempel("report", "--server", f"{demo.url}inbox", *fixed, stdin=b"text").misused("leave out 'inbox'")
    drempel("report", "--server", f"{demo.url}api/1", *fixed, stdin=b"text").refused(
        "nothing at this address"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/demo/"
    drempel("report", "--server", nobody, *fixed, stdin=b"text").refused("can't be reached")
    secure = demo.pinned.replace("http:", "https:")
    drempel("report", "--server", secure, *fixed, stdin=b"text").refused("It does not speak https there.")
    nowhere = "http://nowhere.invalid/demo/"
    drempel("report", "--server", nowhere, *fixed, stdin=b"text").refused("no host of that name")


def test_a_text_in_a_file_is_said_to_be_there(demo: Demo, tmp_path: Path) -> None:
    kept = tmp_path / "text"
    kept.write_text("A secret in a file.", encoding="utf-8")
    options = ("--server", demo.pinned, "--channel", "nobody", "--message-file", str(kept), "--json")
    refusal = drempel("report", *options).refused("The text is still in the file you named", "secret")
    assert "the server has nothing of it" in refusal
    assert str(kept) not in refusal
    assert kept.read_text("utf-8") == "A secret in a file."


def test_a_receipt_that_could_not_be_written_is_not_called_a_failure_to_send(demo: Demo) -> None:
    command = '"$0" report --server "$1" --channel integrity-committee --message-file - >/dev/full'
    shell = ("/bin/sh", "-c", command, DREMPEL, demo.pinned)
    done = subprocess.run(
        shell, input=b"text", stderr=subprocess.PIPE, env=environment(), timeout=60, check=False
    )
    assert done.returncode == 1
    assert b"It was done, but the result could not be written" in done.stderr
    assert b"its receipt is lost: to be able to come back, report again" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_proxy_or_a_locale_of_the_environment_changes_nothing_here(demo: Demo) -> None:
    access = demo.access_codes[ADVISER]
    ran = drempel(
        "inbox",
        "list",
        "--server",
        demo.pinned,
        DREMPEL_ACCESS_CODE=access,
        PYTHONUTF8="0",
        LC_ALL="POSIX",
        http_proxy="http://127.0.0.1:9",
        ALL_PROXY="socks5://127.0.0.1:9",
    )
    assert ran.status == 0, ran.err


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (400, "Check this device's date; if it is right, the organisation must sign a new one."),
        (-400, "Check this device's date"),
        (30, "This device's date and the server's differ by more than two days."),
    ],
)
def test_a_clock_that_is_wrong_is_looked_at_before_anybody_is_blamed(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, days: int, words: str
) -> None:
    today = utc_day()
    monkeypatch.setattr("intake.client.organisation.utc_day", lambda: today + days)
    options = ("--channel", "confidential-adviser", "--message-file", "-")
    result = run("report", "--server", demo.pinned, *options, stdin=b"text")
    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert words in first
    assert "This device says" in first
    assert day_text(today + days) in first
    assert "The text came from standard input" in second
