"""Makes and signs a directory (PROTOCOL 9.1)."""

from collections.abc import Iterable, Mapping

from crypto.public import signatures
from crypto.public.encoding import (
    write_object,
)
from crypto.public.signatures import make_dsse


def make_directory(content: Mapping[str, object], seeds: Iterable[bytes]) -> bytes:
    """Make the DSSE envelope of a directory with that content, signed with the custodians' root seeds."""
    return make_dsse(signatures.DIRECTORY, write_object(content), seeds)
