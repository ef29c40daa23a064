"""A real Caddy, with our file, in front of a real server: what arrives, what comes back, what is written down."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from intake.service.http.headers import HEADERS
from tests.deploy import programs
from tests.deploy.programs import DEPLOY

HOST = "drempel.example"
MARK = "kabob-2718281828"
CLAIMED = "203.0.113.77"
# What a client may claim of itself, or another proxy of it.
CLAIMS = {
    "X-Forwarded-For": CLAIMED,
    "X-Forwarded-Host": "other.example",
    "X-Forwarded-Proto": "https",
    "X-Real-IP": CLAIMED,
    "X-Client-IP": CLAIMED,
    "True-Client-IP": CLAIMED,
    "CF-Connecting-IP": CLAIMED,
    "Forwarded": f"for={CLAIMED}",
    "Via": f"1.1 {CLAIMED}",
}
ANSWER = bytes(65536)


@dataclass
class Upstream:
    """Stands in for the service: keeps what reached it, answers with the service's own headers."""

    port: int = 0
    arrived: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


class Answering(BaseHTTPRequestHandler):
    """One request kept, one padded answer given."""

    protocol_version = "HTTP/1.1"
    upstream: Upstream

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.upstream.arrived.append((self.command, self.path, headers, body))
        self.send_response_only(200)
        for name, value in HEADERS:
            self.send_header(name.decode(), value.decode())
        self.send_header("content-type", "application/octet-stream")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    do_GET = answer  # noqa: N815  the names that the standard library calls
    do_PUT = answer  # noqa: N815

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[Upstream]:
    upstream = Upstream()
    handler = type("Handler", (Answering,), {"upstream": upstream})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        upstream.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Front:
    """Caddy: the port that stands for 443, the one for 80, and what it has printed."""

    tls: int
    plain: int
    output: Path


def configuration(folder: Path, upstream: int, front: Front) -> Any:
    """Our file as Caddy reads it, moved to free ports of the loopback interface, without certificates."""
    result = programs.run(
        "caddy", "adapt", "--config", str(DEPLOY / "Caddyfile"), cwd=folder, DREMPEL_HOST=HOST
    )
    config = json.loads(result.stdout.replace('"127.0.0.1:8080"', f'"127.0.0.1:{upstream}"'))
    for server in config["apps"]["http"]["servers"].values():
        server["automatic_https"] = {"disable": True}
        port = front.tls if server["listen"] == [":443"] else front.plain
        server["listen"] = [f"127.0.0.1:{port}"]
    return config


@contextmanager
def caddy(
    folder: Path, upstream: int, change: Callable[[Any], None] = lambda config: None
) -> Iterator[Front]:
    front = Front(programs.free_port(), programs.free_port(), folder / "caddy.log")
    config = configuration(folder, upstream, front)
    change(config)
    file = folder / "caddy.json"
    file.write_text(json.dumps(config))
    with programs.running("caddy", "run", "--config", str(file), cwd=folder, output=front.output) as process:
        for port in (front.tls, front.plain):
            programs.await_port(port, process, front.output)
        yield front


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    port: int,
    path: str,
    headers: dict[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes | None = None,
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"Host": HOST} | (headers or {}))
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


def cut_off(port: int, path: str, headers: dict[str, str] | None = None) -> bool:
    """Whether the connection is closed without an answer."""
    try:
        ask(port, path, headers)
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return True
    return False


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with answering() as running:
        yield running


@pytest.fixture
def front(tmp_path: Path, upstream: Upstream) -> Iterator[Front]:
    with caddy(tmp_path, upstream.port) as running:
        yield running


def test_nothing_of_the_client_reaches_the_service(front: Front, upstream: Upstream) -> None:
    ask(front.tls, "/test/")
    ask(front.tls, "/test/", CLAIMS)
    assert len(upstream.arrived) == 2
    for _, _, headers, _ in upstream.arrived:
        assert set(headers) <= {"host", "accept-encoding"}
        assert CLAIMED not in json.dumps(headers)
        assert "127.0.0.1" not in json.dumps(headers)


