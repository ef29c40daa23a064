"""The bytes of a backup: what is written is read, and nothing that was damaged anywhere is taken for whole."""

import hashlib
import io
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.store import (
    BackupDamaged,
    BackupTooNew,
    Clock,
    NotABackup,
    Organisation,
    StoreError,
    Summary,
    check_backup,
)
from intake.store.backup import format as backup_format
from intake.store.backup.format import LONGEST_RECORD, PORTION_BYTES, BackupReader, BackupWriter
from intake.store.backup.records import (
    Chunk,
    Directory,
    File,
    Keyring,
    LaterEnvelope,
    Login,
    OpenedMailbox,
    Record,
    Statement,
    Tombstone,
    WeekKey,
)

ID, OTHER = b"i" * 32, b"o" * 32
RECORDS: list[Record] = [
    Organisation(ID, "town-hall", 90, 2, 1),
    Directory(ID, 1, b"{}"),
    Login(ID, OTHER, "lee"),
    Statement(ID, "lee", 3, b"statement"),
    WeekKey(ID, "lee", 2900, b"key"),
    Keyring(ID, "lee", 7, b"ring"),
    Tombstone(b"h" * 32, 20_050),
    Clock(20_000, None, 0),
    OpenedMailbox(OTHER, ID, b"record", 20_000, 20_090, 20_070, b"e" * 16, b"opening"),
    LaterEnvelope(OTHER, b"f" * 16, 20_001, b"later"),
    File(ID, OTHER, 2),
    Chunk(0, b"first"),
    Chunk(1, b"second"),
]


def written(*portions: Sequence[Record]) -> bytes:
    writer = BackupWriter()
    return b"".join([*(writer.add(portion) for portion in portions), writer.end()])


def read(data: bytes) -> list[Record]:
    return [record for portion in BackupReader(io.BytesIO(data)).portions() for record in portion]


def shown(found: Sequence[Record]) -> list[tuple[object, ...]]:
    """Records compared by their fields: a difference is seen in full, since they have no repr."""
    return [(type(record).__name__, *vars(record).values()) for record in found]


names = st.text(max_size=40)
contents = st.binary(max_size=60)
numbers = st.integers(-(1 << 63), (1 << 63) - 1)
SUBJECTS: list[st.SearchStrategy[Record]] = [
    st.builds(Organisation, contents, names, numbers, numbers, numbers),
    st.builds(Directory, contents, numbers, contents),
    st.builds(Login, contents, contents, names),
    st.builds(Statement, contents, names, numbers, contents),
    st.builds(WeekKey, contents, names, numbers, contents),
    st.builds(Keyring, contents, names, numbers, contents),
    st.builds(Tombstone, contents, numbers),
    st.builds(Clock, numbers, st.none() | numbers, numbers),
    st.builds(OpenedMailbox, contents, contents, contents, numbers, numbers, numbers, contents, contents),
    st.builds(LaterEnvelope, contents, contents, numbers, contents),
]
files = st.builds(
    lambda blob, mailbox, chunks: [
        File(blob, mailbox, len(chunks)),
        *(Chunk(number, content) for number, content in enumerate(chunks)),
    ],
    contents,
    contents,
    st.lists(contents, max_size=3),
)
stores = st.tuples(*(st.lists(subject, max_size=3) for subject in SUBJECTS), st.lists(files, max_size=3)).map(
    lambda parts: [record for part in parts[:-1] for record in part] + [r for file in parts[-1] for r in file]
)


@given(stores, st.integers(0, 30))
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_read(found: list[Record], at: int) -> None:
    data = written(found[:at], found[at:])
    assert shown(read(data)) == shown(found)
    mailboxes = sum(isinstance(record, OpenedMailbox) for record in found)
    assert check_backup(io.BytesIO(data)) == Summary(len(data), hashlib.sha256(data).hexdigest(), mailboxes)


def test_an_empty_store_has_a_backup() -> None:
    assert read(written()) == []


