"""Makes all vectors of Python again: `python -m tests.vectors.make`. Failures are stated by hand here.

All but the openings are the same to the byte each time. Python's HPKE draws randomness of its own, so an opening is
sealed once, and its committed bytes are kept from then on.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from crypto import codes, signatures, wire
from crypto.directory import Signers, make_directory, make_rotation
from crypto.encoding import b64, day_text, parse_object, write_object
from crypto.errors import ERRORS
from crypto.keyring import seal_keyring, wrap_root_key
from crypto.sealing import derive, seal
from crypto.wire import DayItem, StoredEnvelope
from tests.crypto.making import (
    ANNA,
    BERT,
    CARLA,
    DIRECTORY,
    ORGANISATION,
    RECEIPT,
    ROOT,
    TODAY,
    WEEK,
    Forger,
    Json,
    Mailbox,
    Person,
    Report,
    content,
    conversation,
    draft,
    flipped,
    keyring,
    keys_of,
    of,
    padded_message,
    report,
    resigned,
    sealed,
    seeded,
    signed_content,
)
from tests.crypto.vectors import FILES, FOLDER, outcome

NOTHING: Final = {"group": 0, "kind": "", "correction": ""}
DIRECTORY_BYTES: Final = make_directory(content(), [ROOT])
DAY: Final = day_text(TODAY)
TEXT: Final = 'One\n"two"\x00 \U0001f6a8'


class Maker:
    """Collects vectors by their file's name; each is confirmed here, or it is not made."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}

    def file(self, name: str, data: bytes) -> Json:
        """Bytes that several vectors share."""
        self.files[f"python-{name}"] = data
        self.made[f"files/python-{name}"] = data
        return {"file": f"python-{name}"}

    def once(self, name: str, make: Callable[[], Report]) -> tuple[Report, Json]:
        """A report sealed once: its bytes are the committed ones, if there are any."""
        path, made, known = FILES / f"python-{name}", make(), self.files.get(f"python-{name}")
        data = known or (path.read_bytes() if path.exists() else made.data)
        return replace(made, data=data), self.file(name, data)

    def ok(self, name: str, about: str, operation: str, given: Json, **wanted: Any) -> None:
        """A success, of whose output `wanted` is stated by hand."""
        vector = self._vector(name, about, operation, given)
        found = outcome(vector, self.files)
        if found["layer"] != "ok" or not wanted.items() <= found["output"].items():
            raise AssertionError(f"{name}: {found}")
        self._write({**vector, "expect": found})

    def fails(self, name: str, about: str, operation: str, given: Json, code: str, **more: Any) -> None:
        """A failure with that code, and no other."""
        vector = self._vector(name, about, operation, given)
        expected = {"layer": ERRORS[code].layer, "code": code, **more}
        if (found := outcome(vector, self.files)) != expected:
            raise AssertionError(f"{name}: {found}")
        self._write({**vector, "expect": expected})

    def _vector(self, name: str, about: str, operation: str, given: Json) -> Json:
        full = f"python-{name}"
        return {"name": full, "about": about, "made_by": "python", "operation": operation, "input": given}

    def _write(self, vector: Json) -> None:
        text = json.dumps(vector, ensure_ascii=False, indent=1) + "\n"
        if self.made.setdefault(f"{vector['name']}.json", text.encode()) != text.encode():
            raise AssertionError(f"two vectors of one name: {vector['name']}")


def make_codes(maker: Maker) -> None:
    """PROTOCOL 3 and 4."""
    secret = of("a secret", 14)
    for kind in codes.CONSTANTS:
        code = codes.format_code(secret, kind)
        maker.ok(
            f"code-{kind}",
            "A code as it is written.",
            "format-code",
            {"secret": b64(secret), "kind": kind},
            code=code,
        )
        maker.ok(
            f"code-read-{kind}",
            "A code in capitals and with spaces.",
            "parse-code",
            {"text": code.upper().replace("-", " "), "kind": kind},
            secret=b64(secret),
        )
        given = {"kind": kind, "secret": b64(secret), "organisation": b64(ORGANISATION)}
        maker.ok(f"keys-{kind}", "All keys of a code.", "keys", given)
    code = codes.format_code(secret, "receipt")

    def parse(name: str, about: str, text: str, code: str, **more: Any) -> None:
        maker.fails(
            f"code-{name}",
            about,
            "parse-code",
            {"text": text, "kind": "receipt"},
            code,
            **{**NOTHING, **more},
        )

    letter = "b" if code[0] != "b" else "d"
    parse("letter", "The first letter replaced.", letter + code[1:], "code-checksum", correction=code)
    parse(
        "umlaut",
        "A letter that no code has.",
        "\u00e4" + code[1:],
        "code-malformed",
        group=1,
        correction=code,
    )
    parse(
        "emoji",
        "A character outside the plane.",
        code[:-1] + "\U0001f6a8",
        "code-malformed",
        group=8,
        correction=code,
    )
    parse("nine-groups", "One group too many.", f"{code}-{code[:5]}", "code-malformed")
    parse("thirty-nine", "A run of 39 letters.", code.replace("-", "")[:-1], "code-malformed")
    parse("kind", "An access code.", codes.format_code(secret, "access"), "code-wrong-kind", kind="access")


