"""What a server leaves behind: whoever gets the disk, the log and all that was printed finds no secret and no time."""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest

from crypto.public.encoding import b64, parse_object, unb64
from crypto.secret.codes import access_keys, new_code, parse_code, reporter_keys, root_seed
from crypto.secret.primitives import os_random
from intake.client.address import read_address
from intake.client.connection import Connection
from intake.client.organisation import fetch_organisation
from intake.client.recipient.session import open_session
from intake.store.sqlite.connection import PAGE_BYTES
from tests.cli.kit.attached import add_attachment, attachments_of
from tests.cli.kit.leftovers import Table, everything_in, founding_of, tables_of
from tests.kit.recorder import Recorder, recording
from tests.kit.secret_search import Search, Secrets
from tests.kit.serving import Demo, demo_in

TEXT = "The director signed for deliveries that never came, in March and in May."
ANSWER = "Thank you. Which deliveries do you mean, and who else has seen the papers?"
MORE = "The gravel of the second contract; nobody but me has the delivery notes."
DELETED = "I withdraw this. Nobody should ever have read that I was in the building."
ADVISERS = ("confidential-adviser-1", "confidential-adviser-2")
NAME = "Gravel of the second contract.html"
PAPERS = "".join(f"Delivery {number}: never seen, but paid for.\n" for number in range(8_000))
AGENT = "Mozilla/5.0 (a reporter's own browser)"
COOKIE = "session=a-cookie-of-somebody"
NOWHERE = "/demo/api/1/a-path-that-somebody-mistyped"

Files = Mapping[str, bytes]


@dataclass
class Run:
    """A whole run of a server, and what it left at three moments."""

    search: Search
    running: Files
    killed: Files
    stopped: Files
    printed: Files
    temporary: Files
    tables: list[Table] = field(default_factory=list)


def _ask_wrongly(demo: Demo, token: str) -> None:
    """One request of each kind that is refused, with all a careless server could keep of a client."""
    where = urlsplit(demo.url)
    base, id_ = "/demo/api/1/", b64(os.urandom(32))
    headers = {
        "User-Agent": AGENT,
        "Cookie": COOKIE,
        "X-Forwarded-For": "203.0.113.7",
        "Authorization": f"Bearer {token}",
    }
    for method, path, body in (
        ("GET", NOWHERE, b""),
        ("GET", base + f"mailboxes/{id_}", b""),
        ("DELETE", base + f"mailboxes/{id_}", b""),
        ("PUT", base + f"mailboxes/{id_}/opening/{b64(os.urandom(16))}", TEXT.encode()),
        ("PUT", base + f"mailboxes/{id_}/envelopes/{b64(os.urandom(16))}", TEXT.encode()),
        ("POST", base + "sign-in", TEXT.encode()),
        ("PUT", base + "directory", TEXT.encode()),
        ("PUT", base + "inbox/keyring", TEXT.encode()),
        ("GET", base + "inbox/days", b""),
        ("PATCH", base + "directory", b""),
        ("GET", "/demo/api/99/directory", b""),
    ):
        address = f"http://{where.netloc}{path}"
        refused = httpx.request(method, address, content=body, headers=headers, trust_env=False)
        assert refused.status_code in (200, 400, 401, 404, 405, 409), path


async def _keys_of(demo: Demo, recipient: str, secrets: Secrets) -> None:
    """All that a recipient's keyring holds."""
    secret = parse_code(demo.access_codes[recipient], "access")
    async with Connection(read_address(demo.pinned)) as connection:
        session = await open_session(connection, await fetch_organisation(connection), secret)
    secrets.key(f"{recipient}: root key of the keyring", session.root_key)
    secrets.key(f"{recipient}: signing seed", session.keyring.signing_seed)
    secrets.key(f"{recipient}: chain", session.keyring.ratchet.chain)
    secrets.key(
        f"{recipient}: session", unb64(session.token) if _is_b64(session.token) else session.token.encode()
    )
    for mailbox, known in session.keyring.conversations.items():
        for name in ("secret", "conversation", "read", "write", "close", "replace"):
            secrets.key(f"{b64(mailbox)}: {name}", getattr(known, name))
    if recipient == ADVISERS[0]:
        for mailbox in session.keyring.conversations:
            for attachment in await attachments_of(demo, recipient, b64(mailbox)):
                add_attachment(secrets, attachment, token="token of a file")


def _is_b64(text: str) -> bool:
    try:
        unb64(text)
    except ValueError:
        return False
    return True


