"""The store against a dictionary: whatever is done in whatever order, both say the same."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from intake.store import Conflict, Envelope, Mailbox, MailboxFull, NotFound
from tests.store.kit.backends import Backend
from tests.store.kit.rows import DAY, DIRECTORY, ORGANISATION, content, mailbox

MAX_BYTES, MAX_ENVELOPES = 20_000, 4
NAMES = [bytes([number]) * 32 for number in range(5)]  # few, so that rules meet
names = st.sampled_from(NAMES)
envelope_ids = st.sampled_from([bytes([number]) * 16 for number in range(4)])
contents = st.sampled_from([content(b"a", 10), content(b"b", 10), content(b"c", 900), content(b"d", 9_000)])


class StoreAgainstDictionary(RuleBasedStateMachine):
    """Each rule does one thing to both, and compares what they answer."""

    backend: Backend

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.today = DAY
        self.boxes: dict[bytes, Mailbox] = {}
        self.sealed: dict[bytes, dict[bytes, Envelope]] = {}
        self.gone: dict[bytes, int] = {}  # and until when that is remembered

    @initialize()
    def create(self) -> None:
        self.store = self.runner.run(self.backend.create())
        self.runner.run(self.store.add_organisation(ORGANISATION, DIRECTORY))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.runner.run(self.store.close())
        self.runner.close()
        self.backend.clear()

    @rule(name=names, id=envelope_ids, bytes=contents, days=st.integers(1, 4), gone=st.integers(-1, 6))
    def create_mailbox(self, name: bytes, id: bytes, bytes: bytes, days: int, gone: int) -> None:
        last, remembered = self.today + days, self.today + gone
        box = mailbox(name, day=self.today, expiry_day=last, tombstone_day=remembered)
        expected: object = True
        if name in self.gone:
            expected = Conflict
        elif name in self.boxes:
            there = self.sealed[name].get(id)
            expected = False if there and there.opening and there.bytes == bytes else Conflict
        else:
            self.boxes[name] = box
            self.sealed[name] = {id: Envelope(name, id, self.today, True, bytes)}
        try:
            answer: object = self.runner.run(self.store.create_mailbox(box, id, bytes))
        except Conflict:
            answer = Conflict
        assert answer == expected

    @rule(name=names, id=envelope_ids, bytes=contents)
    def append(self, name: bytes, id: bytes, bytes: bytes) -> None:
        expected = self.appended(name, id, bytes)
        try:
            answer: object = self.runner.run(
                self.store.append(name, id, self.today, bytes, MAX_BYTES, MAX_ENVELOPES, 0)
            )
        except (Conflict, MailboxFull, NotFound) as error:
            answer = type(error)
        assert answer == expected

    def appended(self, name: bytes, id: bytes, bytes: bytes) -> object:
        """Do to the dictionary what `append` does, and say what it must answer."""
        if name not in self.boxes:
            return NotFound
        stored = self.sealed[name]
        if id in stored:
            return False if stored[id].bytes == bytes else Conflict
        total = sum(len(envelope.bytes) for envelope in stored.values())
        if len(stored) >= MAX_ENVELOPES or total + len(bytes) > MAX_BYTES:
            return MailboxFull
        stored[id] = Envelope(name, id, self.today, False, bytes)
        return True

    @rule(name=names)
    def delete(self, name: bytes) -> None:
        existed = name in self.boxes
        if existed:
            self.leaves(name)
        assert self.runner.run(self.store.delete_mailbox(ORGANISATION.id, name)) == existed

    def leaves(self, name: bytes) -> None:
        """Let it be gone from the dictionary, too."""
        del self.sealed[name]
        self.gone[name] = self.boxes.pop(name).tombstone_day

    @rule(days=st.integers(0, 2))
    def a_day_passes(self, days: int) -> None:
        self.today += days
        expired = [name for name, box in self.boxes.items() if box.expiry_day <= self.today]
        for name in expired:
            self.leaves(name)
        self.gone = {name: day for name, day in self.gone.items() if day > self.today}
        assert self.runner.run(self.store.expire(self.today)) == len(expired)

    @rule()
    def reopen(self) -> None:
        self.runner.run(self.store.close())
        self.store = self.runner.run(self.backend.open())

    @invariant()
    def both_hold_the_same(self) -> None:
        for name in NAMES:
            assert self.runner.run(self.store.mailbox(ORGANISATION.id, name)) == self.boxes.get(name)
            sealed = self.sealed.get(name, {})
            assert self.runner.run(self.store.envelopes(name)) == [sealed[key] for key in sorted(sealed)]

    @invariant()
    def days_and_pages_hold_the_same(self) -> None:
        everything = sorted(
            (envelope.day, name, envelope.id)
            for name, sealed in self.sealed.items()
            for envelope in sealed.values()
        )
        seen = []
        for day, count, total in self.runner.run(self.store.days(ORGANISATION.id, 0, DAY)):
            page = self.runner.run(self.store.envelopes_by_day(ORGANISATION.id, day, None, 1 << 20, DAY))
            assert (len(page), sum(len(envelope.bytes) for envelope, _ in page)) == (count, total)
            names = [(envelope.mailbox, envelope.id) for envelope, _ in page]
            assert self.runner.run(self.store.envelope_ids(ORGANISATION.id, day, None, 99, DAY)) == names
            among = self.runner.run(self.store.envelopes_among(ORGANISATION.id, day, names, 1 << 20, DAY))
            assert among == page
            seen += [(day, *name) for name in names]
            for envelope, creation in page:
                assert creation == (self.boxes[envelope.mailbox].creation if envelope.opening else None)
        assert seen == everything
        listed = self.runner.run(self.store.mailboxes(ORGANISATION.id, None, 99, DAY))
        assert {box.id: (box.day, box.expiry_day) for box in listed} == {
            name: (box.day, box.expiry_day) for name, box in self.boxes.items()
        }


def test_both_say_the_same(backend: Backend) -> None:
    class Machine(StoreAgainstDictionary):
        pass

    Machine.backend = backend
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=backend.examples, stateful_step_count=25, deadline=None)
    )
