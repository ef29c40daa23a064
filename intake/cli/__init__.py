"""The `drempel` command, one file a command group."""

import os
import sys
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from crypto.errors import DrempelError
from intake.cli.demo import demo
from intake.cli.inbox import inbox
from intake.cli.init import init
from intake.cli.manifest import manifest
from intake.cli.output import Refused
from intake.cli.receipt import receipt
from intake.cli.report import report
from intake.cli.serve import serve
from intake.store import StoreError


class Refusing(click.Group):
    """The outermost edge: whatever we have a word for ends with that word on standard error.

    Status 1 for a refusal, 2 for a call that makes no sense; a line or two in either case.
    """

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the program."""
        _open_closed_streams()
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except NoArgsIsHelpError:
            raise
        except click.UsageError as problem:
            path = (problem.ctx or ctx).command_path
            _end(f"{problem.format_message()}\nTry '{path} --help'.", 2)
        except (DrempelError, StoreError, Refused) as problem:
            _end(str(problem))
        except click.Abort:
            # A question was left unanswered; all questions come before anything is done.
            _end("Stopped at a question. Nothing was changed.")
        except KeyboardInterrupt:
            _end("Interrupted, and not confirmed: run the command again.")
        except OSError as problem:
            # Only the system's word for it: a file's name can give a person away.
            _end(f"{problem.strerror or 'An operation failed'}. Nothing was changed.")


def _end(words: str, status: int = 1) -> None:
    try:
        click.echo(words, err=True)
    except OSError:
        # The terminal was closed, and nobody can be told. Python would try again at its end, and change the status.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.exit(status)


def _open_closed_streams() -> None:
    """A stream that the caller closed is None, and the next file or connection would get its number.

    Without standard output nothing is done at all: it would end in a receipt that nobody ever sees.
    """
    closed = sys.stdout is None
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if closed:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if closed:
        _end("Standard output is closed, so that no result could be shown. Nothing was done.")


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="drempel", prog_name="drempel")
def main() -> None:
    """Anonymous whistleblower intake: report, come back with a receipt, read and answer, serve."""


for command in (demo, init, serve, manifest, report, receipt, inbox):
    main.add_command(command)
