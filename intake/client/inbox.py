"""A recipient's inbox: what is new, what was said, and answering (PROTOCOL 6.6, 8, 12.5)."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from crypto import wire
from crypto.attachment import Attachment
from crypto.conversation import Thread, read_thread
from crypto.encoding import Random, b64, day_number, day_text, is_number, week_of
from crypto.envelope import (
    ConversationPlace,
    KeyBlock,
    Opening,
    open_conversation,
    open_opening,
    open_with_secret,
)
from crypto.errors import DrempelError, EnvelopeError, WireError
from crypto.keyring import Conversation
from crypto.message import REPORTER, Message, check_text
from crypto.ratchet import WeekKeys
from intake.client.connection import ConnectionProblem, Sink, read_json
from intake.client.organisation import CLOCK_DAYS
from intake.client.sending import Written, send_message
from intake.client.session import Session, renew_statement

SLACK = 64 * 1024 * 1024
# A day is done for good once nothing can come on it any more. The server's day may be two days ahead of this device's
# now, two behind when the next report comes, and a write may take until past midnight.
UNSETTLED_DAYS = 2 * CLOCK_DAYS + 1
RECIPIENTS_ONLY = ("case", "grant", "decoy")


@dataclass(frozen=True)
class Listed:
    """A report's conversation in the list; `mailbox` is its id (32 bytes), `messages` a count, the report included."""

    mailbox: bytes
    channel: str
    report: str | None
    day: int
    messages: int


@dataclass
class Synced:
    """What a sync found. `messages` counts what came on days that later syncs will look at again.

    `gone` are the ids of reports' conversations that are no longer on the server. `full`: the keyring takes no more,
    so that this sync has to be done again each time.
    """

    messages: dict[bytes, int] = field(default_factory=dict)
    damaged: int = 0
    gone: frozenset[bytes] = frozenset()
    full: bool = False


