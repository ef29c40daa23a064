"""PROTOCOL 16.5: what a message says of its files, and how many it can name."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.public import signatures
from crypto.public.blobs import blob_id, build_claims, split_claims
from crypto.public.encoding import b64, write_object
from crypto.public.envelope_format import CONVERSATION_SIZES, OPENING_SIZES
from crypto.public.errors import EnvelopeError
from crypto.public.limits import LONGEST_FILE, MOST_CLAIMS, TEXT_LIMIT
from crypto.secret.attachment import CHUNK, Attachment, attachment_keys, claims_of, read_attachments
from crypto.secret.message_pack import SignedContext, pack_message
from crypto.secret.message_unpack import Message, unpack_message
from tests.crypto.kit.organisation_builders import ORGANISATION, of
from tests.crypto.kit.report_builders import opening_meta


def attachments(number: int, name: str = "IMG_{} \U0001f4f7.jpg") -> list[Attachment]:
    secrets = [of(f"secret {at}") for at in range(number)]
    return [
        Attachment(name.format(at), "image/jpeg", at * CHUNK, secret, of(f"hash {at}"))
        for at, secret in enumerate(secrets)
    ]


MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.one_of(
        st.text(max_size=400), st.text("\ud800\udfffx\u00e9", max_size=600), st.none(), st.integers()
    ),
    "type": st.one_of(st.text(max_size=130), st.text("a/", max_size=130), st.none(), st.lists(st.text())),
    "bytes": st.one_of(st.integers(-2, 2**35), st.booleans(), st.floats(), st.none(), st.just("1")),
    "secret": st.one_of(
        st.binary(max_size=40).map(b64), st.binary(min_size=32, max_size=32).map(b64), st.none()
    ),
    "hash": st.one_of(
        st.binary(max_size=40).map(b64), st.binary(min_size=32, max_size=32).map(b64), st.integers()
    ),
}
GOOD = attachments(1)[0].to_json()
ITEMS = st.fixed_dictionaries({}, optional=MEMBERS).map(lambda change: {**GOOD, **change})
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.just(GOOD)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.sampled_from(list(GOOD)), inner)),
)


def is_in_form(found: tuple[Attachment, ...]) -> bool:
    return len({item.secret for item in found}) == len(found) <= MOST_CLAIMS and all(
        1 <= len(item.name.encode()) <= 1024
        and len(item.type.encode("ascii")) <= 127
        and type(item.size) is int
        and 0 <= item.size <= 2**34
        and len(item.secret) == len(item.hash) == 32
        for item in found
    )


@settings(max_examples=300)
@given(st.one_of(st.lists(ITEMS, max_size=3), ITEMS.map(lambda item: [item]), ANYTHING))
def test_what_is_read_is_in_form(found: object) -> None:
    try:
        read = read_attachments(found)
    except ValueError:
        return
    assert is_in_form(read)
    assert read or found is None
    assert read_attachments([item.to_json() for item in read] or None) == read


def test_a_change_of_one_member_is_read_or_refused() -> None:
    assert read_attachments([{**GOOD, "bytes": LONGEST_FILE, "name": "x" * 1024, "type": "x" * 127}])
    for change in ({"bytes": LONGEST_FILE + 1}, {"name": "x" * 1025}, {"type": "x" * 128}, {"name": ""}):
        with pytest.raises(ValueError, match=r"."):
            read_attachments([{**GOOD, **change}])


PLACE = SignedContext(ORGANISATION, of("mailbox"), of("envelope", 16), of("C"))
SEED = of("an author")


def packed(files: list[Attachment], text: str = "text", *, opening: bool = False) -> bytes:
    meta = opening_meta(attachments=[item.to_json() for item in files])
    if not opening:
        meta |= {"kind": "message", "counter": 1, "parents": [b64(of("a parent"))]}
    sizes = OPENING_SIZES if opening else CONVERSATION_SIZES
    return pack_message(meta, text, PLACE, SEED, sizes)


def unpacked(padded: bytes, *, opening: bool = False) -> Message:
    return unpack_message(padded, PLACE, lambda _: [signatures.public_key(SEED)], opening=opening)


@pytest.mark.parametrize("opening", [True, False])
def test_a_message_names_as_many_files_as_there_can_be(opening: bool) -> None:
    files = attachments(MOST_CLAIMS)
    message = unpacked(packed(files, opening=opening), opening=opening)
    assert message.attachments == tuple(files)
    claimed, rest = split_claims(build_claims(claims_of(message.attachments)) + b"an envelope")
    assert rest == b"an envelope"
    assert [claim.chunks for claim in claimed] == [file.chunks for file in files]
    assert [blob_id(claim.token) for claim in claimed] == [
        attachment_keys(file.secret).blob for file in files
    ]


@pytest.mark.parametrize(
    ("files", "text"),
    [
        (attachments(MOST_CLAIMS + 1), "text"),
        (attachments(MOST_CLAIMS, "{}" + "x" * 1000), "text"),
        (attachments(MOST_CLAIMS), "x" * TEXT_LIMIT),
    ],
    ids=["65", "long names", "a long text beside them"],
)
@pytest.mark.parametrize("opening", [True, False])
def test_more_files_than_fit_are_too_many(files: list[Attachment], text: str, opening: bool) -> None:
    with pytest.raises(EnvelopeError) as caught:
        packed(files, text, opening=opening)
    assert caught.value.code == "attachments-too-many"


def test_a_text_that_is_too_long_is_that_also_beside_files() -> None:
    with pytest.raises(EnvelopeError) as caught:
        packed(attachments(1), "x" * (TEXT_LIMIT + 1))
    assert caught.value.code == "text-too-long"


def test_a_message_without_files_has_none() -> None:
    meta = opening_meta(kind="message", counter=1, parents=[b64(of("a parent"))])
    assert "attachments" not in meta
    padded = pack_message(meta, "text", PLACE, SEED, CONVERSATION_SIZES)
    assert unpacked(padded).attachments == ()


def test_a_message_whose_files_are_out_of_form_is_refused() -> None:
    # One secret for two files: else one of them would be claimed twice.
    twice = [GOOD, {**GOOD, "name": "another"}]
    meta = opening_meta(kind="message", counter=1, parents=[b64(of("a parent"))], attachments=twice)
    padded = pack_message(meta, "text", PLACE, SEED, CONVERSATION_SIZES)
    with pytest.raises(EnvelopeError) as caught:
        unpacked(padded)
    assert caught.value.code == "envelope-message"


def test_an_attachment_goes_into_the_meta_as_the_protocol_says() -> None:
    item = replace(attachments(1)[0], name="a", type="b", size=2**34)
    expected = b'{"name":"a","type":"b","bytes":17179869184,"secret":"%s","hash":"%s"}'
    assert write_object(item.to_json()) == expected % (b64(item.secret).encode(), b64(item.hash).encode())
