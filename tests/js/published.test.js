/**
 * The published test vectors of the standards we stand on, run against the libraries we stand on.
 *
 * `tests/vectors/published/README.md` says where each comes from; `tests/crypto/test_published.py` runs the
 * same files. Ours is only the last part: the words of a code, and the points that `signatures.js` refuses.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {formatCode} from '../../static/js/crypto/secret/codes.js';
import {encapsulate, publicBytes} from '../../static/js/crypto/secret/hpke.js';
import {decapsulate} from '../../static/js/crypto/secret/hpke.js';
import {expandKey} from '../../static/js/crypto/secret/hpke_open.js';
import {TYPES, verify} from '../../static/js/crypto/public/signatures.js';
import {argon2id, blake2b, ed25519, expand, extract, hkdf, sha256} from '../../static/vendor/noble.js';
import {gcm} from '../../static/vendor/noble-cipher.js';

/** @param {string} name @returns {any} */
const published = (name) =>
  JSON.parse(readFileSync(new URL(`../vectors/published/${name}.json`, import.meta.url), 'utf8'));
const unhex = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString('hex');
const ascii = (/** @type {string} */ text) => new TextEncoder().encode(text);
const u16 = (/** @type {number} */ value) => Uint8Array.of(value >> 8, value & 255);
const join = (/** @type {Uint8Array[]} */ ...parts) => new Uint8Array(Buffer.concat(parts));

// X-Wing, the key encapsulation

/**
 * @param {import('../../static/js/crypto/secret/hpke_open.js').PrivateKey} key
 * @param {Uint8Array} enc
 * @returns {Uint8Array}
 */
function opened(key, enc) {
  const shared = decapsulate(key, enc);
  assert.ok(shared);
  return shared;
}

for (const vector of published('xwing').whole) {
  test(`X-Wing: ${vector.name}`, () => {
    const seed = unhex(vector.seed);
    const sealed = encapsulate(unhex(vector.public_key), unhex(vector.randomness));
    assert.equal(hex(publicBytes(seed)), vector.public_key);
    assert.equal(hex(sealed.enc), vector.ciphertext);
    assert.equal(hex(sealed.shared), vector.shared_secret);
    assert.equal(hex(opened(expandKey(seed), unhex(vector.ciphertext))), vector.shared_secret);
  });
}

for (const vector of published('xwing').by_beginning) {
  test(`X-Wing: ${vector.name}`, () => {
    const seed = unhex(vector.seed);
    const key = publicBytes(seed);
    const sealed = encapsulate(key, unhex(vector.randomness));
    assert.ok(hex(key).startsWith(vector.public_key_starts));
    assert.ok(hex(sealed.enc).startsWith(vector.ciphertext_starts));
    assert.equal(hex(sealed.shared), vector.shared_secret);
    assert.equal(hex(opened(expandKey(seed), sealed.enc)), vector.shared_secret);
  });
}

// HPKE, RFC 9180: the key schedule in mode base, as section 5.1 writes it

/** @param {any} vector */
function keySchedule(vector) {
  const suite = join(ascii('HPKE'), u16(vector.kem_id), u16(vector.kdf_id), u16(vector.aead_id));
  const labeledExtract = (
    /** @type {Uint8Array} */ salt,
    /** @type {string} */ label,
    /** @type {Uint8Array} */ ikm,
  ) => extract(sha256, join(ascii('HPKE-v1'), suite, ascii(label), ikm), salt);
  const labeledExpand = (
    /** @type {Uint8Array} */ key,
    /** @type {string} */ label,
    /** @type {Uint8Array} */ info,
    /** @type {number} */ length,
  ) => expand(sha256, key, join(u16(length), ascii('HPKE-v1'), suite, ascii(label), info), length);
  const none = new Uint8Array();
  const context = join(
    Uint8Array.of(0),
    labeledExtract(none, 'psk_id_hash', none),
    labeledExtract(none, 'info_hash', unhex(vector.info)),
  );
  const secret = labeledExtract(unhex(vector.shared_secret), 'secret', none);
  const exporter = labeledExpand(secret, 'exp', context, 32);
  return {
    key: hex(labeledExpand(secret, 'key', context, 32)),
    nonce: hex(labeledExpand(secret, 'base_nonce', context, 12)),
    exporter: hex(exporter),
    exported: (/** @type {Uint8Array} */ info, /** @type {number} */ length) =>
      hex(labeledExpand(exporter, 'sec', info, length)),
  };
}

