"""The pages: the same bytes for all, nothing else under any address, and a page for a person where there is nothing."""

import re

import httpx
import pytest

from intake.assets import REFUSALS, static_folder
from intake.store import StoreUnavailable
from tests.service.kit.failing_store import FailingStore
from tests.service.kit.opaque_organisation import OpaqueOrganisation, code

HOST = "http://drempel.test"
# What Firefox says when it opens an address, and Chromium.
ACCEPTS = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
)
# What programs say, and browsers for scripts, styles, drawings and `fetch`.
PROGRAMS = ("*/*", "", "application/json", "application/octet-stream", "text/css,*/*;q=0.1", "image/avif,*/*")


@pytest.mark.parametrize(
    ("path", "name"), [("", "index.html"), ("/", "index.html"), ("/inbox", "inbox.html")]
)
async def test_the_shell_is_the_file(
    client: httpx.AsyncClient, world: OpaqueOrganisation, path: str, name: str
) -> None:
    response = await client.get(f"{HOST}/{world.slug}{path}")
    assert response.status_code == 200
    assert response.content == (static_folder() / name).read_bytes()
    assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_files_have_the_types_that_browsers_insist_on(client: httpx.AsyncClient) -> None:
    style = await client.get(f"{HOST}/static/pages/drempel.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    script = await client.get(f"{HOST}/static/pages/reporter.js")
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


NOWHERE = [
    "/",
    "/favicon.ico",
    "/robots.txt",
    "/static/",
    "/static/css",
    "/static/css/",
    "/static/css/drempel.css",
    "/static/nothing.css",
    "/static/index.html",
    "/static/inbox.html",
    "/static/not_found.html",
    "/static/unavailable.html",
    "/static/vendor/README.md",
    "/static/vendor/noble.d.ts",
    "/static/vendor/noble.entry.js",
    "/static/vendor/noble.js",
    "/static/js/reporter/main.js",
    "/static/../pyproject.toml",
    "/static/%2e%2e/pyproject.toml",
    "/static/css/..%2f..%2fpyproject.toml",
    "/static//etc/passwd",
    "/static/%00",
]
MISTYPED = [
    "/",
    "/inbox",
    "/not_found.html",
    "/unavailable.html",
    "/Gemeente/",
    "/GEMEENTE",
    "/Gemeente/inbox",
    "/gemeente/Inbox",
    "/gemeente/inbox/",
    "/gemeente/index.html",
    "/gemeente/%23x",
    "/gemeente//",
    "/gemeenten/",
    "/gemeenten/inbox",
    "/meldpunt/gemeente/",
    "/gemeente/api/1/nothing",
    "/Gemeente/api/1/directory",
    "/static/nothing.html",
]


@pytest.mark.parametrize("path", NOWHERE)
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(HOST + path)
    assert response.status_code == 404
    assert code(response) in ("not-found", "organisation-unknown")


@pytest.mark.parametrize("path", ["/inbox/", "//", "/inbox/x", "/api/1/directory/", "/api/1/sign-in/"])
async def test_there_are_no_redirects(
    client: httpx.AsyncClient, world: OpaqueOrganisation, path: str
) -> None:
    response = await client.get(f"{HOST}/{world.slug}{path}")
    assert (response.status_code, code(response)) == (404, "not-found")
    assert "location" not in response.headers


@pytest.mark.parametrize("path", MISTYPED)
async def test_a_person_who_mistypes_gets_a_page(client: httpx.AsyncClient, path: str) -> None:
    for accept in ACCEPTS:
        response = await client.get(HOST + path, headers={"Accept": accept})
        assert response.status_code == 404
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.content == (static_folder() / "not_found.html").read_bytes()


@pytest.mark.parametrize("accept", PROGRAMS)
@pytest.mark.parametrize("path", MISTYPED)
async def test_a_program_gets_a_problem_document_there(
    client: httpx.AsyncClient, path: str, accept: str
) -> None:
    response = await client.get(HOST + path, headers={"Accept": accept})
    assert response.status_code == 404
    assert code(response) in ("not-found", "organisation-unknown")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_no_page_answers_what_no_address_bar_sends(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, f"{HOST}/nowhere/x/y", headers={"Accept": ACCEPTS[0]})
    assert code(response) == "not-found"


async def test_other_problems_stay_problems(client: httpx.AsyncClient) -> None:
    response = await client.get("inbox/days", headers={"Accept": ACCEPTS[0]})
    assert (response.status_code, code(response)) == (401, "sign-in-again")


@pytest.mark.parametrize(("failure", "status"), [(StoreUnavailable(), 503), (ZeroDivisionError(), 500)])
async def test_a_person_hears_that_the_service_fails(
    client: httpx.AsyncClient, store: FailingStore, failure: Exception, status: int
) -> None:
    store.failures["organisation"] = failure
    for path in ("/newly-founded/", "/newly-founded/inbox"):
        page = await client.get(HOST + path, headers={"Accept": ACCEPTS[0]})
        document = await client.get(HOST + path, headers={"Accept": PROGRAMS[0]})
        assert page.status_code == document.status_code == status
        assert page.content == (static_folder() / "unavailable.html").read_bytes()
        assert code(document) in ("server-unavailable", "server-fault")
        for name in ("retry-after", "connection", "cache-control", "content-security-policy"):
            assert page.headers.get(name) == document.headers.get(name)
        head = await client.head(HOST + path, headers={"Accept": ACCEPTS[0]})
        assert (head.status_code, head.content) == (status, b"")
        assert head.headers == page.headers


@pytest.mark.parametrize("name", REFUSALS)
def test_a_page_for_people_says_it_in_both_languages(name: str) -> None:
    text = (static_folder() / name).read_text("utf-8")
    assert text.startswith('<!doctype html>\n<html lang="nl"')
    dutch, english = re.findall(r"<section.*?</section>", text, re.DOTALL)
    assert english.startswith('<section lang="en">')
    assert dutch.count("<p>") == english.count("<p>") > 1


def test_the_page_says_in_both_languages_how_an_address_is_written() -> None:
    text = (static_folder() / "not_found.html").read_text("utf-8")
    dutch, english = re.findall(r"<section.*?</section>", text, re.DOTALL)
    assert 'lang="nl"' in text.partition("<section")[0]
    assert english.startswith('<section lang="en">')
    for part, name, letters in (
        (dutch, "organisatie", "kleine letters"),
        (english, "organisation", "small letters"),
    ):
        assert f"<code>/{name}/</code>" in part
        assert f"<code>/{name}/inbox</code>" in part
        assert letters in part
