"""PROTOCOL 4: all keys of a code, one label each."""

from crypto.public import signatures
from crypto.public.encoding import hash_labelled
from crypto.public.mailbox import mailbox_id
from crypto.secret.codes import access_keys, reporter_keys, root_seed
from crypto.secret.primitives import argon2id, derive
from tests.crypto.kit.organisation_builders import ORGANISATION, of

SECRET = of("a secret", 14)


def test_a_receipt_gives_its_keys_by_label() -> None:
    keys, master = reporter_keys(SECRET, ORGANISATION), argon2id(SECRET, ORGANISATION)
    assert keys.read == derive(master, b"", "receipt/read")
    assert keys.write == derive(master, b"", "receipt/write")
    assert keys.delete == derive(master, b"", "receipt/delete")
    assert keys.conversation == derive(master, b"", "receipt/conversation")
    assert keys.signing_seed == derive(master, b"", "receipt/signing")
    assert keys.xwing_seed == derive(master, b"", "receipt/xwing")
    assert keys.stub == derive(master, b"", "receipt/stub")
    assert keys.signing_key == signatures.public_key(keys.signing_seed)
    read = hash_labelled("verifier/read", keys.read)
    assert (
        keys.mailbox
        == hash_labelled("mailbox", read + keys.signing_key)
        == mailbox_id(read, keys.signing_key)
    )


def test_an_access_code_gives_its_keys_by_label() -> None:
    keys, master = access_keys(SECRET, ORGANISATION), argon2id(SECRET, ORGANISATION)
    assert keys.login_seed == derive(master, b"", "access/login")
    assert keys.unlocker == derive(master, b"", "access/unlocker")
    assert keys.login_key == signatures.public_key(keys.login_seed)


def test_a_custodian_s_code_gives_the_root_seed_without_an_organisation() -> None:
    assert root_seed(SECRET) == derive(argon2id(SECRET, b"drempel/1/custodian"), b"", "custodian/root")


def test_one_code_means_nothing_in_another_organisation() -> None:
    assert reporter_keys(SECRET, ORGANISATION).mailbox != reporter_keys(SECRET, of("elsewhere")).mailbox
    assert access_keys(SECRET, ORGANISATION).unlocker != access_keys(SECRET, of("elsewhere")).unlocker


def test_no_two_keys_of_a_code_are_the_same() -> None:
    receipt, access = reporter_keys(SECRET, ORGANISATION), access_keys(SECRET, ORGANISATION)
    keys = [*vars(receipt).values(), *vars(access).values(), root_seed(SECRET)]
    assert len(set(keys)) == len(keys)
