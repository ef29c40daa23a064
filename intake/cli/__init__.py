"""The `drempel` command, one file a command group."""

import sys
from typing import Any

import click

from crypto.errors import DrempelError
from intake.cli.demo import demo
from intake.cli.inbox import inbox
from intake.cli.init import init
from intake.cli.output import Refused
from intake.cli.receipt import receipt
from intake.cli.report import report
from intake.cli.serve import serve
from intake.store import StoreError


class Refusing(click.Group):
    """The outermost edge: whatever we have a word for ends with status 1 and that word on standard error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (DrempelError, StoreError, Refused) as problem:
            click.echo(str(problem), err=True)
            sys.exit(1)
        except OSError as problem:
            # Only the system's word for it: a file's name can give a person away.
            click.echo(f"{problem.strerror or 'An operation failed'}. Nothing was changed.", err=True)
            sys.exit(1)


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="drempel", prog_name="drempel")
def main() -> None:
    """Anonymous whistleblower intake: report, come back with a receipt, read and answer, serve."""


for command in (demo, init, serve, report, receipt, inbox):
    main.add_command(command)
