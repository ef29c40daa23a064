"""Vectors of keyrings (PROTOCOL 11), made by Python."""

from dataclasses import replace
from typing import Any

from crypto.public.encoding import b64
from crypto.secret.keyring import seal_keyring, wrap_root_key
from tests.crypto.kit.organisation_builders import ANNA, ORGANISATION, WEEK, of, seeded
from tests.crypto.kit.thread_builders import conversation, keyring
from tests.vectors.making.maker import Maker


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
