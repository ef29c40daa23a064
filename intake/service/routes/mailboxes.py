"""Mailboxes and their envelopes: no session, no account, one token per capability (PROTOCOL 5, 12.2-12.4)."""

import asyncio
import hmac
import os
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from crypto.public.answers import StoredEnvelope, build_mailbox_answer, build_unknown_answer
from crypto.public.blobs import LONGEST_CLAIMS, Claim, blob_id, split_claims
from crypto.public.encoding import unb64, week_of
from crypto.public.envelope_format import check_conversation, check_opening
from crypto.public.errors import DrempelError
from crypto.public.limits import (
    CONVERSATION_BODY_LIMIT,
    CREATION_LENGTH,
    ENVELOPE_ID_LENGTH,
    MAILBOX_ID_LENGTH,
    OPENING_BODY_LIMIT,
    TOKEN_LENGTH,
)
from crypto.public.mailbox import parse_creation, recorded_verifier, verifier
from intake.service.context import Context
from intake.service.http.budgets import BoundedAnswer
from intake.service.http.routing import API, Routes, bearer, no_content, path_bytes, route
from intake.service.openapi.parts import (
    BODY_CODES,
    BYTES,
    STORED,
    TOKEN,
    body,
    described,
    found,
)
from intake.store import BlobClaim, Mailbox

MAILBOX_BYTES: Final = 16 * 1024 * 1024
MAILBOX_ENVELOPES: Final = 1024
# A change of a mailbox changes the rows of all its files in one transaction.
MAILBOX_FILES: Final = 4096
# Recipients keep a week's key for its grace, and a report that no recipient can open must never be confirmed.
WEEKS_BACK: Final = 8
WEEKS_AHEAD: Final = 1
# Mailboxes with more than this are answered two at a time: building an answer takes several times the mailbox's size
# in memory, and the store has three readers. Other requests do not wait for these, or a client that asks for a large
# mailbox again and again would block them.
LARGE_BYTES: Final = 256 * 1024
ANSWERS_AT_ONCE: Final = 2

_ENVELOPE_CODES: Final = (*BODY_CODES, "not-found", "envelope-header", "envelope-suite", "conflict")


