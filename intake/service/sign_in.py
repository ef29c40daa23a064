"""A recipient's sign-in (PROTOCOL 12.7), without a table of sessions.

Challenge and token are sealed with a key that lives in memory only, so a restart ends all of them. They count
minutes since the start, on a clock that knows no date: nothing here could become a time stamp.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto import signatures
from crypto.encoding import b64, day_text, parse_object, unb64
from crypto.errors import DrempelError
from intake.service.limits import Bodies
from intake.service.organisations import Organisations
from intake.service.routing import API, answer_json, bearer, resource
from intake.service.settings import Settings
from intake.store import Organisation, Store

SIGN_IN_LIMIT: Final = 64 * 1024
STEP_SECONDS: Final = 60
MAC_LENGTH: Final = 32
NONCE_LENGTH: Final = 16


class Passes:
    """Short-lived, sealed, and good for one organisation and one purpose: `u32 step || content || MAC`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back; where it starts does not matter."""
        self._clock = clock
        self._start = clock()
        self._key = os.urandom(32)

    def issue(self, purpose: bytes, organisation: bytes, content: bytes) -> bytes:
        """A pass that carries `content`. `purpose` is at most 16 bytes."""
        body = self._step().to_bytes(4, "big") + content
        return body + self._mac(purpose, organisation, body)

    def content(self, purpose: bytes, organisation: bytes, issued: bytes, seconds: int) -> bytes | None:
        """What a pass carries; None if it is not one of ours, for something else, or older than `seconds`."""
        body, mac = issued[:-MAC_LENGTH], issued[-MAC_LENGTH:]
        if not hmac.compare_digest(mac, self._mac(purpose, organisation, body)):
            return None
        age = self._step() - int.from_bytes(body[:4], "big")
        return body[4:] if age * STEP_SECONDS <= seconds else None

    def _step(self) -> int:
        return int((self._clock() - self._start) // STEP_SECONDS)

    def _mac(self, purpose: bytes, organisation: bytes, body: bytes) -> bytes:
        # The organisation id has a fixed length, so no other split of the bytes gives the same input.
        return hashlib.blake2b(
            organisation + body, digest_size=MAC_LENGTH, key=self._key, person=purpose
        ).digest()


@dataclass(frozen=True)
class _SignIn:
    login_key: bytes
    challenge: bytes
    signature: bytes


def _parse(data: bytes) -> _SignIn:
    try:
        value = parse_object(data)
        return _SignIn(
            unb64(value.get("login_key"), 32),
            unb64(value.get("challenge")),
            unb64(value.get("signature"), 64),
        )
    except ValueError:
        raise DrempelError("request-malformed") from None


class SignInRoutes:
    """`POST sign-in/challenge` and `POST sign-in`; and who a session belongs to."""

    def __init__(
        self,
        store: Store,
        organisations: Organisations,
        bodies: Bodies,
        settings: Settings,
        today: Callable[[], int],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._organisations = organisations
        self._bodies = bodies
        self._settings = settings
        self._today = today
        self._passes = Passes(clock)

    def routes(self) -> list[Route]:
        """The routes of this module."""
        return [
            resource(API + "sign-in/challenge", POST=self.challenge),
            resource(API + "sign-in", POST=self.sign_in),
        ]

    async def challenge(self, request: Request) -> Response:
        """A fresh challenge; anybody may have one, and it leaves nothing behind here."""
        organisation = await self._organisations.of(request)
        issued = self._passes.issue(b"challenge", organisation.id, os.urandom(NONCE_LENGTH))
        return answer_json({"challenge": b64(issued)})

    async def sign_in(self, request: Request) -> Response:
        """A session for the recipient whose login key signed our challenge.

        Unknown key and wrong signature are answered alike, after the same work.
        """
        organisation = await self._organisations.of(request)
        asked = _parse(await self._bodies.read(request, SIGN_IN_LIMIT))
        seconds = self._settings.challenge_seconds
        if self._passes.content(b"challenge", organisation.id, asked.challenge, seconds) is None:
            raise DrempelError("sign-in-again")
        signed = signatures.verify(
            asked.login_key, signatures.SIGN_IN, organisation.id + asked.challenge, asked.signature
        )
        recipient = await self._store.recipient_by_login(organisation.id, asked.login_key)
        if recipient is None or not signed:
            raise DrempelError("access-unknown")
        token = self._passes.issue(b"session", organisation.id, recipient.encode("ascii"))
        return answer_json({"token": b64(token), "recipient": recipient, "day": day_text(self._today())})

    async def session(self, request: Request) -> tuple[Organisation, str]:
        """The organisation in the path and the recipient whose session this is. Raises `sign-in-again`."""
        organisation = await self._organisations.of(request)
        try:
            token = unb64(bearer(request))
        except ValueError:
            raise DrempelError("sign-in-again") from None
        seconds = self._settings.session_seconds
        content = self._passes.content(b"session", organisation.id, token, seconds)
        if content is None:
            raise DrempelError("sign-in-again")
        return organisation, content.decode("ascii")
