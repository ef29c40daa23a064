"""A message with files whose answer is lost, or comes from somebody else: what is sent next is right by itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.kit.http_relay import HttpRelay, Reply, answer, cut, relaying
from tests.browser.kit.wire import Request, Response
from tests.cli.kit.user import User, content
from tests.kit.serving import Demo, Ran

NAME, DATA = "papers.zip", content(600_000)
WAYS = ["report", "write", "reply"]


def losing(request: Request, ask: Callable[[], Response]) -> Reply:
    """The server does what it is asked, and nobody hears that a message is stored."""
    is_message = request.method == "PUT" and "/mailboxes/" in request.path
    return cut(ask(), 0) if is_message else ask()


@pytest.fixture
def middle(demo: Demo) -> Iterator[HttpRelay]:
    with relaying(demo.url) as made:
        yield made


@pytest.fixture
def user(demo: Demo, tmp_path: Path, middle: HttpRelay) -> User:
    return User(demo, tmp_path, middle.address(demo.url))


def send(user: User, way: str, sent: dict[str, str], *options: str) -> Ran:
    """One of the commands that send a file."""
    path = str(user.folder / NAME)
    if way == "report":
        return user.report(path, options=options)
    message = ("--message-file", str(user.folder / "text"), "--attach", path)
    if way == "write":
        return user.with_receipt(sent["receipt"], "write", *message, *options)
    return user.as_adviser("reply", sent["mailbox"], *message, *options)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_sent_after_a_lost_answer_shares_no_file_with_it(
    user: User, middle: HttpRelay, way: str
) -> None:
    sent = user.report().json
    user.file(NAME, DATA)
    middle.tamper = losing
    refusal = send(user, way, sent, "--patience", "0").refused("can't be reached")
    assert "the files go on where they stopped" in refusal
    assert len(user.notes) == 1
    middle.tamper = lambda _, ask: ask()
    middle.requests.clear()
    again = send(user, way, sent).json
    assert len(middle.asked("PUT", "/mailboxes/")) == 1, "it was refused, and went only then"
    assert middle.asked("PUT", "/chunks/"), "it names what another message has"
    assert user.notes == []
    files = user.exported(again["mailbox"])
    arrived = {"report": 1, "write": 2, "reply": 2}[way]
    assert list(files.values()) == [DATA] * arrived


def portal(method: str, middle: HttpRelay) -> Callable[[Request, Callable[[], Response]], Reply]:
    """Once the files are there, a page where one is to log in, instead of what such requests about a mailbox get."""

    def tamper(request: Request, ask: Callable[[], Response]) -> Reply:
        is_last = (
            request.method == method and "/mailboxes/" in request.path and middle.asked("PUT", "/chunks/")
        )
        return answer(200, b"<p>Please log in to the train's wifi") if is_last else ask()

    return tamper


@pytest.mark.parametrize(
    ("way", "method"),
    [("report", "PUT"), ("write", "GET"), ("write", "PUT"), ("reply", "GET"), ("reply", "PUT")],
)
def test_a_page_in_between_at_the_very_end_costs_nothing_of_the_files(
    user: User, middle: HttpRelay, way: str, method: str
) -> None:
    sent = user.report().json
    user.file(NAME, DATA)
    middle.tamper = portal(method, middle)
    refusal = send(user, way, sent).refused("cut off or damaged")
    assert "run the same command again; the files go on where they stopped" in refusal
    assert middle.asked("DELETE", "/blobs/") == []
    assert len(user.notes) == 1
    middle.tamper = lambda _, ask: ask()
    middle.requests.clear()
    again = send(user, way, sent).json
    assert middle.asked("PUT", "/chunks/") == [], "all of it was there"
    assert user.notes == []
    assert list(user.exported(again["mailbox"]).values()) == [DATA]
