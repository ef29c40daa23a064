"""Makes and signs a statement (PROTOCOL 10.1)."""

from collections.abc import Sequence

from crypto.public import signatures
from crypto.public.directory import Quote
from crypto.public.encoding import b64, write_object
from crypto.public.signatures import make_dsse
from crypto.public.statement import (
    WEEKS,
    week_key_hash,
)


def make_statement(
    organisation: bytes,
    recipient: str,
    counter: int,
    directory: Quote,
    first_week: int,
    keys: Sequence[bytes],
    signing_seed: bytes,
) -> bytes:
    """Make a statement's DSSE envelope; `keys` are the 26 public keys, 1,216 bytes each."""
    if len(keys) != WEEKS:
        raise ValueError("a statement announces 26 weeks")
    content = {
        "organisation": b64(organisation),
        "recipient": recipient,
        "counter": counter,
        "directory": directory.to_json(),
        "first_week": first_week,
        "keys": b64(b"".join(week_key_hash(key) for key in keys)),
    }
    return make_dsse(signatures.STATEMENT, write_object(content), [signing_seed])
