"""A real nginx in front of a real server: what passes, what is said where something can't, and what is written down."""

import http.client
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from intake.service.http.headers import HEADERS
from tests.deploy.nginx import AS_IT_COMES, as_we_say, below, nginx
from tests.kit.serving import Demo, Ran, demo_in, drempel

CHANNEL, RECIPIENT = "confidential-adviser", "confidential-adviser-1"
LONG_TEXT = "x" * 1_044_480
# What names a file in a document.
REFERENCE = re.compile(r'(?:src|href)="(\.\./[^"]+)"')


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_in(tmp_path_factory.mktemp("demo")) as made:
        yield made


def report(demo: Demo, address: str, text: str, *options: str) -> Ran:
    fixed = ("--server", f"{address}#{demo.codes['fingerprint']}", "--channel", CHANNEL, "--json")
    return drempel("report", *fixed, "--message-file", "-", *options, stdin=text.encode())


def fetch(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)) as connection:
        connection.request("GET", urlsplit(url).path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def test_files_pass_nginx_as_it_comes(demo: Demo, tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(range(256)) * 32 * 1024)
    with nginx(tmp_path / "nginx", demo.url, AS_IT_COMES) as root:
        receipt = report(demo, f"{root}/demo/", "With a file.", "--attach", str(file)).json["receipt"]
    [message] = demo.receipt(receipt, "read").json["messages"]
    assert [item["bytes"] for item in message["attachments"]] == [file.stat().st_size]


def test_a_long_text_that_nginx_refuses_is_said_to_be_refused_by_a_proxy(demo: Demo, tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", demo.url, AS_IT_COMES) as root:
        report(demo, f"{root}/demo/", LONG_TEXT).refused("A proxy in front of the server refused this")


def test_with_our_block_long_texts_and_files_pass_and_nothing_is_written_down(
    demo: Demo, tmp_path: Path
) -> None:
    file, folder = tmp_path / "large.bin", tmp_path / "nginx"
    file.write_bytes(bytes(8 * 1024 * 1024))
    with nginx(folder, demo.url, as_we_say()) as root:
        report(demo, f"{root}/demo/", LONG_TEXT, "--attach", str(file)).json  # noqa: B018 - asserts that it went
        status, headers, _ = fetch(f"{root}/demo/")
        assert status == 200
        fetch(f"{root}/demo/nothing")
    own = {name.decode(): value.decode() for name, value in HEADERS}
    assert own.items() <= headers.items()
    assert headers.keys() - own.keys() <= {"date", "server", "connection", "content-type", "content-length"}
    assert headers["server"] == "nginx"
    assert not (folder / "access").exists() or (folder / "access").read_text() == ""
    assert "127.0.0.1" not in (folder / "output").read_text()


def test_nginxs_usual_log_would_have_told_the_address(demo: Demo, tmp_path: Path) -> None:
    folder = tmp_path / "nginx"
    with nginx(folder, demo.url, AS_IT_COMES) as root:
        fetch(f"{root}/demo/")
    assert "127.0.0.1" in (folder / "access").read_text()


def test_below_a_path_documents_name_what_is_there(demo: Demo, tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", demo.url, below("/meldpunt/")) as root:
        for page in ("", "inbox"):
            url = f"{root}/meldpunt/demo/{page}"
            status, _, content = fetch(url)
            assert status == 200
            references = REFERENCE.findall(content.decode())
            assert len(references) > 2
            for reference in references:
                assert fetch(urljoin(url, reference))[0] == 200, reference
        status, headers, content = fetch(f"{root}/meldpunt/Demo/", Accept="text/html,*/*;q=0.8")
        assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert b"There is no page here" in content


def test_below_a_path_the_command_line_works(demo: Demo, tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", demo.url, below("/meldpunt/")) as root:
        receipt = report(demo, f"{root}/meldpunt/demo/", "From below.").json["receipt"]
    assert [it["body"] for it in demo.receipt(receipt, "read").json["messages"]] == ["From below."]
