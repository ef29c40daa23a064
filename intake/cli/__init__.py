"""The `drempel` command, one file a command group."""

from importlib import import_module

import click

from intake.cli.shared.edge import Refusing
from intake.cli.shared.output import Refused

# Each is read only when it runs: all of them take half as long again to start.
COMMANDS = {
    "demo": "operator.demo",
    "init": "custodian.init",
    "serve": "operator.serve",
    "doctor": "operator.doctor",
    "backup": "operator.backup",
    "restore": "operator.restore",
    "migrate-store": "operator.migrate_store",
    "manifest": "operator.manifest",
    "report": "reporter.report",
    "receipt": "reporter.receipt",
    "inbox": "recipient.inbox",
}


class Commands(Refusing):
    """Finds a command in the module that has its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's
        """All names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's
        """The command of that name, if there is one."""
        if cmd_name not in COMMANDS:
            return None
        try:
            module = import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        except KeyboardInterrupt:
            raise Refused("Interrupted. Nothing was changed.") from None
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="drempel", prog_name="drempel")
def main() -> None:
    """Anonymous whistleblower intake: report, come back with a receipt, read and answer, serve."""
