"""Data folders with conversations in them, made once and measured in copies.

The conversations are sealed and sent by the client itself, in two processes.
"""

import multiprocessing
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crypto.public.encoding import b64
from crypto.secret.primitives import os_random
from intake.cli.shared.output import run
from intake.client.address import read_address
from intake.client.connection import Connection
from intake.client.custodian.found import Founded
from intake.client.organisation import fetch_organisation
from intake.client.reporter.report import seal_report, send_report
from tests.bench.servers import Server, found_in, server

WORKERS = 2
TEXT = "Since the spring the invoices of one supplier have been paid twice. " * 8


def send_reports(url: str, channel: str, number: int, text: str = TEXT) -> int:
    """Seal that many reports to a channel and send them."""

    async def send() -> int:
        async with Connection(read_address(url, None)) as connection:
            organisation = await fetch_organisation(connection)
            for _ in range(number):
                await send_report(connection, seal_report(organisation, channel, None, text, os_random))
        return number

    return run(send())


@dataclass(frozen=True)
class Filled:
    """The demonstration organisation with `mine` conversations in its first channel and `others` in the second."""

    folder: Path
    founded: Founded
    mine: int
    others: int

    @property
    def slug(self) -> str:
        """Of the organisation."""
        return self.founded.content["slug"]

    @property
    def channels(self) -> tuple[str, str]:
        """The first channel and the second."""
        first, second, *_ = (item["id"] for item in self.founded.content["channels"])
        return first, second

    @property
    def codes(self) -> list[str]:
        """The access codes of the first channel's recipients."""
        listed = next(it for it in self.founded.to_json()["channels"] if it["id"] == self.channels[0])
        return [recipient["access_code"] for recipient in listed["recipients"]]

    def url(self, running: Server) -> str:
        """The organisation's address with its fingerprint."""
        return f"http://127.0.0.1:{running.port}/{self.slug}/#{b64(self.founded.id)}"

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address of a service over a copy: what happens there changes nothing here."""
        copy = self.folder.with_name(f"{self.folder.name}-copy")
        shutil.copytree(self.folder, copy)
        try:
            with server("service", copy) as running:
                yield self.url(running)
        finally:
            shutil.rmtree(copy)


def fill(folder: Path, mine: int, others: int) -> Filled:
    """A new data folder with that many conversations."""
    made = Filled(folder, found_in(folder), mine, others)
    with server("service", folder) as running:
        wanted = dict(zip(made.channels, (mine, others), strict=True))
        with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
            shares = [
                pool.submit(
                    send_reports, made.url(running), channel, number // WORKERS + (worker < number % WORKERS)
                )
                for channel, number in wanted.items()
                for worker in range(WORKERS)
            ]
            assert sum(share.result() for share in shares) == mine + others
    return made


def two_inboxes(folder: Path, number: int) -> tuple[Filled, Filled]:
    """One in which everything is for the reader, and one in which half is."""
    half = number // 2
    return fill(folder / "all", number, 0), fill(folder / "half", half, number - half)
