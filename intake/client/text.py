"""What a person wrote, before it is sealed."""

from crypto.errors import DrempelError
from crypto.message import TEXT_LIMIT


def check_text(text: str) -> str:
    """The text, if it can be sent; DrempelError `text-empty` or `text-too-long` if not."""
    if not text.strip():
        raise DrempelError("text-empty")
    if len(text.encode("utf-8")) > TEXT_LIMIT:
        raise DrempelError("text-too-long")
    return text
