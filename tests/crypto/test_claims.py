"""PROTOCOL 16.1 and 16.7: claims before an envelope, read by a server that must not guess."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crypto.public.blobs import CLAIM_LENGTH, CLAIMS_HEADER_LENGTH, Claim, blob_id, build_claims, split_claims
from crypto.public.encoding import hash_labelled
from crypto.public.errors import DrempelError
from crypto.public.limits import MOST_CHUNKS, MOST_CLAIMS
from crypto.secret.attachment import attachment_keys
from tests.crypto.kit.organisation_builders import of

CLAIM = st.builds(Claim, st.binary(min_size=32, max_size=32), st.integers(1, MOST_CHUNKS))
CLAIMS = st.lists(CLAIM, min_size=1, max_size=MOST_CLAIMS, unique_by=lambda claim: claim.token)
MARK = b"\x01\x04"


def claims(number: int, chunks: int = 1) -> list[Claim]:
    return [Claim(of(f"token {at}"), chunks) for at in range(number)]


def refusal(body: bytes) -> str:
    with pytest.raises(DrempelError) as caught:
        split_claims(body)
    return caught.value.code


@given(CLAIMS, st.binary(max_size=100))
@example(claims(MOST_CLAIMS, MOST_CHUNKS), b"")
@example(claims(1), build_claims(claims(2)))
def test_claims_come_back_and_leave_the_envelope(found: list[Claim], envelope: bytes) -> None:
    assert split_claims(build_claims(found) + envelope) == (tuple(found), envelope)


@given(st.binary(max_size=100))
@example(b"\x01\x01")
@example(b"\x01")
def test_a_body_without_claims_is_the_envelope(body: bytes) -> None:
    assume(not body.startswith(MARK))
    assert build_claims([]) + body == body
    assert split_claims(body) == ((), body)


def test_a_block_is_written_as_the_protocol_says() -> None:
    block = build_claims([Claim(b"t" * 32, 65_536), Claim(b"u" * 32, 1)])
    assert block == b"\x01\x04\x02" + b"t" * 32 + b"\x00\x01\x00\x00" + b"u" * 32 + b"\x00\x00\x00\x01"


@given(CLAIMS, st.data())
def test_a_block_that_is_cut_is_refused(found: list[Claim], data: st.DataObject) -> None:
    block = build_claims(found)
    assert refusal(block[: data.draw(st.integers(len(MARK), len(block) - 1))]) == "envelope-header"


@pytest.mark.parametrize("number", [0, MOST_CLAIMS + 1, 255])
def test_a_number_that_no_block_has_is_refused(number: int) -> None:
    block = build_claims(claims(max(number, 1)))
    assert refusal(MARK + bytes([number]) + block[CLAIMS_HEADER_LENGTH:]) == "envelope-header"


@pytest.mark.parametrize("chunks", [0, MOST_CHUNKS + 1, 2**32 - 1])
def test_a_blob_of_no_chunks_or_too_many_is_refused(chunks: int) -> None:
    assert refusal(build_claims([*claims(2), Claim(of("another"), chunks)])) == "envelope-header"


def test_one_blob_is_claimed_once() -> None:
    assert refusal(build_claims([*claims(2), Claim(claims(1)[0].token, 9)])) == "envelope-header"


@given(st.binary(max_size=4 * CLAIM_LENGTH).map(lambda rest: MARK + rest))
def test_whatever_is_read_was_written_so_and_no_other_way(body: bytes) -> None:
    try:
        found, envelope = split_claims(body)
    except DrempelError:
        return
    assert 1 <= len(found) <= MOST_CLAIMS
    assert build_claims(found) + envelope == body


def test_a_token_is_for_one_blob_and_no_error_or_repr_tells_it() -> None:
    token = attachment_keys(of("a secret")).token
    assert blob_id(token) == hash_labelled("blob", hash_labelled("verifier/blob", token))
    assert blob_id(token) != blob_id(of("another token"))
    assert repr(Claim(token, 3)) == "Claim(chunks=3)"
