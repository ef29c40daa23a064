"""Pages of a test's own, for what the tests' tools must be seen to find."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POLICY = "default-src 'none'; script-src 'self' 'unsafe-inline'; require-trusted-types-for 'script'; trusted-types x"
TYPES = {"js": "text/javascript", "html": "text/html; charset=utf-8"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        files: Mapping[str, str] = getattr(self.server, "files")  # noqa: B009  # set below
        body = files.get(self.path.partition("?")[0])
        data = (body or "").encode("utf-8")
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", TYPES.get(self.path.rpartition(".")[2], TYPES["html"]))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def site(files: Mapping[str, str]) -> Iterator[str]:
    """Serves files by path, under a policy like ours but for inline scripts; gives the address, ending in "/"."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    vars(server)["files"] = files
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
