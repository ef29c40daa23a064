"""The routes of a recipient's sync: all envelopes of their organisation, by day (PROTOCOL 12.2, 12.5).

There is no permission per channel: the server can't tell channels apart, and only the keys open an envelope.
"""

from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from crypto.public.answers import DayItem, StoredEnvelope, build_day_end, build_day_item
from crypto.public.encoding import day_number, day_text
from crypto.public.errors import DrempelError
from intake.service.http.routing import API, Routes, answer_json, path_day, route
from intake.service.openapi.parts import (
    BYTES,
    JSON,
    SESSION,
    Json,
    described,
    found,
    reference,
)
from intake.service.routes.sign_in import session
from intake.store import Envelope, StoreError

Page = list[tuple[Envelope, bytes | None]]
# Read from the store at once, for a list: about 200 kB.
LIST_PAGE: Final = 4096

_SINCE: Final[Json] = {
    "name": "from",
    "in": "query",
    "description": "The first day to list; without it, all.",
    "schema": reference("Day"),
}


class SyncRoutes(Routes):
    """`GET inbox/mailboxes`, `GET inbox/days` and `GET inbox/days/DAY`."""

    @route(
        "GET",
        API + "inbox/mailboxes",
        described(
            "The ids of all mailboxes, 32 bytes each, in ascending order",
            found(BYTES, {}),
            ("sign-in-again",),
            security=SESSION,
        ),
    )
    async def mailboxes(self, request: Request) -> Response:
        """The ids of all mailboxes, from which a recipient learns which were deleted or have expired."""
        organisation, _ = await session(self.context, request)
        today, ids = self.context.days.today(), list[bytes]()
        page = await self.context.store.mailboxes(organisation.id, None, LIST_PAGE, today)
        while page:
            ids += (mailbox.id for mailbox in page)
            page = await self.context.store.mailboxes(organisation.id, page[-1], LIST_PAGE, today)
        return Response(b"".join(sorted(ids)), media_type="application/octet-stream")

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
        day = path_day(request)
        # Read before the response begins, so that a store that is down still gives 503.
        first = await self._page(organisation.id, day, None)
        return StreamingResponse(
            self._frames(organisation.id, day, first), media_type="application/octet-stream"
        )

    async def _frames(self, organisation: bytes, day: int, page: Page) -> AsyncIterator[bytes]:
        count = 0
        while page:
            yield b"".join(_frame(envelope, creation) for envelope, creation in page)
            count += len(page)
            last = page[-1][0]
            try:
                page = await self._page(organisation, day, (last.mailbox, last.id))
            except StoreError:
                return  # without the end mark, so that the client knows it was cut off
        yield build_day_end(count)

    async def _page(self, organisation: bytes, day: int, after: tuple[bytes, bytes] | None) -> Page:
        return await self.context.store.envelopes_by_day(
            organisation, day, after, self.context.settings.page_bytes, self.context.days.today()
        )


def _frame(envelope: Envelope, creation: bytes | None) -> bytes:
    stored = StoredEnvelope(envelope.id, envelope.day, envelope.bytes)
    return build_day_item(DayItem(envelope.mailbox, stored, creation))


def _first_day(request: Request) -> int:
    given = request.query_params.getlist("from")
    try:
        return day_number(given[0]) if given else 0
    except ValueError:
        raise DrempelError("request-malformed") from None