def _codes_of(demo: Demo, receipts: list[str]) -> Secrets:
    secrets, organisation = Secrets(), unb64(demo.codes["fingerprint"])
    for text in (
        TEXT,
        ANSWER,
        MORE,
        DELETED,
        AGENT,
        COOKIE,
        NOWHERE,
        "203.0.113.7",
        PAPERS[:96],
        PAPERS[-96:],
    ):
        secrets.text(text, text)
    for receipt in receipts:
        secret = parse_code(receipt, "receipt")
        keys = reporter_keys(secret, organisation)
        secrets.code(f"receipt {receipt}", receipt, secret)
        for name in ("read", "write", "delete", "conversation", "signing_seed", "xwing_seed", "stub"):
            secrets.key(f"{receipt}: {name}", getattr(keys, name))
    for recipient, code in demo.access_codes.items():
        secret = parse_code(code, "access")
        access = access_keys(secret, organisation)
        secrets.code(f"access code of {recipient}", code, secret)
        secrets.key(f"{recipient}: login seed", access.login_seed)
        secrets.key(f"{recipient}: unlocker", access.unlocker)
    custodian = demo.codes["custodian_code"]
    secrets.code("custodian's code", custodian, parse_code(custodian, "custodian"))
    secrets.key("root seed", root_seed(parse_code(custodian, "custodian")))
    return secrets


def _sessions_on(recorder: Recorder, secrets: Secrets) -> bytes:
    """Note the tokens of the sessions that were on the line, and give all bytes that were."""
    lines = recorder.take()
    for number, line in enumerate(lines):
        for piece in bytes(line.received).split(b"\r\n\r\n"):
            if piece.startswith(b'{"token"'):
                token = str(parse_object(piece[: piece.index(b"}") + 1])["token"])
                secrets.text(f"session {number}", token)
    return b"".join(bytes(line.sent) + bytes(line.received) for line in lines)


