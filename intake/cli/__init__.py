"""The `drempel` command, one file a command group."""

import click

from intake.cli.custodian.init import init
from intake.cli.operator.demo import demo
from intake.cli.operator.doctor import doctor
from intake.cli.operator.manifest import manifest
from intake.cli.operator.serve import serve
from intake.cli.recipient.inbox import inbox
from intake.cli.reporter.receipt import receipt
from intake.cli.reporter.report import report
from intake.cli.shared.edge import Refusing


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="drempel", prog_name="drempel")
def main() -> None:
    """Anonymous whistleblower intake: report, come back with a receipt, read and answer, serve."""


for command in (demo, init, serve, doctor, manifest, report, receipt, inbox):
    main.add_command(command)
