"""Blobs as both ends name them without any secret, and the claims that bring them to a mailbox (PROTOCOL 16.1, 16.7).

The blind server imports this module, so nothing here can decrypt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crypto import wire
from crypto.encoding import hash_labelled
from crypto.errors import WireError

BLOB_ID_LENGTH = 32
CHUNK_LENGTH = 262_160
"""Bytes of a sealed chunk, whatever it holds."""
CHUNK = CHUNK_LENGTH - wire.TAG_LENGTH
"""Bytes of a file in one chunk."""
MOST_CLAIMS = 64
MOST_CHUNKS = 1 << 16
CLAIMS_HEADER_LENGTH = 3
CLAIM_LENGTH = wire.TOKEN_LENGTH + 4
LONGEST_CLAIMS = CLAIMS_HEADER_LENGTH + MOST_CLAIMS * CLAIM_LENGTH


def padme(length: int) -> int:
    """`length` rounded up so that few bits of it are told: at most 12 % more (Nikitin et al., 2019)."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    step = 1 << max(0, exponent - exponent.bit_length())
    return -(-length // step) * step


def chunk_count(length: int) -> int:
    """How many chunks a file of `length` bytes is sealed in (PROTOCOL 16.2)."""
    return max(1, -(-padme(length) // CHUNK))


def blob_id(token: bytes) -> bytes:
    """The id of the blob that a token (32 bytes) is for, 32 bytes: a token proves itself."""
    return hash_labelled("blob", wire.verifier("blob", token))


@dataclass(frozen=True)
class Claim:
    """A blob that an envelope names: its token (32 bytes) and how many chunks it must have."""

    token: bytes = field(repr=False)
    chunks: int


def build_claims(claims: Sequence[Claim]) -> bytes:
    """The claims block before an envelope; empty if nothing is claimed."""
    if not claims:
        return b""
    head = bytes([wire.SUITE, wire.CLAIMS, len(claims)])
    return head + b"".join(claim.token + claim.chunks.to_bytes(4, "big") for claim in claims)


def split_claims(body: bytes) -> tuple[tuple[Claim, ...], bytes]:
    """(claims, envelope) of a body that may begin with a claims block; WireError `envelope-header` if malformed."""
    if body[:2] != bytes([wire.SUITE, wire.CLAIMS]):
        return (), body
    end = CLAIMS_HEADER_LENGTH + body[2] * CLAIM_LENGTH if len(body) > 2 else 0
    if not 1 <= end <= len(body) or not 1 <= body[2] <= MOST_CLAIMS:
        raise WireError("envelope-header")
    claims = []
    for at in range(CLAIMS_HEADER_LENGTH, end, CLAIM_LENGTH):
        token, chunks = body[at : at + wire.TOKEN_LENGTH], body[at + wire.TOKEN_LENGTH : at + CLAIM_LENGTH]
        claims.append(Claim(token, int.from_bytes(chunks, "big")))
    if len({claim.token for claim in claims}) != len(claims) or not all(
        1 <= claim.chunks <= MOST_CHUNKS for claim in claims
    ):
        raise WireError("envelope-header")
    return tuple(claims), body[end:]
