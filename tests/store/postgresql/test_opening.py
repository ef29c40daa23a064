"""What is no store of this release, or no place for one, is refused in words that show no password."""

import sys
import traceback
from pathlib import Path

import pytest

from intake.store import (
    DriverMissing,
    NotAStore,
    SchemaTooNew,
    StoreExists,
    StoreUnavailable,
    open_at,
)
from intake.store.errors import MigrationFailed
from intake.store.postgresql import schema
from intake.store.postgresql.connections import connect, one
from intake.store.postgresql.errors import NotDurable, NotWritable
from intake.store.postgresql.open import create_store, open_store
from intake.store.postgresql.store import PostgresStore
from tests.kit.postgres import Cluster, running
from tests.store.kit.backends import Database
from tests.store.kit.rows import DAY, ORGANISATION, mailbox

pytestmark = pytest.mark.postgres
SECRET = "pass-word-that-nobody-may-see"


async def test_a_store_is_made_once_and_only_when_asked_for(database: Database) -> None:
    with pytest.raises(NotAStore, match="holds no store"):
        await open_store(database.url)
    await (await create_store(database.url)).close()
    with pytest.raises(StoreExists):
        await create_store(database.url)
    async with await open_store(database.url) as store:
        assert await store.organisations() == []


@pytest.mark.parametrize(
    "foreign",
    [
        "CREATE SCHEMA drempel",
        "CREATE SCHEMA drempel CREATE TABLE release (version text)",
        "CREATE SCHEMA drempel CREATE TABLE release (program text, version integer)",
    ],
)
async def test_what_another_program_made_is_left_alone(database: Database, foreign: str) -> None:
    database.cluster.execute(foreign, database.name)
    with pytest.raises(NotAStore, match="another program"):
        await open_store(database.url)
    with pytest.raises(StoreExists):
        await create_store(database.url)


async def test_a_newer_schema_is_refused(store: PostgresStore, database: Database) -> None:
    database.cluster.execute("UPDATE drempel.release SET version = 99", database.name)
    with pytest.raises(SchemaTooNew, match="99"):
        await open_store(database.url)


async def test_an_older_schema_is_upgraded_whole_or_not_at_all(
    store: PostgresStore, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox()
    await store.create_mailbox(box, b"e" * 16, b"before")
    for file in schema.FOLDER.glob("*.sql"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(schema, "FOLDER", tmp_path)
    (tmp_path / "0002.sql").write_text("CREATE TABLE added (day integer); ALTER TABLE nowhere ADD x integer;")
    with pytest.raises(MigrationFailed, match="Schema 2"):
        await open_store(database.url)
    (tmp_path / "0002.sql").write_text("CREATE TABLE added (day integer);")
    (tmp_path / "0003.sql").write_text("ALTER TABLE added ADD x integer;")
    for _ in range(2):
        async with await open_store(database.url) as again:
            assert [envelope.bytes for envelope in await again.envelopes(box.id)] == [b"before"]
            assert await again.create_mailbox(mailbox(), b"e" * 16, b"after")
    monkeypatch.undo()
    with pytest.raises(SchemaTooNew):
        await open_store(database.url)


async def test_a_server_that_only_reads_is_refused(store: PostgresStore, database: Database) -> None:
    database.cluster.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    with pytest.raises(NotWritable):
        await open_store(database.url)


async def test_a_server_that_may_lose_what_it_confirms_is_refused_or_told_not_to(
    store: PostgresStore, database: Database
) -> None:
    for setting in ("off", "local", "remote_write", "on", "remote_apply"):
        database.cluster.execute(f"ALTER DATABASE {database.name} SET synchronous_commit = {setting}")
        link = await connect(database.url)
        kept = "remote_apply" if setting == "remote_apply" else "on"
        assert await one(link, "SELECT current_setting('synchronous_commit')") == (kept,)
        await link.close()
    with running(fsync="off") as lossy, pytest.raises(NotDurable, match="fsync"):
        await create_store(lossy.url("postgres"))


async def test_settings_that_tell_too_much_are_named(store: PostgresStore, database: Database) -> None:
    assert await store.weaknesses() == []
    database.cluster.execute("CREATE ROLE weak LOGIN")
    database.cluster.execute("GRANT USAGE ON SCHEMA drempel TO weak", database.name)
    database.cluster.execute("ALTER ROLE weak SET log_duration = on")
    database.cluster.execute("ALTER ROLE weak SET log_statement = 'all'")
    try:
        async with PostgresStore(database.url.replace("drempel@", "weak@", 1)) as weak:
            told = " ".join(await weak.weaknesses())
    finally:
        database.cluster.execute("DROP OWNED BY weak", database.name)
        database.cluster.execute("DROP ROLE weak")
    assert "log_duration should be off" in told
    assert "log_statement should be none" in told
    assert "pg_switch_wal" in told


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://drempel:{SECRET}@127.0.0.1:1/x",
        f"postgresql://drempel:{SECRET}@127.0.0.1:1/x?{SECRET}=1",
        f"postgresql://drempel:{SECRET}@[::1/x",
        f"postgresql://drempel:{SECRET}@/x?host=/nowhere-at-all",
        f"postgresql://drempel:%zz{SECRET}@127.0.0.1:1/x",
    ],
)
async def test_an_address_that_leads_nowhere_is_told_without_its_password(address: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        await open_store(address)
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    assert SECRET not in str(refused.value)


async def test_a_wrong_role_is_told_in_the_words_of_the_server(cluster: Cluster) -> None:
    with pytest.raises(StoreUnavailable, match="does not exist"):
        await open_store(cluster.url("nowhere"))


async def test_without_the_driver_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("intake.store.postgresql")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DriverMissing, match=r"drempel\[postgresql\]"):
        await open_at(Path(), "postgresql://x/y")


async def test_a_day_without_a_partition_gets_one(store: PostgresStore) -> None:
    for day in (DAY, DAY + 400, DAY - 3):
        box = mailbox(day=day)
        await store.create_mailbox(box, b"e" * 16, b"opening")
        assert await store.mailbox(ORGANISATION.id, box.id) == box
    assert [day for day, _, _ in await store.days(ORGANISATION.id, 0, DAY)] == [DAY - 3, DAY, DAY + 400][:3]
