"""Whatever goes wrong ends in a line or two, without a secret: no library's words, and no traceback."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.cli.test_usage import run
from tests.kit.serving import DREMPEL, Demo, Ran, drempel, environment

NOWHERE = "http://nowhere.invalid/demo/"
PASSWORD = "geheim"
REPORT = ("--channel", "c", "--message-file", "-", "--patience", "0")
KEPT = "The text came from standard input and is nowhere else"


def report(server: str = NOWHERE, **variables: str) -> Ran:
    return drempel("report", "--server", server, *REPORT, stdin=b"text", **variables)


def into_full(*arguments: str, stream: str = "1", **variables: str) -> tuple[int, str]:
    """The status, and what stands on the other stream."""
    other = "2>&1 >/dev/full" if stream == "1" else "2>/dev/full"
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" "$@" {other}', DREMPEL, *arguments],
        capture_output=True,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
        text=True,
    )
    return done.returncode, done.stdout


@contextmanager
def answering(data: bytes) -> Iterator[str]:
    """Something that gives this answer to whoever connects, and is no proxy."""

    def serve() -> None:
        taken, _ = listening.accept()
        with taken:
            taken.recv(1000)
            taken.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", f"socks4://naam:{PASSWORD}@127.0.0.1:9050"),
        ("ALL_PROXY", f"ftp://naam:{PASSWORD}@127.0.0.1"),
        ("all_proxy", f"http://naam:{PASSWORD}@[::1"),
        ("HTTPS_PROXY", f"socks5h://naam:{PASSWORD}@127.0.0.1:99999"),
        ("http_proxy", f"http://naam:{PASSWORD}@127.0.0.1:port"),
        ("ALL_PROXY", f"http://naam:{PASSWORD}@"),
        ("ALL_PROXY", f"http://naam:{PASSWORD}@xn--a:80"),
        ("ALL_PROXY", f"http://naam:{PASSWORD}@host:0"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable_alone(variable: str, value: str) -> None:
    refusal = report(**{variable: value}).refused(f"The proxy in {variable}", PASSWORD, "naam")
    assert "socks5h://host:port" in refusal
    # Reading and answering go the same way.
    reading = run("receipt", "read", "--server", NOWHERE, stdin=b"", **{variable: value})
    assert reading.stderr == refusal


@pytest.mark.parametrize("scheme", ["", "http://", "socks://", "socks5://", "socks5h://"])
def test_a_proxy_as_curl_takes_it_is_used_and_named_where_it_fails(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    refusal = report(ALL_PROXY=f"{scheme}naam:{PASSWORD}@127.0.0.1:{port}").refused(
        "by way of the proxy in ALL_PROXY", PASSWORD
    )
    assert KEPT in refusal


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x05\xff", b"\x05\x00", b"\x05"]
)
def test_what_is_no_proxy_is_a_server_that_is_not_reached(answer: bytes) -> None:
    for scheme in ("socks5h", "http"):
        with answering(answer) as place:
            report(ALL_PROXY=f"{scheme}://{place}").refused("")


def test_a_proxy_is_not_asked_about_this_very_machine() -> None:
    assert "proxy" not in report("http://127.0.0.1:9/demo/", ALL_PROXY="socks4://x").refused(
        "can't be reached"
    )


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("http://xn--a/demo/", "An address looks like"),
        ("http://host/demo/?fbclid=IwAR0secret#" + "A" * 43, "Leave out '?fbclid...'"),
        ("http://host/demo/#" + "A" * 43 + "?utm_source=secret", "Leave out '?utm_source...'"),
        ("http://host/demo/?\u202esecret", "Leave out '?...'"),
        ("http://host/Demo/", "no capital letters: write 'demo'"),
        ("http://host/demo/inbox/", "leave out 'inbox'"),
        ("http://host/inbox", "The organisation's name is missing"),
        ("http://host/demo/index.html", "leave out what stands after"),
        ("http://host/demo/%23" + "A" * 43, "'%23' where '#' belongs"),
        ("http://host/%C3%A9/", "must end with the organisation's name"),
        ("http://ho\x07st/demo/", "An address looks like"),
        ("http://host/\udce9/", ""),
    ],
)
def test_an_address_as_people_write_it_gets_a_word_of_its_own(server: str, words: str) -> None:
    ran = report(server)
    assert words in ran.misused(words)
    assert "secret" not in ran.err


@pytest.mark.parametrize(
    "server", ["http://" + "a" * 64 + ".invalid/demo/", "http://a..b/demo/", "http://*/demo/"]
)
def test_a_host_that_cannot_be_is_a_server_that_is_not_reached(server: str) -> None:
    report(server).refused("can't be reached")


@pytest.mark.parametrize("locale", ["C", "POSIX", "xx_XX"])
def test_no_locale_changes_what_is_said(locale: str) -> None:
    plain: Any = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    report("http://host/\u00e9/", **plain).misused("")
    drempel("r\u00e9port", **plain).misused("No such command")
    drempel("report", "--server", NOWHERE, *REPORT, "--attach", "/n\u00e9/x", **plain).refused("No such file")


def test_a_disk_that_is_full_is_no_traceback() -> None:
    for arguments in ("--help", "--version", "receipt read --help", "manifest"):
        status, said = into_full(*arguments.split())
        assert (status, said.count("\n")) == (1, 1), (arguments, said)
        assert "No space left on device" in said
    for arguments in ("nothing", "receipt", f"receipt read --server {NOWHERE}"):
        assert into_full(*arguments.split(), stream="2") == (2, "")


def test_a_remark_that_cannot_be_said_makes_no_success_a_failure(demo: Demo) -> None:
    receipt = demo.report("A report.").json["receipt"]
    done = into_full("receipt", "read", "--server", demo.url, stream="2", DREMPEL_RECEIPT=receipt)
    assert done[0] == 0
    assert "A report." in done[1]


def test_a_fault_of_our_own_is_named_by_its_place_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a secret")

    monkeypatch.setattr("intake.cli.reporter.report.check_report", broken)
    monkeypatch.setattr("intake.cli.reporter.report.fetch_organisation", broken)
    result = run("report", "--server", NOWHERE, *REPORT, stdin=b"text")
    assert result.exit_code == 1
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith("A fault of Drempel itself: ValueError in tests/cli/test_edge.py, line ")
    assert KEPT in second
    assert "secret" not in result.stderr
