"""The first sync of a full inbox and the next, as a recipient meets them: `drempel inbox list`, start to end.

The conversations are sealed and sent by the client itself, in two processes.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from crypto.encoding import b64
from crypto.sealing import os_random
from intake.cli.founding import Founded
from intake.cli.output import run
from intake.client.address import read_address
from intake.client.connection import Connection
from intake.client.organisation import fetch_organisation
from intake.client.report import seal_report, send_report
from tests.bench.servers import found_in, server

COMMAND = "from intake.cli import main; main()"
LIST_SECONDS = 120
WORKERS = 2
TEXT = "Since the spring the invoices of one supplier have been paid twice. " * 8


def send_reports(url: str, channel: str, number: int) -> int:
    """Seal that many reports to a channel and send them."""

    async def send() -> int:
        async with Connection(read_address(url, None)) as connection:
            organisation = await fetch_organisation(connection)
            for _ in range(number):
                await send_report(connection, seal_report(organisation, channel, None, TEXT, os_random))
        return number

    return run(send())


def fill(url: str, wanted: dict[str, int]) -> None:
    """Bring that many reports to each channel."""
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
        shares = [
            pool.submit(send_reports, url, channel, number // WORKERS + (worker < number % WORKERS))
            for channel, number in wanted.items()
            for worker in range(WORKERS)
        ]
        assert sum(share.result() for share in shares) == sum(wanted.values())


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


def inbox(folder: Path, mine: int, others: int, repeats: int) -> dict[str, Any]:
    """First and next sync of each recipient of a channel with `mine` conversations, beside `others` of another."""
    founded = found_in(folder)
    channel, other = (item["id"] for item in founded.plan.channels[:2])
    with server("service", folder) as running:
        url = f"http://127.0.0.1:{running.port}/{founded.organisation.slug}/#{b64(founded.organisation.id)}"
        fill(url, {channel: mine, other: others})
        first, following = [], []
        for code in _codes(founded, channel):
            first.append(list_seconds(url, code, mine))
            following += [list_seconds(url, code, mine) for _ in range(repeats)]
    return {"mine": mine, "others": others, "first_s": median(first), "next_s": median(following)}


def _codes(founded: Founded, channel: str) -> list[str]:
    listed = next(item for item in founded.to_json()["channels"] if item["id"] == channel)
    return [recipient["access_code"] for recipient in listed["recipients"]]


def measure(folder: Path, number: int, repeats: int) -> list[dict[str, Any]]:
    """An inbox in which everything is for the reader, and one in which half is."""
    half = number // 2
    return [
        inbox(folder / "sync-all", number, 0, repeats),
        inbox(folder / "sync-half", half, number - half, repeats),
    ]