class MailboxRoutes(Routes):
    """The routes under `mailboxes/` (PROTOCOL 12.2)."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._answering = asyncio.Semaphore(ANSWERS_AT_ONCE)

    @route(
        "PUT",
        API + "mailboxes/{mailbox}/opening/{envelope}",
        described(
            "Make a mailbox: creation record || claims || opening envelope",
            STORED,
            (*_ENVELOPE_CODES, "envelope-week", "attachments-incomplete"),
            requestBody=body(BYTES, OPENING_BODY_LIMIT + LONGEST_CLAIMS, {"minLength": CREATION_LENGTH}),
        ),
    )
    async def create(self, request: Request) -> Response:
        """Create a mailbox with its opening and files, all or nothing, from creation record || claims || opening."""
        organisation = await self.context.organisations.of(request)
        mailbox_id, envelope_id = _mailbox_id(request), _envelope_id(request)
        data = await self.context.bodies.read(request, OPENING_BODY_LIMIT + LONGEST_CLAIMS)
        creation = data[:CREATION_LENGTH]
        claims, opening = split_claims(data[CREATION_LENGTH:])
        record = parse_creation(creation)
        if record.organisation != organisation.id or record.mailbox != mailbox_id:
            raise DrempelError("request-malformed")
        try:
            week = check_opening(opening, organisation.slots)
        except DrempelError:
            changed = await self.context.organisations.changed(organisation)
            if changed is None:
                raise
            organisation = changed
            week = check_opening(opening, organisation.slots)
        day = self.context.days.today()
        if not -WEEKS_BACK <= week - week_of(day) <= WEEKS_AHEAD:
            await self._check_stored(organisation.id, mailbox_id)
        mailbox = Mailbox(
            id=mailbox_id,
            organisation=organisation.id,
            creation=creation,
            day=day,
            expiry_day=day + organisation.retention_days,
            tombstone_day=_first_day(week + WEEKS_BACK + 2),  # no clock takes the opening again by then
        )
        await self.context.store.create_mailbox(mailbox, envelope_id, opening, _blobs(claims))
        return no_content()

    async def _check_stored(self, organisation: bytes, mailbox_id: bytes) -> None:
        """Refuse a new mailbox whose opening recipients may have no key for; a repetition is answered as before."""
        if await self.context.store.mailbox(organisation, mailbox_id) is None:
            raise DrempelError("envelope-week")

    @route(
        "PUT",
        API + "mailboxes/{mailbox}/envelopes/{envelope}",
        described(
            "Add a conversation envelope, with the write token: claims || envelope",
            STORED,
            (*_ENVELOPE_CODES, "mailbox-unknown", "mailbox-full", "attachments-incomplete"),
            requestBody=body(BYTES, CONVERSATION_BODY_LIMIT + LONGEST_CLAIMS),
            security=TOKEN,
        ),
    )
    async def append(self, request: Request) -> Response:
        """Claims || envelope. The token is checked before a byte of the body is read."""
        mailbox, _ = await self._authorise(request, "write")
        envelope_id = _envelope_id(request)
        if mailbox is None:
            raise DrempelError("mailbox-unknown")
        data = await self.context.bodies.read(request, CONVERSATION_BODY_LIMIT + LONGEST_CLAIMS)
        claims, envelope = split_claims(data)
        check_conversation(envelope)
        limits = MAILBOX_BYTES, MAILBOX_ENVELOPES, MAILBOX_FILES
        day = self.context.days.today()
        await self.context.store.append(mailbox.id, envelope_id, day, envelope, *limits, _blobs(claims))
        return no_content()

    @route(
        "GET",
        API + "mailboxes/{mailbox}",
        described(
            "All of a mailbox, with the read token; as many random bytes for anybody else",
            found(BYTES, {"minLength": 65536}),
            ("not-found", "server-busy"),
            security=[{}, *TOKEN],
        ),
    )
    async def get(self, request: Request) -> Response:
        """All envelopes of a mailbox, or as many random bytes as the smallest mailbox takes.

        Both do the same work as far as possible: look up, hash, compare, draw, sum, list. One difference is left: a
        larger mailbox takes longer to read, for clients that hold its token.
        """
        mailbox, token = await self._authorise(request, "read")
        answer = build_unknown_answer(os.urandom)
        mailbox_id = answer[:MAILBOX_ID_LENGTH] if mailbox is None else mailbox.id
        is_large = await self.context.store.mailbox_bytes(mailbox_id) > LARGE_BYTES
        async with self._answering if is_large else nullcontext():
            listed = await self.context.store.envelopes(mailbox_id)
            if mailbox is not None:
                envelopes = [StoredEnvelope(item.id, item.day, item.bytes) for item in listed]
                answer = build_mailbox_answer(token, mailbox.creation, envelopes)
        return BoundedAnswer(answer, self.context.answers)

    @route(
        "DELETE",
        API + "mailboxes/{mailbox}",
        described(
            "Erase a mailbox, with the delete token",
            {"204": {"description": "Erased."}},
            ("not-found", "mailbox-unknown", "server-busy"),
            security=TOKEN,
        ),
    )
    async def delete(self, request: Request) -> Response:
        """Erase a mailbox. Only the receipt has this token."""
        mailbox, _ = await self._authorise(request, "delete")
        if mailbox is None or not await self.context.store.delete_mailbox(mailbox.organisation, mailbox.id):
            raise DrempelError("mailbox-unknown")
        return no_content()

    async def _authorise(self, request: Request, capability: str) -> tuple[Mailbox | None, bytes]:
        """The mailbox, or None unless it exists and the token is for it; and the token.

        An unknown mailbox, a wrong token, a malformed one and a missing one take the same path.
        """
        organisation = await self.context.organisations.of(request)
        mailbox_id = _mailbox_id(request)
        try:
            token = unb64(bearer(request), TOKEN_LENGTH)
        except ValueError:
            token = os.urandom(TOKEN_LENGTH)
        offered = verifier(capability, token)
        mailbox = await self.context.store.mailbox(organisation.id, mailbox_id)
        creation = os.urandom(CREATION_LENGTH) if mailbox is None else mailbox.creation
        fits = hmac.compare_digest(offered, recorded_verifier(creation, capability))
        if mailbox is None or not fits or mailbox.expiry_day <= self.context.days.today():
            return None, token
        return mailbox, token


def _blobs(claims: Iterable[Claim]) -> list[BlobClaim]:
    return [BlobClaim(blob_id(claim.token), claim.chunks) for claim in claims]


def _first_day(week: int) -> int:
    """The first day of a calendar week."""
    return 7 * week - 3


def _mailbox_id(request: Request) -> bytes:
    return path_bytes(request, "mailbox", MAILBOX_ID_LENGTH)


def _envelope_id(request: Request) -> bytes:
    return path_bytes(request, "envelope", ENVELOPE_ID_LENGTH)
