"""docs/command-line.md is what the commands say to `--help`, wherever it is made."""

import os
import subprocess
import sys

from intake.cli import COMMANDS
from intake.cli.operator.serve import serve
from tests.project import ROOT

PAGE = ROOT / "docs" / "command-line.md"


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
