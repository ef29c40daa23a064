"""PROTOCOL.md is normative: its tables of routes, limits, types and labels are held to the code of both languages."""

import re
from pathlib import Path
from typing import Any

from crypto.public import directory_schema, signatures
from crypto.public.blobs import LONGEST_CLAIMS
from crypto.public.directory import CLOCK_DAYS, MOST_ROTATIONS, MOST_SIGNERS
from crypto.public.envelope_format import (
    CONVERSATION_HEADER_LENGTH,
    CONVERSATION_SIZES,
    KEY_BLOCK_LENGTH,
    OPENING_HEADER_LENGTH,
    OPENING_SIZES,
    SLOT_LENGTH,
    STUB_LENGTH,
    TAG_LENGTH,
)
from crypto.public.limits import (
    CONVERSATION_BODY_LIMIT,
    CREATION_LENGTH,
    MOST_CHUNKS,
    MOST_CLAIMS,
    MOST_WANTED,
    OPENING_BODY_LIMIT,
    SLOT_COUNTS,
    TEXT_LIMIT,
)
from crypto.public.signatures import MOST_SIGNATURES
from crypto.secret.ratchet import GRACE_WEEKS
from intake.client import organisation
from intake.service.app import ROUTES
from intake.service.http.routing import API
from intake.service.openapi.document import document
from intake.service.routes.blobs import CHUNKS_AT_ONCE, CHUNKS_LIMIT
from intake.service.routes.directory import DIRECTORY_LIMIT
from intake.service.routes.keyrings import KEYRING_LIMIT, STATEMENT_LIMIT
from intake.service.routes.mailboxes import (
    MAILBOX_BYTES,
    MAILBOX_ENVELOPES,
    MAILBOX_FILES,
    WEEKS_AHEAD,
    WEEKS_BACK,
)
from intake.service.routes.sign_in import SIGN_IN_LIMIT
from intake.service.routes.sync import WANTED_LIMIT
from tests.kit.protocol import CAPABILITIES
from tests.project import ROOT, protocol_table

UNITS = {"": 1, "KiB": 1024, "MiB": 1024 * 1024}
LIMITS: dict[str, tuple[int, ...]] = {
    "text of a message": (TEXT_LIMIT,),
    "claims of an envelope": (MOST_CLAIMS, LONGEST_CLAIMS),
    "body of `PUT opening`": (OPENING_BODY_LIMIT, LONGEST_CLAIMS),
    "body of `PUT envelopes`": (CONVERSATION_BODY_LIMIT, LONGEST_CLAIMS),
    "body of `PUT chunks`": (CHUNKS_LIMIT, CHUNKS_AT_ONCE),
    "chunks of a blob": (MOST_CHUNKS,),
    "envelopes, bytes, files in a mailbox": (MAILBOX_ENVELOPES, MAILBOX_BYTES, MAILBOX_FILES),
    "directory": (
        DIRECTORY_LIMIT,
        directory_schema.MOST_CHANNELS,
        directory_schema.MOST_KINDS,
        directory_schema.MOST_RECIPIENTS,
        directory_schema.MOST_FORMER,
        directory_schema.MOST_ROUTES,
        MOST_SIGNERS,
        MOST_ROTATIONS,
    ),
    "signatures in a DSSE envelope": (MOST_SIGNATURES,),
    "body of `PUT keyring`": (KEYRING_LIMIT,),
    "body of `PUT statement`": (STATEMENT_LIMIT,),
    "body of `POST days`": (WANTED_LIMIT, MOST_WANTED),
    "any other body": (SIGN_IN_LIMIT,),
    "retention": directory_schema.RETENTION_DAYS,
    "clock difference": (CLOCK_DAYS,),
    "grace of a week's key": (GRACE_WEEKS,),
    "week of a new opening": (WEEKS_BACK, WEEKS_AHEAD),
}
PLACES = {"M": "{mailbox}", "E": "{envelope}", "DAY": "{day}", "B": "{blob}", "N": "{number}"}


def numbers(text: str) -> tuple[int, ...]:
    """The numbers in a sentence, each times the unit that follows it."""
    found = re.findall(r"([0-9][0-9,]*)(?: (KiB|MiB))?", text)
    return tuple(int(number.replace(",", "")) * UNITS[unit] for number, unit in found)


def operations() -> dict[tuple[str, str], Any]:
    """What the code's description of the API says, by method and path below `api/1/`."""
    return {
        (method.upper(), path.removeprefix(API)): operation
        for path, item in document(ROUTES)["paths"].items()
        if path.startswith(API)
        for method, operation in item.items()
        if method != "parameters"
    }


def written_routes() -> dict[tuple[str, str], list[str]]:
    """The rows of the table of routes, by method and path."""
    rows = {}
    for row in protocol_table("12.2 Routes"):
        method, address = row[0].strip("`").split(" ")
        path, _, query = address.partition("?")
        place = "/".join(PLACES.get(part, part) for part in path.split("/"))
        rows[method, place] = [*row[1:], query]
    return rows


def test_the_routes_are_those_of_the_api() -> None:
    assert set(written_routes()) == set(operations())


def test_who_may_is_written_as_it_is() -> None:
    described = operations()
    for route, (who, _, query) in written_routes().items():
        schemes = {name for choice in described[route].get("security", []) for name in choice}
        wanted = {"session"} if who == "session" else {"token"} if who.endswith(" token") else set()
        assert schemes == wanted, route
        names = [item["name"] for item in described[route].get("parameters", []) if item["in"] == "query"]
        assert names == ([query.partition("=")[0]] if query else []), route


