"""What goes wrong is named by a code, and nothing of the request comes back or is written down."""

import httpx
import pytest

from crypto.public.errors import ERRORS
from intake.service.http.problems import problem
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import OpaqueOrganisation, code

SECRET = "heel-geheim"


async def test_a_fault_is_told_by_its_place_alone(
    client: httpx.AsyncClient, store: FailingStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.failures["directory"] = ValueError(f"invalid: {SECRET}")
    response = await client.get("directory", headers={"X-Note": SECRET})
    assert (response.status_code, code(response)) == (500, "server-fault")
    assert SECRET not in response.text
    sentences = [record.getMessage() for record in caplog.records if record.name.startswith("drempel")]
    assert len(sentences) == 1
    assert sentences[0].startswith(
        "A fault of the service: ValueError in tests/service/kit/failing_store.py, line "
    )
    assert SECRET not in sentences[0]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", f"{SECRET}"), ("GET", f"mailboxes/{SECRET}"), ("PUT", f"keys?{SECRET}")]
)
async def test_nothing_of_the_request_is_echoed(client: httpx.AsyncClient, method: str, path: str) -> None:
    response = await client.request(method, path, headers={"Authorization": f"Bearer {SECRET}"})
    assert response.status_code in (404, 405)
    assert SECRET not in response.text + str(response.headers)


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "POST", "DELETE", "TRACE", "BREW"])
async def test_other_methods_are_refused_and_the_right_ones_named(
    client: httpx.AsyncClient, method: str
) -> None:
    response = await client.request(method, "directory")
    assert (response.status_code, code(response)) == (405, "method-not-allowed")
    assert response.headers["allow"] == "GET, HEAD, PUT"


async def test_one_path_names_all_its_methods(client: httpx.AsyncClient, world: OpaqueOrganisation) -> None:
    for path, allowed in [("directory", "GET, HEAD, PUT"), (world.box().path, "DELETE, GET, HEAD")]:
        assert (await client.request("PATCH", path)).headers["allow"] == allowed


@pytest.mark.parametrize("path", ["api/2/directory", "api/0/x", "api/10", "api/2", "api/999/mailboxes/x"])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
async def test_another_version_is_named_so(
    client: httpx.AsyncClient, world: OpaqueOrganisation, method: str, path: str
) -> None:
    response = await client.request(method, f"http://drempel.test/{world.slug}/{path}")
    assert (response.status_code, code(response)) == (404, "unsupported-version")


@pytest.mark.parametrize("path", ["api/1/x", "api/1", "api/x/directory", "api/", "api", "api/1x/directory"])
async def test_this_version_without_that_path_is_not(
    client: httpx.AsyncClient, world: OpaqueOrganisation, path: str
) -> None:
    response = await client.get(f"http://drempel.test/{world.slug}/{path}")
    assert (response.status_code, code(response)) == (404, "not-found")


def test_each_code_of_the_api_has_its_document() -> None:
    for name, entry in ERRORS.items():
        if entry.status:
            response = problem(name)
            assert response.status_code == entry.status
            assert response.media_type == "application/problem+json"
            assert ("retry-after" in response.headers) == (entry.status == 503)
