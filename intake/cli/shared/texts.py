"""Decodes texts that people wrote, as editors save them."""

import codecs
import re

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
LINE_END = re.compile("\r\n|[\r\x85\u2028\u2029]")


def text_in(data: bytes) -> str:
    """The text in the bytes of a file: UTF-8, unless a byte order mark says UTF-16. The mark is no part of it.

    UnicodeDecodeError if it is neither.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    return data.decode("utf-8")


def with_line_ends(text: str) -> str:
    """A text for showing, with each kind of line end replaced by a line feed (PROTOCOL 7.1)."""
    return LINE_END.sub("\n", text)
