"""The `drempel` command, one file a command group."""

import click


@click.group()
@click.version_option(package_name="drempel", prog_name="drempel")
def main() -> None:
    """Anonymous whistleblower intake."""
