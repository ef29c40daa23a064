"""Makes codes with all keys derived from them, to search for them where they must not be."""

from crypto.public.encoding import unb64
from crypto.secret.codes import access_keys, parse_code, reporter_keys
from tests.kit.secret_search import Secrets

REPORTER_KEYS = ("read", "write", "delete", "conversation", "signing_seed", "xwing_seed", "stub")


def add_receipt(secrets: Secrets, receipt: str, fingerprint: str) -> None:
    """A receipt of the organisation with this fingerprint, and all keys and tokens from it."""
    secret = parse_code(receipt, "receipt")
    keys = reporter_keys(secret, unb64(fingerprint))
    secrets.code("receipt", receipt, secret)
    for name in REPORTER_KEYS:
        secrets.key(name, getattr(keys, name))


def add_access_code(secrets: Secrets, code: str, fingerprint: str) -> None:
    """A recipient's access code, and the keys from it."""
    secret = parse_code(code, "access")
    keys = access_keys(secret, unb64(fingerprint))
    secrets.code("access code", code, secret)
    secrets.key("login seed", keys.login_seed)
    secrets.key("unlocker", keys.unlocker)
