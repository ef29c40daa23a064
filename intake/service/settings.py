"""The limits of a service. They are frozen: a running service never changes them."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """Times in seconds, sizes in bytes. The defaults suit an onion service on a small machine."""

    # A sign-in's challenge and the session that follows (PROTOCOL 12.7).
    challenge_seconds: int = 300
    session_seconds: int = 1800

    # The length of the largest file that is taken, before it is sealed.
    attachment_bytes: int = 4096 * MIB
    # Kept free on the disk for texts: where less would be left, files are refused and reports are still taken.
    reserve_bytes: int = 256 * MIB
    # What the sealed files of one organisation may take together, so that none takes the disk from the others.
    quota_bytes: int | None = None

    # A request body may take `body_seconds`, and more only at `body_rate` bytes per second on average. A plain time
    # limit would either cut off a slow Tor circuit or let a body of one byte a second hold its place for ever.
    body_seconds: float = 60
    body_rate: int = 2048
    # Bodies that are read at one moment, at most for half of the connections, and the memory they may hold together.
    # Beyond the first, the slowest gets 503 `server-busy`; beyond the second, the one that has held the most memory for
    # longest.
    bodies: int = 1024
    bodies_bytes: int = 256 * MIB

    # Memory for answers to slow readers. Beyond it, the answer that has held the most memory for longest is cut off.
    answers_bytes: int = 256 * MIB
    # Whether the files of the pages are compressed further beside serving, which takes a second of processor time.
    packing: bool = True
    # A day's answer is read from the store and sent in pieces of this size.
    page_bytes: int = MIB

    # How long a connection may take for the head of a request, may rest between two, and may refuse to read.
    head_seconds: float = 30
    idle_seconds: int = 20
    stalled_seconds: float = 60
    # How long a stop waits for requests under way.
    stop_seconds: int = 10

    # Between two rounds of erasing what has expired. The days themselves are UTC days.
    retention_seconds: float = 3600
    # Between two writes that only show that one can be committed, and how long the last of them shows it.
    heartbeat_seconds: float = 10
    alive_seconds: float = 60
    # Between two looks at what other processes may have changed in a store that is shared.
    shared_seconds: float = 5
    # Between two moments at which free memory goes back to the system.
    memory_seconds: float = 60