class _Sync:
    """Works through the organisation's envelopes by day, and keeps what is this recipient's.

    `answered` are the hashes that messages met on the way name as parents.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.directory = session.organisation.directory
        latest = week_of(session.organisation.day) + 1
        self.week_keys = WeekKeys(session.keyring.ratchet, latest)
        self.conversations = dict(session.keyring.conversations)
        self.by_day: dict[int, dict[bytes, int]] = {}
        self.damaged = 0
        self.answered: set[bytes] = set()

    def take_day(self, day: int, items: Iterable[wire.DayItem]) -> None:
        """Openings first: the envelopes of a day come in random order."""
        later = []
        for item in items:
            if item.mailbox in self.session.keyring.closed:
                continue
            if item.creation is None:
                later.append(item)
            elif item.mailbox in self.conversations or self._take_opening(item):
                self._count(day, item.mailbox)
        for item in later:
            if item.mailbox in self.conversations and self._take_message(item):
                self._count(day, item.mailbox)

    def _count(self, day: int, mailbox: bytes) -> None:
        counts = self.by_day.setdefault(day, {})
        counts[mailbox] = counts.get(mailbox, 0) + 1

    def _take_opening(self, item: wire.DayItem) -> bool:
        """Whether a new conversation of this recipient begins here."""
        assert item.creation is not None  # noqa: S101 - take_day asked
        try:
            creation = wire.parse_creation(item.creation)
            opening = open_opening(
                item.envelope.data, creation, item.envelope.id, self.week_keys, self.opening_authors
            )
        except EnvelopeError as problem:
            # No slot for this key is the common case: the report is somebody else's.
            self.damaged += problem.code != "envelope-no-slot"
            return False
        except WireError:
            self.damaged += 1
            return False
        if not self._is_addressed(opening) or creation.mailbox != item.mailbox:
            self.damaged += 1
            return False
        if opening.message.kind == "decoy":
            return False
        hash_ = wire.envelope_hash(item.mailbox, item.envelope.id, item.envelope.data)
        self.conversations[item.mailbox] = _conversation(opening, item.envelope.id, hash_)
        return True

    def _is_addressed(self, opening: Opening) -> bool:
        """Only what was signed for this recipient, in a channel that is theirs."""
        meta, me = opening.message.meta, self.session.recipient
        version = opening.message.directory.version
        return me in meta["to"] and bool(self.directory.author_keys(me, meta["channel"], version))

    def opening_authors(self, message: Message, block: KeyBlock) -> list[bytes]:
        """PROTOCOL 7.4 for an opening."""
        if message.author == REPORTER:
            return [] if message.kind in RECIPIENTS_ONLY else [block.signing_key]
        channel = message.meta["channel"]
        return self.directory.author_keys(message.author, channel, message.directory.version)

    def _take_message(self, item: wire.DayItem) -> bool:
        """Whether the envelope holds a message of a conversation that is known; moves its heads on."""
        known = self.conversations[item.mailbox]
        place = ConversationPlace(self.directory.organisation, item.mailbox, item.envelope.id)
        try:
            message = open_conversation(
                item.envelope.data, place, known.conversation, author_keys(self.session, known)
            )
        except EnvelopeError:
            # Told, with its reason, when the conversation is opened.
            return False
        hash_ = wire.envelope_hash(item.mailbox, item.envelope.id, item.envelope.data)
        self.answered |= set(message.parents)
        # An answer may come before what it answers, since the envelopes of a day come in random order.
        self.conversations[item.mailbox] = replace(known, heads=(known.heads | {hash_}) - self.answered)
        return True

    def finish(self, today: int) -> Synced:
        """Note in the keyring what is done for good: the days on which nothing can come any more."""
        keyring = self.session.keyring
        synced = max(keyring.synced or 0, today - UNSETTLED_DAYS)
        recent: dict[bytes, int] = {}
        for day, counts in self.by_day.items():
            for mailbox, count in counts.items():
                if day < synced:
                    known = self.conversations[mailbox]
                    self.conversations[mailbox] = replace(known, messages=known.messages + count)
                else:
                    recent[mailbox] = recent.get(mailbox, 0) + count
        self.session.keyring = replace(
            keyring,
            conversations=self.conversations,
            synced=synced,
            ratchet=keyring.ratchet.forgotten(synced, today),
            directory=self.directory.quote,
        )
        return Synced(recent, self.damaged)


def _conversation(opening: Opening, envelope: bytes, hash_: bytes) -> Conversation:
    keys, message = opening.keys, opening.message
    return Conversation(
        kind=message.kind,
        opening=envelope,
        secret=opening.secret,
        conversation=keys.conversation,
        read=keys.read,
        write=keys.write,
        close=keys.close,
        replace=keys.replace,
        signing=keys.signing_key,
        channel=message.meta["channel"],
        # Of an unknown kind this may be anything, and the keyring would not open again.
        report=message.meta.get("report") if message.kind == "report" else None,
        day=message.day,
        messages=0,
        heads=frozenset([hash_]),
    )


def author_keys(session: Session, known: Conversation) -> Callable[[Message], list[bytes]]:
    """PROTOCOL 7.4 for the messages of a conversation."""

    def keys(message: Message) -> list[bytes]:
        if message.author == REPORTER:
            return [] if known.kind in RECIPIENTS_ONLY else [known.signing]
        directory = session.organisation.directory
        return directory.author_keys(message.author, known.channel, message.directory.version)

    return keys


class _Day:
    """One day's answer on its way into a sync. Its envelopes come mailbox by mailbox (PROTOCOL 12.5)."""

    def __init__(self, state: _Sync, day: int) -> None:
        self.state = state
        self.day = day
        self.damaged_before = state.damaged

    def begin(self) -> Sink:
        """From the beginning, whatever of it has come before."""
        self.state.by_day.pop(self.day, None)
        self.state.damaged = self.damaged_before
        self.parser = wire.DayParser()
        self.together: list[wire.DayItem] = []
        return self.take

    def take(self, piece: bytes) -> None:
        """The next piece of the answer."""
        for item in self.parser.feed(piece):
            if self.together and self.together[0].mailbox != item.mailbox:
                self.state.take_day(self.day, self.together)
                self.together = []
            self.together.append(item)

    def end(self) -> None:
        """That was all; WireError `answer-damaged` if it was cut off."""
        self.parser.finish()
        self.state.take_day(self.day, self.together)


def _days(listing: dict[str, Any], start: int) -> tuple[int, dict[int, int]]:
    """The server's day, and each day from `start` that has envelopes, with their bytes."""
    try:
        today = day_number(listing["day"])
        days = {day_number(item["day"]): item["bytes"] for item in listing["days"]}
    except (ValueError, KeyError, TypeError):
        raise ConnectionProblem("answer-damaged") from None
    if not all(is_number(size) for size in days.values()) or any(day < start for day in days):
        raise ConnectionProblem("answer-damaged")
    return today, days


