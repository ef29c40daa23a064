"""The address of an organisation, as it stands on a poster: `https://host/slug/#fingerprint` (PROTOCOL 12.1)."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from crypto.encoding import is_id, unb64


@dataclass(frozen=True)
class Address:
    """`base` ends with a slash; `pin` is the organisation id (32 bytes) that the link vouches for, if it has one."""

    base: str
    pin: bytes | None

    @property
    def api(self) -> str:
        """Where the API of this version is."""
        return self.base + "api/1/"

    @property
    def is_local(self) -> bool:
        """Whether this machine itself is named, which no proxy needs to reach."""
        host = urlsplit(self.base).hostname or ""
        return host in ("127.0.0.1", "::1", "localhost")

    @property
    def is_overheard(self) -> bool:
        """Whether tokens travel for anybody on the way to read: plain http to neither this machine nor an onion."""
        parts = urlsplit(self.base)
        return parts.scheme == "http" and not self.is_local and not (parts.hostname or "").endswith(".onion")


def read_pin(text: str) -> bytes:
    """The organisation id in a fingerprint; ValueError, in words for a person, if it is none."""
    try:
        return unb64(text.removeprefix("#"), 32)
    except ValueError:
        raise ValueError("A fingerprint is 43 letters, digits, '-' and '_': copy the whole of it.") from None


def read_address(server: str, pin: str | None = None) -> Address:
    """The address in what a person typed; ValueError, in words for a person, if it is none."""
    example = "An address looks like https://host/organisation/ or http://host.onion/organisation/."
    try:
        parts = urlsplit(server.strip())
        port = parts.port
    except ValueError:
        raise ValueError(example) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(example)
    if parts.query or "@" in parts.netloc:
        raise ValueError(example)
    path = parts.path.strip("/")
    if path.endswith("/inbox"):
        raise ValueError("This is the address of the inbox's page: leave out 'inbox' at its end.")
    if not is_id(path.rpartition("/")[2]):
        raise ValueError(
            "The address must end with the organisation's name, as in https://host/organisation/."
        )
    # An empty --pin is a script whose variable is not set: it must not pass for "without".
    pins = {read_pin(text) for text in (parts.fragment or None, pin) if text is not None}
    if len(pins) > 1:
        raise ValueError("The link and --pin name two different organisations.")
    return Address(f"{parts.scheme}://{parts.netloc}/{path}/", pins.pop() if pins else None)
