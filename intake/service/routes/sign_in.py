"""A recipient's sign-in (PROTOCOL 12.7). Challenge and session are signed tokens, so there is no table of either."""

import os
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from crypto.public import signatures
from crypto.public.encoding import b64, day_text, parse_object, unb64
from crypto.public.errors import DrempelError
from intake.service.context import Context
from intake.service.http.routing import API, Routes, answer_json, bearer, route
from intake.service.openapi.parts import (
    BODY_CODES,
    JSON,
    body,
    described,
    found,
    reference,
)
from intake.store import Organisation

SIGN_IN_LIMIT: Final = 64 * 1024
NONCE_LENGTH: Final = 16


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


class SignInRoutes(Routes):
    """`POST sign-in/challenge` and `POST sign-in`."""

    @route("POST", API + "sign-in/challenge", described("What to sign", found(JSON, reference("Challenge"))))
    async def challenge(self, request: Request) -> Response:
        """A fresh challenge for any client; the server keeps no trace of it."""
        organisation = await self.context.organisations.of(request)
        issued = self.context.tokens.issue(b"challenge", organisation.id, os.urandom(NONCE_LENGTH))
        return answer_json({"challenge": b64(issued)})

    @route(
        "POST",
        API + "sign-in",
        described(
            "A session for the recipient whose login key signed the challenge",
            found(JSON, reference("Session")),
            (*BODY_CODES, "access-unknown", "sign-in-again"),
            requestBody=body(JSON, SIGN_IN_LIMIT, reference("SignIn")),
        ),
    )
    async def sign_in(self, request: Request) -> Response:
        """A session for the recipient whose login key signed the challenge.

        An unknown key and a wrong signature get the same answer, after the same work.
        """
        organisation = await self.context.organisations.of(request)
        asked = _parse(await self.context.bodies.read(request, SIGN_IN_LIMIT))
        seconds = self.context.settings.challenge_seconds
        if self.context.tokens.content(b"challenge", organisation.id, asked.challenge, seconds) is None:
            raise DrempelError("sign-in-again")
        signed = signatures.verify(
            asked.login_key, signatures.SIGN_IN, organisation.id + asked.challenge, asked.signature
        )
        recipient = await self.context.store.recipient_by_login(organisation.id, asked.login_key)
        if recipient is None or not signed:
            raise DrempelError("access-unknown")
        token = self.context.tokens.issue(b"session", organisation.id, recipient.encode("ascii"))
        return answer_json(
            {"token": b64(token), "recipient": recipient, "day": day_text(self.context.days.today())}
        )


async def session(context: Context, request: Request) -> tuple[Organisation, str]:
    """The organisation in the path and the recipient whose session this is. Raises `sign-in-again`."""
    organisation = await context.organisations.of(request)
    try:
        token = unb64(bearer(request))
    except ValueError:
        raise DrempelError("sign-in-again") from None
    seconds = context.settings.session_seconds
    content = context.tokens.content(b"session", organisation.id, token, seconds)
    if content is None:
        raise DrempelError("sign-in-again")
    return organisation, content.decode("ascii")
