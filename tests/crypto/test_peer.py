"""What Python seals the browser's half opens, and the reverse; `tests/js/kit/peer.js` is that half, under node."""

import json
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from crypto.public.answers import DayItem, StoredEnvelope, build_mailbox_answer
from crypto.public.directory import accept_directory
from crypto.public.encoding import b64, day_text, parse_object, unb64
from crypto.public.keyring_format import parse_keyring
from crypto.public.mailbox import parse_creation
from crypto.public.statement import accept_statement
from crypto.secret import codes
from crypto.secret.codes import access_keys
from crypto.secret.conversation import Thread, opening_authors
from crypto.secret.directory_sign import make_directory
from crypto.secret.envelope_open import open_opening, open_with_secret, read_stub
from crypto.secret.keyring import (
    Keyring,
    merge_keyrings,
    open_keyring,
    seal_keyring,
    unlock_root_key,
    wrap_root_key,
)
from crypto.secret.statement_sign import make_statement
from tests.crypto.kit.organisation_builders import (
    ANNA,
    BERT,
    DIRECTORY,
    ORGANISATION,
    RECEIPT,
    ROOT,
    TODAY,
    WEEK,
    Json,
    content,
    keys_of,
    of,
    seeded,
)
from tests.crypto.kit.report_builders import Report, report
from tests.crypto.kit.thread_builders import Mailbox, keyring
from tests.kit.protocol import build_day_answer
from tests.project import ROOT as PROJECT

DIRECTORY_BYTES = make_directory(content(), [ROOT])
CODE = codes.format_code(RECEIPT, "receipt")
ACCESS = codes.format_code(of("anna's access", 14), "access")
ROOT_KEY = of("anna's root key")
TEXT = 'Ligne 1\r\n\t"two" \\ \x00\u00e9\u0627\u0644\u05d0 \U0001f6a8\U0001f1f3\U0001f1f1 \u202e\u2028'


def peer(command: str, **given: Any) -> Any:
    """The answer of the browser's half; an AssertionError if it refuses."""
    answer = ask(command, **given)
    assert "error" not in answer, answer
    return answer