def make_keys(maker: Maker) -> None:
    """PROTOCOL 2.4, 2.5 and 11.4."""
    seed, body = of("a signer"), b"\x00body\xff"
    for type_ in signatures.TYPES:
        name = type_.removeprefix("application/vnd.drempel.").split(".")[0]
        given = {"key": b64(signatures.public_key(seed)), "type": type_, "body": b64(body)}
        signature = b64(signatures.sign(seed, type_, body))
        maker.ok(
            f"signature-{name}",
            "A signature for its purpose.",
            "verify-signature",
            {**given, "signature": signature},
            valid=True,
        )
    signature = b64(signatures.sign(seed, signatures.DIRECTORY, body))
    wrong = {
        "key": b64(signatures.public_key(seed)),
        "type": signatures.MESSAGE,
        "body": b64(body),
        "signature": signature,
    }
    maker.ok("signature-wrong", "A signature for another purpose.", "verify-signature", wrong, valid=False)
    step: Json = {"week": WEEK, "chain": b64(of("a chain"))}
    for at in (0, 1, 26):
        maker.ok(f"ratchet-{at}", "A week's key.", "ratchet", {**step, "at": WEEK + at})
    for name, synced, today in (
        ("kept", TODAY + 7, TODAY + 63),
        ("gone", TODAY + 7, TODAY + 64),
        ("far", TODAY + 90, TODAY + 90),
    ):
        given = {**step, "synced": day_text(synced), "today": day_text(today)}
        maker.ok(f"forget-{name}", "Weeks that are synced and past their grace.", "forget", given)


def _seeds(someone: Person) -> Json:
    return {str(WEEK): [b64(derive(someone.ratchet.at(WEEK).chain, b"", "ratchet/week"))]}


def make_openings(maker: Maker) -> None:
    """PROTOCOL 6.2 to 6.8. The bytes are kept; what is around them is made again."""
    directory = maker.file("directory.bin", DIRECTORY_BYTES)

    def given(made: Report, data: Json, someone: Person = ANNA, **change: Any) -> Json:
        place = {"creation": b64(made.creation.to_bytes()), "envelope": b64(made.envelope), "bytes": data}
        return {"directory": directory, "today": DAY, **place, "week_seeds": _seeds(someone), **change}

    made, data = maker.once("report.bin", lambda: report(TEXT, seed=1))
    for someone in (ANNA, BERT):
        maker.ok(
            f"opening-{someone.id}",
            "A report, opened by a recipient.",
            "open-opening",
            given(made, data, someone),
            text=TEXT,
            secret=b64(made.opened_by(someone).secret),
        )
    maker.fails(
        "opening-carla",
        "A report, tried by somebody else.",
        "open-opening",
        given(made, data, CARLA),
        "envelope-no-slot",
    )
    parts = wire.parse_opening(made.data)
    own = {"plaintext": b64(made.opened_by(ANNA).secret)}
    info = (
        b"drempel/1/slot\x01"
        + ORGANISATION
        + made.mailbox
        + made.envelope
        + WEEK.to_bytes(4, "big")
        + parts.commitment
    )
    for index, slot in enumerate(parts.slots):
        slot_given = {
            "seed": _seeds(ANNA)[str(WEEK)][0],
            "info": b64(info + bytes([index])),
            "sealed": b64(slot),
        }
        try:
            maker.ok("slot-own", "A recipient's own slot.", "open-slot", slot_given, **own)
        except AssertionError:
            maker.fails(
                f"slot-{index}",
                "Another slot, somebody's or nobody's.",
                "open-slot",
                slot_given,
                "envelope-no-slot",
            )
    stub = b64(made.stub_key)
    receipt = {**given(made, data), "stub_key": stub}
    maker.ok("opening-receipt", "A report, read again by its receipt.", "open-with-receipt", receipt)
    maker.fails(
        "opening-stub",
        "The same, with a bit of the stub changed.",
        "open-with-receipt",
        {**receipt, "bytes": {**data, "xor": {str(71 + 4 * 1168 + 3): 4}}},
        "envelope-stub",
    )
    record = replace(made.creation, replace=of("another"))
    maker.fails(
        "opening-moved",
        "The same under another creation record.",
        "open-opening",
        {**given(made, data), "creation": b64(record.to_bytes())},
        "envelope-body",
    )
    hidden, data = maker.once("hidden.bin", lambda: report("Once only.", rereadable=False, seed=2))
    maker.ok(
        "opening-hidden",
        "A report that may not be read again, by its receipt.",
        "open-with-receipt",
        {**given(hidden, data), "stub_key": stub},
        message=None,
    )
    maker.ok(
        "opening-hidden-anna",
        "The same, by a recipient.",
        "open-opening",
        given(hidden, data),
        text="Once only.",
    )
    _make_forged_openings(maker, given)


