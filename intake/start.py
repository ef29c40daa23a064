"""Starts the `drempel` command: loads the program, which takes a moment, and runs it."""

import sys


def main() -> None:
    """Run the program to its end. Ctrl-C while it loads is a line, as it is later, and no traceback."""
    try:
        from intake.cli import main as command
    except KeyboardInterrupt:
        sys.exit("Interrupted. Nothing was changed.")
    command()