for (const vector of published('hpke')) {
  test(`HPKE key schedule: ${vector.name}`, () => {
    const derived = keySchedule(vector);
    assert.equal(derived.key, vector.key);
    assert.equal(derived.nonce, vector.base_nonce);
    assert.equal(derived.exporter, vector.exporter_secret);
    for (const {exporter_context: info, length, exported_value: value} of vector.exports) {
      assert.equal(derived.exported(unhex(info), length), value);
    }
  });
}

test('HPKE messages with AES-256-GCM, in noble and in WebCrypto', async () => {
  const [vector] = published('hpke').filter((/** @type {any} */ one) => one.aead_id === 2);
  const webKey = await crypto.subtle.importKey('raw', unhex(vector.key), 'AES-GCM', false, ['encrypt']);
  for (const {nonce, aad, pt, ct} of vector.encryptions) {
    assert.equal(hex(gcm(unhex(vector.key), unhex(nonce), unhex(aad)).encrypt(unhex(pt))), ct);
    const parameters = {name: 'AES-GCM', iv: unhex(nonce), additionalData: unhex(aad)};
    assert.equal(hex(new Uint8Array(await crypto.subtle.encrypt(parameters, webKey, unhex(pt)))), ct);
  }
});

// Argon2id, HKDF, BLAKE2b, AES-256-GCM

for (const vector of published('argon2id')) {
  test(`Argon2id: ${vector.name}`, () => {
    const options = {
      t: vector.passes,
      m: vector.memory_kib,
      p: vector.lanes,
      dkLen: 32,
      key: unhex(vector.secret),
      personalization: unhex(vector.associated_data),
    };
    assert.equal(hex(argon2id(unhex(vector.password), unhex(vector.salt), options)), vector.tag);
  });
}

for (const vector of published('hkdf_sha256')) {
  test(`HKDF-SHA256: RFC 5869, ${vector.name}`, async () => {
    const [ikm, salt, info] = [unhex(vector.ikm), unhex(vector.salt), unhex(vector.info)];
    assert.equal(hex(extract(sha256, ikm, salt)), vector.prk);
    assert.equal(hex(extract(sha256, ikm, salt)), vector.prk);
    assert.equal(hex(expand(sha256, unhex(vector.prk), info, vector.length)), vector.okm);
    assert.equal(hex(hkdf(sha256, ikm, salt, info, vector.length)), vector.okm);
    const key = await crypto.subtle.importKey('raw', ikm, 'HKDF', false, ['deriveBits']);
    const bits = await crypto.subtle.deriveBits(
      {name: 'HKDF', hash: 'SHA-256', salt, info},
      key,
      vector.length * 8,
    );
    assert.equal(hex(new Uint8Array(bits)), vector.okm);
  });
}

for (const vector of published('blake2b')) {
  test(`BLAKE2b: ${vector.name}`, () => {
    const key = vector.key ? {key: unhex(vector.key)} : {};
    assert.equal(
      hex(blake2b(unhex(vector.message), {dkLen: vector.output.length / 2, ...key})),
      vector.output,
    );
  });
}

