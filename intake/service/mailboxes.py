"""Mailboxes and their envelopes: no session, no account, one token per power (PROTOCOL 5, 12.2-12.4)."""

import asyncio
import hmac
import os
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.claims import LONGEST_CLAIMS, Claim, blob_id, split_claims
from crypto.encoding import unb64, week_of
from crypto.errors import DrempelError
from crypto.wire import (
    CONVERSATION_BODY_LIMIT,
    CREATION_LENGTH,
    ENVELOPE_ID_LENGTH,
    MAILBOX_ID_LENGTH,
    OPENING_BODY_LIMIT,
    TOKEN_LENGTH,
    StoredEnvelope,
    build_mailbox_answer,
    build_unknown_answer,
    check_conversation,
    check_opening,
    parse_creation,
    verifier,
)
from intake.service.limits import Bodies, BoundedAnswer, Budget
from intake.service.organisations import Organisations
from intake.service.routing import API, bearer, no_content, path_bytes, resource
from intake.store import BlobClaim, Mailbox, Store

MAILBOX_BYTES: Final = 16 * 1024 * 1024
MAILBOX_ENVELOPES: Final = 1024
# Whatever is done to a mailbox is done to the rows of all its files in one transaction.
MAILBOX_FILES: Final = 4096
# Recipients keep the key of a week for its grace, and a report must never be confirmed that nobody can open any more.
WEEKS_BACK: Final = 8
WEEKS_AHEAD: Final = 1
# Mailboxes with more than this are answered two at a time: each answer takes several times the mailbox's size until
# it stands, and the store has three readers. Others do not wait for them, or whoever asks for a large one again and
# again would shut them out.
LARGE_BYTES: Final = 256 * 1024
ANSWERS_AT_ONCE: Final = 2


class MailboxRoutes:
    """The routes under `mailboxes/` (PROTOCOL 12.2)."""

    def __init__(
        self,
        store: Store,
        organisations: Organisations,
        bodies: Bodies,
        answers: Budget,
        today: Callable[[], int],
    ) -> None:
        self._store = store
        self._organisations = organisations
        self._bodies = bodies
        self._answers = answers
        self._answering = asyncio.Semaphore(ANSWERS_AT_ONCE)
        self._today = today

    def routes(self) -> list[Route]:
        """The routes of this module."""
        return [
            resource(API + "mailboxes/{mailbox}/opening/{envelope}", PUT=self.create),
            resource(API + "mailboxes/{mailbox}/envelopes/{envelope}", PUT=self.append),
            resource(API + "mailboxes/{mailbox}", GET=self.get, DELETE=self.delete),
        ]

    async def create(self, request: Request) -> Response:
        """Creation record || claims || opening: a mailbox, what it begins with and its files, all or nothing."""
        organisation = await self._organisations.of(request)
        mailbox_id, envelope_id = _mailbox_id(request), _envelope_id(request)
        data = await self._bodies.read(request, OPENING_BODY_LIMIT + LONGEST_CLAIMS)
        creation = data[:CREATION_LENGTH]
        claims, opening = split_claims(data[CREATION_LENGTH:])
        record = parse_creation(creation)
        if record.organisation != organisation.id or record.mailbox != mailbox_id:
            raise DrempelError("request-malformed")
        week = check_opening(opening, organisation.slots)
        day = self._today()
        if not -WEEKS_BACK <= week - week_of(day) <= WEEKS_AHEAD:
            await self._check_stored(organisation.id, mailbox_id)
        mailbox = Mailbox(
            id=mailbox_id,
            organisation=organisation.id,
            creation=creation,
            read=record.read,
            write=record.write,
            close=record.close,
            replace=record.replace,
            delete=record.delete,
            day=day,
            expiry_day=day + organisation.retention_days,
        )
        await self._store.create_mailbox(mailbox, envelope_id, opening, _blobs(claims))
        return no_content()

    async def _check_stored(self, organisation: bytes, mailbox_id: bytes) -> None:
        """Refuse a new mailbox whose opening nobody may have the key for; a repetition is answered as ever."""
        if await self._store.mailbox(organisation, mailbox_id) is None:
            raise DrempelError("envelope-week")

    async def append(self, request: Request) -> Response:
        """Claims || envelope. The token is checked before a byte of the body is read."""
        mailbox, _ = await self._enter(request, "write")
        envelope_id = _envelope_id(request)
        if mailbox is None:
            raise DrempelError("mailbox-unknown")
        data = await self._bodies.read(request, CONVERSATION_BODY_LIMIT + LONGEST_CLAIMS)
        claims, envelope = split_claims(data)
        check_conversation(envelope)
        limits = MAILBOX_BYTES, MAILBOX_ENVELOPES, MAILBOX_FILES
        await self._store.append(mailbox.id, envelope_id, self._today(), envelope, *limits, _blobs(claims))
        return no_content()

    async def get(self, request: Request) -> Response:
        """All of a mailbox, or as many random bytes as the smallest one takes.

        Both do the same work as far as they can: look up, hash, compare, draw, sum, list. What is left is that a
        larger mailbox takes longer to read, for those who hold its token.
        """
        mailbox, token = await self._enter(request, "read")
        answer = build_unknown_answer(os.urandom)
        mailbox_id = answer[:MAILBOX_ID_LENGTH] if mailbox is None else mailbox.id
        is_large = await self._store.mailbox_bytes(mailbox_id) > LARGE_BYTES
        async with self._answering if is_large else nullcontext():
            listed = await self._store.envelopes(mailbox_id)
            if mailbox is not None:
                envelopes = [StoredEnvelope(item.id, item.day, item.bytes) for item in listed]
                answer = build_mailbox_answer(token, mailbox.creation, envelopes)
        return BoundedAnswer(answer, self._answers)

    async def delete(self, request: Request) -> Response:
        """Erase a mailbox. Only the receipt has this token."""
        mailbox, _ = await self._enter(request, "delete")
        if mailbox is None or not await self._store.delete_mailbox(mailbox.organisation, mailbox.id):
            raise DrempelError("mailbox-unknown")
        return no_content()

    async def _enter(self, request: Request, capability: str) -> tuple[Mailbox | None, bytes]:
        """The mailbox, if it is there and the token is for it, and the token.

        One path for an unknown mailbox, a wrong token, a strange one and none.
        """
        organisation = await self._organisations.of(request)
        mailbox_id = _mailbox_id(request)
        try:
            token = unb64(bearer(request), TOKEN_LENGTH)
        except ValueError:
            token = os.urandom(TOKEN_LENGTH)
        offered = verifier(capability, token)
        mailbox = await self._store.mailbox(organisation.id, mailbox_id)
        expected = os.urandom(len(offered)) if mailbox is None else getattr(mailbox, capability)
        fits = hmac.compare_digest(offered, expected)
        if mailbox is None or not fits or mailbox.expiry_day <= self._today():
            return None, token
        return mailbox, token


def _blobs(claims: Iterable[Claim]) -> list[BlobClaim]:
    return [BlobClaim(blob_id(claim.token), claim.chunks) for claim in claims]


def _mailbox_id(request: Request) -> bytes:
    return path_bytes(request, "mailbox", MAILBOX_ID_LENGTH)


def _envelope_id(request: Request) -> bytes:
    return path_bytes(request, "envelope", ENVELOPE_ID_LENGTH)
