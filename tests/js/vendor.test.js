/**
 * Each vendored module is whole, imports nothing, and computes what its names promise: one known answer each.
 * PDF.js gives its own in browsers.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import * as cipher from '../../static/vendor/noble-cipher.js';
import * as noble from '../../static/vendor/noble.js';
import * as pdf from '../../static/vendor/pdf.js';

const file = (/** @type {string} */ name) =>
  readFileSync(new URL(`../../static/vendor/${name}`, import.meta.url), 'utf8');
const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString('hex');
const unhex = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, 'hex'));
const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** @param {string} source @returns {string[]} */
function exported(source) {
  return [...source.matchAll(/^export \{(.+)\} from '(.+)';$/gm)]
    .flatMap(([, names]) => String(names).split(', '))
    .sort();
}

for (const [name, module] of Object.entries({noble, 'noble-cipher': cipher, pdf})) {
  test(`${name}.js, its entry file and its types hold the same names`, () => {
    const names = Object.keys(module).sort();
    assert.deepEqual(exported(file(`${name}.entry.js`)), names);
    assert.deepEqual(exported(file(`${name}.d.ts`)), names);
  });

  test(`${name}.js imports nothing`, () => {
    assert.doesNotMatch(
      file(`${name}.js`),
      /(?<!")\bimport\s*[("'{*]|\bfrom\s*["']|\brequire\(|sourceMappingURL/,
    );
  });
}

test('SHA-256 of abc (FIPS 180-4)', () => {
  assert.equal(
    hex(noble.sha256(utf8('abc'))),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('BLAKE2b-512 of abc (RFC 7693, appendix A)', () => {
  assert.equal(
    hex(noble.blake2b(utf8('abc'))),
    'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1' +
      '7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
  );
});

test('SHAKE256 of nothing (FIPS 202)', () => {
  assert.equal(
    hex(noble.shake256(new Uint8Array(), {dkLen: 32})),
    '46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f',
  );
});

test('HMAC-SHA-256, which the first step of HKDF is (RFC 4231, case 2)', () => {
  assert.equal(
    hex(noble.extract(noble.sha256, utf8('what do ya want for nothing?'), utf8('Jefe'))),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('HKDF-SHA-256, whole and in its two steps (RFC 5869, case 1)', () => {
  const secret = new Uint8Array(22).fill(0x0b);
  const salt = unhex('000102030405060708090a0b0c');
  const info = unhex('f0f1f2f3f4f5f6f7f8f9');
  const okm = '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865';
  assert.equal(hex(noble.hkdf(noble.sha256, secret, salt, info, 42)), okm);
  const key = noble.extract(noble.sha256, secret, salt);
  assert.equal(hex(key), '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5');
  assert.equal(hex(noble.expand(noble.sha256, key, info, 42)), okm);
});

test('Argon2id (RFC 9106, section 5.3)', () => {
  const password = new Uint8Array(32).fill(1);
  const salt = new Uint8Array(16).fill(2);
  const options = {
    t: 3,
    m: 32,
    p: 4,
    key: new Uint8Array(8).fill(3),
    personalization: new Uint8Array(12).fill(4),
  };
  const tag = '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659';
  assert.equal(hex(noble.argon2id(password, salt, {...options, dkLen: 32})), tag);
});

test('AES-256-GCM of nothing under the zero key (test case 13), and a broken tag', () => {
  const zero = () => cipher.gcm(new Uint8Array(32), new Uint8Array(12));
  const sealed = zero().encrypt(new Uint8Array());
  assert.equal(hex(sealed), '530f8afbc74536b9a963b4f1c4cb738b');
  assert.deepEqual(zero().decrypt(sealed), new Uint8Array());
  const broken = sealed.slice();
  broken[0] = Number(broken[0]) ^ 1;
  assert.throws(() => zero().decrypt(broken));
});

test('Ed25519 (RFC 8032, test 1)', () => {
  const seed = unhex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const key = noble.ed25519.getPublicKey(seed);
  assert.equal(hex(key), 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  assert.equal(
    hex(noble.ed25519.sign(new Uint8Array(), seed)),
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
});

test('Ed25519 without zip215 refuses the identity as key, which the default takes for any message', () => {
  const identity = noble.ed25519.Point.ZERO.toBytes();
  const forged = new Uint8Array(64);
  forged.set(identity);
  assert.equal(noble.ed25519.verify(forged, utf8('anything'), identity), true);
  assert.equal(noble.ed25519.verify(forged, utf8('anything'), identity, {zip215: false}), false);
});

test('SHA3-256 of nothing (FIPS 202)', () => {
  assert.equal(
    hex(noble.sha3_256(new Uint8Array())),
    'a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a',
  );
});

test('X25519 (RFC 7748, section 5.2), and a point of small order', () => {
  const scalar = unhex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4');
  const point = unhex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c');
  const shared = 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552';
  assert.equal(hex(noble.x25519.getSharedSecret(scalar, point)), shared);
  assert.throws(() => noble.x25519.getSharedSecret(scalar, new Uint8Array(32)));
});

test('ML-KEM-768 has the sizes of FIPS 203, and both sides agree, with a key made ready too', () => {
  const {publicKey, secretKey} = noble.ml_kem768.keygen(new Uint8Array(64).fill(7));
  const {cipherText, sharedSecret} = noble.ml_kem768.encapsulate(publicKey);
  assert.deepEqual([publicKey.length, secretKey.length, cipherText.length], [1184, 2400, 1088]);
  assert.deepEqual(noble.ml_kem768.decapsulate(cipherText, secretKey), sharedSecret);
  assert.deepEqual(noble.ml_kem768.prepare(publicKey).decapsulate(cipherText, secretKey), sharedSecret);
});
