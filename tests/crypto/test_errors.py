"""PROTOCOL 15: one registry, and no secret in what a person or a log gets to see."""

import json
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.public import errors
from crypto.public.errors import ERRORS, NOTICES, CodeError, DrempelError, EnvelopeError, KeyringError
from crypto.public.keyring_format import parse_keyring
from crypto.secret.codes import format_code, parse_code
from crypto.secret.envelope_open import open_conversation
from crypto.secret.envelope_seal import seal_conversation
from crypto.secret.keyring import open_keyring, seal_keyring, unlock_root_key, wrap_root_key
from tests.crypto.kit.organisation_builders import ANNA, ORGANISATION, flipped, of, seeded
from tests.crypto.kit.report_builders import draft, report, sealed
from tests.crypto.kit.thread_builders import Mailbox, keyring
from tests.project import ROOT, protocol_table

TEXT = "Only the person addressed may read this."
CLASSES = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DrempelError)
]


def test_the_registry_is_the_one_of_the_protocol() -> None:
    written = {
        row[0].strip("` "): (row[1], 0 if row[2] == "-" else int(row[2]), row[3])
        for row in protocol_table("15.2 Errors")
    }
    assert {code: tuple(entry) for code, entry in ERRORS.items()} == written
    assert {row[0].strip("` "): row[1] for row in protocol_table("15.3 Notices")} == NOTICES


def test_the_browser_has_the_same_registry() -> None:
    """Without the sentences: a page has its own words."""
    module = "./static/js/crypto/public/errors.js"
    script = f"import('{module}').then((it) => console.log(JSON.stringify(it.ERRORS)))"
    run = subprocess.run(["node", "-e", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == {
        code: {"layer": entry.layer, "status": entry.status} for code, entry in ERRORS.items()
    }


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("code", ERRORS)
def test_an_error_says_its_sentence(kind: type[DrempelError], code: str) -> None:
    problem = kind(code, "The detail.")
    assert str(problem) == f"{ERRORS[code].sentence} The detail."
    assert str(kind(code)) == ERRORS[code].sentence
    assert (problem.layer, problem.status) == (ERRORS[code].layer, ERRORS[code].status)


def shown(problem: BaseException) -> str:
    return f"{problem} {problem!r}"


def words(secret: bytes) -> list[str]:
    return [secret.hex(), repr(secret)[2:-1]]


@given(st.binary(min_size=14, max_size=14), st.integers(0, 39), st.sampled_from("bdiz5 "), st.booleans())
def test_a_mistyped_code_is_not_repeated(secret: bytes, at: int, letter: str, swapped: bool) -> None:
    letters = format_code(secret, "receipt").replace("-", "")
    typed = letters[:at] + letter + letters[at + 1 :]
    groups = [typed[start : start + 5] for start in range(0, 40, 5)]
    if swapped:
        groups.reverse()
    with pytest.raises(CodeError) as caught:
        parse_code("-".join(groups), "access")
    said = shown(caught.value)
    assert not any(group in said for group in groups if len(group) == 5)
    assert not caught.value.correction or caught.value.correction not in said


Failure = Callable[[int], object]


def _openings() -> dict[str, Failure]:
    made = report(TEXT)
    box = Mailbox(made)
    item = box.says("reporter", TEXT)
    root, unlocker = of("root key"), of("unlocker")
    wrapped = wrap_root_key(root, unlocker, ORGANISATION, "anna", seeded(5))
    kept = seal_keyring(keyring(), root, [wrapped], ORGANISATION, seeded(6))
    return {
        "an opening": lambda bit: made.opened_by(ANNA, flipped(made.data, bit % (8 * len(made.data)))),
        "a receipt's opening": lambda bit: made.reopened(flipped(made.data, bit % (8 * len(made.data)))),
        "a message": lambda bit: open_conversation(
            flipped(item.data, bit % (8 * len(item.data))), box.place(item.id), box.key, box.authors
        ),
        "a message under another key": lambda bit: open_conversation(
            item.data, box.place(item.id), flipped(box.key, bit % 256), box.authors
        ),
        "a keyring": lambda bit: open_keyring(
            parse_keyring(flipped(kept, bit % 4096)), flipped(root, bit % 256), ORGANISATION, "anna"
        ),
        "an unlocker": lambda bit: unlock_root_key(
            parse_keyring(kept), flipped(unlocker, bit % 256), ORGANISATION, "anna"
        ),
        "a text that is none": lambda bit: sealed(draft(TEXT + chr(0xD800 + bit % 2048))),
        "a text that is too long": lambda bit: seal_conversation(
            box.place(of("envelope", 16)), box.key, {}, TEXT * 30_000, made.draft.signing_seed, seeded(bit)
        ),
    }


OPENINGS = _openings()
SECRETS = [
    TEXT,
    *(
        word
        for secret in (
            *vars(report().draft.keys).values(),
            report().draft.signing_seed,
            of("root key"),
            of("unlocker"),
            ANNA.signing_seed,
            ANNA.ratchet.chain,
        )
        for word in words(secret)
    ),
]


@pytest.mark.parametrize("failure", OPENINGS)
@given(bit=st.integers(0, 10**6))
def test_no_secret_is_in_what_an_error_says(failure: str, bit: int) -> None:
    with pytest.raises((EnvelopeError, KeyringError)) as caught:
        OPENINGS[failure](bit)
    said = shown(caught.value)
    assert not any(secret in said for secret in SECRETS)
    assert str(caught.value).startswith(ERRORS[caught.value.code].sentence)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
