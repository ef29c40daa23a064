"""The search for secrets and times can find: each is planted once and seen."""

import base64
import os
import random
import struct

import pytest

from crypto.secret.codes import parse_code
from tests.kit.secret_search import Search, Secrets

CODE = "morat-sovog-lahob-fidok-zafor-sulas-lumij-hizop"
SECRET = parse_code(CODE, "receipt")
KEY = random.Random(1).randbytes(32)
TEXT = "The director signed for deliveries that never came, \u20ac 40,000 each."
NOW = 1_795_000_000.25
NOISE = random.Random(2).randbytes(10_000) + b"\x00"

PLANTED = {
    "code as it is": CODE.encode(),
    "code in capitals": CODE.upper().encode(),
    "code joined": CODE.replace("-", "").encode(),
    "code with spaces": CODE.replace("-", " ").encode(),
    "code in a query": CODE.replace("-", "%20").encode(),
    "two groups of a code": b"'lahob-fidok'",
    "code in base64": base64.b64encode(b"x" + CODE.encode()),
    "secret bytes": SECRET,
    "secret bytes in hex": SECRET.hex().encode(),
    "secret bytes in base64": base64.b64encode(b"ab" + SECRET + b"c"),
    "secret bytes in base64url": base64.urlsafe_b64encode(SECRET),
    "key": KEY,
    "key backwards": KEY[::-1],
    "key in hex": KEY.hex().encode(),
    "key in capital hex": KEY.hex().upper().encode(),
    "key in base64url without padding": base64.urlsafe_b64encode(KEY).rstrip(b"="),
    "key inside of base64": base64.b64encode(b"abcd" + KEY),
    "text": TEXT.encode(),
    "half of a text": TEXT.encode()[:30],
    "text in UTF-16": TEXT.encode("utf-16-le"),
    "text in base64": base64.b64encode(TEXT.encode()),
    "text in hex": TEXT.encode().hex().encode(),
    "clock": b"at 23:59:01 UTC",
    "ISO 8601": b"2026-11-23T19",
    "SQL": b"2026-11-23 19:48",
    "digits of seconds": b'"time": 1795000000,',
    "digits of milliseconds": b"1795000000250",
    "digits of a float": b"1795000000.25",
    "4 bytes": struct.pack(">I", int(NOW)),
    "4 bytes, little-endian": struct.pack("<I", int(NOW)),
    "8 bytes": struct.pack(">Q", int(NOW)),
    "8 bytes of milliseconds": struct.pack("<Q", int(NOW * 1e3)),
    "6 bytes of milliseconds": struct.pack(">Q", int(NOW * 1e3))[2:],
    "8 bytes of microseconds": struct.pack(">Q", int(NOW * 1e6)),
    "8 bytes of nanoseconds": struct.pack("<Q", int(NOW * 1e9)),
    "a double": struct.pack(">d", NOW),
    "a double, little-endian": struct.pack("<d", NOW),
    "address": b"GET from 127.0.0.1:4711",
    "address in 4 bytes": bytes([127, 0, 0, 1]),
    "address in hex": b"7f000001",
    "agent": b"User-Agent: Something/1.0",
    "a browser": b"Mozilla/5.0 (X11; Linux)",
}


@pytest.fixture
def search() -> Search:
    secrets = Secrets()
    secrets.code("receipt", CODE, SECRET)
    secrets.key("key", KEY)
    secrets.text("text", TEXT)
    return Search(secrets, NOW - 20, NOW + 20)


def test_nothing_is_found_where_nothing_is(search: Search) -> None:
    days = struct.pack(">I", 20_780) + b'{"day":"2026-11-23","expires":"2027-11-23"}'
    assert search.findings(NOISE + days + struct.pack(">Q", int(NOW) - 86_400)) == set()
    assert search.in_files({"store.sqlite": NOISE}) == {}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(search: Search, name: str) -> None:
    for before in (b"", NOISE):
        assert search.findings(before + PLANTED[name] + NOISE), name
    assert search.in_files({"a": NOISE, "b": NOISE + PLANTED[name]}).keys() == {"b"}


def test_a_file_may_be_named_after_a_secret_too(search: Search) -> None:
    assert search.in_files({f"report-{KEY.hex()}": b""})


def test_what_is_random_explains_a_time_only_where_it_stands(search: Search) -> None:
    moment = struct.pack(">I", int(NOW))
    around = os.urandom(8) + moment + os.urandom(8)
    knowing = Search(search.secrets, search.first, search.last, random=NOISE + around)
    assert knowing.findings(NOISE + around) == set()
    assert knowing.findings(NOISE + b"\x00" * 8 + moment + b"\x00" * 8)


def test_a_number_in_what_was_sent_explains_no_time(search: Search) -> None:
    time = struct.pack(">I", int(search.first) + 1)
    sent = Search(search.secrets, search.first, search.last, random=bytes(7) + time[:1] + bytes(7))
    assert sent.findings(bytes(8) + time + bytes(8))
