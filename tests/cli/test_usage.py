"""How a command is called: mistakes end with status 2, before anything is sent; no code is ever an argument."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from intake.cli import main

NOWHERE = "http://127.0.0.1:9/demo/"  # the discard port: nobody listens there
PIN = "A" * 43
RECEIPT = "morat-sovog-lahob-fidok-zafor-sulas-lumij-hizop"


def run(*arguments: str, stdin: bytes = b"", **variables: str) -> Result:
    """Run a command in this process."""
    return CliRunner(env={"DREMPEL_RECEIPT": None, "DREMPEL_ACCESS_CODE": None, **variables}).invoke(
        main, arguments, input=stdin
    )


def commands(
    group: click.Group, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))
        else:
            yield (*above, name), command


COMMANDS = dict(commands(main))


def test_the_commands_are_those_that_are_promised() -> None:
    assert {" ".join(path) for path in COMMANDS} == {
        "backup",
        "demo",
        "init",
        "doctor",
        "restore",
        "migrate-store",
        "serve",
        "manifest",
        "report",
        *(f"receipt {what}" for what in ("read", "write", "export", "delete")),
        *(f"inbox {what}" for what in ("list", "show", "reply", "export")),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_all_its_options(path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    for option in COMMANDS[path].params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert all(name in result.output for name in option.opts)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_no_option_and_no_argument_takes_a_code(path: tuple[str, ...]) -> None:
    for parameter in COMMANDS[path].params:
        name = parameter.name or ""
        if "code" in name or "receipt" in name or "secret" in name or "password" in name:
            # What is left names a file, or is a flag.
            assert isinstance(parameter, click.Option)
            assert name == "code_file" or parameter.is_flag
        # A code in the environment is never read through an option, which would show it in the help.
        assert not parameter.envvar


@pytest.mark.parametrize(
    "arguments",
    [
        ["receipt", "read", "--server", NOWHERE, RECEIPT],
        ["receipt", "read", "--server", NOWHERE, "--receipt", RECEIPT],
        ["receipt", "read", "--server", NOWHERE, "--code", RECEIPT],
        ["inbox", "list", "--server", NOWHERE, RECEIPT],
    ],
    ids=lambda given: " ".join(given[4:5]),
)
def test_a_code_among_the_arguments_is_a_usage_error(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("server", "pin", "words"),
    [
        ("example.org/demo", None, "An address looks like"),
        ("ftp://example.org/demo/", None, "An address looks like"),
        ("https://example.org/demo/?x=1", None, "Leave out '?x...'"),
        ("https://user@example.org/demo/", None, "An address looks like"),
        ("https:///demo/", None, "An address looks like"),
        ("https://example.org:99999/demo/", None, "An address looks like"),
        ("https://[::1/demo/", None, "An address looks like"),
        ("https://example.org/", None, "must end with the organisation's name"),
        ("https://example.org/Demo/", None, "no capital letters"),
        ("https://example.org/demo/inbox", None, "leave out 'inbox' at its end"),
        ("https://example.org/demo/inbox/", None, "leave out 'inbox' at its end"),
        ("https://example.org/demo/#short", None, "A fingerprint is 43"),
        ("https://example.org/demo/", "short", "A fingerprint is 43"),
        ("https://example.org/demo/", "", "A fingerprint is 43"),
        (f"https://example.org/demo/#{PIN}", "B" * 42 + "A", "two different organisations"),
    ],
)
def test_a_wrong_address_or_pin_is_a_usage_error(server: str, pin: str | None, words: str) -> None:
    options = [] if pin is None else ["--pin", pin]
    result = run("receipt", "read", "--server", server, *options, DREMPEL_RECEIPT=RECEIPT)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr


def test_a_message_from_standard_input_leaves_no_room_for_a_code_there(tmp_path: Path) -> None:
    write = ["--server", NOWHERE, "--message-file", "-"]
    for command, variable in ((["receipt", "write"], "RECEIPT"), (["inbox", "reply"], "ACCESS_CODE")):
        identity = ["A" * 43] if command[0] == "inbox" else []
        result = run(*command, *write, *identity, stdin=RECEIPT.encode() + b"\n")
        assert result.exit_code == 2
        assert f"--code-file FILE or in DREMPEL_{variable}" in result.stderr
    # Without a terminal the prompt is answered by a pipe, where there is one.
    read = ["receipt", "read", "--server", NOWHERE, "--patience", "0"]
    assert "can't be reached" in run(*read, stdin=RECEIPT.encode() + b"\n").stderr
    for nothing in (b"", b"\n", b" \n\xef\xbb\xbf- 1.\n"):
        result = run(*read, stdin=nothing)
        assert result.exit_code == 2
        assert result.stdout == ""


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"caf\xe9"], ids=["utf-16", "latin-1"])
def test_a_text_that_is_not_utf8_is_refused_without_a_byte_of_it(data: bytes) -> None:
    result = run("report", "--server", NOWHERE, "--channel", "c", "--message-file", "-", stdin=data)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "not valid UTF-8" in result.stderr
    assert "caf" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "--server", NOWHERE, "--message-file", "-"],
        ["report", "--channel", "c", "--message-file", "-"],
        ["report", "--server", NOWHERE, "--channel", "c"],
        ["report", "--server", NOWHERE, "--channel", "c", "--message-file", "/nonexistent/text"],
        ["receipt", "read", "--server", NOWHERE, "--code-file", "/nonexistent/code"],
        ["receipt"],
        ["inbox", "show", "--server", NOWHERE],
        ["inbox", "export", "--server", NOWHERE, "A" * 43],
        ["receipt", "export", "--server", NOWHERE],
        ["receipt", "write", "--server", NOWHERE, "--message-file", "-", "--attach"],
        ["inbox", "list", "--server", NOWHERE, "--patience", "-1"],
        ["serve"],
        ["backup", "--data", "/nonexistent/data"],
        ["backup", "--to", "/nonexistent/file"],
        ["restore", "--data", "/nonexistent/data"],
        ["restore", "--from", "/nonexistent/file"],
        ["demo", "--port", "65536"],
        ["nothing"],
    ],
    ids=lambda given: " ".join(given)[:48],
)
def test_a_call_that_makes_no_sense_is_a_usage_error(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    # In a line or two that say what to do; the name of a group alone shows its help.
    assert len(result.stderr.splitlines()) == 2 or arguments == ["receipt"]
    assert "--help" in result.stderr


@pytest.mark.parametrize("command", ["show", "reply", "export"])
@pytest.mark.parametrize("mailbox", ["-" * 42 + "A", "-h" + "A" * 41, "A" * 43])
def test_an_id_may_begin_with_a_hyphen_and_stand_anywhere(command: str, mailbox: str, tmp_path: Path) -> None:
    message = {"reply": ["--message-file", "-"], "export": ["--to", str(tmp_path / "out")]}.get(command, [])
    options = ["--server", NOWHERE, "--pin", "-" * 42 + "A", "--patience", "0", "--json", *message]
    for arguments in ([mailbox, *options], [*options, mailbox], [*options[:2], mailbox, *options[2:]]):
        access = "fizon-hotud-patot-fopib-birif-bubuf-sakof-satos"
        result = run("inbox", command, *arguments, stdin=b"text", DREMPEL_ACCESS_CODE=access)
        assert result.exit_code == 1, result.stderr
        assert "The server can't be reached" in result.stderr


def test_what_is_no_id_at_all_is_an_unknown_conversation() -> None:
    access = "fizon-hotud-patot-fopib-birif-bubuf-sakof-satos"
    result = run("inbox", "show", "--server", NOWHERE, "no-id", DREMPEL_ACCESS_CODE=access)
    assert result.exit_code == 1
    assert "There is no such conversation" in result.stderr
