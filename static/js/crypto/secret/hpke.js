/** HPKE (RFC 9180, base mode, single shot) with X-Wing, as Python's library has it (PROTOCOL 2.5). */
import {
  expand,
  extract,
  ml_kem768 as mlkem,
  sha256,
  sha3_256 as sha3,
  shake256,
  x25519,
} from '../../../vendor/noble.js';
import {concat, u16, utf8} from '../public/bytes.js';

/** @import {PrivateKey} from './hpke_open.js' */

export const MLKEM_KEY_LENGTH = 1184;
export const MLKEM_ENC_LENGTH = 1088;

const VERSION = utf8('HPKE-v1');

const SUITE_ID = concat(utf8('HPKE'), u16(0x647a), u16(0x0001), u16(0x0002));

export const NOTHING = new Uint8Array(0);

const BASE_MODE = Uint8Array.of(0);

const XWING_LABEL = utf8('\\.//^\\');

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

/**
 * X-Wing section 5.3.
 * @param {Uint8Array} mlkemShared
 * @param {Uint8Array} shared
 * @param {Uint8Array} enc
 * @param {Uint8Array} publicKey
 */
export const combine = (mlkemShared, shared, enc, publicKey) =>
  sha3(
    concat(
      mlkemShared,
      shared,
      enc.subarray(MLKEM_ENC_LENGTH),
      publicKey.subarray(MLKEM_KEY_LENGTH),
      XWING_LABEL,
    ),
  );

/**
 * X-Wing section 5.4. Throws if the key is none.
 * @param {Uint8Array} publicKey 1,216 bytes
 * @param {Uint8Array} randomness 64 bytes: for ML-KEM, then for X25519
 * @returns {{enc: Uint8Array, shared: Uint8Array}}
 */
export function encapsulate(publicKey, randomness) {
  const {cipherText, sharedSecret} = mlkem.encapsulate(
    publicKey.subarray(0, MLKEM_KEY_LENGTH),
    randomness.subarray(0, 32),
  );
  const once = randomness.subarray(32);
  const enc = concat(cipherText, x25519.getPublicKey(once));
  const shared = x25519.getSharedSecret(once, publicKey.subarray(MLKEM_KEY_LENGTH));
  return {enc, shared: combine(sharedSecret, shared, enc, publicKey)};
}

/**
 * @param {Uint8Array} secret
 * @param {Uint8Array} point
 * @returns {Uint8Array | null} null for a point of small order
 */
export function agreed(secret, point) {
  try {
    return x25519.getSharedSecret(secret, point);
  } catch {
    return null;
  }
}

/**
 * RFC 9180 section 4.
 * @param {Uint8Array} salt
 * @param {string} label
 * @param {Uint8Array} material
 * @returns {Uint8Array}
 */
const labeledExtract = (salt, label, material) =>
  extract(sha256, concat(VERSION, SUITE_ID, utf8(label), material), salt);

/**
 * RFC 9180 section 4.
 * @param {Uint8Array} key
 * @param {string} label
 * @param {Uint8Array} info
 * @param {number} length
 */
const labeledExpand = (key, label, info, length) =>
  expand(sha256, key, concat(u16(length), VERSION, SUITE_ID, utf8(label), info), length);

const NO_PSK_ID_HASH = labeledExtract(NOTHING, 'psk_id_hash', NOTHING);

/** RFC 9180 section 5.1, base mode. @param {Uint8Array} shared @param {Uint8Array} info */
export function keySchedule(shared, info) {
  const context = concat(BASE_MODE, NO_PSK_ID_HASH, labeledExtract(NOTHING, 'info_hash', info));
  const secret = labeledExtract(shared, 'secret', NOTHING);
  return {
    key: labeledExpand(secret, 'key', context, 32),
    nonce: labeledExpand(secret, 'base_nonce', context, 12),
  };
}

export const ENC_LENGTH = 1120;

/**
 * X-Wing section 5.5. X25519 refuses points of small order, which anybody can put into a slot.
 *
 * ML-KEM knows whether its part is for this key, and this goes on regardless: a server that filled a day with
 * copies of one slot, each in another place, could otherwise tell by the clock whose slot it is.
 * @param {PrivateKey} privateKey @param {Uint8Array} enc
 * @returns {Uint8Array | null}
 */
export function decapsulate({prepared, mlkemSecret, x25519Secret, publicKey}, enc) {
  if (enc.length !== ENC_LENGTH) return null;
  const mlkemShared = prepared.decapsulate(enc.subarray(0, MLKEM_ENC_LENGTH), mlkemSecret);
  const shared = agreed(x25519Secret, enc.subarray(MLKEM_ENC_LENGTH));
  return shared && combine(mlkemShared, shared, enc, publicKey);
}
