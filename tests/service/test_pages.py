"""The shell: the same bytes for all, and nothing else under any address."""

import httpx
import pytest

from intake.assets import static_folder
from tests.service.world import World, code

HOST = "http://drempel.test"


@pytest.mark.parametrize(
    ("path", "name"), [("", "index.html"), ("/", "index.html"), ("/inbox", "inbox.html")]
)
async def test_the_shell_is_the_file(client: httpx.AsyncClient, world: World, path: str, name: str) -> None:
    response = await client.get(f"{HOST}/{world.slug}{path}")
    assert response.status_code == 200
    assert response.content == (static_folder() / name).read_bytes()
    assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_files_have_the_types_that_browsers_insist_on(client: httpx.AsyncClient) -> None:
    style = await client.get(f"{HOST}/static/css/drempel.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    script = await client.get(f"{HOST}/static/vendor/noble.js")
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/favicon.ico",
        "/robots.txt",
        "/static/",
        "/static/css",
        "/static/css/",
        "/static/nothing.css",
        "/static/index.html",
        "/static/inbox.html",
        "/static/vendor/README.md",
        "/static/vendor/noble.d.ts",
        "/static/vendor/noble.entry.js",
        "/static/../pyproject.toml",
        "/static/%2e%2e/pyproject.toml",
        "/static/css/..%2f..%2fpyproject.toml",
        "/static//etc/passwd",
        "/static/%00",
    ],
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(HOST + path)
    assert response.status_code == 404
    assert code(response) in ("not-found", "organisation-unknown")


@pytest.mark.parametrize("path", ["/inbox/", "//", "/inbox/x", "/api/1/directory/", "/api/1/sign-in/"])
async def test_there_are_no_redirects(client: httpx.AsyncClient, world: World, path: str) -> None:
    response = await client.get(f"{HOST}/{world.slug}{path}")
    assert (response.status_code, code(response)) == (404, "not-found")
    assert "location" not in response.headers
