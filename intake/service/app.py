"""The application: every part put together, with nothing global."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from crypto.encoding import utc_day
from intake.assets import static_folder
from intake.service.blobs import BlobRoutes
from intake.service.directory import DirectoryRoutes
from intake.service.headers import HeaderMiddleware
from intake.service.inbox import InboxRoutes
from intake.service.limits import Bodies, Budget
from intake.service.mailboxes import MailboxRoutes
from intake.service.openapi import document_route
from intake.service.organisations import Organisations
from intake.service.pages import PageRoutes
from intake.service.problems import HANDLERS
from intake.service.recipients import RecipientRoutes
from intake.service.retention import erasing
from intake.service.settings import Settings
from intake.service.sign_in import SignInRoutes
from intake.store import Store


class Service(Starlette):
    """Starlette with the headers outside everything, its error middleware included."""

    def build_middleware_stack(self) -> ASGIApp:
        """The stack, wrapped once more."""
        return HeaderMiddleware(super().build_middleware_stack())


def create_app(
    store: Store,
    settings: Settings,
    *,
    today: Callable[[], int] = utc_day,
    clock: Callable[[], float] = time.monotonic,
) -> Starlette:
    """The service over an open store, which it closes when its lifespan ends.

    `today` gives the day in days since 1970-01-01 UTC, `clock` seconds that never go back. Raises OSError if the
    pages can't be read; the lifespan raises `StoreUnavailable` if the organisations can't.
    """
    organisations = Organisations(store)
    pages = PageRoutes(organisations, static_folder())

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            await organisations.load()
            async with erasing(store, today, settings.retention_seconds), pages.packing():
                yield
        finally:
            await store.close()

    app = Service(
        routes=[*_routes(store, organisations, settings, today, clock), *pages.routes()],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    # A redirect would hold an absolute address, made from whatever host the client named.
    app.router.redirect_slashes = False
    return app


def _routes(
    store: Store,
    organisations: Organisations,
    settings: Settings,
    today: Callable[[], int],
    clock: Callable[[], float],
) -> list[Route]:
    bodies, answers = Bodies(settings), Budget(settings.answers_bytes)
    sign_in = SignInRoutes(store, organisations, bodies, settings, today, clock)
    return [
        document_route(),
        *MailboxRoutes(store, organisations, bodies, answers, today).routes(),
        *BlobRoutes(store, organisations, bodies, answers, settings, today).routes(),
        *DirectoryRoutes(store, organisations, bodies, settings, today).routes(),
        *sign_in.routes(),
        *InboxRoutes(store, sign_in, settings, today).routes(),
        *RecipientRoutes(store, sign_in, bodies, answers, today).routes(),
    ]
