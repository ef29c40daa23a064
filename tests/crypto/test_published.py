"""The published test vectors of the standards we stand on, run against the libraries we stand on.

`tests/vectors/published/README.md` says where each comes from; `tests/js/published.test.js` runs the same files.
Ours is only the last part: the words of a code, and the points that `crypto.public.signatures` refuses.
"""

import hashlib
import hmac
import ipaddress
import json
from typing import Any, Final

import pytest
from argon2 import low_level as argon2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl as rust_openssl
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.encoding import RawEncoder
from nacl.exceptions import BadSignatureError
from nacl.hash import blake2b
from nacl.signing import SigningKey, VerifyKey

from crypto.public import signatures
from crypto.secret.codes import format_code
from tests.project import ROOT

Vector = dict[str, Any]

XWING: Final = 0x647A
MLKEM_CIPHERTEXT: Final = 1088
XWING_LABEL: Final = b"\\.//^\\"


def published(name: str) -> Any:
    return json.loads((ROOT / "tests" / "vectors" / "published" / f"{name}.json").read_text("utf-8"))


def named(vector: Vector) -> str:
    return str(vector.get("name") or vector.get("meaning"))


def raw(vector: Vector, *fields: str) -> list[bytes]:
    return [bytes.fromhex(vector[field]) for field in fields]


# X-Wing, the key encapsulation


class XWing:
    """The draft's decapsulation key, put together from the parts that `cryptography` offers."""

    def __init__(self, seed: bytes) -> None:
        expanded = hashlib.shake_256(seed).digest(96)
        self.mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        self.x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])

    def public(self) -> bytes:
        return self.mlkem.public_key().public_bytes_raw() + self.x25519.public_key().public_bytes_raw()

    def decapsulate(self, ciphertext: bytes) -> bytes:
        ours, theirs = ciphertext[:MLKEM_CIPHERTEXT], ciphertext[MLKEM_CIPHERTEXT:]
        agreed = self.x25519.exchange(X25519PublicKey.from_public_bytes(theirs))
        public = self.x25519.public_key().public_bytes_raw()
        return hashlib.sha3_256(
            self.mlkem.decapsulate(ours) + agreed + theirs + public + XWING_LABEL
        ).digest()


@pytest.mark.parametrize("vector", published("xwing")["whole"], ids=named)
def test_xwing(vector: Vector) -> None:
    seed, public, ciphertext, secret = raw(vector, "seed", "public_key", "ciphertext", "shared_secret")
    key = XWing(seed)
    assert key.public() == public
    assert key.decapsulate(ciphertext) == secret


@pytest.mark.parametrize("vector", published("xwing")["by_beginning"], ids=named)
def test_the_public_keys_of_the_other_xwing_vectors_begin_right(vector: Vector) -> None:
    """Encapsulation takes no randomness in `cryptography`: JavaScript checks the rest of these."""
    seed, beginning = raw(vector, "seed", "public_key_starts")
    assert XWing(seed).public().startswith(beginning)


# HPKE, RFC 9180


def labeled_extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return HKDF.extract(hashes.SHA256(), salt or None, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(hashes.SHA256(), length, labeled).derive(key)


def key_schedule(vector: Vector) -> tuple[bytes, bytes, bytes]:
    """Key, base nonce and exporter secret in mode base, as RFC 9180, section 5.1, writes it."""
    numbers = [vector[part] for part in ("kem_id", "kdf_id", "aead_id")]
    suite = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in numbers)
    info, shared = raw(vector, "info", "shared_secret")
    context = (
        b"\0"
        + labeled_extract(suite, b"", b"psk_id_hash", b"")
        + labeled_extract(suite, b"", b"info_hash", info)
    )
    secret = labeled_extract(suite, shared, b"secret", b"")
    return (
        labeled_expand(suite, secret, b"key", context, 32),
        labeled_expand(suite, secret, b"base_nonce", context, 12),
        labeled_expand(suite, secret, b"exp", context, 32),
    )


@pytest.mark.parametrize("vector", published("hpke"), ids=named)
def test_the_hpke_key_schedule(vector: Vector) -> None:
    assert list(key_schedule(vector)) == raw(vector, "key", "base_nonce", "exporter_secret")


