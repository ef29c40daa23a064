"""The organisations of this instance, by slug, in memory: every request asks for one."""

from starlette.requests import Request

from crypto.encoding import is_id
from crypto.errors import DrempelError
from intake.store import Organisation, Store


class Organisations:
    """A cache over the store. Only what is found is kept, so that strange slugs cost no memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Organisation] = {}

    async def load(self) -> None:
        """Read all of them. Raises `StoreUnavailable`."""
        self._known = {item.slug: item for item in await self._store.organisations()}

    async def of(self, request: Request) -> Organisation:
        """The organisation whose slug is in the request's path. Raises `organisation-unknown`."""
        slug = request.path_params["slug"]
        found = self._known.get(slug) or await self.refresh(slug)
        if found is None:
            raise DrempelError("organisation-unknown")
        return found

    async def refresh(self, slug: str) -> Organisation | None:
        """Read one again, after its directory changed."""
        found = await self._store.organisation(slug) if is_id(slug) else None
        if found is not None:
            self._known[slug] = found
        return found
