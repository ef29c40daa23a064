"""The proxy that the environment names: a person who routes everything over Tor must not be bypassed."""

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

SCHEMES = ("http", "https", "socks5", "socks5h")
PORTS = range(1, 65536)
FORM = "Write it as http://host:port or socks5h://host:port."


@dataclass(frozen=True)
class Proxy:
    """A proxy. `place` names its variable; `url` may hold a password, so no message may contain it."""

    place: str
    url: str = field(repr=False)


def read_proxy(environment: Mapping[str, str]) -> Proxy | None:
    """The proxy of ALL_PROXY, HTTPS_PROXY or HTTP_PROXY, in capitals or not, if there is one.

    ValueError, with a sentence for a person, if it can't be used: without it, the request would show who sends it.
    """
    found = urllib.request.getproxies()
    scheme = next((scheme for scheme in ("all", "https", "http") if found.get(scheme)), None)
    if scheme is None:
        return None
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper())
    place = next((name for name in names if environment.get(name)), "the system's settings")
    return Proxy(place, _usable(found[scheme].strip(), place))


def _usable(text: str, place: str) -> str:
    """The proxy's address in the form that httpx takes. Without a scheme it is http, as for curl."""
    url = text if "://" in text else f"http://{text}"
    url = f"socks5://{url.removeprefix('socks://')}" if url.startswith("socks://") else url
    try:
        parts = httpx.URL(url)
        usable = bool(parts.host) and parts.port in (None, *PORTS)
    except (httpx.InvalidURL, ValueError):
        raise ValueError(f"The proxy in {place} is no address. {FORM}") from None
    if parts.scheme not in SCHEMES:
        raise ValueError(f"The proxy in {place} is of a kind that can't be used. {FORM}")
    if not usable:
        raise ValueError(f"The proxy in {place} has no host, or a port that can't be. {FORM}")
    return url
