"""PROTOCOL 16.8: whatever a file is called, it is saved under a name that does no harm."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.public.filename import LONGEST_NAME, safe_name
from tests.project import ROOT

HOSTILE = [
    *'/\\.:<>"|?*- ~$\0\n\r\x1b\u202e\u2066\u200d\ufeff\u00a0\u3000\u2028\ufe0f\u0338\ud83d\ude00\U0001f4f7',
    *("..", "--", "CON", "nul", "COM1", "lpt²", ".exe", ".tar", ".gz", ".TXT", " (2)"),
    *("e\u0301", "é", "É", "ß", "ẞ", "SS", "ﬁ", "İ", "ı", "i", "I", "Σ", "σ", "ς", "Ａ", "a", "A"),
    *("K", "\u212a", "\u0390", "\u03aa\u0301", "\u2024", "漢" * 39, "é" * 58, "x" * 115),
]
NAMES = st.one_of(
    st.lists(st.sampled_from(HOSTILE), max_size=8).map("".join),
    st.text(st.characters(), max_size=150),
)
DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.[^.]*)?", re.ASCII | re.IGNORECASE
)


def listed(what: str) -> list[tuple[int, int]]:
    """The code points that PROTOCOL 16.8 lists after `what`, as first and last of each range."""
    text = (ROOT / "crypto" / "PROTOCOL.md").read_text("utf-8")
    rest = text[text.index("\n16.8 ") :]
    ranges = re.match(r"[\s0-9A-F-]+", rest[rest.index("U+", rest.index(what)) + 2 :])
    assert ranges
    ends = [part.split("-") for part in ranges[0].split()]
    return [(int(pair[0], 16), int(pair[-1], 16)) for pair in ends]


@settings(max_examples=500)
@given(NAMES)
def test_a_name_is_safe(name: str) -> None:
    safe = safe_name(name, {})
    assert safe.strip(" .") == safe != ""
    assert not set(safe) & set('/\\<>:"|?*')
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for letter in safe)
    assert not any(letter.isspace() and letter != " " for letter in safe)
    assert "  " not in safe
    assert safe.count(".") <= 1
    assert not safe.startswith("-")
    assert not DEVICES.fullmatch(safe)
    assert len(safe.encode("utf-8")) <= LONGEST_NAME
    assert unicodedata.is_normalized("NFC", safe)
    assert safe_name(safe, {}) == safe


@settings(max_examples=200)
@given(st.lists(NAMES, max_size=30))
def test_no_two_files_of_a_folder_are_saved_under_one_name(names: list[str]) -> None:
    taken: dict[str, int] = {}
    safe = [safe_name(name, taken) for name in names]
    folded = [unicodedata.normalize("NFKC", name).casefold() for name in safe]
    assert len(set(folded)) == len(names)
    assert len({unicodedata.normalize("NFD", name).lower() for name in safe}) == len(names)
    assert len({unicodedata.normalize("NFD", name).upper() for name in safe}) == len(names)
    assert all(len(name.encode("utf-8")) <= LONGEST_NAME + len(" (30)") for name in safe)


@settings(max_examples=20)
@given(st.lists(NAMES, max_size=10))
def test_each_name_makes_a_file_and_only_in_its_folder(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder: Path = tmp_path_factory.mktemp("names")
    taken: dict[str, int] = {}
    for name in names:
        with (folder / safe_name(name, taken)).open("x"):
            pass
    assert len(list(folder.iterdir())) == len(names)


def test_what_the_protocol_lists_is_dropped_and_nothing_beside_it() -> None:
    ranges = listed("is dropped")
    assert len(ranges) == 30
    kept = {0x2F, 0x5C}  # what comes before a slash is no part of the name
    blanks = {code for first, last in listed("run of blanks") for code in range(first, last + 1)}
    for first, last in ranges:
        for code in (first, (first + last) // 2, last):
            assert safe_name(f"a{chr(code)}b.txt", {}) == "ab.txt", hex(code)
        for code in (first - 1, last + 1):
            inside = any(low <= code <= high for low, high in ranges) or code in kept | blanks
            if 0 <= code <= 0x10FFFF and not inside:
                assert safe_name(f"a{chr(code)}b.txt", {}) != "ab.txt", hex(code)


def test_each_blank_that_the_protocol_lists_becomes_one_space() -> None:
    ranges = listed("run of blanks")
    every = "".join(chr(code) for first, last in ranges for code in range(first, last + 1))
    assert len(every) == 18
    assert all(safe_name(f"a{blank}b", {}) == "a b" for blank in every)
    assert safe_name(f"a{every}b", {}) == "a b"


def test_no_category_of_what_cannot_be_seen_is_left_out() -> None:
    unseen = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    ]
    assert len(unseen) > 137_000
    assert safe_name(f"a{''.join(unseen)}b", {}) == "ab"
    white = "".join(chr(code) for code in range(0x110000) if chr(code).isspace() and chr(code) not in unseen)
    assert safe_name(f"a{white}b", {}) == "a b"


def test_many_files_of_one_name_cost_no_more_looks_than_they_are() -> None:
    class Counting(dict[str, int]):
        looks = 0

        def __contains__(self, key: object) -> bool:
            self.looks += 1
            return super().__contains__(key)

    taken = Counting()
    names = [safe_name("scan.pdf", taken) for _ in range(1000)]
    assert names[0] == "scan.pdf"
    assert names[-1] == "scan (1000).pdf"
    assert taken.looks < 3 * len(names)
