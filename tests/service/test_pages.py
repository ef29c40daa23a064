"""The shell: the same bytes for all, honest about this release, and nothing that runs."""

from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from intake.assets import static_folder
from intake.service.pages import read_files
from tests.service.world import World, code

HOST = "http://drempel.test"
PAGES = ("index.html", "inbox.html")


@pytest.mark.parametrize(
    ("path", "name"), [("", "index.html"), ("/", "index.html"), ("/inbox", "inbox.html")]
)
async def test_the_shell_is_the_file(client: httpx.AsyncClient, world: World, path: str, name: str) -> None:
    response = await client.get(f"{HOST}/{world.slug}{path}")
    assert response.status_code == 200
    assert response.content == (static_folder() / name).read_bytes()
    assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_files_have_the_types_that_browsers_insist_on(client: httpx.AsyncClient) -> None:
    style = await client.get(f"{HOST}/static/css/plain.css")
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


def test_only_what_browsers_ask_for_is_read(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    for name in ("index.html", "js/a.js", "README.md", ".hidden", "backup.html~"):
        (tmp_path / name).write_text(name)
    assert set(read_files(tmp_path)) == {"index.html", "js/a.js"}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_are_bilingual_and_run_nothing(name: str) -> None:
    parser = _Tags()
    parser.feed((static_folder() / name).read_text(encoding="utf-8"))
    tags = parser.tags
    assert ("html", {"lang": "nl"}) in tags
    assert ("section", {"lang": "en"}) in tags
    assert not {"script", "form", "input", "iframe", "img"} & {tag for tag, _ in tags}
    for _, attributes in tags:
        assert not [key for key in attributes if key == "style" or key.startswith("on")]
        for key in ("href", "src"):
            assert (attributes.get(key) or "/static/").startswith("/static/")
