"""Routes whose every other method is a 405, and what their paths and headers hold."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.encoding import day_number, unb64, write_object
from crypto.errors import DrempelError

API = "/{slug}/api/1/"

Handler = Callable[[Request], Awaitable[Response]]


def resource(path: str, **handlers: Handler) -> Route:
    """One path with one handler per method: `resource(path, GET=..., PUT=...)`.

    Starlette adds HEAD to GET; here it is refused like any other method that is not described.
    """

    async def endpoint(request: Request) -> Response:
        return await handlers[request.method](request)

    route = Route(path, endpoint, methods=list(handlers))
    route.methods = set(handlers)
    return route


def path_bytes(request: Request, name: str, length: int) -> bytes:
    """An id in the path, spelled in the one way there is. Raises `not-found`."""
    try:
        return unb64(request.path_params[name], length)
    except ValueError:
        raise DrempelError("not-found") from None


def path_day(request: Request) -> int:
    """The day in the path. Raises `not-found`."""
    try:
        return day_number(request.path_params["day"])
    except ValueError:
        raise DrempelError("not-found") from None


def bearer(request: Request) -> str | None:
    """What follows `Authorization: Bearer`, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None


def answer_json(value: dict[str, object]) -> Response:
    """A JSON object as a response."""
    return Response(write_object(value), media_type="application/json")


def no_content(**headers: str) -> Response:
    """204, the answer to whatever was done."""
    return Response(status_code=204, headers=headers)
