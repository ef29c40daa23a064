"""The custodian of a demonstration, who can sign directories."""

from typing import Any

import httpx

from crypto.public.encoding import b64, hash_labelled, parse_object, unb64
from crypto.public.signatures import parse_dsse
from crypto.secret.codes import parse_code, root_seed
from crypto.secret.directory_sign import make_directory
from tests.kit.serving import Demo


class Custodian:
    """Signs directories of the demonstration's organisation."""

    def __init__(self, demo: Demo) -> None:
        self._address = f"{demo.url}api/1/directory"
        self.seed = root_seed(parse_code(demo.codes["custodian_code"], "custodian"))
        self.organisation = unb64(demo.codes["fingerprint"], 32)

    def served(self) -> bytes:
        """The directory from the honest server."""
        return httpx.get(self._address).raise_for_status().content

    def signed(self, **changes: Any) -> bytes:
        """The served version, with other content and a right signature."""
        return make_directory({**content_of(self.served()), **changes}, [self.seed])

    def following(self, **changes: Any) -> bytes:
        """The next version after the served one."""
        served = self.served()
        content = content_of(served)
        history = [*content["history"], b64(hash_labelled("directory", parse_dsse(served).payload))]
        made = {**content, "version": content["version"] + 1, "history": history, **changes}
        return make_directory(made, [self.seed])

    def publish(self, document: bytes) -> None:
        """Publish a version on the honest server."""
        httpx.put(self._address, content=document).raise_for_status()


def content_of(document: bytes) -> dict[str, Any]:
    """The content of a directory."""
    return parse_object(parse_dsse(document).payload)
