"""Coming back with a receipt: read, write, delete (PROTOCOL 6.7, 8, 12.4)."""

from collections.abc import Collection
from dataclasses import dataclass

from crypto import wire
from crypto.attachment import Attachment
from crypto.codes import ReporterKeys, reporter_keys
from crypto.conversation import Notice, Thread, read_thread
from crypto.encoding import Random, b64
from crypto.envelope import ConversationPlace, Stub, open_conversation, open_with_secret, read_stub
from crypto.errors import DirectoryError, EnvelopeError, WireError
from crypto.message import REPORTER, Message, check_text
from intake.client.connection import Connection, ConnectionProblem
from intake.client.organisation import Organisation
from intake.client.sending import Written, send_message


@dataclass(frozen=True)
class Visit:
    """A return visit: what the receipt gives here, and the thread it opens.

    `channel` is None if the stub is damaged.
    """

    keys: ReporterKeys
    channel: str | None
    thread: Thread

    @property
    def kind(self) -> str | None:
        """The kind of report, if one was chosen and the report can be read again."""
        reports = [entry.message for entry in self.thread.entries if entry.message.kind == "report"]
        return reports[0].meta.get("report") if reports else None


class _Reader:
    """Opens the envelopes of one mailbox with a receipt's keys."""

    def __init__(self, organisation: Organisation, keys: ReporterKeys, answer: wire.MailboxAnswer) -> None:
        self.organisation = organisation
        self.keys = keys
        self.answer = answer
        self.creation = _own_creation(keys, answer, organisation.directory.organisation)
        self.opening, self.stub = self._find_opening()

    def _find_opening(self) -> tuple[bytes, Stub | None]:
        """The opening is the one whose stub the receipt opens; the server can't make another."""
        found = b""
        for item in self.answer.envelopes:
            if item.data[:2] != bytes([wire.SUITE, wire.OPENING]):
                continue
            found = found or item.id
            try:
                stub = read_stub(item.data, self.creation, item.id, self.keys.stub)
            except EnvelopeError:
                continue
            directory = self.organisation.directory
            if stub.signers not in directory.signer_hashes:
                raise DirectoryError("directory-signers")
            directory.check_seen([stub.directory])
            return item.id, stub
        return found, None

    def author_keys(self, message: Message) -> list[bytes]:
        """PROTOCOL 7.4; without a readable stub the channel is not known, and any of the directory's will do."""
        if message.author == REPORTER:
            return [self.keys.signing_key]
        directory = self.organisation.directory
        channels = (
            [self.stub.channel] if self.stub else [item["id"] for item in directory.content["channels"]]
        )
        version = message.directory.version
        return [key for id_ in channels for key in directory.author_keys(message.author, id_, version)]

    def open_one(self, item: wire.StoredEnvelope) -> Message | None:
        """The message of an envelope, or None for the opening that may not be read again."""
        if item.id == self.opening:
            if self.stub is None:
                raise EnvelopeError("envelope-stub")
            if not self.stub.rereadable:
                return None
            secret, authors = self.stub.secret, lambda message, _: self.author_keys(message)
            return open_with_secret(item.data, self.creation, item.id, secret, authors).message
        place = ConversationPlace(self.creation.organisation, self.creation.mailbox, item.id)
        return open_conversation(item.data, place, self.keys.conversation, self.author_keys)

    def thread(self) -> Thread:
        """The thread, with what the reporter must be told about it."""
        directory = self.organisation.directory
        thread = read_thread(
            self.creation.mailbox, self.answer.envelopes, self.opening, self.open_one, directory
        )
        extra: tuple[Notice, ...] = (
            (Notice("not-rereadable"),) if self.stub and not self.stub.rereadable else ()
        )
        if not self.opening:
            extra += (Notice("gap"),)
        return Thread(thread.entries, thread.notices + extra, thread.heads)


def _own_creation(keys: ReporterKeys, answer: wire.MailboxAnswer, organisation: bytes) -> wire.CreationRecord:
    """The creation record of the answer, if it is that of this receipt's mailbox."""
    try:
        creation = wire.parse_creation(answer.creation)
    except WireError:
        raise ConnectionProblem("answer-damaged") from None
    own = (organisation, keys.mailbox, wire.verifier("read", keys.read), wire.verifier("write", keys.write))
    if (creation.organisation, creation.mailbox, creation.read, creation.write) != own:
        raise ConnectionProblem("answer-damaged")
    return creation


async def _mailbox(connection: Connection, keys: ReporterKeys) -> wire.MailboxAnswer:
    """What the server has for a receipt; WireError `receipt-unknown`.

    Any other answer that can't be read is a ConnectionProblem: a page of somebody between is no word about the receipt.
    """
    response = await connection.request("GET", f"mailboxes/{b64(keys.mailbox)}", token=keys.read)
    try:
        return wire.parse_mailbox_answer(response.content, keys.read)
    except WireError as problem:
        if problem.code == "receipt-unknown":
            raise
        raise ConnectionProblem("answer-damaged") from None


async def visit(connection: Connection, organisation: Organisation, secret: bytes) -> Visit:
    """The conversation that belongs to a receipt (its 14 secret bytes); WireError `receipt-unknown` if none does."""
    keys = reporter_keys(secret, organisation.directory.organisation)
    answer = await _mailbox(connection, keys)
    reader = _Reader(organisation, keys, answer)
    return Visit(keys, reader.stub.channel if reader.stub else None, reader.thread())


async def write(
    connection: Connection,
    organisation: Organisation,
    secret: bytes,
    text: str,
    random: Random,
    attachments: Collection[Attachment] = (),
) -> Written:
    """Send a message to the conversation of a receipt; when this returns it is stored durably."""
    check_text(text)
    found = await visit(connection, organisation, secret)
    return await send_message(
        connection,
        organisation,
        found.thread,
        ConversationPlace(
            organisation.directory.organisation, found.keys.mailbox, random(wire.ENVELOPE_ID_LENGTH)
        ),
        conversation_key=found.keys.conversation,
        write_token=found.keys.write,
        author=REPORTER,
        signing_seed=found.keys.signing_seed,
        text=text,
        random=random,
        attachments=attachments,
    )


async def delete(connection: Connection, organisation: Organisation, secret: bytes) -> None:
    """Delete the conversation of a receipt from the server; WireError `receipt-unknown` if there is none."""
    keys = reporter_keys(secret, organisation.directory.organisation)
    await _mailbox(connection, keys)
    try:
        await connection.request("DELETE", f"mailboxes/{b64(keys.mailbox)}", token=keys.delete)
    except ConnectionProblem as problem:
        # It was there a moment ago, so an earlier try did it and its answer was lost.
        if problem.code != "mailbox-unknown":
            raise
