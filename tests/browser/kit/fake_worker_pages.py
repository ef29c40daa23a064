"""Pages whose worker a test speaks for, so that every state of a screen is a moment away.

The screens hold no key and speak to no network: what their worker answers is all that they can know. The tests of the
sealed path walk with the real workers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.browser.kit.http_relay import HttpRelay, Reply, altered, answer, relaying
from tests.browser.kit.wire import Request, Response
from tests.project import ROOT

WORKERS = ("/static/pages/reporter-worker.js", "/static/pages/recipient-worker.js")
SCRIPT = b"import '/tests/browser/kit/fake_worker/worker.js';"
ASKED = "/fake_worker/"
# Its modules, and the sources that they share with the real workers, which no service delivers.
FILES = ("/tests/browser/kit/fake_worker/", "/static/js/", "/static/vendor/")
# What a browser does with such a page is what it does where a person has turned scripts off.
SCRIPTLESS = "sandbox allow-same-origin; default-src 'none'; style-src 'self'; img-src 'self'"


@dataclass
class FakeWorker:
    """The fake worker's answers by call: the name of one in `fake_worker/answers.js`, or else the ordinary one."""

    line: HttpRelay
    url: str
    answers: dict[str, str] = field(default_factory=dict)
    scripts: bool = True
    lacks: str = ""

    @contextmanager
    def lacking(self, part: str) -> Iterator[None]:
        """Withhold this part of a page during the block."""
        self.lacks = part
        try:
            yield
        finally:
            self.lacks = ""

    @contextmanager
    def without_scripts(self) -> Iterator[None]:
        """Forbid all scripts during the block."""
        self.scripts = False
        try:
            yield
        finally:
            self.scripts = True

    def set(self, **answers: str) -> None:
        """Set the answers of these calls from now on; all others have the ordinary one."""
        self.answers = answers

    def tamper(self, request: Request, ask: Callable[[], Response]) -> Reply:
        """The server's answer, but for the worker and what it asks."""
        if not self.scripts:
            return altered(ask(), content_security_policy=SCRIPTLESS)
        if self.lacks and request.path.endswith(self.lacks):
            return answer(503)
        if request.path in WORKERS:
            return altered(ask(), body=SCRIPT)
        if request.path.startswith(ASKED):
            said = self.answers.get(request.path.removeprefix(ASKED), "plain")
            return _found(ask(), said.encode(), "text/plain")
        if request.path.startswith(FILES) and ".." not in request.path:
            return _found(ask(), (ROOT / request.path[1:]).read_bytes(), "text/javascript")
        return ask()


def _found(missing: Response, body: bytes, kind: str) -> Response:
    """In place of a 404, so that it comes with the headers that all answers have."""
    return altered(missing, status=200, body=body, content_type=kind)


@contextmanager
def with_fake_worker(url: str) -> Iterator[FakeWorker]:
    """A fake Worker before the server of `url`."""
    with relaying(url) as line:
        fake_worker = FakeWorker(line, line.address(url))
        line.tamper = fake_worker.tamper
        yield fake_worker
