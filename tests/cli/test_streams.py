"""What a person or a script does to a command from outside: Ctrl-C, closed streams, files that are no text."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from intake.cli.custodian.init import read_plan
from tests.kit.serving import DREMPEL, Demo, Ran, drempel, environment
from tests.kit.terminal import on_terminal

NOWHERE = "http://127.0.0.1:9/demo/"  # the discard port: nobody listens there
RECEIPT = "morat-sovog-lahob-fidok-zafor-sulas-lumij-hizop"
REPORT = ("report", "--server", NOWHERE, "--channel", "adviser", "--message-file")


def in_shell(command: str, **variables: str) -> Ran:
    """Run a command of a shell, in which `drempel` is "$0"."""
    done = subprocess.run(
        ["/bin/sh", "-c", command, DREMPEL],
        capture_output=True,
        env=environment(**variables),
        timeout=60,
        check=False,
        text=True,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_without_standard_output_nothing_is_sent(demo: Demo) -> None:
    listed = demo.inbox("complaints-committee-1", "list").json
    send = f"report --server '{demo.pinned}' --channel complaints-committee --message-file -"
    in_shell(f'echo text | "$0" {send} >&-').refused("Nothing was done.")
    in_shell('"$0" demo --port 0 >&-').refused("Nothing was done.")
    assert demo.inbox("complaints-committee-1", "list").json == listed


def test_without_standard_input_there_is_no_text_and_no_code(demo: Demo) -> None:
    send = f"report --server '{demo.pinned}' --channel complaints-committee --message-file -"
    refusal = in_shell(f'"$0" {send} <&-').refused("There is no text.")
    assert "from standard input" in refusal
    in_shell(f'"$0" receipt read --server {NOWHERE} <&-').misused("Give a receipt")


def test_without_standard_error_the_status_still_tells(demo: Demo) -> None:
    receipt = demo.report("A report.").json["receipt"]
    read = f"receipt read --server '{demo.pinned}' --json"
    assert "A report." in in_shell(f'"$0" {read} 2>&-', DREMPEL_RECEIPT=receipt).out
    assert in_shell(f'"$0" {read} 2>&-', DREMPEL_RECEIPT="nonsense") == Ran(1, "", "")


def test_an_interrupted_question_changes_nothing() -> None:
    for typed in ("\x03", "\x04"):
        asked = on_terminal(["receipt", "read", "--server", NOWHERE], [("Receipt", typed)])
        assert asked.ran.status == 1
        assert asked.ran.out == ""
        assert "Nothing was changed." in asked.screen
        assert "Aborted" not in asked.screen


@pytest.mark.parametrize("command", ["report", "write", "reply", "delete"])
def test_an_interrupted_command_says_that_nothing_is_confirmed(tmp_path: Path, command: str) -> None:
    text = tmp_path / "text"
    text.write_text("Something secret.", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never answers
        server = ("--server", f"http://127.0.0.1:{silent.getsockname()[1]}/demo/")
        message = ("--message-file", str(text))
        call = {
            "report": ("report", *server, "--channel", "adviser", *message),
            "write": ("receipt", "write", *server, *message),
            "reply": ("inbox", "reply", "A" * 43, *server, *message),
            "delete": ("receipt", "delete", *server),
        }[command]
        access = "fizon-hotud-patot-fopib-birif-bubuf-sakof-satos"
        process = subprocess.Popen(
            [DREMPEL, *call],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(DREMPEL_RECEIPT=RECEIPT, DREMPEL_ACCESS_CODE=access),
            text=True,
        )
        try:
            with silent.accept()[0] as taken:
                taken.recv(1)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    refusal = Ran(process.returncode, out, err).refused("Interrupted", "secret", RECEIPT, access)
    assert "ot confirmed" in refusal
    assert command == "delete" or "The text is still in the file you named" in refusal


def test_what_takes_long_is_shown_on_a_terminal_and_nowhere_else(own_demo: Demo) -> None:
    demo, recipient = own_demo, "integrity-committee-1"
    demo.report("a" * 1_000_000, channel="integrity-committee")
    asked = on_terminal(
        ["inbox", "list", "--server", demo.pinned], [("Access code", demo.access_codes[recipient])]
    )
    assert "\rLooking for what is yours: 100 %\r\n" in asked.screen
    assert "1 message\n" in asked.ran.out
    assert demo.inbox("integrity-committee-2", "list").err == ""


def test_waiting_for_a_server_is_told_once_on_a_terminal() -> None:
    call = ["receipt", "read", "--server", NOWHERE, "--patience", "2"]
    asked = on_terminal(call, [], DREMPEL_RECEIPT=RECEIPT)
    assert asked.screen.count("Still trying") == 1
    assert asked.ran.status == 1


def test_what_is_no_text_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    noise.write_bytes(bytes(range(256)))
    drempel(*REPORT, str(noise)).refused("not valid UTF-8")
    endless = drempel(*REPORT, "/dev/zero")
    endless.refused("The text is too long")
    drempel(*REPORT, str(tmp_path)).misused("Is a directory")
    drempel(*REPORT, str(tmp_path / "missing")).misused("No such file")


def test_a_code_that_is_not_there_is_told_from_a_wrong_one(tmp_path: Path) -> None:
    read = ("receipt", "read", "--server", NOWHERE, "--patience", "0")
    empty = tmp_path / "empty"
    empty.write_text("\n", encoding="utf-8")
    drempel(*read, "--code-file", str(empty)).refused("The file is empty.")
    drempel(*read, DREMPEL_RECEIPT="").refused("DREMPEL_RECEIPT is empty.")
    drempel(*read, "--code-file", str(tmp_path)).misused("Is a directory")
    # In the wrong variable it is not looked at.
    drempel(*read, DREMPEL_ACCESS_CODE=RECEIPT).misused("DREMPEL_RECEIPT")
    drempel(*read, stdin=RECEIPT.encode() + b"\n").refused("can't be reached", RECEIPT)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfCaf\xc3\xa9.",
        b"\xff\xfe" + "Caf\u00e9.".encode("utf-16-le"),
        b"\xfe\xff" + "Caf\u00e9.".encode("utf-16-be"),
    ],
    ids=["UTF-8", "little-endian", "big-endian"],
)
def test_an_editors_mark_before_a_text_is_no_part_of_it(demo: Demo, data: bytes, tmp_path: Path) -> None:
    sent = demo.report(data).json
    assert demo.receipt(sent["receipt"], "read").json["messages"][0]["body"] == "Caf\u00e9."


def test_a_long_text_in_utf16_is_measured_as_it_travels(tmp_path: Path) -> None:
    text = tmp_path / "text"
    for letter, most in (("a", 1_044_480), ("\u20ac", 348_160)):
        text.write_bytes(b"\xff\xfe" + (letter * most).encode("utf-16-le"))
        drempel(*REPORT, str(text), "--patience", "0").refused("can't be reached")
        text.write_bytes(b"\xff\xfe" + (letter * (most + 1)).encode("utf-16-le"))
        drempel(*REPORT, str(text), "--patience", "0").refused("The text is too long")


def test_an_editors_mark_before_a_description_is_no_part_of_it(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "deploy" / "organisation.example.toml"
    marked = tmp_path / "marked.toml"
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le")):
        marked.write_bytes(mark + example.read_text("utf-8").encode(encoding))
        assert read_plan(marked) == read_plan(example)
