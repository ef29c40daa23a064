"""Vectors of messages and threads (PROTOCOL 6.9, 7, 8), made by Python."""

from dataclasses import replace
from typing import Any

from crypto.public.answers import StoredEnvelope
from crypto.public.encoding import b64, day_text, write_object
from crypto.secret.primitives import derive, seal
from tests.crypto.kit.organisation_builders import ANNA, BERT, DIRECTORY, ORGANISATION, Json, flipped, of
from tests.crypto.kit.report_builders import padded_message, report, signed_content
from tests.crypto.kit.thread_builders import Mailbox
from tests.vectors.making.maker import DAY, TEXT, Maker


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
