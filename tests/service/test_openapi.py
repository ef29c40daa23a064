"""The description and the code are one thing: each route in both, each answer as described."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.applications import Starlette
from starlette.routing import Route

from crypto.public.encoding import unb64
from crypto.public.errors import ERRORS
from intake.service.app import ROUTES
from intake.service.openapi.document import document
from tests.service.kit.opaque_organisation import OpaqueOrganisation
from tests.service.kit.raw_http import live_in_thread

OPERATIONS = [
    (method, path)
    for path, item in document(ROUTES)["paths"].items()
    for method in item
    if method != "parameters"
]
EXAMPLES = 20


def test_every_route_is_described_and_the_reverse(app: Starlette) -> None:
    routes = [route for route in app.routes if isinstance(route, Route)]
    assert len(routes) == len(app.routes)
    coded = {(method.lower(), route.path_format) for route in routes for method in route.methods or ()}
    got = {path for method, path in OPERATIONS if method == "get"}
    assert coded == {*OPERATIONS, *(("head", path) for path in got)}


async def test_it_is_served(client: httpx.AsyncClient) -> None:
    response = await client.get("http://drempel.test/api/1/openapi.json")
    assert response.json() == document(ROUTES)


def test_every_code_of_the_api_is_described_somewhere() -> None:
    described = {
        code
        for item in document(ROUTES)["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for answer in operation["responses"].values()
        for code in re.findall(r"`([a-z-]+)`: ", answer["description"])
    }
    general = {"unsupported-version", "method-not-allowed"}
    assert described | general == {code for code, entry in ERRORS.items() if entry.status}


def test_every_reference_resolves() -> None:
    schemas = document(ROUTES)["components"]["schemas"]
    names = set(re.findall(r"#/components/schemas/(\w+)", str(document(ROUTES))))
    assert names == set(schemas)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, OpaqueOrganisation]]:
    """A running service and its organisation, shared: no example here depends on another."""
    world = OpaqueOrganisation()
    folder: Path = tmp_path_factory.mktemp("service")
    with live_in_thread(folder / "data", world) as address:
        yield address, world


def described_for(world: OpaqueOrganisation, address: str) -> Any:
    """The served document, narrowed to the slug that exists and to what can be generated."""
    fetched = requests.get(f"{address}/api/1/openapi.json", timeout=10).json()
    for path, item in fetched["paths"].items():
        if "{slug}" in path:
            item["parameters"][0]["schema"] = {"type": "string", "enum": [world.slug]}
    # Twenty-six keys of 1,216 bytes are more than a generator of examples can make up.
    fetched["components"]["schemas"]["StatementWithKeys"]["properties"]["keys"] = {"type": "array"}
    return schemathesis.openapi.from_dict(fetched)


def session(world: OpaqueOrganisation, address: str) -> dict[str, str]:
    base = f"{address}/{world.slug}/api/1/"
    challenge = requests.post(f"{base}sign-in/challenge", timeout=10).json()["challenge"]
    token = requests.post(f"{base}sign-in", json=world.login(unb64(challenge)), timeout=10).json()["token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("signed_in", [False, True], ids=["stranger", "recipient"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_answers_are_as_described(
    place: tuple[str, OpaqueOrganisation], method: str, path: str, signed_in: bool
) -> None:
    address, world = place
    operation = described_for(world, address)[path][method.upper()]
    headers = session(world, address) if signed_in else {}

    @given(case=operation.as_strategy())
    @hypothesis_settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: schemathesis.Case) -> None:
        # What is valid by its schema may still lack a signature, a token or an envelope's header.
        case.call_and_validate(base_url=address, headers=headers, excluded_checks=[positive_data_acceptance])

    holds()
