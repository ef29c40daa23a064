"""`drempel migrate-store`: a store moves to another database and back, and everybody goes on."""

import json
import secrets
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.kit.postgres import Cluster
from tests.kit.serving import Demo, Server, demo_in, drempel

RECIPIENT = "confidential-adviser-1"


@pytest.fixture
def urls(cluster: Cluster) -> Iterator[list[str]]:
    """The addresses of two empty databases."""
    names = [f"moved_{secrets.token_hex(4)}" for _ in range(2)]
    for name in names:
        cluster.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield [cluster.url(name) for name in names]
    for name in names:
        cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with demo_in(tmp_path) as made:
        yield made


@pytest.mark.postgres
def test_a_store_moves_to_a_database_to_another_and_back(demo: Demo, urls: list[str], tmp_path: Path) -> None:
    file = tmp_path / "facts.bin"
    file.write_bytes(secrets.token_bytes(600_000))
    sent = demo.report("Before the move.", "--attach", str(file)).json
    demo.inbox(RECIPIENT, "list")
    drempel("migrate-store", "--from", f"sqlite:{demo.data}", "--to", urls[0]).refused("Another instance")
    demo.stop()
    back = tmp_path / "back"
    places = [f"sqlite:{demo.data}", *urls, f"sqlite:{back}"]
    moves = [
        drempel("migrate-store", "--from", source, "--to", target, "--json").json
        for source, target in pairwise(places)
    ]
    assert moves[1:] == moves[:-1]
    assert (moves[0]["mailboxes"], moves[0]["envelopes"], moves[0]["files"]) == (1, 1, 1)
    for target in places[1:]:
        drempel("migrate-store", "--from", places[0], "--to", target).refused("already")
    server = Server(["serve", "--data", str(back), "--port", "0"], demo.logs / "serve")
    try:
        port = server.first_line.rpartition(":")[2].strip("/\n")
        demo.codes["url"] = f"http://127.0.0.1:{port}/demo/"
        (conversation,) = demo.inbox(RECIPIENT, "list").json["conversations"]
        demo.inbox(RECIPIENT, "reply", conversation["id"], text="After it.")
        texts = [it["body"] for it in demo.receipt(sent["receipt"], "read").json["messages"]]
        assert texts == ["Before the move.", "After it."]
        exported = tmp_path / "exported"
        demo.receipt(sent["receipt"], "export", "--to", str(exported))
        assert [path.read_bytes() for path in exported.rglob("*.bin")] == [file.read_bytes()]
    finally:
        server.stop()


def test_addresses_that_are_none_are_refused(tmp_path: Path) -> None:
    for source, target in ((str(tmp_path), "sqlite:x"), ("sqlite:", "sqlite:x"), ("mysql://x", "sqlite:x")):
        assert drempel("migrate-store", "--from", source, "--to", target).status == 2
    gone = drempel(
        "migrate-store", "--from", f"sqlite:{tmp_path / 'none'}", "--to", f"sqlite:{tmp_path / 'x'}"
    )
    assert gone.status == 1
    assert not (tmp_path / "x").exists()
    assert json.dumps(str(tmp_path)) not in gone.out
