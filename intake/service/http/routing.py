"""Routes with their descriptions, and helpers to read paths and headers."""

from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.public.encoding import day_number, unb64, write_object
from crypto.public.errors import DrempelError
from intake.service.context import Context
from intake.service.openapi.parts import Json

API = "/{slug}/api/1/"

Handler = Callable[[Request], Awaitable[Response]]
Method = TypeVar("Method", bound=Callable[..., Awaitable[Response]])


class Operation(NamedTuple):
    """One method at one path, its OpenAPI description, and the name of the handler."""

    method: str
    path: str
    description: Json
    handler: str


def route(method: str, path: str, description: Json) -> Callable[[Method], Method]:
    """Mark a method of a `Routes` class as the handler of `method` at `path`, with its description."""

    def mark(handler: Method) -> Method:
        handler.__dict__.setdefault("operations", []).insert(
            0, Operation(method, path, description, handler.__name__)
        )
        return handler

    return mark


class Routes:
    """The handlers of some paths. A new part of the API is a new class of these."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @classmethod
    def operations(cls) -> Iterator[Operation]:
        """The operations of the class, in the order of the source."""
        for handler in vars(cls).values():
            yield from getattr(handler, "operations", ())

    def routes(self) -> list[Route]:
        """A route for each path, with HEAD wherever there is GET. Any other method that is not marked gets 405."""
        handlers: dict[str, dict[str, Handler]] = {}
        for operation in self.operations():
            handlers.setdefault(operation.path, {})[operation.method] = getattr(self, operation.handler)
        return [_resource(path, by_method) for path, by_method in handlers.items()]


def _resource(path: str, handlers: dict[str, Handler]) -> Route:
    async def endpoint(request: Request) -> Response:
        if request.method == "HEAD":
            return _head(await handlers["GET"](request))
        return await handlers[request.method](request)

    return Route(path, endpoint, methods=list(handlers))  # which adds HEAD to GET


def _head(answer: Response) -> Response:
    """The headers of an answer alone. Its body is never started: the store would have to read gigabytes for it."""
    head = Response(status_code=answer.status_code)
    head.raw_headers = answer.raw_headers
    return head


def path_bytes(request: Request, name: str, length: int) -> bytes:
    """The bytes of an id in the path, which has one valid spelling. Raises `not-found`."""
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
    """The token of the header `Authorization: Bearer`, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None


def answer_json(value: dict[str, object]) -> Response:
    """A JSON object as a response."""
    return Response(write_object(value), media_type="application/json")


def no_content(**headers: str) -> Response:
    """The answer 204 to a successful write."""
    return Response(status_code=204, headers=headers)
