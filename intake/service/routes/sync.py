"""The routes of a recipient's sync: all envelopes of their organisation, by day (PROTOCOL 12.2, 12.5, 12.10, 12.11).

There is no permission per channel: the server can't tell channels apart, and only the keys open an envelope.
"""

from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from crypto.public.answers import DayItem, StoredEnvelope, build_day_item, build_end, split_wanted
from crypto.public.encoding import day_number, day_text
from crypto.public.errors import DrempelError
from crypto.public.limits import ENVELOPE_ID_LENGTH, EXPIRY_LENGTH, MAILBOX_ID_LENGTH, MOST_WANTED
from intake.service.http.routing import API, Routes, answer_json, path_day, route
from intake.service.openapi.parts import (
    BODY_CODES,
    BYTES,
    JSON,
    SESSION,
    Json,
    body,
    described,
    found,
    reference,
)
from intake.service.routes.sign_in import session
from intake.store import Envelope, MailboxDays, StoreError

Item = TypeVar("Item")
Pages = Callable[[Item | None], Awaitable[list[Item]]]
"""Reads the page that comes after an item, or the first. An empty one is the end."""
WithCreation = tuple[Envelope, bytes | None]
Name = tuple[bytes, bytes]  # of an envelope: its mailbox and its id

# Read from the store at once, for a list: about 200 kB.
LIST_PAGE: Final = 4096
WANTED_LENGTH: Final = MAILBOX_ID_LENGTH + ENVELOPE_ID_LENGTH
WANTED_LIMIT: Final = MOST_WANTED * WANTED_LENGTH
_SINCE: Final[Json] = {
    "name": "from",
    "in": "query",
    "description": "The first day to list; without it, all.",
    "schema": reference("Day"),
}


class SyncRoutes(Routes):
    """`inbox/mailboxes`, and what is under `inbox/days`."""

    @route(
        "GET",
        API + "inbox/mailboxes",
        described(
            "All mailboxes with their days of expiry, ended by a mark (PROTOCOL 12.10)",
            found(BYTES, {"minLength": 36}),
            ("sign-in-again",),
            security=SESSION,
        ),
    )
    async def mailboxes(self, request: Request) -> Response:
        """The ids of all mailboxes, from which a recipient learns which were deleted or have expired."""
        organisation, _ = await session(self.context, request)

        async def page(after: MailboxDays | None) -> list[MailboxDays]:
            today = self.context.days.today()
            return await self.context.store.mailboxes(organisation.id, after, LIST_PAGE, today)

        return await _streamed(page, _mailbox_frame)

    @route(
        "GET",
        API + "inbox/days",
        described(
            "What lies on each day, and the server's day",
            found(JSON, reference("Days")),
            ("sign-in-again", "request-malformed"),
            security=SESSION,
            parameters=[_SINCE],
        ),
    )
    async def days(self, request: Request) -> Response:
        """The server's day, and the envelopes and bytes of each day from `from` on (of all days without it)."""
        organisation, _ = await session(self.context, request)
        today = self.context.days.today()
        rows = await self.context.store.days(organisation.id, _first_day(request), today)
        days = [{"day": day_text(day), "envelopes": number, "bytes": size} for day, number, size in rows]
        return answer_json({"day": day_text(today), "days": days})

    @route(
        "GET",
        API + "inbox/days/{day}",
        described(
            "All envelopes of one day, ended by a mark (PROTOCOL 12.5)",
            found(BYTES, {"minLength": 36}),
            ("sign-in-again", "not-found"),
            security=SESSION,
        ),
    )
    async def day(self, request: Request) -> Response:
        """Stream all envelopes of one day. Two pages are in memory at most, however many envelopes the day has."""
        organisation, _ = await session(self.context, request)
        day, limit = path_day(request), self.context.settings.page_bytes

        async def page(after: WithCreation | None) -> list[WithCreation]:
            last, today = after and _name(after), self.context.days.today()
            return await self.context.store.envelopes_by_day(organisation.id, day, last, limit, today)

        return await _streamed(page, _envelope_frame)

    @route(
        "GET",
        API + "inbox/days/{day}/ids",
        described(
            "The ids of all envelopes of one day, ended by a mark (PROTOCOL 12.10)",
            found(BYTES, {"minLength": 36}),
            ("sign-in-again", "not-found"),
            security=SESSION,
        ),
    )
    async def ids(self, request: Request) -> Response:
        """The ids of one day's envelopes, from which a client that has some of them learns which it lacks."""
        organisation, _ = await session(self.context, request)
        day = path_day(request)

        async def page(after: Name | None) -> list[Name]:
            today = self.context.days.today()
            return await self.context.store.envelope_ids(organisation.id, day, after, LIST_PAGE, today)

        return await _streamed(page, b"".join)

    @route(
        "POST",
        API + "inbox/days/{day}",
        described(
            "Those envelopes of one day that are named, as all of them are given (PROTOCOL 12.11)",
            found(BYTES, {"minLength": 36}),
            (*BODY_CODES, "sign-in-again", "not-found"),
            requestBody=body(BYTES, WANTED_LIMIT, {"minLength": WANTED_LENGTH}),
            security=SESSION,
        ),
    )
    async def some(self, request: Request) -> Response:
        """Stream those envelopes of one day that a client names. What is gone, or never was, is left out."""
        organisation, _ = await session(self.context, request)
        day, limit = path_day(request), self.context.settings.page_bytes
        wanted = split_wanted(await self.context.bodies.read(request, WANTED_LIMIT))

        async def page(after: WithCreation | None) -> list[WithCreation]:
            rest, today = _after(wanted, after), self.context.days.today()
            return await self.context.store.envelopes_among(organisation.id, day, rest, limit, today)

        return await _streamed(page, _envelope_frame)


async def _streamed(pages: Pages[Item], frame: Callable[[Item], bytes]) -> Response:
    """Stream all items, page by page, and the mark at their end."""
    # Read before the response begins, so that a store that is down still gives 503.
    first = await pages(None)
    return StreamingResponse(_frames(pages, first, frame), media_type=BYTES)


async def _frames(
    pages: Pages[Item], page: list[Item], frame: Callable[[Item], bytes]
) -> AsyncIterator[bytes]:
    count = 0
    while page:
        yield b"".join(map(frame, page))
        count += len(page)
        try:
            page = await pages(page[-1])
        except StoreError:
            return  # without the end mark, so that the client knows it was cut off
    yield build_end(count)


def _mailbox_frame(mailbox: MailboxDays) -> bytes:
    return mailbox.id + mailbox.expiry_day.to_bytes(EXPIRY_LENGTH, "big")


def _envelope_frame(given: WithCreation) -> bytes:
    envelope, creation = given
    stored = StoredEnvelope(envelope.id, envelope.day, envelope.bytes)
    return build_day_item(DayItem(envelope.mailbox, stored, creation))


def _name(given: WithCreation) -> Name:
    envelope, _ = given
    return envelope.mailbox, envelope.id


def _after(wanted: Sequence[Name], last: WithCreation | None) -> Sequence[Name]:
    """What is wanted after `last`: both are in ascending order."""
    return wanted if last is None else wanted[bisect_right(wanted, _name(last)) :]


def _first_day(request: Request) -> int:
    given = request.query_params.getlist("from")
    try:
        return day_number(given[0]) if given else 0
    except ValueError:
        raise DrempelError("request-malformed") from None