def test_the_limits_are_those_of_the_code() -> None:
    assert {row[0]: numbers(row[1]) for row in protocol_table("## 13. Limits")} == LIMITS
    assert organisation.CLOCK_DAYS == CLOCK_DAYS
    # The server can't import what derives keys, and must not confirm a report whose key is forgotten.
    assert WEEKS_BACK == GRACE_WEEKS
    assert numbers(LIMIT_SENTENCE)[:1] == (TEXT_LIMIT,)


def test_each_body_of_the_api_has_the_limit_of_the_table() -> None:
    written = {row[0]: numbers(row[1]) for row in protocol_table("## 13. Limits")}
    names = {
        ("PUT", "mailboxes/{mailbox}/opening/{envelope}"): "body of `PUT opening`",
        ("PUT", "mailboxes/{mailbox}/envelopes/{envelope}"): "body of `PUT envelopes`",
        ("PUT", "blobs/{blob}/chunks/{number}"): "body of `PUT chunks`",
        ("PUT", "directory"): "directory",
        ("PUT", "inbox/keyring"): "body of `PUT keyring`",
        ("PUT", "inbox/statement"): "body of `PUT statement`",
        ("POST", "inbox/days/{day}"): "body of `POST days`",
    }
    for route, operation in operations().items():
        if taken := operation.get("requestBody"):
            limit = written[names.get(route, "any other body")]
            expected = sum(limit) if "mailboxes" in route[1] else limit[0]  # with its claims
            assert numbers(taken["description"]) == (expected,), route


def test_a_full_opening_and_a_full_message_fit_their_bodies() -> None:
    opening = (
        CREATION_LENGTH
        + OPENING_HEADER_LENGTH
        + SLOT_COUNTS[-1] * SLOT_LENGTH
        + STUB_LENGTH
        + KEY_BLOCK_LENGTH
        + OPENING_SIZES[-1]
        + TAG_LENGTH
    )
    assert opening <= OPENING_BODY_LIMIT
    message = CONVERSATION_HEADER_LENGTH + CONVERSATION_SIZES[-1] + TAG_LENGTH
    assert message <= CONVERSATION_BODY_LIMIT
    # The sentence below the table: lengths of 7.1, and 6 KiB of text in the smallest opening.
    spare = OPENING_SIZES[0] - 4 - 2 - 64 - 6 * 1024
    assert f"as long as its meta has at most {spare:,} bytes" in TEXT


def test_the_signed_types_are_one_registry_in_both_languages() -> None:
    written = {row[0].strip("`") for row in protocol_table("The types are one registry")}
    in_python = {value for name, value in vars(signatures).items() if str(value).startswith("application/")}
    assert in_python == written
    assert set(re.findall(r"'(application/vnd[^']+)'", script("public/signatures"))) == written


def test_every_label_of_the_key_schedule_is_used_and_no_other() -> None:
    # What follows from a custodian's code no page needs, so JavaScript has it among the tests.
    files = [*sorted(SCRIPTS.rglob("*.js")), ROOT / "tests/js/kit/custodian.js"]
    scripts = "".join(path.read_text("utf-8") for path in files)
    derived = {row[1].strip("`") for row in protocol_table("4.2 All further keys")}
    derived |= {row[2].strip("`") for row in protocol_table("4.3 Under other keys")}
    assert set(re.findall(r"derive\([^']*?'([a-z/]+)'", scripts)) == derived
    hashed = set(re.findall(r"`([a-z/-]+)`", TEXT[TEXT.index("4.4 Labels of") : TEXT.index("## 5.")]))
    found = set(re.findall(r"hashLabelled\(\s*['`]([a-z/-]+)", scripts))
    # A verifier's label is put together from the name of its capability.
    assert {label for label in hashed if not label.startswith("verifier/")} == found - {"verifier/"}
    assert {f"verifier/{name}" for name in CAPABILITIES} < hashed
    assert "verifier/" in found


def test_the_modules_are_those_of_the_table_in_both_languages() -> None:
    names = re.compile(r"`((?:public|secret)/[a-z_]+)`")
    rows = protocol_table("1.7 **Twins.**")
    written = {name for row in rows for name in names.findall(row[0])}
    in_python = modules(ROOT / "crypto", ".py") - {"public/__init__", "secret/__init__"}
    in_scripts = modules(SCRIPTS, ".js")
    assert in_python | in_scripts == written
    alone = re.search(r"^.*no twin[^#]*", TEXT, re.MULTILINE)
    assert alone
    assert in_python ^ in_scripts == set(names.findall(alone[0]))


def modules(folder: Path, suffix: str) -> set[str]:
    """The modules of both folders of an implementation, such as `secret/codes`."""
    return {f"{path.parent.name}/{path.stem}" for path in folder.glob(f"*/*{suffix}")}


SCRIPTS = ROOT / "static" / "js" / "crypto"
TEXT = (ROOT / "crypto" / "PROTOCOL.md").read_text("utf-8")
LIMIT_SENTENCE = next(row[3] for row in protocol_table("15.2 Errors") if row[0] == "`text-too-long`")


def script(name: str) -> str:
    """A file of the browser's half."""
    return (SCRIPTS / f"{name}.js").read_text("utf-8")
