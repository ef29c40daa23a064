"""`--store URL`: the same service on a database, and on a folder by its address."""

import asyncio
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.store import create_at
from tests.kit.postgres import Cluster
from tests.kit.serving import Demo, Server, demo_in, drempel

SECRET = "pass-word-that-nobody-may-see"


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    """The address of an empty database, with a password in it."""
    name = f"cli_{secrets.token_hex(4)}"
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield cluster.url(name).replace("drempel@", f"drempel:{SECRET}@", 1)
    cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def demo(url: str, tmp_path: Path) -> Iterator[Demo]:
    with demo_in(tmp_path, "--store", url) as made:
        yield made


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.postgres
def test_a_demo_is_served_from_a_database_again_and_again(demo: Demo, url: str) -> None:
    sent = demo.report("A report.").json
    recipient = next(name for name in demo.access_codes if name.startswith("confidential-adviser"))
    assert len(demo.inbox(recipient, "list").json["conversations"]) == 1
    assert names(demo.data) == {"control", "demo-codes.json", "lock"}
    where = ("--store", url, "--data", str(demo.data))
    checks = drempel("doctor", *where, "--json").json["checks"]  # the running service answers
    assert [check["name"] for check in checks][:3] == ["clock", "writing", "database"]
    assert all(check["ok"] for check in checks), checks
    drempel("serve", *where, "--port", "0").refused("Another instance")
    backup = demo.data.parent / "backup"
    beside = drempel("backup", *where, "--to", str(backup), "--json").json
    assert (beside["mailboxes"], SECRET in backup.read_bytes().decode("latin-1")) == (1, False)
    demo.stop()
    assert drempel("doctor", *where).status == 0  # nobody answers: it looks for itself
    alone = drempel("backup", *where, "--to", str(backup.with_name("alone")), "--json").json
    assert alone["mailboxes"] == 1
    drempel("restore", *where, "--from", str(backup)).refused("already")
    demo.start()
    assert demo.receipt(sent["receipt"], "read").json["messages"]
    demo.stop()
    server = Server(["serve", *where, "--port", "0"], demo.logs / "serve")
    try:
        [port] = re.findall(r":(\d+)/", server.first_line)
        demo.codes["url"] = re.sub(r":\d+/", f":{port}/", demo.url)
        assert demo.receipt(sent["receipt"], "read").json["messages"]
        server.stop()
    finally:
        server.kill()
    for log in demo.logs.rglob("*"):
        assert not log.is_file() or SECRET not in log.read_text("utf-8")


@pytest.mark.postgres
def test_tables_without_an_organisation_are_those_of_a_demo_that_was_interrupted(
    url: str, tmp_path: Path
) -> None:
    async def interrupted() -> None:
        await (await create_at(tmp_path, url)).close()

    asyncio.run(interrupted())
    with demo_in(tmp_path, "--store", url) as demo:
        assert demo.report("A report.").json
    other = tmp_path / "other"
    drempel("demo", "--store", url, "--data", str(other), "--port", "0").refused("holds something already")
    assert not (other / "demo-codes.json").exists()


@pytest.mark.postgres
def test_where_there_is_no_store_none_is_made(url: str, tmp_path: Path) -> None:
    for command in (("serve", "--port", "0"), ("doctor",)):
        ran = drempel(*command, "--store", url, "--data", str(tmp_path / "data"))
        ran.refused("holds no store")
        assert SECRET not in ran.out + ran.err
    drempel("demo", "--store", url, "--data", str(tmp_path / "demo"), "--port", "x").misused("--port")


@pytest.mark.parametrize("command", ["serve", "doctor", "demo"])
def test_an_address_that_is_none_is_refused_and_not_repeated(command: str, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    for url, word in (
        (f"mysql://x:{SECRET}@y/z", "The address of a store is"),
        (SECRET, "The address of a store is"),
        ("sqlite:", "The address of a store is"),
        ("sqlite:elsewhere", "two folders"),
    ):
        ran = drempel(command, *data, "--store", url)
        ran.misused(word)
        assert SECRET not in ran.err
    drempel(command, "--store", f"postgresql://x:{SECRET}@y/z").misused("Missing option '--data'")
    ran = drempel(command, *data, "--store", f"postgresql://x:{SECRET}@127.0.0.1:1/z")
    ran.refused("does not answer")
    assert SECRET not in ran.out + ran.err


def test_a_folder_may_be_named_by_its_address(tmp_path: Path) -> None:
    where = f"sqlite:{tmp_path / 'data'}"
    server = Server(["demo", "--store", where, "--port", "0", "--json"], tmp_path / "logs")
    try:
        assert json.loads(server.first_line)["organisation"]
        assert drempel("doctor", "--store", where).status == 0
        assert drempel("doctor", "--store", where, "--data", str(tmp_path / "data")).status == 0
        server.stop()
    finally:
        server.kill()
