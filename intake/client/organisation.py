"""An organisation as a client sees it: the accepted directory, this week's keys, the server's day (PROTOCOL 9, 10)."""

from dataclasses import dataclass, field
from typing import Any

from crypto.public.directory import Directory, Quote, accept_directory
from crypto.public.directory_schema import Channel
from crypto.public.encoding import day_number, day_text, is_number, unb64, utc_day, week_of
from crypto.public.errors import DrempelError, StatementError
from crypto.public.statement import Statement, accept_statement
from crypto.secret.hpke_seal import is_public_key
from intake.client.connection import Connection, ConnectionProblem

CLOCK_DAYS = 2
ATTACHMENT_BYTES = 1 << 32
"""The largest file of a server that does not state its limit."""


@dataclass(frozen=True)
class Organisation:
    """`week_keys` are the public keys (1,216 bytes) of reachable recipients; `why_not` says why others are not.

    `attachment_bytes` is the length of the largest file that the server takes.
    """

    directory: Directory
    day: int
    week: int
    verified_by_link: bool
    attachment_bytes: int = ATTACHMENT_BYTES
    week_keys: dict[str, bytes] = field(default_factory=dict)
    why_not: dict[str, str] = field(default_factory=dict)
    statements: dict[str, Statement] = field(default_factory=dict)

    def channel(self, id_: str) -> Channel:
        """The channel of that id; DrempelError `channel-unknown` lists the channels of the directory."""
        found = self.directory.channel(id_)
        if found is None:
            listed = ", ".join(item["id"] for item in self.directory.content["channels"])
            raise DrempelError("channel-unknown", f"There are: {listed}.")
        return found

    def unreachable(self, channel: Channel) -> list[str]:
        """The ids of a channel's recipients who have no valid key this week."""
        return [id_ for id_ in channel["recipients"] if id_ not in self.week_keys]


async def fetch_organisation(
    connection: Connection, seen: tuple[Quote, ...] = (), today: int | None = None
) -> Organisation:
    """Fetch and check the organisation at an address; a DrempelError says why it must not be used.

    `seen` are versions of the directory noted earlier; `today` is for tests.
    """
    today = utc_day() if today is None else today
    document = await connection.request("GET", "directory")
    directory = accept_directory(document.content, today, pin=connection.address.pin, seen=seen)
    listing = await connection.json("GET", "keys")
    try:
        day = day_number(listing.get("day"))
        served = {item["recipient"]: item for item in listing["recipients"]}
        largest = listing.get("attachment_bytes", ATTACHMENT_BYTES)
        if not is_number(largest):
            raise ValueError("attachment_bytes")
    except (ValueError, KeyError, TypeError):
        raise ConnectionProblem("answer-damaged") from None
    if abs(day - today) > CLOCK_DAYS:
        raise DrempelError("clock-wrong", f"This device says {day_text(today)}, the server {day_text(day)}.")
    # Two days of a wrong clock are allowed, so a message's week is the server's (PROTOCOL 10.5).
    verified = connection.address.pin is not None
    return _with_keys(Organisation(directory, day, week_of(day), verified, largest), served)


def _with_keys(organisation: Organisation, served: dict[str, Any]) -> Organisation:
    """Check each recipient's statement and key (PROTOCOL 10.3, 10.4), then the directories they quote (9.4 step 9)."""
    directory = organisation.directory
    for item in directory.content["recipients"]:
        recipient = item["id"]
        given = served.get(recipient)
        if given is None:
            organisation.why_not[recipient] = "statement-expired"
            continue
        try:
            statement = accept_statement(given.get("statement"), directory, recipient)
            organisation.statements[recipient] = statement
            key = unb64(given["key"]) if given.get("key") is not None else None
            checked = statement.check_key(organisation.week, key)
            if not is_public_key(checked):
                raise StatementError("statement-key")
            organisation.week_keys[recipient] = checked
        except StatementError as problem:
            organisation.why_not[recipient] = problem.code
        except (ValueError, AttributeError):
            organisation.why_not[recipient] = "statement-format"
    directory.check_seen(statement.directory for statement in organisation.statements.values())
    return organisation
