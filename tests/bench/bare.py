"""Brings a file to the bare server, or fetches it: what a client does that neither seals nor verifies.

python -m tests.bench.bare up|down FILE URL
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

PIECE = 1024 * 1024


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE):
            yield piece


def up(path: Path, url: str) -> None:
    """Upload; it is durable when this returns."""
    length = {"Content-Length": str(path.stat().st_size)}
    httpx.put(url, content=_pieces(path), headers=length, timeout=None, trust_env=False).raise_for_status()


def down(path: Path, url: str) -> None:
    """Download into a file, as durable as the command line makes it: not at all."""
    with (
        httpx.stream("GET", url, timeout=None, trust_env=False) as answer,
        path.open("wb", buffering=0) as file,
    ):
        answer.raise_for_status()
        for piece in answer.iter_raw(PIECE):
            file.write(piece)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