def _make_forged_openings(maker: Maker, given: Callable[..., Json]) -> None:
    two, data = maker.once(
        "two-secrets.bin", lambda: Forger(draft(), slot_secrets=[of("Z"), of("other")]).report()
    )
    maker.ok(
        "opening-two-secrets-first",
        "Two recipients were given two secrets: the one that C commits to.",
        "open-opening",
        given(two, data),
    )
    maker.fails(
        "opening-two-secrets-second",
        "The same: the other one.",
        "open-opening",
        given(two, data, BERT),
        "envelope-commitment",
    )
    made = draft()
    forger, content_ = Forger(made), Forger(made).signed_content()
    forged: dict[str, tuple[str, Callable[[], Report]]] = {
        "envelope-record": (
            "The write token is not the server's.",
            replace(forger, block=replace(made.keys, write=of("another")).to_bytes()).report,
        ),
        "envelope-padding": (
            "A bit in the padding.",
            replace(forger, padded=padded_message(content_)[:-1] + b"\x01").report,
        ),
        "envelope-message": (
            "The text is not UTF-8.",
            replace(forger, padded=padded_message(forger.signed_content(text=b"\xff"))).report,
        ),
        "envelope-author": ("A stranger is named as author.", lambda: sealed(draft(author="carla"))),
        "envelope-signature": ("Signed by another than the one named.", lambda: sealed(draft(author="bert"))),
    }
    for code, (about, make) in forged.items():
        name = code.removeprefix("envelope-")
        wrong, data = maker.once(f"{name}.bin", make)
        maker.fails(f"opening-{name}", about, "open-opening", given(wrong, data), code)


