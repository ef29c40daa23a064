"""The stub of an opening: what a receipt finds again (PROTOCOL 6.5)."""

from dataclasses import dataclass

from crypto.directory import Quote
from crypto.encoding import is_id
from crypto.errors import EnvelopeError
from crypto.sealing import DoesNotOpen, derive, seal, unseal

PLAIN_LENGTH = 142
CHANNEL_LENGTH = 40
REREADABLE = 1


@dataclass(frozen=True)
class Stub:
    """What the reporter's client noted at sending: hashes of 32 bytes; `secret` is `Z`, or filler."""

    rereadable: bool
    signers: bytes
    directory: Quote
    secret: bytes
    channel: str

    def to_bytes(self) -> bytes:
        """The 142 bytes."""
        head = bytes([REREADABLE if self.rereadable else 0]) + self.signers
        quote = self.directory.version.to_bytes(4, "big") + self.directory.hash
        channel = self.channel.encode("ascii")
        return head + quote + self.secret + bytes([len(channel)]) + channel.ljust(CHANNEL_LENGTH, b"\x00")


def seal_stub(stub: Stub | None, key: bytes, salt: bytes, associated: bytes) -> bytes:
    """158 bytes, whatever they say; without a stub, zeros under a key nobody keeps."""
    plain = stub.to_bytes() if stub else bytes(PLAIN_LENGTH)
    return seal(derive(key, salt, "opening/stub"), associated, plain)


def open_stub(sealed: bytes, key: bytes, salt: bytes, associated: bytes) -> Stub:
    """The stub under a receipt's stub key; EnvelopeError `envelope-stub`."""
    try:
        plain = unseal(derive(key, salt, "opening/stub"), associated, sealed)
        channel = plain[102 : 102 + plain[101]].decode("ascii")
    except (DoesNotOpen, UnicodeDecodeError):
        raise EnvelopeError("envelope-stub") from None
    quote = Quote(int.from_bytes(plain[33:37], "big"), plain[37:69])
    stub = Stub(bool(plain[0] & REREADABLE), plain[1:33], quote, plain[69:101], channel)
    if not is_id(channel) or not quote.version or stub.to_bytes() != plain:
        raise EnvelopeError("envelope-stub")
    return stub
