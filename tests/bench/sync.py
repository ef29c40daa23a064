"""The first sync of a full inbox and the next, as a recipient meets them: `drempel inbox list`, start to end."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from statistics import median
from typing import Any

from tests.bench.filled import Filled

COMMAND = "from intake.cli import main; main()"
LIST_SECONDS = 120


def list_seconds(url: str, access_code: str, expected: int) -> float:
    """How long `drempel inbox list` takes, start-up included; it must list what is there."""
    command = [sys.executable, "-c", COMMAND, "inbox", "list", "--json", "--server", url]
    environment = os.environ | {"DREMPEL_ACCESS_CODE": access_code}
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, timeout=LIST_SECONDS, check=True)
    taken = time.perf_counter() - start
    listed = json.loads(done.stdout)["conversations"]
    assert len(listed) == expected
    return taken


def inbox(filled: Filled, repeats: int) -> dict[str, Any]:
    """First and next sync of each recipient of the first channel."""
    first, following = [], []
    with filled.served() as url:
        for code in filled.codes:
            first.append(list_seconds(url, code, filled.mine))
            following += [list_seconds(url, code, filled.mine) for _ in range(repeats)]
    return {
        "mine": filled.mine,
        "others": filled.others,
        "first_s": median(first),
        "next_s": median(following),
    }


def measure(inboxes: Iterable[Filled], repeats: int) -> list[dict[str, Any]]:
    """Each in turn."""
    return [inbox(filled, repeats) for filled in inboxes]