def make_conversations(maker: Maker) -> None:
    """PROTOCOL 6.9, 7 and 8."""
    box = Mailbox(maker.once("report.bin", lambda: report(TEXT, seed=1))[0])
    block, place = box.report.draft.keys, box.place(of("an id", 16))
    where = {"organisation": b64(ORGANISATION), "mailbox": b64(box.id), "envelope": b64(place.envelope)}
    meta = {
        "kind": "message",
        "author": "anna",
        "day": DAY,
        "directory": DIRECTORY.quote.to_json(),
        "counter": 1,
        "parents": [b64(of("a parent"))],
    }
    commitment = derive(box.key, of("salt"), "conversation/commit")
    header = b"\x01\x02" + of("salt") + commitment
    signed_for = place.committed(commitment).to_bytes()

    def envelope(
        text: bytes = b"Which tank?", *, padded: bytes = b"", seed: bytes = ANNA.signing_seed, **change: Any
    ) -> str:
        made = signed_content(write_object({**meta, **change}), text, signed_for, seed)
        body = seal(
            derive(box.key, of("salt"), "conversation/body"),
            place.to_bytes() + header,
            padded or padded_message(made, smallest=4096),
        )
        return b64(header + body)

    authors = {"kind": "report", "channel": "conduct", "signing_key": b64(block.signing_key)}
    base = {
        "directory": {"file": "python-directory.bin"},
        "today": DAY,
        **where,
        **authors,
        "key": b64(box.key),
    }

    def fails(name: str, about: str, code: str, data: str, **change: Any) -> None:
        maker.fails(f"message-{name}", about, "open-conversation", {**base, "bytes": data, **change}, code)

    sealing = {
        **where,
        "random": "a seed",
        "key": b64(box.key),
        "meta": meta,
        "signing_seed": b64(ANNA.signing_seed),
    }
    maker.ok(
        "message-sealed",
        "A message, sealed with randomness from a seed.",
        "seal-conversation",
        {**sealing, "text": "\U0001f6a8 one\r\ntwo\x00"},
    )
    maker.ok(
        "message",
        "A message, opened.",
        "open-conversation",
        {**base, "bytes": envelope()},
        text="Which tank?",
    )
    maker.ok(
        "message-size",
        "A text that needs the next size.",
        "open-conversation",
        {**base, "bytes": envelope(b"x" * 5000)},
    )
    maker.fails(
        "message-too-long",
        "A text of one byte too many.",
        "seal-conversation",
        {**sealing, "text": maker_text()},
        "text-too-long",
    )
    fails("suite", "Another suite.", "envelope-suite", "Ag" + envelope()[2:])
    fails("cut", "The last byte is missing.", "envelope-header", envelope()[: 4 * (len(envelope()) // 4 - 1)])
    fails(
        "commitment",
        "The key of another conversation.",
        "envelope-commitment",
        envelope(),
        key=b64(of("another key")),
    )
    fails("moved", "In another mailbox.", "envelope-body", envelope(), mailbox=b64(of("another mailbox")))
    fails(
        "padding",
        "Padded to a size that it does not need.",
        "envelope-padding",
        envelope(
            padded=padded_message(
                signed_content(write_object(meta), b"x", signed_for, ANNA.signing_seed), size=8192
            )
        ),
    )
    fails("counter", "A counter of 0.", "envelope-message", envelope(counter=0))
    fails("fraction", "A counter of 1.0.", "envelope-message", envelope(counter=1.0))
    fails("kind", "A report where a message belongs.", "envelope-message", envelope(kind="report"))
    fails("author", "A recipient of another channel.", "envelope-author", envelope(author="carla"))
    fails(
        "case",
        "The reporter in a mailbox of the recipients' own.",
        "envelope-author",
        envelope(author="reporter", seed=box.report.draft.signing_seed),
        kind="case",
    )
    fails("signature", "Signed by another recipient.", "envelope-signature", envelope(seed=BERT.signing_seed))
    _make_threads(maker, box, base)


def maker_text() -> str:
    """A text of one byte more than PROTOCOL 13 allows."""
    return "x" * 1_044_481


def _make_threads(maker: Maker, box: Mailbox, base: Json) -> None:
    before = box.thread()
    first, second = box.says("reporter", "One.", after=before), box.says(ANNA, "Two.", after=before)
    third = box.says(BERT, "Three.")
    forged = box.unsent("reporter", "Forged.", seed=ANNA.signing_seed)
    newer = box.unsent(ANNA, "A hologram.", kind="hologram")
    disorder = box.unsent(ANNA, "Disorder.", counter=9)
    fork = box.unsent(ANNA, "Another directory.", directory={"version": 1, "hash": b64(of("fork"))})
    opening = box.report.stored
    given = {
        **{name: base[name] for name in ("directory", "today", "kind", "channel", "signing_key", "key")},
        "creation": b64(box.report.creation.to_bytes()),
        "opening": b64(opening.id),
        "secret": b64(box.report.opened_by(ANNA).secret),
        "noted_heads": [],
    }

    def read(name: str, about: str, shown: list[StoredEnvelope], **change: Any) -> None:
        data = {opening.id: {"file": "python-report.bin"}}
        items = [
            {"id": b64(item.id), "day": day_text(item.day), "bytes": data.get(item.id, b64(item.data))}
            for item in shown
        ]
        maker.ok(f"thread-{name}", about, "read-conversation", {**given, "envelopes": items, **change})

    everything = [opening, first, second, third]
    read("whole", "Two at once, and one after both.", everything)
    read("shuffled", "The same in another order, one of them twice.", [third, second, opening, first, second])
    read("gap", "One is missing.", [opening, first, third])
    read(
        "head",
        "The last one was seen before, and is missing.",
        [opening, first, second],
        noted_heads=[b64(box.hash(third))],
    )
    read(
        "unread",
        "The opening may not be opened, and is a vertex all the same.",
        [opening, first],
        secret=None,
    )
    read("forged", "One is not from the author it names.", [*everything, forged])
    read(
        "damaged",
        "One is damaged; what refers to it is no gap.",
        [opening, first, replace(second, data=flipped(second.data, 700)), third],
    )
    read("newer", "A kind of the future.", [*everything, newer])
    read("order", "A counter that does not follow.", [*everything, disorder])
    read("fork", "A directory that is not in the history.", [*everything, fork])


SIGNERS: Final = Signers(2, tuple(signatures.public_key(of(f"custodian {number}")) for number in range(3)))
CUSTODIANS: Final = [of(f"custodian {number}") for number in range(3)]


def make_directories(maker: Maker) -> None:
    """PROTOCOL 9."""

    def given(made: Json, seeds: list[bytes] | None = None, **more: Any) -> Json:
        return {"bytes": b64(make_directory(made, [ROOT] if seeds is None else seeds)), "today": DAY, **more}

    def fails(name: str, about: str, code: str, made: Json) -> None:
        maker.fails(f"directory-{name}", about, "accept-directory", made, code)

    first = {"threshold": 1, "keys": [b64(signatures.public_key(ROOT))]}
    rotation = make_rotation(ORGANISATION, 1, SIGNERS, [ROOT])
    rotated = content(first_signers=first, signers=SIGNERS.to_json(), rotations=[rotation])
    maker.ok(
        "directory", "A directory, with a pin.", "accept-directory", given(content(), pin=b64(ORGANISATION))
    )
    maker.ok(
        "directory-rotated",
        "The signers changed to two of three.",
        "accept-directory",
        given(rotated, CUSTODIANS[1:], pin=b64(ORGANISATION)),
        organisation=b64(ORGANISATION),
    )
    unknown = {**parse_object(make_directory(content(unknown=[1.5, 10**30]), [ROOT])), "more": None}
    maker.ok(
        "directory-unknown",
        "Members that nobody knows.",
        "accept-directory",
        {"bytes": b64(write_object(unknown)), "today": DAY},
    )
    fails(
        "one-of-three",
        "One of the two that must sign.",
        "directory-signature",
        given(rotated, CUSTODIANS[:1]),
    )
    fails("format", "An id in capitals.", "directory-format", given(content(slug="Example")))
    fails("slots", "Slots as a fraction.", "directory-format", given(content(slots=4.0)))
    newer = resigned(
        parse_object(make_directory(content(), [ROOT])),
        [ROOT],
        type_="application/vnd.drempel.directory.2+json",
    )
    fails(
        "newer",
        "The type of a later version.",
        "directory-newer",
        {"bytes": b64(write_object(newer)), "today": DAY},
    )
    fails("unsigned", "Nobody signed it.", "directory-unsigned", given(content(organisation="?"), []))
    fails(
        "pin",
        "Another organisation than the link's.",
        "directory-pin",
        given(content(), pin=b64(of("another"))),
    )
    fails(
        "signers",
        "The chain of signers stops too early.",
        "directory-signers",
        given({**rotated, "rotations": []}, CUSTODIANS),
    )
    fails("rotations", "Rotations that are no list.", "directory-signers", given(content(rotations={})))
    later = resigned(rotation, [ROOT], type_="application/vnd.drempel.rotation.3+json")
    fails(
        "newer-rotation",
        "A rotation of a later version.",
        "directory-newer",
        given({**rotated, "rotations": [later]}, CUSTODIANS),
    )
    fails("chain", "A history that is too long.", "directory-chain", given(content(history=[b64(bytes(32))])))
    fails(
        "expired",
        "It was good until yesterday.",
        "directory-expired",
        given(content(expires=day_text(TODAY - 1))),
    )
    fails(
        "clock", "It is dated in three days.", "directory-clock", given(content(issued=day_text(TODAY + 3)))
    )
    seen = [{"version": 1, "hash": b64(of("x"))}, {"version": 2, "hash": b64(of("y"))}]
    fails(
        "rolled-back",
        "A newer version and another one of this number were seen: the first is told.",
        "directory-rolled-back",
        given(content(), seen=seen),
    )
    fails(
        "fork", "Another version of this number was seen.", "directory-chain", given(content(), seen=seen[:1])
    )


def make_statements(maker: Maker) -> None:
    """PROTOCOL 10."""
    stated, key = ANNA.states(DIRECTORY), ANNA.week_keys(WEEK)[0].public
    base = {
        "directory": {"file": "python-directory.bin"},
        "today": DAY,
        "recipient": "anna",
        "statement": stated,
    }
    maker.ok("statement", "A recipient's statement.", "accept-statement", base, counter=1)
    bad = resigned(stated, [ANNA.signing_seed], counter=-1)
    maker.fails(
        "statement-format",
        "A counter below zero.",
        "accept-statement",
        {**base, "statement": bad},
        "statement-format",
    )
    newer = resigned(stated, [ANNA.signing_seed], type_="application/vnd.drempel.statement.2+json")
    maker.fails(
        "statement-newer",
        "The type of a later version.",
        "accept-statement",
        {**base, "statement": newer},
        "directory-newer",
    )
    other = resigned(stated, [BERT.signing_seed])
    maker.fails(
        "statement-signature",
        "Signed by another recipient.",
        "accept-statement",
        {**base, "statement": other},
        "statement-signature",
    )
    maker.ok(
        "week-key", "The key of the first week.", "check-week-key", {**base, "week": WEEK, "key": b64(key)}
    )
    maker.fails(
        "week-key-other",
        "The key of another week.",
        "check-week-key",
        {**base, "week": WEEK + 1, "key": b64(key)},
        "statement-key",
    )
    maker.fails(
        "week-key-after",
        "The 27th week.",
        "check-week-key",
        {**base, "week": WEEK + 26, "key": b64(key)},
        "statement-expired",
    )
    people = [
        {"recipient": who.id, "statement": who.states(DIRECTORY), "key": b64(who.week_keys(WEEK)[0].public)}
        for who in (ANNA, BERT)
    ]
    answer = {"day": DAY, "week": WEEK, "recipients": people}
    asked = {
        "directory": base["directory"],
        "today": DAY,
        "keys": answer,
        "channel": "conduct",
        "kind": "fraud",
        "without": [],
    }
    maker.ok("addressees", "Everybody of a channel.", "addressees", asked, recipients=["anna", "bert"])
    maker.ok(
        "addressees-without",
        "All but those whose absence was accepted.",
        "addressees",
        {**asked, "channel": "safety", "without": ["carla"]},
        recipients=["bert"],
    )
    maker.fails(
        "addressees-missing",
        "Somebody has no keys.",
        "addressees",
        {**asked, "channel": "safety"},
        "recipient-unreachable",
    )
    maker.fails(
        "addressees-none",
        "Nobody has keys.",
        "addressees",
        {**asked, "keys": {**answer, "recipients": []}},
        "channel-closed",
    )
    maker.fails(
        "addressees-channel",
        "No such channel.",
        "addressees",
        {**asked, "channel": "gone"},
        "channel-unknown",
    )
    maker.fails(
        "addressees-kind", "Not that kind of report.", "addressees", {**asked, "kind": "gone"}, "kind-unknown"
    )
    maker.fails(
        "addressees-clock",
        "The server is three days ahead.",
        "addressees",
        {**asked, "keys": {**answer, "day": day_text(TODAY + 3)}},
        "clock-wrong",
    )


def make_keyrings(maker: Maker) -> None:
    """PROTOCOL 11."""
    root, unlocker = of("root key"), of("unlocker")
    wrapped = wrap_root_key(root, unlocker, ORGANISATION, "anna", seeded(1))
    data = seal_keyring(keyring(), root, [wrapped], ORGANISATION, seeded(2))
    bytes_ = maker.file("keyring.bin", data)
    base = {
        "bytes": bytes_,
        "unlocker": b64(unlocker),
        "organisation": b64(ORGANISATION),
        "recipient": "anna",
    }

    def fails(name: str, about: str, code: str, **change: Any) -> None:
        maker.fails(f"keyring-{name}", about, "open-keyring", {**base, **change}, code)

    maker.ok(
        "keyring", "A keyring with two conversations.", "open-keyring", base, keyring=keyring().to_json()
    )
    fails("suite", "Another suite.", "keyring-suite", bytes={**bytes_, "xor": {"0": 3}})
    fails("cut", "The last byte is missing.", "keyring-format", bytes={**bytes_, "length": len(data) - 1})
    fails("locked", "Another access code.", "keyring-locked", unlocker=b64(of("another")))
    fails("other", "Another recipient's.", "keyring-locked", recipient="bert")
    fails(
        "damaged", "A bit of the body is changed.", "keyring-damaged", bytes={**bytes_, "xor": {"5000": 16}}
    )
    one = keyring(counter=5, stated=(WEEK, 3)).with_conversation(
        of("mailbox 3"), conversation("three", messages=1)
    )
    other = keyring(
        counter=6, stated=(WEEK, 2), ratchet=ANNA.ratchet.at(WEEK), synced=None, directory=None
    ).without(of("mailbox 1"))
    other = other.with_conversation(of("mailbox 3"), conversation("another three", messages=7))
    for name, first, second in (
        ("merged", one, other),
        ("merged-back", other, one),
        ("merged-itself", one, one),
    ):
        maker.ok(
            f"keyring-{name}",
            "Two keyrings of one recipient.",
            "merge-keyrings",
            {"one": first.to_json(), "other": second.to_json()},
        )
    for name, wrong in (
        ("seeds", keyring(signing_seed=of("x"))),
        ("chains", keyring(ratchet=replace(ANNA.ratchet, chain=of("x")))),
    ):
        maker.fails(
            f"keyring-{name}",
            "Two keyrings that can't be of one recipient.",
            "merge-keyrings",
            {"one": one.to_json(), "other": wrong.to_json()},
            "keyring-damaged",
        )


def make_wire(maker: Maker) -> None:
    """PROTOCOL 5.3, 12.4 and 12.5."""
    made = draft()
    creation, token = made.creation.to_bytes(), keys_of(RECEIPT).read
    item = StoredEnvelope(of("an id", 16), TODAY, b"any bytes")

    def given(what: str, data: bytes, **more: Any) -> Json:
        return {"what": what, "bytes": b64(data), **more}

    def fails(name: str, about: str, code: str, made: Json) -> None:
        maker.fails(f"wire-{name}", about, "parse-wire", made, code)

    maker.ok("wire-creation", "A creation record.", "parse-wire", given("creation", creation))
    fails("creation-cut", "The last byte is missing.", "envelope-header", given("creation", creation[:-1]))
    fails("creation-suite", "Another suite.", "envelope-suite", given("creation", b"\x02" + creation[1:]))
    answer = wire.build_mailbox_answer(token, creation, [item])
    maker.ok(
        "wire-mailbox",
        "The answer to a return visit.",
        "parse-wire",
        given("mailbox-answer", answer, read=b64(token)),
    )
    fails(
        "mailbox-unknown",
        "The same, to another token.",
        "receipt-unknown",
        given("mailbox-answer", answer, read=b64(of("x"))),
    )
    fails(
        "mailbox-cut",
        "Half of it.",
        "answer-damaged",
        given("mailbox-answer", answer[:32_768], read=b64(token)),
    )
    twice = wire.build_mailbox_answer(token, creation, [item, item])
    fails("mailbox-twice", "One id twice.", "answer-damaged", given("mailbox-answer", twice, read=b64(token)))
    late = wire.build_mailbox_answer(token, creation, [replace(item, day=2_932_897)])
    fails(
        "mailbox-late",
        "A day after 9999-12-31.",
        "answer-damaged",
        given("mailbox-answer", late, read=b64(token)),
    )
    day = wire.day_answer([DayItem(made.creation.mailbox, item, creation), DayItem(of("m"), item, None)])
    maker.ok("wire-day", "A day of the inbox.", "parse-wire", given("day", day))
    maker.ok("wire-day-empty", "A day without anything.", "parse-wire", given("day", wire.day_answer([])))
    fails("day-cut", "Cut off at the end of an item.", "answer-damaged", given("day", day[:-36]))
    fails("day-count", "One item fewer than it says.", "answer-damaged", given("day", day[:-1] + b"\x03"))


def make_all() -> dict[str, bytes]:
    """All vectors of Python: path in this folder to content."""
    maker = Maker()
    for make in (
        make_codes,
        make_keys,
        make_openings,
        make_conversations,
        make_directories,
        make_statements,
        make_keyrings,
        make_wire,
    ):
        make(maker)
    return maker.made


def main() -> None:
    """Write what changed."""
    FILES.mkdir(exist_ok=True)
    for name, data in make_all().items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