async def sync(
    session: Session, random: Random, progress: Callable[[int, int], None] = lambda *_: None
) -> Synced:
    """Take what is new into the keyring, announce coming keys when due, and write the keyring if it changed.

    `progress` is told bytes done and bytes in all.
    """
    start = session.keyring.synced or 0
    listing = read_json((await session.request("GET", f"inbox/days?from={day_text(start)}")).content)
    today, days = _days(listing, start)
    if abs(today - session.organisation.day) > 1:
        # The day may change between two requests. A day of its own here would make us forget week keys for good.
        raise ConnectionProblem("answer-damaged")
    state, done, total = _Sync(session), 0, sum(days.values())
    for day, size in sorted(days.items()):
        coming = _Day(state, day)
        await session.request(
            "GET", f"inbox/days/{day_text(day)}", longest=2 * size + SLACK, begin=coming.begin
        )
        coming.end()
        done += size
        progress(done, total)
    found = state.finish(today)
    found.gone = await _gone(session)
    await renew_statement(session)
    await session.save(random)
    found.full = session.full
    return found


async def _gone(session: Session) -> frozenset[bytes]:
    """The conversations that are no longer on the server, or withheld (PROTOCOL 12.8)."""
    held = {id_ for id_, known in session.keyring.conversations.items() if known.kind == "report"}
    content = (await session.request("GET", "inbox/mailboxes")).content
    if len(content) % wire.MAILBOX_ID_LENGTH:
        raise ConnectionProblem("answer-damaged")
    there = {
        content[at : at + wire.MAILBOX_ID_LENGTH] for at in range(0, len(content), wire.MAILBOX_ID_LENGTH)
    }
    return frozenset(held - there)


def listed(session: Session, found: Synced) -> list[Listed]:
    """The reports' conversations, newest first, then by id so that their order tells no time of day.

    One that is gone is not listed, but its keys stay: a server that withholds must not make us drop them.
    """
    rows = [
        Listed(id_, known.channel, known.report, known.day, known.messages + found.messages.get(id_, 0))
        for id_, known in session.keyring.conversations.items()
        if known.kind == "report" and id_ not in found.gone
    ]
    return sorted(rows, key=lambda row: (-row.day, row.mailbox))


def find(session: Session, mailbox: bytes) -> Conversation:
    """A report's conversation by its id (32 bytes); DrempelError `conversation-unknown`."""
    known = session.keyring.conversations.get(mailbox)
    if known is None or known.kind != "report":
        raise DrempelError("conversation-unknown")
    return known


async def show(session: Session, mailbox: bytes) -> Thread:
    """All that was said in a conversation; DrempelError `conversation-unknown`, also if it is no longer there."""
    known = find(session, mailbox)
    response = await session.connection.request("GET", f"mailboxes/{b64(mailbox)}", token=known.read)
    try:
        answer = wire.parse_mailbox_answer(response.content, known.read)
        creation = wire.parse_creation(answer.creation)
    except WireError as problem:
        if problem.code == "receipt-unknown":
            raise DrempelError("conversation-gone") from None
        raise ConnectionProblem("answer-damaged") from None
    if (creation.organisation, creation.mailbox) != (session.organisation.directory.organisation, mailbox):
        raise ConnectionProblem("answer-damaged")
    state = _Sync(session)
    place = ConversationPlace(creation.organisation, creation.mailbox, b"")

    def open_one(item: wire.StoredEnvelope) -> Message:
        if item.id == known.opening:
            return open_with_secret(item.data, creation, item.id, known.secret, state.opening_authors).message
        keys = author_keys(session, known)
        return open_conversation(item.data, replace(place, envelope=item.id), known.conversation, keys)

    directory = session.organisation.directory
    return read_thread(mailbox, answer.envelopes, known.opening, open_one, directory, known.heads)


async def reply(
    session: Session,
    mailbox: bytes,
    text: str,
    random: Random,
    attachments: Collection[Attachment] = (),
) -> Written:
    """Answer in a conversation; when this returns it is stored durably."""
    check_text(text)
    known = find(session, mailbox)
    thread = await show(session, mailbox)
    place = ConversationPlace(session.organisation.directory.organisation, mailbox, random(16))
    return await send_message(
        session.connection,
        session.organisation,
        thread,
        place,
        conversation_key=known.conversation,
        write_token=known.write,
        author=session.recipient,
        signing_seed=session.keyring.signing_seed,
        text=text,
        random=random,
        attachments=attachments,
    )
