"""What the service needs when nothing happens: memory after its start and after a load, and the time to start."""

from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.servers import found_in, server
from tests.bench.throughput import load

CLIENTS = 32


def measure(folder: Path, starts: int, requests: int) -> dict[str, Any]:
    """Medians over several starts; the memory after a load is that of the last."""
    place = folder / "resting"
    organisation = found_in(place)
    seconds, memory, failed, after = [], [], 0, 0
    for number in range(starts):
        with server("service", place) as running:
            seconds.append(running.start_seconds)
            memory.append(running.memory())
            if number == starts - 1:
                failed = load(
                    running, organisation.id, organisation.content["slug"], CLIENTS, requests
                ).failed
                after = running.memory()
    return {
        "start_s": median(seconds),
        "memory_bytes": median(memory),
        "memory_after_load_bytes": after,
        "requests": requests,
        "failed": failed,
    }
