"""Puts the application together from its parts, without globals."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp

from crypto.public.encoding import utc_day
from intake.assets import static_folder
from intake.service.assets import assets_of
from intake.service.context import Context
from intake.service.http.budgets import BodyReader, MemoryBudget
from intake.service.http.headers import HeaderMiddleware
from intake.service.http.problems import handlers
from intake.service.http.routing import Routes
from intake.service.http.tokens import SignedTokens
from intake.service.jobs.background import periodic
from intake.service.jobs.days import Days
from intake.service.jobs.heartbeat import Heartbeat
from intake.service.jobs.memory import give_back
from intake.service.jobs.notify import Tell, notify
from intake.service.jobs.retention import Retention, erasing
from intake.service.openapi.document import DocumentRoutes
from intake.service.organisations import Organisations
from intake.service.routes.blobs import BlobRoutes
from intake.service.routes.directory import DirectoryRoutes
from intake.service.routes.health import HealthRoutes
from intake.service.routes.keyrings import KeyringRoutes
from intake.service.routes.mailboxes import MailboxRoutes
from intake.service.routes.pages import PageRoutes
from intake.service.routes.sign_in import SignInRoutes
from intake.service.routes.sync import SyncRoutes
from intake.service.settings import Settings
from intake.store import Store, StoreError

ROUTES: Final[tuple[type[Routes], ...]] = (
    MailboxRoutes,
    BlobRoutes,
    DirectoryRoutes,
    SignInRoutes,
    SyncRoutes,
    KeyringRoutes,
    HealthRoutes,
    PageRoutes,  # last: it matches almost anything
)


class Service(Starlette):
    """Starlette with the header middleware outside all other middleware, that for errors included."""

    def build_middleware_stack(self) -> ASGIApp:
        """The middleware stack, wrapped in the header middleware."""
        return HeaderMiddleware(super().build_middleware_stack())


def create_app(
    store: Store,
    settings: Settings,
    *,
    today: Callable[[], int] = utc_day,
    clock: Callable[[], float] = time.monotonic,
    tell: Tell = notify,
) -> Starlette:
    """The service over an open store, which it closes when its lifespan ends.

    `today` gives the day in days since 1970-01-01 UTC, `clock` seconds that never go back; `tell` is told how it is.
    Raises OSError if the pages can't be read; the lifespan raises `StoreUnavailable` if the organisations can't.
    """
    context = Context(
        store=store,
        organisations=Organisations(store),
        assets=assets_of(static_folder()),
        tokens=SignedTokens(store, clock),
        bodies=BodyReader(settings),
        answers=MemoryBudget(settings.answers_bytes),
        settings=settings,
        days=Days(today),
        heartbeat=Heartbeat(store, clock, settings.alive_seconds, tell),
    )
    retention = Retention(store, context.days, clock)

    async def load() -> None:
        """Read what is remembered of the store."""
        await context.organisations.load()
        await context.tokens.load()

    async def follow() -> None:
        """Read it again, since another process may have changed it. What is remembered serves while it can't be had."""
        with suppress(StoreError):
            await load()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            await load()
            async with (
                erasing(retention, settings.retention_seconds),
                periodic(context.heartbeat.beat, settings.heartbeat_seconds, "heartbeat"),
                periodic(give_back, settings.memory_seconds, "memory"),
                periodic(follow, settings.shared_seconds, "shared") if store.is_shared else nullcontext(),
                context.assets.packing() if settings.packing else nullcontext(),
            ):
                yield
        finally:
            await store.close()

    parts = [DocumentRoutes(context, ROUTES), *(kind(context) for kind in ROUTES)]
    app = Service(
        routes=[route for part in parts for route in part.routes()],
        exception_handlers=handlers(context.assets.refusal),
        lifespan=lifespan,
    )
    app.state.context = context
    # A redirect would hold an absolute address, made from the host that the client named.
    app.router.redirect_slashes = False
    return app
