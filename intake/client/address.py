"""The address of an organisation, as it stands on a poster: `https://host/slug/#fingerprint` (PROTOCOL 12.1)."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from crypto.public.encoding import is_id, unb64

EXAMPLE = "An address looks like https://host/organisation/ or http://host.onion/organisation/."


@dataclass(frozen=True)
class Address:
    """An organisation's address. `base` ends with a slash; `pin` is the id (32 bytes) in the link, if any."""

    base: str
    pin: bytes | None

    @property
    def api(self) -> str:
        """The URL of the API of this version."""
        return self.base + "api/1/"

    @property
    def is_local(self) -> bool:
        """Whether the address is this machine's own, which is reached without a proxy."""
        host = urlsplit(self.base).hostname or ""
        return host in ("127.0.0.1", "::1", "localhost")

    @property
    def is_overheard(self) -> bool:
        """Whether tokens travel in the clear: plain http to neither this machine nor an onion service."""
        parts = urlsplit(self.base)
        return parts.scheme == "http" and not self.is_local and not (parts.hostname or "").endswith(".onion")


def read_pin(text: str) -> bytes:
    """The organisation id in a fingerprint; ValueError, with a sentence for a person, if it is malformed."""
    try:
        return unb64(text.removeprefix("#"), 32)
    except ValueError:
        raise ValueError("A fingerprint is 43 letters, digits, '-' and '_': copy the whole of it.") from None


def read_address(server: str, pin: str | None = None) -> Address:
    """The address that a person typed; ValueError, with a sentence for a person, if it is malformed."""
    try:
        parts = urlsplit(server.strip())
        port = parts.port
        # httpx refuses more addresses than urlsplit, with messages that are not for a person.
        known = bool(httpx.URL(server.strip()).host)
    except (ValueError, httpx.InvalidURL):
        raise ValueError(EXAMPLE) from None
    if parts.scheme not in ("http", "https") or not known or port == 0 or "@" in parts.netloc:
        raise ValueError(EXAMPLE)
    _check_no_query(parts.query or parts.fragment.partition("?")[2])
    path = parts.path.strip("/")
    _check_slug(path.rpartition("/")[2], path)
    # An empty --pin comes from a script whose variable is unset: it must not count as "no pin".
    pins = {read_pin(text) for text in (parts.fragment or None, pin) if text is not None}
    if len(pins) > 1:
        raise ValueError("The link and --pin name two different organisations.")
    return Address(f"{parts.scheme}://{parts.netloc}/{path}/", pins.pop() if pins else None)


def _check_no_query(query: str) -> None:
    """Refuse a query: social networks and mailings add one, with which they track who follows a link."""
    if query:
        name = re.match("[A-Za-z0-9_.-]{0,40}", query)
        raise ValueError(
            f"Leave out '?{name[0] if name else ''}...': an address of Drempel has no question mark."
        )


def _check_slug(slug: str, path: str) -> None:
    """Refuse what people type in place of an organisation's name, each mistake with its own sentence."""
    if "%23" in slug:
        raise ValueError("In the address stands '%23' where '#' belongs: put a '#' there.")
    if slug == "inbox":
        missing = "" if path != slug else " The organisation's name is missing before it."
        raise ValueError(f"This is the address of the inbox's page: leave out 'inbox' at its end.{missing}")
    if slug.endswith(".html"):
        raise ValueError(
            "This is the address of a page: leave out what stands after the organisation's name."
        )
    if not is_id(slug) and is_id(slug.lower()):
        raise ValueError(f"The organisation's name has no capital letters: write '{slug.lower()}'.")
    if not is_id(slug):
        raise ValueError(
            "The address must end with the organisation's name, as in https://host/organisation/."
        )
