"""Asks on a terminal for an answer that is not shown, and may have several lines."""

import os
import select
import sys
import termios
import time
from collections.abc import Callable

import click

from intake.cli.shared.output import say

SILENCE = 0.3
"""Seconds without input after which a paste is taken to be over."""
LONGEST_DRAIN = 10.0
MOST = 4096


def ask_hidden(question: str, is_whole: Callable[[str], bool], go_on: Callable[[str], str]) -> str:
    """Read lines until the text `is_whole`, or an empty line ends it; click.Abort at Ctrl-C and Ctrl-D.

    The rest of a paste is read too: the shell would run it as a command, and keep it in its history. `go_on` gives the
    hint for a person who pauses before the end.
    """
    terminal = sys.stdin.fileno()
    shown = termios.tcgetattr(terminal)
    hidden = [*shown]
    hidden[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
        say(f"{question}: ", nl=False)
        text = _lines(terminal, question, is_whole, go_on)
        _drain(terminal)
        return text
    except KeyboardInterrupt:
        raise click.Abort from None
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, shown)
        say("")


def _lines(terminal: int, question: str, is_whole: Callable[[str], bool], go_on: Callable[[str], str]) -> str:
    text = ""
    is_hinted = False
    while not is_whole(text) and len(text) < MOST:
        line = os.read(terminal, MOST).decode("utf-8", errors="replace")
        text += line
        if not line and not text.strip():
            raise click.Abort
        if is_whole(text) or _comes(terminal):
            continue
        if not text.strip():
            say(f"\n{question}: ", nl=False)
        elif not line.strip():
            break
        elif not is_hinted:
            say(f"\n{go_on(text)}")
            is_hinted = True
    return text


def _comes(terminal: int) -> bool:
    return bool(select.select([terminal], [], [], SILENCE)[0])


def _drain(terminal: int) -> None:
    end = time.monotonic() + LONGEST_DRAIN
    while _comes(terminal) and time.monotonic() < end and os.read(terminal, MOST):
        pass