for (const vector of published('aes_256_gcm')) {
  test(`AES-256-GCM: ${vector.name}, ${vector.opens ? 'opens' : 'is refused'}`, async () => {
    const [nonce, aad, sealed] = [
      unhex(vector.nonce),
      unhex(vector.aad),
      unhex(vector.ciphertext + vector.tag),
    ];
    const noble = gcm(unhex(vector.key), nonce, aad);
    const web = await crypto.subtle.importKey('raw', unhex(vector.key), 'AES-GCM', false, ['decrypt']);
    const opened = crypto.subtle.decrypt({name: 'AES-GCM', iv: nonce, additionalData: aad}, web, sealed);
    if (!vector.opens) {
      await assert.rejects(opened);
      assert.throws(() => noble.decrypt(sealed));
      return;
    }
    assert.equal(hex(new Uint8Array(await opened)), vector.plaintext);
    assert.equal(hex(noble.decrypt(sealed)), vector.plaintext);
    assert.equal(hex(noble.encrypt(unhex(vector.plaintext))), vector.ciphertext + vector.tag);
  });
}

// Ed25519, strictly

/** @param {Uint8Array} encoded */
function isPoint(encoded) {
  try {
    const point = ed25519.Point.fromBytes(encoded, false);
    return !point.isSmallOrder() && point.isTorsionFree();
  } catch {
    return false;
  }
}

/**
 * The rule of `signatures.js` on a bare message: points in the prime-order subgroup, S below L.
 * @param {{public_key: string, message: string, signature: string}} vector
 */
function verifies(vector) {
  const [key, message, signature] = [
    unhex(vector.public_key),
    unhex(vector.message),
    unhex(vector.signature),
  ];
  if (signature.length !== 64 || !isPoint(key) || !isPoint(signature.subarray(0, 32))) return false;
  return ed25519.verify(signature, message, key, {zip215: false});
}

for (const vector of published('ed25519')) {
  test(`Ed25519: RFC 8032, ${vector.name}`, () => {
    assert.equal(hex(ed25519.getPublicKey(unhex(vector.seed))), vector.public_key);
    assert.equal(hex(ed25519.sign(unhex(vector.message), unhex(vector.seed))), vector.signature);
    assert.ok(verifies(vector));
    assert.ok(!verifies({...vector, message: `${vector.message}21`}));
  });
}

const strict = published('ed25519_strict');

for (const vector of strict.speccheck) {
  test(`Ed25519 is strict where libraries differ: ${vector.meaning}`, () => {
    assert.equal(verifies(vector), vector.strict);
  });
}

test('Ed25519 agrees with Wycheproof', () => {
  const wrong = strict.wycheproof.filter((/** @type {any} */ vector) => verifies(vector) !== vector.strict);
  assert.deepEqual(wrong, []);
});

for (const {point, meaning, strict: allowed} of strict.small_order_points) {
  test(`a point of ${meaning} is refused as key and in a signature: ${point.slice(0, 2)}...${point.slice(-2)}`, () => {
    const own = hex(ed25519.getPublicKey(new Uint8Array(32)));
    assert.equal(isPoint(unhex(point)), allowed);
    for (const [key, commitment] of [
      [point, point],
      [point, own],
      [own, point],
    ]) {
      const signature = commitment + '00'.repeat(32);
      assert.ok(!verifies({public_key: key, message: '', signature}));
      assert.ok(!verify(unhex(key), TYPES.message, new Uint8Array(), unhex(signature)));
    }
  });
}

// The words of a code

test('the words of a code are proquints', () => {
  const vectors = published('proquint');
  for (let at = 0; at + 3 <= vectors.length; at += 1) {
    const trio = vectors.slice(at, at + 3);
    const secret = trio.flatMap((/** @type {any} */ vector) => vector.ipv4.split('.').map(Number));
    const words = formatCode(Uint8Array.from([...secret, 0, 0]), 'receipt').split('-');
    assert.equal(
      words.slice(0, 6).join('-'),
      trio.map((/** @type {any} */ vector) => vector.words).join('-'),
    );
  }
});
