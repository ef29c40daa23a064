"""`make test-conditions`: some tests again under each of the conditions that a test run may find itself in.

What is inherited is replaced in one place, tests/kit/inherited.py, whose own tests are a part of `make test`. This
tries it with whatever is most likely to notice: processes, signals, streams, locales, clocks, and pages that are drawn.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass

from tests.project import ROOT
from tests.run.part import Part, end_orphans, stand_apart
from tests.run.table import Row, table

OUTPUT = ROOT / "test-output"
CLOCK = OUTPUT / "clock.so"
PYTEST = (sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadscope", "--extent", "gate")
PROCESSES = (
    "tests/run",
    "tests/deploy",
    "tests/cli/test_ending.py",
    "tests/cli/test_export_folder.py",
    "tests/cli/test_languages.py",
    "tests/cli/test_streams.py",
    "tests/service/test_runner.py",
    "tests/store/sqlite/test_folder.py",
    "tests/browser/test_with_command_line.py",
)
# Without what compares the date with that of a file, which the kernel still has from its own clock.
CLOCKS = (
    "tests/cli/test_concurrent.py",
    "tests/client/test_conversation.py",
    "tests/client/test_inbox.py",
    "tests/client/test_organisation.py",
    "tests/deploy",
    "tests/service/test_retention.py",
    "tests/service/test_sign_in.py",
    "tests/store",
    "tests/browser/test_language.py",
    "tests/browser/test_with_command_line.py",
)
DRAWN = ("tests/browser/test_screens.py", "tests/browser/test_hostile_text.py")


@dataclass(frozen=True)
class Condition:
    """A way to start the tests: `shell` comes to its own and then runs "$@"."""

    name: str
    shell: str
    tests: tuple[str, ...] = PROCESSES

    def command(self) -> list[str]:
        """The command that runs the tests so."""
        return ["/bin/sh", "-c", self.shell, "sh", *PYTEST, *self.tests]


CONDITIONS = (
    Condition("nohup", "trap '' HUP; exec \"$@\""),
    Condition("in the background", "trap '' INT QUIT; exec \"$@\""),
    Condition("no standard input", 'exec "$@" <&-'),
    Condition("LC_ALL=C, a strict umask", 'umask 077; LC_ALL=C exec "$@"'),
    Condition(
        "no locale, a proxy",
        'unset LANG LC_ALL; HTTP_PROXY=http://127.0.0.1:9 ALL_PROXY=$HTTP_PROXY exec "$@"',
    ),
    Condition("other fonts", f'FONTCONFIG_FILE={ROOT}/tests/run/fonts.conf exec "$@"', DRAWN),
    Condition(
        "in three years", f'LD_PRELOAD={CLOCK} DREMPEL_CLOCK={3 * 365 * 24 * 60 * 60} exec "$@"', CLOCKS
    ),
)


def main() -> int:
    """Run the tests under each condition, or under those that are named; 0 if all pass."""
    stand_apart()
    OUTPUT.mkdir(exist_ok=True)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", CLOCK, ROOT / "tests/run/clock.c"], check=True)
    parser = argparse.ArgumentParser(prog="python -m tests.run.conditions")
    names = [condition.name for condition in CONDITIONS]
    parser.add_argument("--only", action="append", choices=names, help="this condition; may be given again")
    wanted = parser.parse_args().only or names
    rows, failed = [], []
    for condition in (it for it in CONDITIONS if it.name in wanted):
        part = Part(condition.name, condition.command(), OUTPUT)
        part.start()
        try:
            part.wait()
        finally:
            part.kill()
            end_orphans()
        rows.append(Row(condition.name, 0, part.seconds))
        if part.status:
            failed.append(condition.name)
    print(*table("condition", rows), "", f"failed: {', '.join(failed) or 'none'}", sep="\n")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
