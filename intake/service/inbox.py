"""What recipients sync: all envelopes of their organisation, by day (PROTOCOL 12.2, 12.5).

There is no permission per channel: the server can't tell channels apart, and the keys are the permission.
"""

from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from crypto.encoding import day_number, day_text
from crypto.errors import DrempelError
from crypto.wire import DayItem, StoredEnvelope, build_day_end, build_day_item
from intake.service.routing import API, answer_json, path_day, resource
from intake.service.settings import Settings
from intake.service.sign_in import SignInRoutes
from intake.store import Envelope, Store, StoreError

Page = list[tuple[Envelope, bytes | None]]


class InboxRoutes:
    """`GET inbox/mailboxes`, `GET inbox/days` and `GET inbox/days/DAY`."""

    def __init__(
        self, store: Store, sign_in: SignInRoutes, settings: Settings, today: Callable[[], int]
    ) -> None:
        self._store = store
        self._sign_in = sign_in
        self._settings = settings
        self._today = today

    def routes(self) -> list[Route]:
        """The routes of this module."""
        return [
            resource(API + "inbox/mailboxes", GET=self.mailboxes),
            resource(API + "inbox/days", GET=self.days),
            resource(API + "inbox/days/{day}", GET=self.day),
        ]

    async def mailboxes(self, request: Request) -> Response:
        """The ids of all mailboxes there are, so that a recipient learns what was deleted or has expired."""
        organisation, _ = await self._sign_in.session(request)
        ids = await self._store.mailboxes(organisation.id)
        return Response(b"".join(ids), media_type="application/octet-stream")

    async def days(self, request: Request) -> Response:
        """The server's day, and what lies on each day from `from` on (all days without it)."""
        organisation, _ = await self._sign_in.session(request)
        rows = await self._store.days(organisation.id, _first_day(request))
        days = [{"day": day_text(day), "envelopes": number, "bytes": size} for day, number, size in rows]
        return answer_json({"day": day_text(self._today()), "days": days})

    async def day(self, request: Request) -> Response:
        """All envelopes of one day, streamed: memory holds two pages, however much came that day."""
        organisation, _ = await self._sign_in.session(request)
        day = path_day(request)
        # Before the response begins, so that a store that is down still answers 503.
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
                return  # without the end mark the client knows that this was cut off
        yield build_day_end(count)

    async def _page(self, organisation: bytes, day: int, after: tuple[bytes, bytes] | None) -> Page:
        return await self._store.envelopes_by_day(organisation, day, after, self._settings.page_bytes)


def _frame(envelope: Envelope, creation: bytes | None) -> bytes:
    stored = StoredEnvelope(envelope.id, envelope.day, envelope.bytes)
    return build_day_item(DayItem(envelope.mailbox, stored, creation))


def _first_day(request: Request) -> int:
    given = request.query_params.getlist("from")
    try:
        return day_number(given[0]) if given else 0
    except ValueError:
        raise DrempelError("request-malformed") from None
