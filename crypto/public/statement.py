"""Statements: a recipient's signed announcement of coming week keys (PROTOCOL 10)."""

from dataclasses import dataclass

from crypto.public import signatures
from crypto.public.directory import Directory, Quote, read_quote
from crypto.public.encoding import hash_labelled, is_id, is_number, parse_object, unb64
from crypto.public.errors import StatementError
from crypto.public.limits import PUBLIC_KEY_LENGTH
from crypto.public.signatures import Dsse, is_newer, read_dsse

WEEKS = 26


@dataclass(frozen=True)
class Statement:
    """An accepted statement; `keys` are the hashes (32 bytes) of the keys of `first_week` and the next 25."""

    recipient: str
    counter: int
    directory: Quote
    first_week: int
    keys: tuple[bytes, ...]

    def check_key(self, week: int, key: bytes | None) -> bytes:
        """The week's public key (1,216 bytes), if it is the announced one; StatementError if not."""
        if not self.first_week <= week < self.first_week + WEEKS:
            raise StatementError("statement-expired")
        if (
            key is None
            or len(key) != PUBLIC_KEY_LENGTH
            or week_key_hash(key) != self.keys[week - self.first_week]
        ):
            raise StatementError("statement-key")
        return key


def week_key_hash(key: bytes) -> bytes:
    """The hash (32 bytes) with which a statement announces a week's public key."""
    return hash_labelled("week-key", key)


def _read(value: object) -> tuple[Dsse, bytes, Statement]:
    """The envelope, its organisation and its statement, none of them verified yet."""
    try:
        dsse = read_dsse(value)
        if is_newer(dsse.type, signatures.STATEMENT):
            raise StatementError("directory-newer")
        content = parse_object(dsse.payload)
        hashes = unb64(content.get("keys"), 32 * WEEKS)
        numbers = (content.get("counter"), content.get("first_week"))
        if dsse.type != signatures.STATEMENT or not all(
            is_number(number, 0, 2**32 - 1) for number in numbers
        ):
            raise ValueError("not a statement")
        if not is_id(content.get("recipient")):
            raise ValueError("no recipient")
        organisation = unb64(content.get("organisation"), 32)
        keys = tuple(hashes[at : at + 32] for at in range(0, len(hashes), 32))
        quote = read_quote(content.get("directory"))
        statement = Statement(content["recipient"], content["counter"], quote, content["first_week"], keys)
    except ValueError:
        raise StatementError("statement-format") from None
    return dsse, organisation, statement


def accept_statement(value: object, directory: Directory, recipient: str) -> Statement:
    """Accept the statement in a parsed DSSE envelope if it is that recipient's (PROTOCOL 10.3); StatementError if not.

    `directory-newer` if a newer version of Drempel made it (PROTOCOL 14.3).
    """
    dsse, organisation, statement = _read(value)
    key = directory.signing_key(recipient)
    fits = statement.recipient == recipient and organisation == directory.organisation
    if key is None or not fits or not dsse.signers([key]):
        raise StatementError("statement-signature")
    return statement