def _use(demo: Demo, receipts: list[str]) -> bytes:
    """Reports, answers, deletion, and errors of each kind. Gives the id of the mailbox that was deleted."""
    papers = demo.logs / NAME
    papers.write_text(PAPERS, encoding="utf-8")
    attached = ("--no-resume", "--attach", str(papers))
    sent = demo.report(TEXT, "--kind", "wrongdoing", *attached).json
    gone = demo.report(DELETED, *attached, channel="integrity-committee").json
    receipts += [sent["receipt"], gone["receipt"]]
    for adviser in ADVISERS:
        assert demo.inbox(adviser, "reply", sent["mailbox"], text=ANSWER).json
    assert demo.inbox("integrity-committee-1", "show", gone["mailbox"]).json
    assert demo.receipt(sent["receipt"], "write", text=MORE).json
    assert demo.receipt(gone["receipt"], "delete").json
    assert demo.receipt(sent["receipt"], "read").json
    assert demo.receipt(gone["receipt"], "read").status == 1
    unknown = new_code("receipt", os_random)
    receipts.append(unknown)
    assert demo.receipt(unknown, "write", text=MORE).status == 1
    # Whatever replaces or deletes something empties the log of the database. What is added later stays in it.
    receipts.extend(demo.report(MORE).json["receipt"] for _ in range(3))
    read = reporter_keys(parse_code(unknown, "receipt"), unb64(demo.codes["fingerprint"])).read
    _ask_wrongly(demo, b64(read))
    return unb64(gone["mailbox"])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder, receipts = tmp_path_factory.mktemp("disk"), list[str]()
    temporary = folder / "temporary"
    temporary.mkdir()
    with demo_in(folder) as demo:
        demo.stop()
        founding = founding_of(demo.data)
        first = time.time() - 1
        demo.start(variables={"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)})
        direct = demo.url
        with recording(direct) as recorder:
            demo.codes["url"] = recorder.address(direct)
            gone = _use(demo, receipts)
            secrets = _codes_of(demo, receipts)
            secrets.key("mailbox that was deleted", gone)
            line = _sessions_on(recorder, secrets)
        demo.codes["url"] = direct
        running = everything_in(demo.data)
        for recipient in demo.access_codes:
            asyncio.run(_keys_of(demo, recipient, secrets))
        demo.server.kill()
        killed = everything_in(demo.data)
        last = time.time() + 1
        printed = {"out": demo.server.out.partition("\n")[2].encode(), "err": demo.server.err.encode()}
        demo.start(variables={"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)})
        demo.stop()
        stopped = everything_in(demo.data)
        printed["out again"] = demo.server.out.partition("\n")[2].encode()
        printed["err again"] = demo.server.err.encode()
        tables = tables_of(demo.data)
    search = Search(secrets, first, last, random=founding + line)
    return Run(search, running, killed, stopped, printed, everything_in(temporary), tables)


def searched(files: Files) -> Files:
    """All files but `demo-codes.json`, whose very purpose is to hold the codes of a demonstration.

    Of the database and its log without the first bytes of each page, and what the log puts before it: a page's
    number after a random byte or a checksum looks like 127.0.0.1 once in a few hundred pages.
    """
    kept = {name: bytearray(data) for name, data in files.items() if name != "demo-codes.json"}
    for name, first, before in (("store.sqlite", PAGE_BYTES, 0), ("store.sqlite-wal", 32, 24)):
        data = kept.get(name, bytearray())
        for start in range(first, len(data), before + PAGE_BYTES):
            data[start : start + before + 4] = b"\xff" * (before + 4)
    return {name: bytes(data) for name, data in kept.items()}


def test_the_run_was_one_in_which_there_was_something_to_find(run: Run) -> None:
    assert len(run.running["store.sqlite-wal"]) > 50_000, "the log of the database is on the disk"
    assert run.search.in_files({"demo-codes.json": run.running["demo-codes.json"]})
    assert len(run.search.secrets.forms) > 80
    assert sum("session" in name for name in run.search.secrets.forms) >= 6
    used = {name for name, _, rows in run.tables if rows}
    assert used >= {"mailbox", "envelope", "keyring", "statement", "blob"}
    assert len(run.stopped["chunks.data"]) > len(PAPERS)
    assert f"key of {NAME}" in run.search.secrets.forms


@pytest.mark.parametrize("moment", ["running", "killed", "stopped"])
def test_the_data_folder_holds_no_secret_and_no_time(run: Run, moment: str) -> None:
    files: Files = getattr(run, moment)
    assert set(files) - {"store.sqlite-wal", "store.sqlite-shm"} == {
        "chunks.data",
        "demo-codes.json",
        "lock",
        "store.sqlite",
    }
    assert files["lock"] == b""
    assert run.search.in_files(searched(files)) == {}


def test_what_was_printed_holds_no_secret_and_no_time(run: Run) -> None:
    assert run.search.in_files(run.printed) == {}
    assert run.printed["out"] == b""
    assert run.printed["err"].splitlines() == [b"The service has started."]
    assert run.printed["err again"].splitlines() == [b"The service has started.", b"The service has stopped."]


def test_nothing_was_left_in_the_temporary_folder(run: Run) -> None:
    assert run.temporary == {}


def test_no_number_in_the_database_is_finer_than_a_day(run: Run) -> None:
    for table, columns, rows in run.tables:
        for row in rows:
            for column, value in zip(columns, row, strict=True):
                # What numbers the chunks of a file is random, and so are the keys of mailboxes and envelopes.
                if isinstance(value, int) and column not in ("number", "key", "mailbox"):
                    # Days since 1970 are some 20,000; the first second of today is a billion.
                    assert value < 1_200_000, (table, column)
                assert not isinstance(value, float), (table, column)
                if "day" in column:
                    # A file that belongs to a message goes with it, and has no day of its own; no clock is doubted.
                    assert isinstance(value, int) or (table, value) in (("blob", None), ("clock", None))


def test_what_was_deleted_has_no_row_left(run: Run) -> None:
    # That its id is nowhere in the files is part of the search.
    [kept] = [rows for name, _, rows in run.tables if name == "mailbox"]
    assert len(kept) == 4
    assert "mailbox that was deleted" in run.search.secrets.forms


@pytest.mark.parametrize("kind", ["receipt", "session", "chain", "text", "a time", "an agent"])
def test_the_search_sees_what_a_careless_server_would_write(run: Run, kind: str) -> None:
    planted = {
        "receipt": next(min(forms) for name, forms in run.search.secrets.forms.items() if "receipt" in name),
        "session": next(min(forms) for name, forms in run.search.secrets.forms.items() if "session" in name),
        "chain": next(min(forms) for name, forms in run.search.secrets.forms.items() if "chain" in name),
        "text": DELETED.encode(),
        "a time": int(run.search.first + 2).to_bytes(4, "big"),
        "an agent": AGENT.encode(),
    }[kind]
    database = run.stopped["store.sqlite"]
    for at in (0, 50_000, len(database)):
        assert run.search.findings(
            database[:at][-4096:] + bytes(8) + planted + bytes(8) + database[at:][:4096]
        )