@pytest.mark.parametrize("vector", published("hpke"), ids=named)
def test_every_hpke_message_seals_as_published(vector: Vector) -> None:
    key, base_nonce, _ = key_schedule(vector)
    cipher = (AESGCM if vector["aead_id"] == 2 else ChaCha20Poly1305)(key)
    for message in vector["encryptions"]:
        nonce, plaintext, aad, ciphertext = raw(message, "nonce", "pt", "aad", "ct")
        assert nonce == (int.from_bytes(base_nonce, "big") ^ message["sequence"]).to_bytes(12, "big")
        assert cipher.encrypt(nonce, plaintext, aad) == ciphertext


def test_the_hpke_suite_of_cryptography_opens_what_is_published_for_our_kem() -> None:
    """The public `decrypt` takes no associated data and every published vector has some, hence the binding."""
    vector = next(vector for vector in published("hpke") if vector["kem_id"] == XWING)
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    seed, public, info, enc = raw(vector, "skRm", "pkRm", "info", "enc")
    first = vector["encryptions"][0]
    aad, plaintext, ciphertext = raw(first, "aad", "pt", "ct")
    key = XWing(seed)
    assert key.public() == public
    private = MLKEM768X25519PrivateKey(key.mlkem, key.x25519)
    assert rust_openssl.hpke._decrypt_with_aad(suite, enc + ciphertext, private, info, aad) == plaintext


def test_the_hpke_suite_of_cryptography_opens_what_is_published_for_our_cipher() -> None:
    vector = next(vector for vector in published("hpke") if vector["kem_id"] == 0x20)
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    seed, info, enc = raw(vector, "skRm", "info", "enc")
    aad, plaintext, ciphertext = raw(vector["encryptions"][0], "aad", "pt", "ct")
    private = X25519PrivateKey.from_private_bytes(seed)
    assert rust_openssl.hpke._decrypt_with_aad(suite, enc + ciphertext, private, info, aad) == plaintext


def test_our_own_suite_seals_to_the_key_schedule_that_the_vectors_prove() -> None:
    """Nobody has published X-Wing with AES-256-GCM: the parts above, put together, open what the library seals."""
    key = XWing(bytes(range(32)))
    private = MLKEM768X25519PrivateKey(key.mlkem, key.x25519)
    sealed = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM).encrypt(
        b"a report", private.public_key(), b"info"
    )
    enc, ciphertext = sealed[: MLKEM_CIPHERTEXT + 32], sealed[MLKEM_CIPHERTEXT + 32 :]
    shared = key.decapsulate(enc)
    content, nonce, _ = key_schedule(
        {
            "kem_id": XWING,
            "kdf_id": 1,
            "aead_id": 2,
            "info": b"info".hex(),
            "shared_secret": shared.hex(),
        }
    )
    assert AESGCM(content).decrypt(nonce, ciphertext, None) == b"a report"


# Argon2id, HKDF, BLAKE2b, AES-256-GCM


def argon2id(vector: Vector) -> bytes:
    """The lowest call of argon2-cffi: the only one that takes a secret and associated data, as RFC 9106 does."""
    ffi = argon2.ffi
    password, salt, secret, data = raw(vector, "password", "salt", "secret", "associated_data")
    inputs = [ffi.new("uint8_t[]", part or b"\0") for part in (password, salt, secret, data)]
    out = ffi.new("uint8_t[]", 32)
    context = ffi.new(
        "argon2_context *",
        {
            "out": out,
            "outlen": 32,
            "version": argon2.ARGON2_VERSION,
            "pwd": inputs[0],
            "pwdlen": len(password),
            "salt": inputs[1],
            "saltlen": len(salt),
            "secret": inputs[2] if secret else ffi.NULL,
            "secretlen": len(secret),
            "ad": inputs[3] if data else ffi.NULL,
            "adlen": len(data),
            "t_cost": vector["passes"],
            "m_cost": vector["memory_kib"],
            "lanes": vector["lanes"],
            "threads": vector["lanes"],
            "allocate_cbk": ffi.NULL,
            "free_cbk": ffi.NULL,
            "flags": 0,
        },
    )
    assert argon2.core(context, argon2.Type.ID.value) == 0
    return bytes(ffi.buffer(out))


@pytest.mark.parametrize("vector", published("argon2id"), ids=named)
def test_argon2id(vector: Vector) -> None:
    assert argon2id(vector).hex() == vector["tag"]


