"""PROTOCOL 16.1 to 16.6: what was sealed comes back whole, or not at all."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crypto.public.blobs import CHUNK_LENGTH, blob_id, longest_file
from crypto.public.errors import DrempelError
from crypto.public.limits import LONGEST_FILE, MOST_CHUNKS
from crypto.secret.attachment import (
    CHUNK,
    Attachment,
    AttachmentKeys,
    Chunks,
    attachment_hash,
    attachment_keys,
    chunk_count,
    chunk_hash,
    padme,
)
from tests.crypto.kit.attachment_operations import file_of
from tests.crypto.kit.organisation_builders import ORGANISATION, flipped, of

SECRET, OTHER_SECRET = of("an attachment"), of("another attachment")
# Around the borders of chunks, where mistakes are; and anywhere.
LENGTHS = st.one_of(
    st.integers(0, 3),
    st.builds(lambda chunks, more: chunks * CHUNK + more, st.integers(1, 4), st.integers(-2, 2)),
    st.integers(0, 5 * CHUNK),
)


def content_of(length: int, name: str = "a file") -> bytes:
    """Bytes of which no two chunks are alike."""
    return of(name, length)


def pieces_of(content: bytes) -> list[bytes]:
    count = chunk_count(len(content))
    return [content[number * CHUNK : (number + 1) * CHUNK] for number in range(count)]


def sealed_of(content: bytes, secret: bytes = SECRET) -> list[bytes]:
    pieces = pieces_of(content)
    chunks = Chunks(ORGANISATION, attachment_keys(secret), len(pieces))
    return [chunks.seal(number, piece) for number, piece in enumerate(pieces)]


def named(size: int, sealed: list[bytes], secret: bytes = SECRET) -> Attachment:
    return Attachment("a.pdf", "application/pdf", size, secret, attachment_hash(map(chunk_hash, sealed)))


def forged(keys: AttachmentKeys, number: int, count: int, plaintext: bytes, *, final: bool) -> bytes:
    """A chunk that calls itself what it is not."""
    nonce = bytes(7) + number.to_bytes(4, "big") + bytes([final])
    associated = b"\x01" + ORGANISATION + keys.blob + count.to_bytes(4, "big")
    return AESGCM(keys.key).encrypt(nonce, plaintext, associated)


@given(st.integers(1, MOST_CHUNKS))
def test_the_longest_file_of_some_chunks_needs_no_more_and_a_longer_one_does(chunks: int) -> None:
    longest = longest_file(chunks)
    assert chunk_count(longest) <= chunks < chunk_count(longest + 1)


@settings(max_examples=200)
@given(st.integers(0, 2**53 - 1))
def test_padme_tells_little_and_costs_little(length: int) -> None:
    padded = padme(length)
    assert length <= padded <= length * 1.12
    assert padme(padded) == padded
    assert padme(length + 1) >= padded
    # Of `E` bits of a length, at most 1 + log2(E) + 1 are told.
    told = bin(padded).rstrip("0").removeprefix("0b")
    assert len(told) <= 1 + length.bit_length().bit_length()


def test_files_of_all_lengths_have_few_numbers_of_chunks() -> None:
    counts = [chunk_count(number * CHUNK) for number in range(1, MOST_CHUNKS + 1)]
    assert all(number <= count <= number * 1.12 for number, count in enumerate(counts, 1))
    assert len(set(counts)) < 500
    assert chunk_count(LONGEST_FILE) == MOST_CHUNKS


def test_the_keys_of_two_secrets_have_nothing_in_common() -> None:
    one, other = attachment_keys(SECRET), attachment_keys(OTHER_SECRET)
    assert len({one.key, one.token, one.blob, other.key, other.token, other.blob}) == 6
    assert one.blob == blob_id(one.token)
    assert repr(one) == f"AttachmentKeys(blob={one.blob!r})"
    assert "secret" not in repr(named(1, []))


@given(LENGTHS)
def test_a_file_of_any_length_comes_back(length: int) -> None:
    content = content_of(length)
    sealed = sealed_of(content)
    assert {len(chunk) for chunk in sealed} == {CHUNK_LENGTH}
    assert file_of(ORGANISATION, named(length, sealed), sealed) == content


def test_a_chunk_is_sealed_as_the_protocol_says() -> None:
    keys = attachment_keys(SECRET)
    chunks = Chunks(ORGANISATION, keys, 3)
    for number in range(3):
        padded = b"text".ljust(CHUNK, b"\x00")
        assert chunks.seal(number, b"text") == forged(keys, number, 3, padded, final=number == 2)


@pytest.mark.parametrize(("number", "length"), [(-1, 1), (2, 1), (0, CHUNK + 1)])
def test_what_is_no_chunk_is_not_sealed(number: int, length: int) -> None:
    chunks = Chunks(ORGANISATION, attachment_keys(SECRET), 2)
    with pytest.raises(ValueError, match="no such chunk"):
        chunks.seal(number, bytes(length))


def _in_its_place(sealed: list[bytes], at: int, other: int) -> dict[str, bytes]:
    """What a hostile server or sender might give as chunk `at`."""
    keys, count = attachment_keys(SECRET), len(sealed)
    piece, last = pieces_of(content_of(count * CHUNK))[at], at == count - 1
    foreign = AttachmentKeys(keys.key, keys.token, attachment_keys(OTHER_SECRET).blob)
    return {
        "flipped": flipped(sealed[at], (at * 7919 + other) % (8 * CHUNK_LENGTH)),
        "tag flipped": flipped(sealed[at], 8 * CHUNK_LENGTH - 1 - other),
        "shortened": sealed[at][: -1 - other],
        "lengthened": sealed[at] + bytes(1 + other),
        "empty": b"",
        "shorter plaintext": forged(keys, at, count, piece[:-1], final=last),
        "of another file": sealed_of(content_of(count * CHUNK, "another"), OTHER_SECRET)[at],
        "of another blob": Chunks(ORGANISATION, foreign, count).seal(at, piece),
        "of another organisation": Chunks(of("another"), keys, count).seal(at, piece),
        "of another count": Chunks(ORGANISATION, keys, count + 1).seal(at, piece),
        "of another number": forged(keys, count, count, piece, final=last),
        "final moved": forged(keys, at, count, piece, final=not last),
    }


def _moved(sealed: list[bytes], at: int, other: int) -> dict[str, list[bytes]]:
    """All chunks as a hostile server might give them."""
    keys, count = attachment_keys(SECRET), len(sealed)
    swapped = {at: sealed[other], other: sealed[at]}
    return {
        "dropped": sealed[:at] + sealed[at + 1 :],
        "doubled": [*sealed[: at + 1], *sealed[at:]],
        "reordered": [swapped.get(number, chunk) for number, chunk in enumerate(sealed)],
        "after the end": [*sealed, forged(keys, count, count, b"more".ljust(CHUNK, b"\x00"), final=True)],
    }


@pytest.mark.parametrize(
    ("count", "at", "other"),
    [
        (count, at, other)
        for count in (2, 3, 4)
        for at in range(count)
        for other in range(count)
        if at != other
    ],
)
def test_chunks_that_were_tampered_with_are_damage(count: int, at: int, other: int) -> None:
    sealed = sealed_of(content_of(count * CHUNK))
    replaced = {
        how: [*sealed[:at], chunk, *sealed[at + 1 :]]
        for how, chunk in _in_its_place(sealed, at, other).items()
    }
    for how, changed in (replaced | _moved(sealed, at, other)).items():
        assert changed != sealed, how
        # Also where the hash is that of what was made of them: each chunk says itself where it belongs.
        for attachment in (named(count * CHUNK, sealed), named(count * CHUNK, changed)):
            with pytest.raises(DrempelError) as caught:
                file_of(ORGANISATION, attachment, changed)
            assert caught.value.code == "attachment-damaged", how


def test_two_contents_under_one_key_are_told_apart_by_the_hash() -> None:
    sealed, others = sealed_of(b"for one reader"), sealed_of(b"for another")
    with pytest.raises(DrempelError) as caught:
        file_of(ORGANISATION, named(len(b"for another"), sealed), others)
    assert caught.value.code == "attachment-damaged"


@given(st.integers(0, 2 * CHUNK - 1), st.integers(0, CHUNK - 1), st.integers(1, 255))
def test_a_mark_in_the_padding_is_damage(length: int, at: int, mark: int) -> None:
    room = chunk_count(length) * CHUNK - length
    assume(room)
    padding = bytearray(room)
    padding[at % room] = mark
    # Sealed as the longer file that it is not.
    marked, honest = (sealed_of(content_of(length) + bytes(rest)) for rest in (padding, bytes(room)))
    assert file_of(ORGANISATION, named(length, honest), honest) == content_of(length)
    with pytest.raises(DrempelError) as caught:
        file_of(ORGANISATION, named(length, marked), marked)
    assert caught.value.code == "attachment-damaged"
