"""A recipient's inbox: syncing, reading conversations and answering them (PROTOCOL 6.6, 8, 12.5)."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from crypto.public.answers import DayItem, DayParser, ListParser, StoredEnvelope
from crypto.public.encoding import Random, day_number, day_text, is_number, week_of
from crypto.public.envelope_format import envelope_hash
from crypto.public.errors import DrempelError, EnvelopeError, WireError
from crypto.public.limits import EXPIRY_LENGTH, MAILBOX_ID_LENGTH
from crypto.public.mailbox import parse_creation
from crypto.secret.attachment import Attachment
from crypto.secret.conversation import Thread, conversation_authors, opening_authors, read_thread
from crypto.secret.envelope_open import Opening, open_conversation, open_opening, open_with_secret
from crypto.secret.envelope_seal import ConversationPlace
from crypto.secret.keyring import Conversation
from crypto.secret.message_pack import check_text
from crypto.secret.message_unpack import AuthorKeys, Message
from crypto.secret.ratchet import WeekKeys
from intake.client.connection import ConnectionProblem, Sink, read_json
from intake.client.mailbox import fetch
from intake.client.message import Written, send_message
from intake.client.organisation import CLOCK_DAYS
from intake.client.recipient.session import Session, renew_statement

SLACK = 64 * 1024 * 1024
# Bytes of a list of mailboxes: as many as the count at its end can tell.
LONGEST_LIST = (MAILBOX_ID_LENGTH + EXPIRY_LENGTH) * 2**32
# A day is final once no envelope can be added to it. The server's day may be two days ahead of this device's at this
# sync, two behind at the next report, and a write may take until past midnight.
UNSETTLED_DAYS = 2 * CLOCK_DAYS + 1


@dataclass(frozen=True)
class Listed:
    """A row of the list. `mailbox` is the conversation's id (32 bytes), `messages` a count that includes the report."""

    mailbox: bytes
    channel: str
    report: str | None
    day: int
    messages: int


@dataclass
class Synced:
    """The result of a sync. `messages` counts those of days that are not final, so that later syncs read them again.

    `gone` are the ids of reports' conversations that are no longer on the server. `full`: the keyring has reached its
    largest size, so that every sync has to start where this one did.
    """

    messages: dict[bytes, int] = field(default_factory=dict)
    damaged: int = 0
    gone: frozenset[bytes] = frozenset()
    full: bool = False


class _Sync:
    """Works through the organisation's envelopes by day, and keeps those that this recipient can open.

    `answered` are the hashes that messages of this sync name as parents.
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

    def take_day(self, day: int, items: Iterable[DayItem]) -> None:
        """Take the envelopes of a day. Openings go first, since the server sends a day's envelopes in random order."""
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

    def _take_opening(self, item: DayItem) -> bool:
        """Whether the opening is addressed to this recipient; notes its conversation."""
        assert item.creation is not None  # noqa: S101 - take_day asked
        try:
            creation = parse_creation(item.creation)
            opening = open_opening(
                item.envelope.data,
                creation,
                item.envelope.id,
                self.week_keys,
                opening_authors(self.directory),
            )
        except EnvelopeError as problem:
            # No slot for this key is the common case: the report is for another recipient.
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
        hash_ = envelope_hash(item.mailbox, item.envelope.id, item.envelope.data)
        self.conversations[item.mailbox] = _conversation(opening, item.envelope.id, hash_)
        return True

    def _is_addressed(self, opening: Opening) -> bool:
        """Whether the opening was signed for this recipient, in one of their channels."""
        meta, me = opening.message.meta, self.session.recipient
        version = opening.message.directory.version
        return me in meta["to"] and bool(self.directory.author_keys(me, meta["channel"], version))

    def _take_message(self, item: DayItem) -> bool:
        """Whether the envelope holds a message of a known conversation; updates its heads."""
        known = self.conversations[item.mailbox]
        place = ConversationPlace(self.directory.organisation, item.mailbox, item.envelope.id)
        try:
            message = open_conversation(
                item.envelope.data, place, known.conversation, _authors(self.session, known)
            )
        except EnvelopeError:
            # The reader gets a notice with the reason when the conversation is opened.
            return False
        hash_ = envelope_hash(item.mailbox, item.envelope.id, item.envelope.data)
        self.answered |= set(message.parents)
        # An answer may come before its parent, since the server sends a day's envelopes in random order.
        self.conversations[item.mailbox] = replace(known, heads=(known.heads | {hash_}) - self.answered)
        return True

    def finish(self, today: int) -> Synced:
        """Note the final days in the keyring, and count the messages of the others."""
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
        # In a message of an unknown kind this may be anything, and the keyring would not open again.
        report=message.meta.get("report") if message.kind == "report" else None,
        day=message.day,
        messages=0,
        heads=frozenset([hash_]),
    )


