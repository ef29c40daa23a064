"""Opens a recipient's keyring on the server with the access code."""

import sqlite3
from contextlib import closing

from crypto.public.encoding import b64, unb64
from crypto.public.keyring_format import parse_keyring
from crypto.secret.codes import access_keys, parse_code
from crypto.secret.keyring import Keyring, open_keyring, unlock_root_key
from tests.kit.serving import Demo


def stored_keyring(demo: Demo, recipient: str) -> Keyring:
    """The keyring as it lies there now."""
    organisation = unb64(demo.codes["fingerprint"])
    with closing(sqlite3.connect(f"file:{demo.data / 'store.sqlite'}?mode=ro", uri=True)) as store:
        [(data,)] = store.execute("SELECT bytes FROM keyring WHERE recipient = ?", (recipient,)).fetchall()
    sealed = parse_keyring(data)
    keys = access_keys(parse_code(demo.access_codes[recipient], "access"), organisation)
    root_key = unlock_root_key(sealed, keys.unlocker, organisation, recipient)
    return open_keyring(sealed, root_key, organisation, recipient)


def kept_heads(demo: Demo, recipient: str) -> dict[str, frozenset[bytes]]:
    """The newest messages that the keyring notes of each conversation, by mailbox as the command line writes it."""
    keyring = stored_keyring(demo, recipient)
    return {b64(mailbox): known.heads for mailbox, known in keyring.conversations.items()}
