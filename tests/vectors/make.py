"""Makes all vectors of Python again: `python -m tests.vectors.make`. Failures are stated by hand here.

All but the openings are the same to the byte each time. Python's HPKE draws randomness of its own, so an opening is
sealed once, and its committed bytes are kept from then on.
"""

from tests.crypto.kit.vectors import FILES, FOLDER
from tests.vectors.making.attachments import make_attachments
from tests.vectors.making.codes import make_codes, make_keys
from tests.vectors.making.conversations import make_conversations
from tests.vectors.making.directories import make_directories, make_statements
from tests.vectors.making.keyrings import make_keyrings
from tests.vectors.making.maker import Maker
from tests.vectors.making.openings import make_openings
from tests.vectors.making.wire import make_wire


def make_all() -> dict[str, bytes]:
    """All vectors of Python: path in this folder to content."""
    maker = Maker()
    for make in (
        make_codes,
        make_keys,
        make_openings,
        make_conversations,
        make_directories,
        make_statements,
        make_keyrings,
        make_wire,
        make_attachments,
    ):
        make(maker)
    return maker.made


def main() -> None:
    """Write what changed."""
    FILES.mkdir(exist_ok=True)
    for name, data in make_all().items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