def test_what_a_client_needs_does_arrive(front: Front, upstream: Upstream) -> None:
    """Host for the page's own address, the token, the conditional write, and a body to the byte."""
    body = bytes(range(256)) * 4096
    sent = {"Authorization": f"Bearer {MARK}", "If-Match": '"7"', "Accept-Language": "nl"}
    ask(front.tls, "/test/api/1/inbox/keyring", sent, method="PUT", body=body)
    [(method, path, headers, arrived)] = upstream.arrived
    assert (method, path, arrived) == ("PUT", "/test/api/1/inbox/keyring", body)
    assert headers["host"] == HOST
    assert {name: headers[name.lower()] for name in sent} == sent


def test_the_services_own_headers_survive_and_the_proxys_do_not_appear(front: Front) -> None:
    answer = ask(front.tls, "/test/")
    own = {name.decode(): value.decode() for name, value in HEADERS}
    assert own.items() <= answer.headers.items()
    added = answer.headers.keys() - own.keys() - {"content-type", "content-length"}
    assert added == {"date", "strict-transport-security"}


def test_an_answer_keeps_its_length_whatever_a_client_would_unpack(front: Front, upstream: Upstream) -> None:
    answer = ask(front.tls, "/test/api/1/mailboxes/x", {"Accept-Encoding": "gzip, br, zstd"})
    assert answer.body == ANSWER
    assert answer.headers["content-length"] == str(len(ANSWER))
    assert "content-encoding" not in answer.headers
    assert upstream.arrived[0][2]["accept-encoding"] == "gzip, br, zstd"
    ask(front.tls, "/test/api/1/mailboxes/x", {"Accept-Encoding": "identity"})
    assert upstream.arrived[1][2]["accept-encoding"] == "identity"


def test_a_page_over_plain_http_is_sent_to_https_and_to_no_other_host(
    front: Front, upstream: Upstream
) -> None:
    answer = ask(front.plain, "/test/inbox")
    assert (answer.status, answer.headers["location"]) == (308, f"https://{HOST}/test/inbox")
    assert "server" not in answer.headers
    assert cut_off(front.plain, "/test/inbox", {"Host": "other.example"})
    assert upstream.arrived == []


def test_the_api_over_plain_http_is_cut_off(front: Front, upstream: Upstream) -> None:
    assert cut_off(front.plain, "/test/api/1/mailboxes/x", {"Authorization": f"Bearer {MARK}"})
    assert upstream.arrived == []


def visit(front: Front) -> None:
    """A page, a redirect, and the faults a client can cause or meet."""
    for port in (front.tls, front.plain):
        cut_off(port, f"/test/{MARK}")
        cut_off(
            port, f"/test/api/1/mailboxes/{MARK}", {"Authorization": f"Bearer {MARK}", "User-Agent": MARK}
        )
        cut_off(port, "/test/", {"X-Long": MARK * 4096})
        with socket.create_connection(("127.0.0.1", port), timeout=20) as half:
            half.sendall(f"PUT /test/{MARK} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9\r\n\r\n1".encode())


def tells_of_a_visit(front: Front) -> list[str]:
    """The lines of an ended Caddy that a visit left."""
    lines = front.output.read_text().splitlines()
    assert any(
        "serving initial configuration" in line or "using provided configuration" in line for line in lines
    )
    return [line for line in lines if MARK in line or "remote" in line or json.loads(line).get("status")]


def test_a_visit_leaves_no_line(tmp_path: Path, upstream: Upstream) -> None:
    with caddy(tmp_path, upstream.port) as front:
        visit(front)
    assert tells_of_a_visit(front) == []


def test_while_the_service_is_down_a_client_is_cut_off_and_no_line_is_written(tmp_path: Path) -> None:
    with caddy(tmp_path, programs.free_port()) as front:
        assert cut_off(front.tls, f"/test/{MARK}")
        visit(front)
    assert tells_of_a_visit(front) == []


@pytest.mark.parametrize("upstream_is", ["up", "down"])
def test_caddys_usual_log_would_have_told_the_address(
    tmp_path: Path, upstream: Upstream, upstream_is: str
) -> None:
    """The tests above see what they are there to see: each usual setting writes down who came."""

    def usual(config: Any) -> None:
        del config["logging"]["logs"]["default"]["exclude"]
        config["logging"]["logs"]["default"]["level"] = "INFO"
        for server in config["apps"]["http"]["servers"].values():
            server.pop("errors", None)
            if upstream_is == "up":
                server["logs"] = {}

    with caddy(tmp_path, upstream.port if upstream_is == "up" else programs.free_port(), usual) as front:
        visit(front)
    assert [line for line in tells_of_a_visit(front) if '"remote_ip":"127.0.0.1"' in line] != []
