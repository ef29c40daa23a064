"""The files of a store against a dictionary: whatever is done in whatever order, both say the same."""

import asyncio
import os
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from crypto.public.blobs import CHUNK_LENGTH
from intake.store import BlobClaim, ClaimedBlob, Conflict, Incomplete, StorageFull
from tests.store.kit.backends import Backend
from tests.store.kit.rows import DAY, DIRECTORY, LIMITS, ORGANISATION, content, mailbox

LIVES = 2  # days
NAMES = [bytes([0xA0 + number]) * 32 for number in range(3)]  # few, so that rules meet
names = st.sampled_from(NAMES)
places = st.integers(0, 2)


@dataclass
class File:
    """What the dictionary knows of a file: which of its chunks have which content, and whose it is."""

    expiry_day: int
    chunks: dict[int, int] = field(default_factory=dict)
    mailbox: bytes | None = None


class FilesAgainstDictionary(RuleBasedStateMachine):
    """Each rule does one thing to both, and compares what they answer."""

    backend: Backend

    def __init__(self) -> None:
        super().__init__()
        self.marker = os.urandom(16)  # of this run: what an earlier one left is not its doing
        self.runner = asyncio.Runner()
        self.today = DAY
        self.files: dict[bytes, File] = {}
        self.boxes: list[bytes] = []
        self.owed = 0  # chunks that are gone and not erased yet
        self.round: int | None = None  # the day of the last round since the store was opened
        self.settled: int | None = None  # that of the last erasure

    @initialize()
    def create(self) -> None:
        self.store = self.runner.run(self.backend.create())
        self.runner.run(self.store.add_organisation(ORGANISATION, DIRECTORY))

    def teardown(self) -> None:
        try:
            if hasattr(self, "store"):
                self.a_day_passes(1)
                self.erase()
                gone = [name for name in NAMES if name not in self.files]
                assert self.backend.holding(*(self.marker + name[:16] for name in gone)) == []
        finally:
            if hasattr(self, "store"):
                self.runner.run(self.store.close())
            self.runner.close()
            self.backend.clear()

    def sealed(self, name: bytes, number: int, content: int) -> bytes:
        """A chunk, which can be found on the disk by the name of its file."""
        begin = self.marker + name[:16] + bytes([number, content])
        return begin + bytes(CHUNK_LENGTH - len(begin))

    @rule(
        name=names,
        first=places,
        contents=st.lists(st.integers(0, 1), min_size=1, max_size=3),
        quota=st.none() | st.integers(0, 9),
    )
    def put(self, name: bytes, first: int, contents: list[int], quota: int | None) -> None:
        """The quota is in chunks, and may be another each time, as after a start with another setting."""
        chunks = [self.sealed(name, first + at, content) for at, content in enumerate(contents)]
        expected = self.sent(name, dict(enumerate(contents, first)), quota)
        most = None if quota is None else quota * CHUNK_LENGTH
        try:
            expiry_day = self.today + LIVES
            self.runner.run(self.store.put_chunks(ORGANISATION.id, name, first, chunks, expiry_day, most))
            answer: object = None
        except (Conflict, StorageFull) as refusal:
            answer = type(refusal)
        assert answer == expected

    def sent(self, name: bytes, chunks: dict[int, int], quota: int | None) -> object:
        """Do to the dictionary what `put` does, and say what it must answer."""
        file = self.files.get(name) or File(self.today + LIVES)
        if any(file.chunks.get(number, content) != content for number, content in chunks.items()):
            return Conflict
        if chunks.keys() <= file.chunks.keys():
            return None  # a repetition lets nothing live longer
        if file.mailbox is not None:
            return Conflict
        if quota is not None and self.held() + len(chunks.keys() - file.chunks.keys()) > quota:
            return StorageFull
        file.chunks |= chunks
        file.expiry_day = self.today + LIVES
        self.files[name] = file
        return None

    def held(self) -> int:
        """The chunks that count towards the quota."""
        return self.owed + sum(len(file.chunks) for file in self.files.values())

    @rule(name=names, count=st.integers(1, 4), at=st.none() | st.integers(0, 3))
    def claim(self, name: bytes, count: int, at: int | None) -> None:
        """With a new mailbox, or with one that there is."""
        there = self.boxes[at] if at is not None and at < len(self.boxes) else None
        box = mailbox(there or os.urandom(32), day=self.today, expiry_day=self.today + 99)
        claims = [BlobClaim(name, count)]
        expected = self.claimed(box.id, name, count)
        try:
            if there is None:
                self.runner.run(self.store.create_mailbox(box, b"e" * 16, content(box.id), claims))
                self.boxes.append(box.id)
            else:
                envelope = os.urandom(16)
                self.runner.run(self.store.append(box.id, envelope, self.today, b"more", *LIMITS, claims))
            answer: object = None
        except Incomplete:
            answer = Incomplete
        assert answer == expected

    def claimed(self, box: bytes, name: bytes, count: int) -> object:
        """Do to the dictionary what `claim` does, and say what it must answer."""
        file = self.files.get(name)
        if file is None or sorted(file.chunks) != list(range(count)) or file.mailbox not in (None, box):
            return Incomplete
        file.mailbox = box
        return None

    @rule(name=names)
    def delete_file(self, name: bytes) -> None:
        file, before = self.files.get(name), self.held()
        try:
            self.runner.run(self.store.delete_blob(ORGANISATION.id, name))
        except Conflict:
            assert file is not None
            assert file.mailbox is not None
        else:
            assert file is None or file.mailbox is None
            self.files.pop(name, None)
            self.owe(before)

    @rule(at=st.integers(0, 3))
    def delete_mailbox(self, at: int) -> None:
        if at < len(self.boxes):
            box, before = self.boxes.pop(at), self.held()
            assert self.runner.run(self.store.delete_mailbox(ORGANISATION.id, box))
            self.files = {name: file for name, file in self.files.items() if file.mailbox != box}
            self.owe(before)

    def owe(self, before: int) -> None:
        """After a deletion: what it took takes its room until it is erased."""
        if not self.backend.erases_at_once:
            self.owed += before - self.held()

    @rule(days=st.integers(0, 2))
    def a_day_passes(self, days: int) -> None:
        self.today += days
        self.round = self.today
        before = self.held()
        self.runner.run(self.store.expire(self.today))
        self.files = {
            name: file for name, file in self.files.items() if file.mailbox or file.expiry_day > self.today
        }
        self.owed += before - self.held()

    @rule()
    def reopen(self) -> None:
        self.runner.run(self.store.close())
        self.store = self.runner.run(self.backend.open())
        self.round = None

    @rule()
    def erase(self) -> None:
        self.runner.run(self.store.erase_files())
        if self.backend.erases_at_once or self.round not in (None, self.settled):
            self.owed, self.settled = 0, self.round

    @invariant()
    def both_hold_the_same(self) -> None:
        assert self.runner.run(self.store.file_bytes(ORGANISATION.id)) == self.held() * CHUNK_LENGTH
        for name in NAMES:
            file = self.files.get(name) or File(0)
            ranges = self.runner.run(self.store.stored_chunks(ORGANISATION.id, name))
            assert [number for first, end in ranges for number in range(first, end)] == sorted(file.chunks)
            found = self.runner.run(self.store.claimed_blob(ORGANISATION.id, name))
            read = self.runner.run(self.store.chunks(ORGANISATION.id, name, 0, 9))
            if file.mailbox is None:
                assert (found, read) == (None, [])
            else:
                assert isinstance(found, ClaimedBlob)
                assert found.chunks == len(file.chunks)
                assert read == [
                    self.sealed(name, number, file.chunks[number]) for number in sorted(file.chunks)
                ]


def test_both_say_the_same(backend: Backend) -> None:
    class Machine(FilesAgainstDictionary):
        pass

    Machine.backend = backend
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=backend.examples, stateful_step_count=25, deadline=None)
    )