def ask(command: str, **given: Any) -> Any:
    """The answer of the browser's half, or its refusal."""
    common = {
        "command": command,
        "directory": b64(DIRECTORY_BYTES),
        "day": day_text(TODAY),
        "pin": b64(ORGANISATION),
    }
    run = subprocess.run(
        ["node", "tests/js/kit/peer.js"],
        cwd=PROJECT,
        input=json.dumps({**common, **given}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def keys_answer() -> Json:
    people = [(someone, someone.states(DIRECTORY), someone.week_keys(WEEK)[0]) for someone in (ANNA, BERT)]
    listed = [
        {"recipient": who.id, "statement": stated, "key": b64(key.public)} for who, stated, key in people
    ]
    return {"day": day_text(TODAY), "week": WEEK, "recipients": listed}


def sealed_keyring(made: Keyring) -> bytes:
    unlocker = access_keys(codes.parse_code(ACCESS, "access"), ORGANISATION).unlocker
    wrapped = wrap_root_key(ROOT_KEY, unlocker, ORGANISATION, made.recipient, seeded(1))
    return seal_keyring(made, ROOT_KEY, [wrapped], ORGANISATION, seeded(2))


def opened_keyring(data: bytes, access: str = ACCESS, recipient: str = "anna") -> Keyring:
    sealed = parse_keyring(data)
    unlocker = access_keys(codes.parse_code(access, "access"), ORGANISATION).unlocker
    root = unlock_root_key(sealed, unlocker, ORGANISATION, recipient)
    return open_keyring(sealed, root, ORGANISATION, recipient)


EMPTY = keyring(conversations={}, closed=frozenset(), synced=None, counter=0, stated=None, directory=None)


def mailbox_answer(box: Mailbox) -> str:
    return b64(
        build_mailbox_answer(box.report.draft.keys.read, box.report.creation.to_bytes(), box.envelopes)
    )


def day_answer(made: Report) -> Json:
    item = DayItem(made.mailbox, made.stored, made.creation.to_bytes())
    return {"day": day_text(TODAY), "answer": b64(build_day_answer([item]))}


def said(answer: Json) -> list[tuple[str, str]]:
    assert answer["notices"] == []
    return [(message["author"], message["text"]) for message in answer["messages"]]


def texts(thread: Thread) -> list[tuple[str, str]]:
    assert thread.notices == ()
    return [(entry.message.author, entry.message.text) for entry in thread.entries]


def read_by_anna(box: Mailbox) -> Json:
    answer: Json = peer(
        "read-as-recipient",
        access=ACCESS,
        recipient="anna",
        keyring=b64(sealed_keyring(EMPTY)),
        days=[day_answer(box.report)],
        mailbox=b64(box.id),
        mailbox_answer=mailbox_answer(box),
    )
    return answer


@pytest.fixture(scope="module")
def python_box() -> Mailbox:
    """A report of up to any character, an answer and a follow-up, all sealed in Python."""
    box = Mailbox(report(TEXT))
    box.says(ANNA, "Which tank?\n" + TEXT)
    box.says("reporter", "The one in the north. " + TEXT)
    return box


SAID = [("reporter", TEXT), ("anna", "Which tank?\n" + TEXT), ("reporter", "The one in the north. " + TEXT)]


def test_a_recipient_s_browser_reads_what_python_sealed(python_box: Mailbox) -> None:
    answer = read_by_anna(python_box)
    assert said(answer) == SAID
    assert answer["damaged"] == 0
    [known] = answer["conversations"]
    assert (known["mailbox"], known["channel"], known["report"]) == (b64(python_box.id), "conduct", "fraud")


def test_the_keyring_that_the_browser_wrote_opens_in_python(python_box: Mailbox) -> None:
    before = opened_keyring(sealed_keyring(EMPTY))
    after = opened_keyring(unb64(read_by_anna(python_box)["keyring"]))
    [(mailbox, known)] = after.conversations.items()
    block = python_box.report.draft.keys
    assert (mailbox, known.secret, known.opening) == (
        python_box.id,
        python_box.report.secret,
        python_box.report.envelope,
    )
    assert (known.conversation, known.read, known.write) == (block.conversation, block.read, block.write)
    assert (known.close, known.replace, known.signing) == (block.close, block.replace, block.signing_key)
    assert (after.signing_seed, after.directory) == (ANNA.signing_seed, DIRECTORY.quote)
    # The ratchet went forward to the same chain that Python computes.
    assert after.ratchet == before.ratchet.at(after.ratchet.week)
    assert merge_keyrings(before, after).conversations == after.conversations


def test_a_full_keyring_survives_the_browser() -> None:
    made = keyring(synced=TODAY - 30)
    answer = peer(
        "read-as-recipient", access=ACCESS, recipient="anna", keyring=b64(sealed_keyring(made)), days=[]
    )
    found = opened_keyring(unb64(answer["keyring"]))
    assert replace(found, synced=made.synced, ratchet=made.ratchet) == made


def test_a_reporter_s_browser_reads_what_python_sealed(python_box: Mailbox) -> None:
    answer = peer("read-as-reporter", receipt=CODE, mailbox_answer=mailbox_answer(python_box))
    assert said(answer) == SAID
    assert answer["channel"] == "conduct"


def test_a_report_that_may_not_be_read_again_stays_so_in_the_browser() -> None:
    box = Mailbox(report(TEXT, rereadable=False))
    box.says(BERT, "Thank you.")
    answer = peer("read-as-reporter", receipt=CODE, mailbox_answer=mailbox_answer(box))
    assert [message["text"] for message in answer["messages"]] == ["Thank you."]
    assert [notice["code"] for notice in answer["notices"]] == ["not-rereadable"]


@pytest.mark.parametrize("rereadable", [True, False])
def test_python_reads_the_report_that_a_browser_sealed(rereadable: bool) -> None:
    made = peer(
        "seal-report",
        keys=keys_answer(),
        channel="conduct",
        kind="fraud",
        text=TEXT,
        rereadable=rereadable,
        receipt=CODE,
    )
    body, envelope = unb64(made["body"]), unb64(made["envelope"])
    creation, data = parse_creation(body[:225]), body[225:]
    keys, authors = keys_of(RECEIPT), opening_authors(DIRECTORY)
    assert (made["receipt"], unb64(made["mailbox"])) == (CODE, keys.mailbox)
    for someone in (ANNA, BERT):
        opening = open_opening(data, creation, envelope, someone.week_keys, authors)
        assert opening.message.text == TEXT
        assert opening.message.meta["to"] == ["anna", "bert"]
        assert opening.keys.conversation == keys.conversation
    stub = read_stub(data, creation, envelope, keys.stub)
    assert (stub.rereadable, stub.channel, stub.directory) == (rereadable, "conduct", DIRECTORY.quote)
    if rereadable:
        assert open_with_secret(data, creation, envelope, stub.secret, authors).message.text == TEXT
    assert len(data) == len(report().data)


def put(box: Mailbox, sealed: Json) -> None:
    """The browser's message, on the server."""
    assert sealed["mailbox"] == b64(box.id)
    assert unb64(sealed["write"]) == box.report.draft.keys.write
    box.envelopes.append(StoredEnvelope(unb64(sealed["envelope"]), TODAY, unb64(sealed["body"])))


def test_python_reads_the_answer_and_the_follow_up_that_a_browser_sealed() -> None:
    box = Mailbox(report(TEXT))
    box.says(ANNA, "Which tank?")
    put(box, peer("seal-message", receipt=CODE, mailbox_answer=mailbox_answer(box), text=TEXT))
    known = read_by_anna(box)["keyring"]
    put(
        box,
        peer(
            "reply-as-recipient",
            access=ACCESS,
            recipient="anna",
            keyring=known,
            mailbox=b64(box.id),
            mailbox_answer=mailbox_answer(box),
            text="Merci. " + TEXT,
        ),
    )
    thread = box.thread()
    assert texts(thread) == [
        ("reporter", TEXT),
        ("anna", "Which tank?"),
        ("reporter", TEXT),
        ("anna", "Merci. " + TEXT),
    ]
    assert [entry.message.counter for entry in thread.entries] == [0, 1, 2, 3]


def test_python_accepts_the_recipient_and_the_statement_that_a_browser_made() -> None:
    made = peer("new-recipient", organisation=b64(ORGANISATION), recipient="anna", week=WEEK)
    found = opened_keyring(unb64(made["keyring"]), made["access"])
    unlocked = access_keys(codes.parse_code(made["access"], "access"), ORGANISATION)
    assert unb64(made["login_key"]) == unlocked.login_key
    assert (found.recipient, found.ratchet.week, found.conversations) == ("anna", WEEK, {})
    listed = [{**item, "signing_key": made["signing_key"]} for item in content()["recipients"][:1]]
    everybody = content(recipients=[*listed, *content()["recipients"][1:]])
    data = make_directory(everybody, [ROOT])
    answer = peer(
        "statement",
        directory=b64(data),
        access=made["access"],
        recipient="anna",
        keyring=made["keyring"],
    )
    statement = accept_statement(answer["body"]["statement"], accept_directory(data, TODAY), "anna")
    keys = [unb64(key) for key in answer["body"]["keys"]]
    assert keys == found.ratchet.announced(WEEK)
    assert [statement.check_key(WEEK + week, key) for week, key in enumerate(keys)] == keys
    after = opened_keyring(unb64(answer["keyring"]), made["access"])
    assert (after.counter, after.stated) == (statement.counter, (WEEK, 1))


def test_the_browser_s_half_refuses_what_python_s_does() -> None:
    box = Mailbox(report())
    box.says("reporter", "Not mine.", seed=ANNA.signing_seed)
    box.says("carla", "Let me in.")
    answer = peer("read-as-reporter", receipt=CODE, mailbox_answer=mailbox_answer(box))
    assert [notice["code"] for notice in answer["notices"]] == [
        notice.code for notice in box.thread().notices
    ]
    assert [message["text"] for message in answer["messages"]] == ["The tank leaks."]


@pytest.mark.parametrize("key", [b"\xff" * 1184 + of("x"), ANNA.week_keys(WEEK)[0].public[:1184] + bytes(32)])
def test_a_recipient_can_t_keep_a_channel_from_being_sent_to_by_a_key_that_is_none(key: bytes) -> None:
    announced = [key, *ANNA.ratchet.announced(WEEK)[1:]]
    made = make_statement(ORGANISATION, "anna", 1, DIRECTORY.quote, WEEK, announced, ANNA.signing_seed)
    keys = keys_answer()
    keys["recipients"][0].update(statement=parse_object(made), key=b64(key))
    options = {
        "channel": "conduct",
        "kind": "fraud",
        "text": TEXT,
        "rereadable": True,
        "receipt": CODE,
        "keys": keys,
    }
    assert ask("seal-report", **options)["error"]["code"] == "recipient-unreachable"
    sealed = peer("seal-report", **options, without=["anna"])
    body = unb64(sealed["body"])
    creation = parse_creation(body[:225])
    authors = opening_authors(DIRECTORY)
    opening = open_opening(body[225:], creation, unb64(sealed["envelope"]), BERT.week_keys, authors)
    assert opening.message.meta["to"] == ["bert"]
