"""Caches the organisations of this instance by slug, since every request needs one."""

from starlette.requests import Request

from crypto.public.encoding import is_id
from crypto.public.errors import DrempelError
from intake.store import Organisation, Store


class Organisations:
    """A cache over the store. It keeps only organisations that exist, so that unknown slugs cost no memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Organisation] = {}

    async def load(self) -> None:
        """Read all organisations. Raises `StoreUnavailable`."""
        self._known = {item.slug: item for item in await self._store.organisations()}

    async def of(self, request: Request) -> Organisation:
        """The organisation whose slug is in the request's path. Raises `organisation-unknown`."""
        slug = request.path_params["slug"]
        found = self._known.get(slug) or await self.refresh(slug)
        if found is None:
            raise DrempelError("organisation-unknown")
        return found

    async def changed(self, organisation: Organisation) -> Organisation | None:
        """The same organisation, if another process has changed its directory since it was read."""
        found = await self.refresh(organisation.slug) if self._store.is_shared else organisation
        return found if found != organisation else None

    async def refresh(self, slug: str) -> Organisation | None:
        """Read an organisation again, after its directory has changed."""
        found = await self._store.organisation(slug) if is_id(slug) else None
        if found is not None:
            self._known[slug] = found
        return found
