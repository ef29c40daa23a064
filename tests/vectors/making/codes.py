"""Vectors of codes and keys (PROTOCOL 2, 3, 4), made by Python."""

from typing import Any

from crypto.public import signatures
from crypto.public.encoding import b64, day_text
from crypto.secret import codes
from tests.crypto.kit.organisation_builders import ORGANISATION, TODAY, WEEK, Json, of
from tests.vectors.making.maker import NOTHING, Maker


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
    groups = code.split("-")
    written = {
        "mark": f"\ufeff{code}",
        "zero-width": code.replace("-", "\u200b-\u2060"),
        "direction": f"\u202a\u200e{code}\u202c",
        "soft-hyphen": code.replace("-", "\u00ad-\u00ad").replace("a", "\u00ada"),
        "quotes": f"\u201e{code}\u201c",
        "numbered": "\r\n".join(f"{place}. {group}" for place, group in enumerate(groups, start=1)),
        "numbered-from": "\n".join([*groups[:6], f"07) {groups[6]}", f"(8) {groups[7]}"]),
        "quoted": "\n".join(f"> * [{group}]" for group in groups),
    }
    for name, text in written.items():
        given = {"text": text, "kind": "receipt"}
        maker.ok(
            f"code-written-{name}", "The same code as it arrives.", "parse-code", given, secret=b64(secret)
        )

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
    numbered = "\n".join(f"{place}. {group}" for place, group in enumerate(groups, start=1))
    wrong = numbered.replace(groups[4], groups[4].replace(groups[4][1], "e", 1))
    parse("numbered-slip", "A slip in a numbered code.", wrong, "code-malformed", group=5, correction=code)
    parse("other-number", "A number that is not the next group's.", f"2 {code}", "code-malformed")
    parse("number-after", "A number after the last group.", f"{code} 9", "code-malformed")
    glued = code[:6] + "2" + code[6:]
    parse(
        "glued-number", "A digit within a group, although it is its number.", glued, "code-malformed", group=2
    )
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
