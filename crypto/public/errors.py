"""The registry of errors and notices (PROTOCOL 15), and the exceptions that carry them.

PROTOCOL.md and the API have the same codes and sentences, `static/js/crypto/public/errors.js` has the codes; a test
compares them. People read the sentences, so none holds a secret, and a failure names its layer and no more.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """One row of PROTOCOL 15.2: the layer that fails, the HTTP status (0: never sent by the API), the sentence."""

    layer: str
    status: int
    sentence: str


ERRORS: dict[str, Entry] = {
    "code-malformed": Entry(
        "code",
        0,
        "This is not a complete code: a code is eight groups of five letters.",
    ),
    "code-checksum": Entry(
        "code",
        0,
        "The code has a typing error. Compare it with your note, group by group.",
    ),
    "code-wrong-kind": Entry("code", 0, "This is another kind of code than the one asked for."),
    "envelope-header": Entry("header", 400, "This is not an envelope of Drempel, or it was cut short."),
    "envelope-suite": Entry("header", 400, "This was made by a newer version of Drempel. Update to read it."),
    "envelope-no-slot": Entry("slot", 0, "This is not addressed to this key."),
    "envelope-commitment": Entry(
        "commitment",
        0,
        "This message was not made by an honest client: its key does not match its commitment.",
    ),
    "envelope-body": Entry("body", 0, "This message is damaged or was moved from elsewhere."),
    "envelope-stub": Entry("stub", 0, "The receipt does not fit this report."),
    "envelope-record": Entry("record", 0, "This report does not fit the mailbox it lies in."),
    "envelope-padding": Entry("padding", 0, "This message is padded wrongly."),
    "envelope-message": Entry("message", 0, "This message is not in the form of Drempel."),
    "envelope-author": Entry(
        "author",
        0,
        "This message names an author who does not belong to this conversation.",
    ),
    "envelope-signature": Entry("signature", 0, "This message is not signed by the author it names."),
    "directory-format": Entry(
        "directory",
        400,
        "The directory is not in the form of Drempel. Nothing was sent.",
    ),
    "directory-newer": Entry(
        "directory",
        400,
        "The directory was made by a newer version of Drempel. Update, then try again.",
    ),
    "directory-unsigned": Entry("directory", 400, "The directory is not signed. Nothing was sent."),
    "directory-pin": Entry(
        "directory",
        0,
        "The directory belongs to another organisation than your link says. Nothing was sent.",
    ),
    "directory-signers": Entry(
        "directory",
        400,
        "The directory's signing keys do not follow from the organisation's first key. Nothing was sent.",
    ),
    "directory-signature": Entry(
        "directory",
        400,
        "The directory is signed by another key, or too few. Nothing was sent.",
    ),
    "directory-chain": Entry(
        "directory",
        409,
        "The directory does not follow from the versions before it. Nothing was sent.",
    ),
    "directory-expired": Entry(
        "directory",
        0,
        "The directory has expired. Check this device's date; if it is right, the organisation must sign a new one. "
        "Nothing was sent.",
    ),
    "directory-clock": Entry(
        "directory",
        0,
        "The directory is dated in the future. Check this device's date; nothing was sent.",
    ),
    "directory-rolled-back": Entry(
        "directory",
        0,
        "The server shows an older directory than one seen before. Nothing was sent.",
    ),
    "statement-format": Entry("statement", 400, "The recipient's keys are not in the form of Drempel."),
    "statement-signature": Entry("statement", 400, "The recipient's keys are not signed by that recipient."),
    "statement-key": Entry("statement", 400, "The recipient's key is not the one the recipient announced."),
    "statement-expired": Entry(
        "statement",
        0,
        "The recipient's keys have run out. The recipient must sign in once.",
    ),
    "keyring-format": Entry("keyring", 400, "The keyring is not in the form of Drempel."),
    "keyring-suite": Entry(
        "keyring",
        400,
        "The keyring was written by a newer version of Drempel. Update to open it.",
    ),
    "keyring-locked": Entry("keyring", 0, "This access code does not open the keyring."),
    "keyring-damaged": Entry("keyring", 0, "The keyring is damaged. Nothing was changed."),
    "clock-wrong": Entry(
        "clock",
        0,
        "This device's date and the server's differ by more than two days. Set the date, then try again.",
    ),
    "channel-unknown": Entry("client", 0, "There is no such channel."),
    "channel-closed": Entry(
        "client",
        0,
        "This channel can't take reports now: none of its recipients has valid keys.",
    ),
    "recipient-unreachable": Entry("client", 0, "Not every recipient of this channel can be reached."),
    "kind-unknown": Entry("client", 0, "This channel does not take that kind of report."),
    "text-empty": Entry("client", 0, "There is no text."),
    "text-too-long": Entry("client", 0, "The text is too long: at most 1,044,480 bytes."),
    "text-not-utf8": Entry("client", 0, "The text is not valid UTF-8."),
    "receipt-unknown": Entry(
        "client",
        0,
        "No report belongs to this receipt here. Check the address and the receipt; "
        "deleted and expired reports are gone.",
    ),
    "attachment-damaged": Entry(
        "attachment", 0, "This file is damaged: what the server gave is not what was sent."
    ),
    "attachment-changed": Entry("client", 0, "This file changed while it was read. It must be read again."),
    "attachment-unreadable": Entry("client", 0, "This file can't be read."),
    "attachments-too-many": Entry(
        "client",
        0,
        "A message takes at most 64 files, and fewer with very long names. Send the rest with another message.",
    ),
    "conversation-unknown": Entry("client", 0, "There is no such conversation in this inbox."),
    "conversation-gone": Entry(
        "client",
        0,
        "This conversation is no longer on the server: the reporter deleted it, or it expired.",
    ),
    "answer-damaged": Entry("client", 0, "The server's answer was cut off or damaged. Try again."),
    "server-unreachable": Entry(
        "client",
        0,
        "The server can't be reached. Check the address and the connection, then try again.",
    ),
    "proxy-limit": Entry(
        "client",
        0,
        "A proxy in front of the server refused this because it is large; the server itself did not. "
        "Send a shorter text, or tell the operator.",
    ),
    "mailbox-unknown": Entry("api", 404, "There is no such mailbox, or the token is not for it."),
    "blob-unknown": Entry("api", 404, "There is no such file, or the token is not for it."),
    "attachments-incomplete": Entry(
        "api", 409, "Not all parts of a file have arrived. Nothing of the message was stored."
    ),
    "attachment-too-large": Entry("api", 413, "This file is larger than the server takes."),
    "storage-full": Entry(
        "api",
        507,
        "The server has no room for files now. What arrived is kept for a day. Try again later, or send no files.",
    ),
    "access-unknown": Entry("api", 401, "No recipient belongs to this access code here."),
    "sign-in-again": Entry("api", 401, "The session has ended. Sign in again."),
    "organisation-unknown": Entry("api", 404, "There is no such organisation at this address."),
    "not-found": Entry("api", 404, "There is nothing at this address."),
    "unsupported-version": Entry(
        "api",
        404,
        "The server speaks another version of Drempel. Update this client, or ask for the server to be updated.",
    ),
    "method-not-allowed": Entry("api", 405, "This address does not take that method."),
    "request-malformed": Entry("api", 400, "The request is not in the form the API describes."),
    "body-too-large": Entry("api", 413, "This is larger than the server takes."),
    "envelope-week": Entry(
        "api",
        400,
        "This was sealed too long ago, or for a week to come. Seal it again.",
    ),
    "conflict": Entry("api", 409, "Something else is stored under this id. Nothing was changed."),
    "mailbox-full": Entry("api", 409, "This conversation has reached its largest size. Start a new report."),
    "keyring-changed": Entry(
        "api",
        412,
        "The keyring was changed elsewhere. Read it again, merge, and write.",
    ),
    "precondition-required": Entry("api", 428, "A keyring is written with If-Match or If-None-Match."),
    "server-busy": Entry("api", 503, "The server is busy. Try again in a moment."),
    "server-unavailable": Entry("api", 503, "The server can't store anything now. Try again later."),
    "server-fault": Entry("api", 500, "The server made an error. Nothing was confirmed."),
}

NOTICES: dict[str, str] = {
    "gap": "A message that others refer to is missing.",
    "order": "Messages were reordered.",
    "damaged": "An item could not be opened.",
    "forged": "An item is not from the author it names.",
    "newer-version": "An item was made by a newer version of Drempel. Update to read it.",
    "directory-unknown": "A message refers to a directory that is not part of this one's history.",
    "not-rereadable": "The report itself can't be read again with this receipt, as was chosen when it was sent.",
}


class DrempelError(Exception):
    """An error with a code of PROTOCOL 15.2. `str()` is its sentence, followed by `detail` if there is one.

    `code` is the registry's; `detail` helps the person to find the fault (a group, a channel, a recipient) and never
    holds a secret.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{ERRORS[code].sentence} {detail}".strip())

    @property
    def layer(self) -> str:
        """The layer of PROTOCOL 15.2 that failed."""
        return ERRORS[self.code].layer

    @property
    def status(self) -> int:
        """The HTTP status the API answers with; 0 if this never leaves a client."""
        return ERRORS[self.code].status


class CodeError(DrempelError):
    """A code that can't be read (PROTOCOL 3.4): the group at fault, the kind it is of, the correction on offer."""

    def __init__(
        self, code: str, detail: str = "", *, group: int = 0, kind: str = "", correction: str = ""
    ) -> None:
        super().__init__(code, detail)
        self.group = group
        self.kind = kind
        self.correction = correction


class EnvelopeError(DrempelError):
    """An envelope that does not open (PROTOCOL 6, 7)."""


class DirectoryError(DrempelError):
    """A directory that must not be used (PROTOCOL 9.4)."""


class StatementError(DrempelError):
    """A statement or week key that must not be used (PROTOCOL 10)."""


class KeyringError(DrempelError):
    """A keyring that does not open or merge (PROTOCOL 11)."""


class WireError(DrempelError):
    """Malformed bytes from the network (PROTOCOL 5, 6, 12)."""
