"""A reporter's return visit with a receipt: read, write, delete (PROTOCOL 6.7, 8, 12.4)."""

from collections.abc import Collection
from dataclasses import dataclass

from crypto.public.answers import StoredEnvelope
from crypto.public.directory_schema import REPORTER
from crypto.public.encoding import Random, b64
from crypto.public.envelope_format import OPENING, Stub
from crypto.public.errors import DirectoryError, EnvelopeError
from crypto.public.limits import ENVELOPE_ID_LENGTH, SUITE
from crypto.public.mailbox import verifier
from crypto.secret.attachment import Attachment
from crypto.secret.codes import ReporterKeys, reporter_keys
from crypto.secret.conversation import Notice, Thread, conversation_authors, read_thread
from crypto.secret.envelope_open import open_conversation, open_with_secret, read_stub
from crypto.secret.envelope_seal import ConversationPlace
from crypto.secret.message_pack import check_text
from crypto.secret.message_unpack import Message
from intake.client.connection import Connection, ConnectionProblem
from intake.client.mailbox import Fetched, fetch
from intake.client.message import Written, send_message
from intake.client.organisation import Organisation


@dataclass(frozen=True)
class Visit:
    """A return visit: the receipt's keys, and the thread that they open.

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

    def __init__(self, organisation: Organisation, keys: ReporterKeys, fetched: Fetched) -> None:
        self.organisation = organisation
        self.keys = keys
        self.creation = fetched.creation
        self.envelopes = fetched.envelopes
        self.opening, self.stub = self._find_opening()

    def _find_opening(self) -> tuple[bytes, Stub | None]:
        """The id of the opening, and its stub: the receipt opens no other stub, and the server can't make one."""
        found = b""
        for item in self.envelopes:
            if item.data[:2] != bytes([SUITE, OPENING]):
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

    def authors(self, message: Message) -> list[bytes]:
        """The author's keys (PROTOCOL 7.4): of all channels if the stub, which names the channel, can't be read."""
        directory = self.organisation.directory
        channels = (
            [self.stub.channel] if self.stub else [item["id"] for item in directory.content["channels"]]
        )
        found = [
            conversation_authors(directory, "report", id_, self.keys.signing_key)(message) for id_ in channels
        ]
        return [key for keys in found for key in keys]

    def open_one(self, item: StoredEnvelope) -> Message | None:
        """The message of an envelope, or None for an opening that may not be read again."""
        if item.id == self.opening:
            if self.stub is None:
                raise EnvelopeError("envelope-stub")
            if not self.stub.rereadable:
                return None
            secret = self.stub.secret
            return open_with_secret(
                item.data, self.creation, item.id, secret, lambda message, _: self.authors(message)
            ).message
        place = ConversationPlace(self.creation.organisation, self.creation.mailbox, item.id)
        return open_conversation(item.data, place, self.keys.conversation, self.authors)

    def thread(self) -> Thread:
        """The thread, with the notices for the reporter."""
        directory = self.organisation.directory
        thread = read_thread(self.creation.mailbox, self.envelopes, self.opening, self.open_one, directory)
        extra: tuple[Notice, ...] = (
            (Notice("not-rereadable"),) if self.stub and not self.stub.rereadable else ()
        )
        if not self.opening:
            extra += (Notice("gap"),)
        return Thread(thread.entries, thread.notices + extra, thread.heads)


def open_receipt(organisation: Organisation, secret: bytes) -> ReporterKeys:
    """The keys that a receipt (its 14 secret bytes) gives. Slow on purpose: a command calls it once."""
    return reporter_keys(secret, organisation.directory.organisation)


async def _fetch(connection: Connection, keys: ReporterKeys, organisation: bytes) -> Fetched:
    """Fetch a receipt's mailbox, and check that its tokens are the receipt's; WireError `receipt-unknown`."""
    fetched = await fetch(connection, organisation, keys.mailbox, keys.read)
    own = (verifier("read", keys.read), verifier("write", keys.write))
    if (fetched.creation.read, fetched.creation.write) != own:
        raise ConnectionProblem("answer-damaged")
    return fetched


async def visit(connection: Connection, organisation: Organisation, keys: ReporterKeys) -> Visit:
    """The conversation that belongs to a receipt's keys; WireError `receipt-unknown` if none does."""
    fetched = await _fetch(connection, keys, organisation.directory.organisation)
    reader = _Reader(organisation, keys, fetched)
    return Visit(keys, reader.stub.channel if reader.stub else None, reader.thread())


async def write(
    connection: Connection,
    organisation: Organisation,
    keys: ReporterKeys,
    text: str,
    random: Random,
    attachments: Collection[Attachment] = (),
) -> Written:
    """Send a message to the conversation of a receipt's keys; it is durably stored when this returns."""
    check_text(text)
    found = await visit(connection, organisation, keys)
    return await send_message(
        connection,
        organisation,
        found.thread,
        ConversationPlace(
            organisation.directory.organisation,
            keys.mailbox,
            random(ENVELOPE_ID_LENGTH),
        ),
        conversation_key=keys.conversation,
        write_token=keys.write,
        author=REPORTER,
        signing_seed=keys.signing_seed,
        text=text,
        random=random,
        attachments=attachments,
    )


async def delete(connection: Connection, organisation: Organisation, keys: ReporterKeys) -> None:
    """Delete the conversation of a receipt's keys from the server; WireError `receipt-unknown` if there is none."""
    await _fetch(connection, keys, organisation.directory.organisation)
    try:
        await connection.request("DELETE", f"mailboxes/{b64(keys.mailbox)}", token=keys.delete)
    except ConnectionProblem as problem:
        # It existed a moment ago, so an earlier try has deleted it and its answer was lost.
        if problem.code != "mailbox-unknown":
            raise
