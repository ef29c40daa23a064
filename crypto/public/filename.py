"""Makes safe file names from the names that authors chose (PROTOCOL 16.8)."""

import re
import unicodedata

LONGEST_NAME = 120
"""Bytes of UTF-8. Every file system then has room for a number, and for the suffix of an unfinished file."""


def _among(ranges: str) -> str:
    """A character class of code points, listed as in PROTOCOL 16.8: Unicode's categories change between versions."""
    escaped = re.sub("[0-9A-F]+", lambda found: f"\\U{int(found[0], 16):08X}", ranges)
    return f"[{escaped.replace(' ', '')}]"


_DROPPED = re.compile(
    _among(
        "0000-001F 007F-009F 00AD 034F 0600-0605 061C 06DD 070F 0890-0891 08E2 115F-1160 17B4-17B5 "
        "180B-180F 200B-200F 2028-202E 2060-206F 3164 D800-F8FF FDD0-FDEF FE00-FE0F FEFF FFA0 FFF0-FFFB "
        "FFFE-FFFF 110BD 110CD 13430-1345F 1BCA0-1BCA3 1D173-1D17A E0000-10FFFF"
    )
)
_BLANKS = re.compile(_among("0020 00A0 1680 2000-200A 202F 205F 2800 3000") + "+")
_FORBIDDEN = re.compile('[<>:"|?*]')
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\Z", re.ASCII | re.IGNORECASE)


def safe_name(name: str, taken: dict[str, int]) -> str:
    """A name that is safe for file systems and readers, and that no other file of the folder has.

    `taken` is empty at first and kept for one folder; only this function reads it.
    """
    stem, extension = _split(_clean(name))
    stem = _cut(_harmless(stem), LONGEST_NAME - len(extension))
    safe = stem + extension
    first = _compared(safe)
    # Starts from the last number, not from 2: else a thousand files of one name would cost a million look-ups.
    number = taken.get(first, 0)
    while _compared(safe) in taken:
        number += 1
        safe = f"{stem} ({number}){extension}"
    taken[_compared(safe)] = 1
    taken[first] = max(1, number)
    return safe


def _clean(name: str) -> str:
    base = re.split(r"[/\\]", name)[-1]
    spaced = _BLANKS.sub(" ", _DROPPED.sub("", base))
    # Normalised last, since a dropped character can have stood between a letter and its accent.
    return unicodedata.normalize("NFC", _FORBIDDEN.sub("_", spaced))


def _split(name: str) -> tuple[str, str]:
    trimmed = name.strip(" .")
    found = _EXTENSION.search(trimmed)
    extension = found[0] if found else ""
    # Only one dot is left: a second extension would hide the real one.
    return trimmed[: len(trimmed) - len(extension)].replace(".", "_").rstrip(" "), extension


def _harmless(stem: str) -> str:
    if not stem:
        return "file"
    return f"_{stem}" if stem.startswith("-") or _DEVICE.match(stem) else stem


def _cut(stem: str, length: int) -> str:
    return stem.encode("utf-8")[:length].decode("utf-8", "ignore").rstrip(" ")


def _compared(name: str) -> str:
    """The key of a name, equal for names that some file system takes for the same."""
    folded = unicodedata.normalize("NFKC", name).lower().upper()
    return unicodedata.normalize("NFKC", folded)