def test_the_bytes_are_those_of_the_specification() -> None:
    """docs/backup.md, by hand: a change here is a new version."""
    body = b"\0\0\0\x08" + (20_000).to_bytes(8, "big") + b"\0\0\0\0" + b"\0\0\0\x08" + bytes(8)
    counts = b"".join(bytes([kind]) + (kind == ord("T")).to_bytes(8, "big") for kind in b"ODLSWKGTMEFC")
    start = b"drempel backup 1\nT" + len(body).to_bytes(4, "big") + body
    start += b"Z" + (len(counts) + 32).to_bytes(4, "big") + counts
    assert written([Clock(20_000, None, 0)]) == start + hashlib.sha256(start).digest()


def test_a_backup_that_is_cut_short_anywhere_is_refused() -> None:
    data = written(RECORDS)
    for length in range(len(data)):
        with pytest.raises((NotABackup, BackupDamaged)):
            check_backup(io.BytesIO(data[:length]))


@pytest.mark.parametrize("change", [1, 0x80, 0xFF])
def test_a_backup_with_any_byte_changed_is_refused(change: int) -> None:
    data = written(RECORDS)
    for at in range(len(data)):
        damaged = data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]
        with pytest.raises((NotABackup, BackupTooNew, BackupDamaged)):
            check_backup(io.BytesIO(damaged))


def test_what_follows_the_end_is_seen() -> None:
    for more in (b"\0", written(RECORDS)):
        with pytest.raises(BackupDamaged):
            check_backup(io.BytesIO(written(RECORDS) + more))


def test_a_length_beyond_all_records_takes_no_memory() -> None:
    class Sized(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert 0 <= size <= LONGEST_RECORD
            return super().read(size)

    for length in (LONGEST_RECORD + 1, (1 << 32) - 1):
        with pytest.raises(BackupDamaged):
            check_backup(Sized(b"drempel backup 1\nK" + length.to_bytes(4, "big")))


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", NotABackup),
        (b"SQLite format 3\0" + bytes(100), NotABackup),
        (b"drempel backup \n", NotABackup),
        (b"drempel backup 0\n", NotABackup),
        (b"drempel backup 01\n", NotABackup),
        (b"drempel backup 1", NotABackup),
        (b"drempel backup one\n", NotABackup),
        (b"drempel backup 2\n", BackupTooNew),
        (b"drempel backup 123456789\nwhatever", BackupTooNew),
        (b"drempel backup 1234567890\n", NotABackup),
        (b"drempel backup 1\n", BackupDamaged),
    ],
)
def test_a_foreign_file_and_a_newer_version_are_told_apart(data: bytes, refusal: type[StoreError]) -> None:
    with pytest.raises(refusal):
        check_backup(io.BytesIO(data))


FILE, FIRST, SECOND = RECORDS[-3:]


@pytest.mark.parametrize(
    "found",
    [
        [*RECORDS[1:2], *RECORDS[:1]],
        [Chunk(0, b"of no file")],
        [FILE],
        [FILE, FIRST],
        [FILE, SECOND, FIRST],
        [FILE, FIRST, FIRST],
        [FILE, FIRST, SECOND, Chunk(2, b"one more")],
        [FILE, FIRST, FILE, FIRST, SECOND],
        [FILE, FIRST, SECOND, RECORDS[0]],
    ],
)
def test_records_in_another_order_and_files_that_are_not_whole_are_refused(found: list[Record]) -> None:
    with pytest.raises(BackupDamaged):
        check_backup(io.BytesIO(written(found)))


def test_counts_that_are_not_true_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a writer that leaves a record out, and hashes what it wrote."""
    frame = backup_format.frame
    monkeypatch.setattr(
        backup_format, "frame", lambda record: b"" if isinstance(record, LaterEnvelope) else frame(record)
    )
    with pytest.raises(BackupDamaged):
        check_backup(io.BytesIO(written(RECORDS)))


def test_much_is_handed_on_in_portions() -> None:
    found: list[Record] = [Keyring(ID, str(at), 1, bytes(PORTION_BYTES // 3)) for at in range(9)]
    data = written(found)
    assert [len(portion) for portion in BackupReader(io.BytesIO(data)).portions()] == [3, 3, 3]
