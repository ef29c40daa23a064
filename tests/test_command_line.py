"""docs/command-line.md is what the commands say to `--help`, wherever it is made."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import click

from intake.cli import COMMANDS, main
from intake.cli.operator.serve import serve
from tests.project import ROOT, documents

PAGE = ROOT / "docs" / "command-line.md"
CALL = re.compile(r"\bdrempel ([a-z]+)\b((?:[^`\n\\]|\\\n)*)")  # with the lines that go on below
OPTION = re.compile(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*")


def made(**variables: str) -> str:
    """The page as `make docs` would write it."""
    command = [sys.executable, "docs/command_line.py"]
    environment = os.environ | variables
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=True
    ).stdout


def test_the_page_is_what_the_commands_say() -> None:
    assert made() == PAGE.read_text("utf-8"), "run `make docs`"


def test_the_page_does_not_depend_on_the_terminal_or_the_locale() -> None:
    assert made(COLUMNS="200", LC_ALL="C", TERM="dumb") == PAGE.read_text("utf-8")


def test_every_command_has_a_chapter() -> None:
    text = PAGE.read_text("utf-8")
    assert [name for name in COMMANDS if f"\n## drempel {name}\n" not in text] == []


def test_every_setting_of_the_service_is_explained_to_operators() -> None:
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    options = [name for option in serve.params for name in option.opts]
    assert len(options) >= 5
    assert [name for name in options if name not in text] == []


def unknown_options(text: str) -> Iterator[str]:
    """Each option that a document gives to a command that has none of that name."""
    for name, rest in CALL.findall(text):
        command = main.get_command(click.Context(main), name)
        if command is None or isinstance(command, click.Group):
            continue
        known = {option for parameter in command.params for option in parameter.opts}
        yield from (f"drempel {name} {option}" for option in OPTION.findall(rest) if option not in known)


def test_documents_call_the_commands_as_they_are() -> None:
    texts = {path: path.read_text("utf-8") for path in documents()}
    assert [found for text in texts.values() for found in unknown_options(text)] == []
    backups = (ROOT / "deploy" / "README.md").read_text("utf-8")
    assert [name for name, _ in CALL.findall(backups)].count("restore") == 1


def test_an_option_that_there_is_not_is_seen() -> None:
    text = (
        "runuser -u x -- drempel backup --data A \\\n    --into B\n--other\n`drempel doctor --accept-clock`"
    )
    assert list(unknown_options(text)) == ["drempel backup --into"]
