/**
 * HPKE (RFC 9180) in base mode, single shot, with X-Wing (PROTOCOL 2.5): sealing. With `hpke_opening.js` the twin of
 * `crypto/hpke.py`.
 */
import {expand, extract, ml_kem768 as mlkem, sha256, sha3_256 as sha3, shake256, x25519} from '../../vendor/noble.js';
import {concat, u16, utf8} from './encoding.js';
import {aesGcmSeal} from './sealing.js';

export const PUBLIC_KEY_LENGTH = 1216;
export const MLKEM_KEY_LENGTH = 1184;
export const MLKEM_ENC_LENGTH = 1088;
const MODULUS = 3329;
const MODULUS_END = 1152;

const VERSION = utf8('HPKE-v1');
const SUITE_ID = concat(utf8('HPKE'), u16(0x647a), u16(0x0001), u16(0x0002));
const NOTHING = new Uint8Array(0);
const BASE_MODE = Uint8Array.of(0);
const XWING_LABEL = utf8('\\.//^\\');
const ANY_SCALAR = new Uint8Array(32);

/** X-Wing section 5.2. @param {Uint8Array} seed 32 bytes */
export function expandSeed(seed) {
  if (seed.length !== 32) throw new RangeError('an X-Wing seed has 32 bytes');
  const expanded = shake256(seed, {dkLen: 96});
  const {publicKey, secretKey: mlkemSecret} = mlkem.keygen(expanded.subarray(0, 64));
  const x25519Secret = expanded.slice(64);
  return {publicKey: concat(publicKey, x25519.getPublicKey(x25519Secret)), mlkemSecret, x25519Secret};
}

/** @param {Uint8Array} seed 32 bytes @returns {Uint8Array} the public key, 1,216 bytes */
export const publicBytes = (seed) => expandSeed(seed).publicKey;

/** X-Wing section 5.3. @param {Uint8Array} mlkemShared @param {Uint8Array} shared @param {Uint8Array} enc @param {Uint8Array} publicKey */
export const combine = (mlkemShared, shared, enc, publicKey) =>
  sha3(concat(mlkemShared, shared, enc.subarray(MLKEM_ENC_LENGTH), publicKey.subarray(MLKEM_KEY_LENGTH), XWING_LABEL));

/**
 * X-Wing section 5.4. Throws if the key is none.
 * @param {Uint8Array} publicKey 1,216 bytes @param {Uint8Array} randomness 64 bytes: for ML-KEM, then for X25519
 * @returns {{enc: Uint8Array, shared: Uint8Array}}
 */
export function encapsulate(publicKey, randomness) {
  const {cipherText, sharedSecret} = mlkem.encapsulate(publicKey.subarray(0, MLKEM_KEY_LENGTH), randomness.subarray(0, 32));
  const once = randomness.subarray(32);
  const enc = concat(cipherText, x25519.getPublicKey(once));
  const shared = x25519.getSharedSecret(once, publicKey.subarray(MLKEM_KEY_LENGTH));
  return {enc, shared: combine(sharedSecret, shared, enc, publicKey)};
}

/** @param {Uint8Array} secret @param {Uint8Array} point @returns {Uint8Array | null} null for a point of small order */
export function agreed(secret, point) {
  try {
    return x25519.getSharedSecret(secret, point);
  } catch {
    return null;
  }
}

/**
 * Whether one can seal to it: the checks of FIPS 203 section 7.2 and RFC 7748 section 6.1, without the cost of a seal.
 * A recipient who announced another could keep a whole channel from being sent to.
 * @param {Uint8Array} publicKey
 * @returns {boolean}
 */
export const isPublicKey = (publicKey) =>
  publicKey.length === PUBLIC_KEY_LENGTH &&
  isReduced(publicKey.subarray(0, MODULUS_END)) &&
  agreed(ANY_SCALAR, publicKey.subarray(MLKEM_KEY_LENGTH)) !== null;

/** @param {Uint8Array} packed pairs of 12-bit numbers @returns {boolean} whether each is below the modulus of ML-KEM */
function isReduced(packed) {
  for (let at = 0; at < packed.length; at += 3) {
    const [low, middle, high] = [Number(packed[at]), Number(packed[at + 1]), Number(packed[at + 2])];
    if ((low | ((middle & 15) << 8)) >= MODULUS || ((middle >> 4) | (high << 4)) >= MODULUS) return false;
  }
  return true;
}

/** RFC 9180 section 4. @param {Uint8Array} salt @param {string} label @param {Uint8Array} material @returns {Uint8Array} */
const labeledExtract = (salt, label, material) =>
  extract(sha256, concat(VERSION, SUITE_ID, utf8(label), material), salt);

/** RFC 9180 section 4. @param {Uint8Array} key @param {string} label @param {Uint8Array} info @param {number} length */
const labeledExpand = (key, label, info, length) =>
  expand(sha256, key, concat(u16(length), VERSION, SUITE_ID, utf8(label), info), length);

const NO_PSK_ID_HASH = labeledExtract(NOTHING, 'psk_id_hash', NOTHING);

/** RFC 9180 section 5.1, base mode. @param {Uint8Array} shared @param {Uint8Array} info */
export function keySchedule(shared, info) {
  const context = concat(BASE_MODE, NO_PSK_ID_HASH, labeledExtract(NOTHING, 'info_hash', info));
  const secret = labeledExtract(shared, 'secret', NOTHING);
  return {key: labeledExpand(secret, 'key', context, 32), nonce: labeledExpand(secret, 'base_nonce', context, 12)};
}

/**
 * @param {Uint8Array} publicKey 1,216 bytes
 * @param {Uint8Array} info
 * @param {Uint8Array} plaintext
 * @param {import('./encoding.js').Random} random
 * @returns {Promise<Uint8Array>} enc (1,120 bytes) and ciphertext
 */
export async function sealSlot(publicKey, info, plaintext, random) {
  const {enc, shared} = encapsulate(publicKey, random(64));
  const {key, nonce} = keySchedule(shared, info);
  return concat(enc, await aesGcmSeal(key, nonce, NOTHING, plaintext));
}