@pytest.mark.parametrize(
    "vector", [vector for vector in published("argon2id") if not vector["secret"]], ids=named
)
def test_argon2id_by_the_call_that_we_make(vector: Vector) -> None:
    password, salt = raw(vector, "password", "salt")
    tag = argon2.hash_secret_raw(
        password, salt, vector["passes"], vector["memory_kib"], vector["lanes"], 32, argon2.Type.ID
    )
    assert tag.hex() == vector["tag"]


@pytest.mark.parametrize("vector", published("hkdf_sha256"), ids=named)
def test_hkdf_sha256(vector: Vector) -> None:
    ikm, salt, info, prk, okm = raw(vector, "ikm", "salt", "info", "prk", "okm")
    assert HKDF.extract(hashes.SHA256(), salt or None, ikm) == prk
    assert HKDF(hashes.SHA256(), vector["length"], salt or None, info).derive(ikm) == okm
    assert hmac.digest(salt or bytes(32), ikm, "sha256") == prk


@pytest.mark.parametrize("vector", published("blake2b"), ids=named)
def test_blake2b(vector: Vector) -> None:
    message, key, output = raw(vector, "message", "key", "output")
    assert blake2b(message, len(output), key, encoder=RawEncoder) == output


@pytest.mark.parametrize("vector", published("aes_256_gcm"), ids=named)
def test_aes_256_gcm(vector: Vector) -> None:
    key, nonce, aad, ciphertext, tag = raw(vector, "key", "nonce", "aad", "ciphertext", "tag")
    if not vector["opens"]:
        with pytest.raises(InvalidTag):
            AESGCM(key).decrypt(nonce, ciphertext + tag, aad)
        return
    plaintext = bytes.fromhex(vector["plaintext"])
    assert AESGCM(key).encrypt(nonce, plaintext, aad) == ciphertext + tag
    assert AESGCM(key).decrypt(nonce, ciphertext + tag, aad) == plaintext


# Ed25519, strictly


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """The rule of `crypto.public.signatures` on a bare message: points in the prime-order subgroup, S below L."""
    if len(signature) != 64:
        return False
    if not all(crypto_core_ed25519_is_valid_point(point) for point in (public, signature[:32])):
        return False
    try:
        VerifyKey(public).verify(message, signature)
    except BadSignatureError:
        return False
    return True


@pytest.mark.parametrize("vector", published("ed25519"), ids=named)
def test_ed25519(vector: Vector) -> None:
    seed, public, message, signature = raw(vector, "seed", "public_key", "message", "signature")
    assert bytes(SigningKey(seed).verify_key) == public
    assert SigningKey(seed).sign(message).signature == signature
    assert verifies(public, message, signature)
    assert not verifies(public, message + b"!", signature)


@pytest.mark.parametrize("vector", published("ed25519_strict")["speccheck"], ids=named)
def test_ed25519_is_strict_where_libraries_differ(vector: Vector) -> None:
    public, message, signature = raw(vector, "public_key", "message", "signature")
    assert verifies(public, message, signature) is vector["strict"]


def test_ed25519_agrees_with_wycheproof() -> None:
    wrong = [
        (vector["id"], vector["meaning"])
        for vector in published("ed25519_strict")["wycheproof"]
        if verifies(*raw(vector, "public_key", "message", "signature")) is not vector["strict"]
    ]
    assert wrong == []


@pytest.mark.parametrize("vector", published("ed25519_strict")["small_order_points"], ids=named)
def test_a_point_of_small_order_is_refused_as_key_and_in_a_signature(vector: Vector) -> None:
    """S = 0 and R = A = the identity satisfy the bare equation for every message."""
    (point,) = raw(vector, "point")
    own = bytes(SigningKey(bytes(32)).verify_key)
    assert crypto_core_ed25519_is_valid_point(point) is vector["strict"]
    for public, commitment in ((point, point), (point, own), (own, point)):
        assert not verifies(public, b"", commitment + bytes(32))
        assert not signatures.verify(public, signatures.MESSAGE, b"", commitment + bytes(32))


# The words of a code


def test_the_words_of_a_code_are_proquints() -> None:
    """Seven of the eight words carry the secret; the eighth is our checksum. Three addresses fill six words."""
    vectors: list[dict[str, str]] = published("proquint")
    for first, second, third in zip(vectors, vectors[1:], vectors[2:], strict=False):
        trio = (first, second, third)
        secret = b"".join(ipaddress.IPv4Address(vector["ipv4"]).packed for vector in trio)
        words = format_code(secret + bytes(2), "receipt").split("-")
        assert words[:6] == "-".join(vector["words"] for vector in trio).split("-")
