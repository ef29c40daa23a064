"""The ids and sizes of blobs, and the claims that assign them to a mailbox (PROTOCOL 16.1, 16.7)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crypto.public.encoding import hash_labelled
from crypto.public.envelope_format import CLAIMS, TAG_LENGTH
from crypto.public.errors import WireError
from crypto.public.limits import MOST_CHUNKS, MOST_CLAIMS, SUITE, TOKEN_LENGTH
from crypto.public.mailbox import verifier

CHUNK_LENGTH = 262_160
"""Bytes of every sealed chunk: the last one is padded."""
CHUNK = CHUNK_LENGTH - TAG_LENGTH
"""Bytes of a file in one chunk."""
CLAIMS_HEADER_LENGTH = 3
CLAIM_LENGTH = TOKEN_LENGTH + 4
LONGEST_CLAIMS = CLAIMS_HEADER_LENGTH + MOST_CLAIMS * CLAIM_LENGTH


def padme(length: int) -> int:
    """`length` rounded up so that few bits of it leak: at most 12 % more (Nikitin et al., 2019)."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    step = 1 << max(0, exponent - exponent.bit_length())
    return -(-length // step) * step


def chunk_count(length: int) -> int:
    """The number of chunks of a file of `length` bytes (PROTOCOL 16.2)."""
    return max(1, -(-padme(length) // CHUNK))


def longest_file(chunks: int) -> int:
    """The length of the longest file that has no more than `chunks` chunks, at least one."""
    room = chunks * CHUNK
    exponent = room.bit_length() - 1
    step = 1 << max(0, exponent - exponent.bit_length())
    # `padme` leaves multiples of its step as they are.
    return room // step * step


def blob_id(token: bytes) -> bytes:
    """The id (32 bytes) of a token's blob: it follows from the token (32 bytes), which so proves itself."""
    return hash_labelled("blob", verifier("blob", token))


@dataclass(frozen=True)
class Claim:
    """The claim of an envelope on a blob: its token (32 bytes) and how many chunks it must have."""

    token: bytes = field(repr=False)
    chunks: int


def build_claims(claims: Sequence[Claim]) -> bytes:
    """The claims block before an envelope; empty if nothing is claimed."""
    if not claims:
        return b""
    head = bytes([SUITE, CLAIMS, len(claims)])
    return head + b"".join(claim.token + claim.chunks.to_bytes(4, "big") for claim in claims)


def split_claims(body: bytes) -> tuple[tuple[Claim, ...], bytes]:
    """Split a body into (claims, envelope); WireError `envelope-header` if its claims block is malformed."""
    if body[:2] != bytes([SUITE, CLAIMS]):
        return (), body
    end = CLAIMS_HEADER_LENGTH + body[2] * CLAIM_LENGTH if len(body) > 2 else 0
    if not 1 <= end <= len(body) or not 1 <= body[2] <= MOST_CLAIMS:
        raise WireError("envelope-header")
    claims = []
    for at in range(CLAIMS_HEADER_LENGTH, end, CLAIM_LENGTH):
        token, chunks = (
            body[at : at + TOKEN_LENGTH],
            body[at + TOKEN_LENGTH : at + CLAIM_LENGTH],
        )
        claims.append(Claim(token, int.from_bytes(chunks, "big")))
    if len({claim.token for claim in claims}) != len(claims) or not all(
        1 <= claim.chunks <= MOST_CHUNKS for claim in claims
    ):
        raise WireError("envelope-header")
    return tuple(claims), body[end:]