def _authors(session: Session, known: Conversation) -> AuthorKeys:
    """The authors' keys in a conversation that the keyring knows."""
    directory = session.organisation.directory
    return conversation_authors(directory, known.kind, known.channel, known.signing)


class _Day:
    """Parses one day's answer into a sync. The envelopes come mailbox by mailbox (PROTOCOL 12.5)."""

    def __init__(self, state: _Sync, day: int) -> None:
        self.state = state
        self.day = day
        self.damaged_before = state.damaged

    def begin(self) -> Sink:
        """Start over, dropping what earlier tries gave; returns the sink for the pieces."""
        self.state.by_day.pop(self.day, None)
        self.state.damaged = self.damaged_before
        self.parser = DayParser()
        self.together: list[DayItem] = []
        return self.take

    def take(self, piece: bytes) -> None:
        """Take the next piece of the answer."""
        for item in self.parser.feed(piece):
            if self.together and self.together[0].mailbox != item.mailbox:
                self.state.take_day(self.day, self.together)
                self.together = []
            self.together.append(item)

    def end(self) -> None:
        """End the answer; WireError `answer-damaged` if it was cut off."""
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
    """Take new messages into the keyring, announce coming keys when due, and write the keyring if it changed.

    `progress` gets bytes done and bytes in all.
    """
    start = session.keyring.synced or 0
    listing = read_json((await session.request("GET", f"inbox/days?from={day_text(start)}")).content)
    today, days = _days(listing, start)
    if abs(today - session.organisation.day) > 1:
        # The day may change between two requests. A false day here would make the client forget week keys for good.
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
    """The conversations that are no longer on the server, or that it withholds (PROTOCOL 12.8)."""
    gone, parser = set[bytes](), ListParser(EXPIRY_LENGTH)

    def begin() -> Sink:
        nonlocal gone, parser
        gone = {id_ for id_, known in session.keyring.conversations.items() if known.kind == "report"}
        parser = ListParser(EXPIRY_LENGTH)
        return lambda piece: gone.difference_update(id_ for id_, _ in parser.feed(piece))

    await session.request("GET", "inbox/mailboxes", longest=LONGEST_LIST, begin=begin)
    parser.finish()
    return frozenset(gone)


def listed(session: Session, found: Synced) -> list[Listed]:
    """The reports' conversations, newest first, then by id so that their order tells no time of day.

    A conversation that is gone is not listed, but its keys stay: the server may only be withholding it.
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
    """The thread of a conversation; DrempelError `conversation-unknown`, or `conversation-gone`."""
    known = find(session, mailbox)
    directory = session.organisation.directory
    try:
        fetched = await fetch(session.connection, directory.organisation, mailbox, known.read)
    except WireError as problem:
        if problem.code == "receipt-unknown":
            raise DrempelError("conversation-gone") from None
        raise
    creation, authors = fetched.creation, _authors(session, known)

    def open_one(item: StoredEnvelope) -> Message:
        if item.id == known.opening:
            return open_with_secret(
                item.data, creation, item.id, known.secret, opening_authors(directory)
            ).message
        place = ConversationPlace(directory.organisation, mailbox, item.id)
        return open_conversation(item.data, place, known.conversation, authors)

    return read_thread(mailbox, fetched.envelopes, known.opening, open_one, directory, known.heads)


async def reply(
    session: Session,
    mailbox: bytes,
    text: str,
    random: Random,
    attachments: Collection[Attachment] = (),
) -> Written:
    """Answer in a conversation; the message is durably stored when this returns."""
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
