"""Waits until a service has compressed all files, which it does after it starts; until then their lengths change."""

import http.client
import time
from urllib.parse import urlsplit

from intake.assets import read_assets, static_folder

PACKED_SECONDS = 120
PAUSE_SECONDS = 0.2


def wait_until_packed(url: str, seconds: float = PACKED_SECONDS) -> None:
    """Wait until a service sends its largest file, which it compresses last, as `br`; TimeoutError if it never does."""
    assets = read_assets(static_folder()).values()
    largest = max(assets, key=lambda asset: len(asset.content)).addresses[0]
    end = time.monotonic() + seconds
    while (coding := coding_of(url, largest)) != "br":
        if time.monotonic() > end:
            raise TimeoutError(f"{largest} is still sent as {coding or 'it is'} after {seconds:g} seconds")
        time.sleep(PAUSE_SECONDS)


def coding_of(url: str, path: str) -> str:
    """The coding of an answer to a client that accepts `br` and `gzip`, as all browsers do over https."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PACKED_SECONDS)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip, br"})
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.OK, f"{path}: {answer.status}"
        return answer.getheader("Content-Encoding", "")
    finally:
        connection.close()
