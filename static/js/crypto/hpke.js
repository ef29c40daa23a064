/** HPKE (RFC 9180) in base mode, single shot, with X-Wing (PROTOCOL 2.5). The twin of `crypto/hpke.py`. */
import {expand, extract, ml_kem768_x25519 as xwing, sha256} from '../../vendor/noble.js';
import {concat, u16, utf8} from './encoding.js';
import {aesGcmOpen, aesGcmSeal} from './sealing.js';

/** @typedef {{seed: Uint8Array, publicKey: Uint8Array}} PrivateKey */

export const PUBLIC_KEY_LENGTH = 1216;
export const ENC_LENGTH = 1120;
const ENCAPSULATION_RANDOMNESS = 64;

const VERSION = utf8('HPKE-v1');
const SUITE_ID = concat(utf8('HPKE'), u16(0x647a), u16(0x0001), u16(0x0002));
const NOTHING = new Uint8Array(0);
const BASE_MODE = Uint8Array.of(0);

/** @param {Uint8Array} seed 32 bytes @returns {PrivateKey} */
export const expandKey = (seed) => ({seed, publicKey: publicBytes(seed)});

/** @param {Uint8Array} seed 32 bytes @returns {Uint8Array} the public key, 1,216 bytes */
export const publicBytes = (seed) => xwing.getPublicKey(seed);

/** RFC 9180 section 4. @param {Uint8Array} salt @param {string} label @param {Uint8Array} material @returns {Uint8Array} */
const labeledExtract = (salt, label, material) =>
  extract(sha256, concat(VERSION, SUITE_ID, utf8(label), material), salt);

/** RFC 9180 section 4. @param {Uint8Array} key @param {string} label @param {Uint8Array} info @param {number} length */
const labeledExpand = (key, label, info, length) =>
  expand(sha256, key, concat(u16(length), VERSION, SUITE_ID, utf8(label), info), length);

/** RFC 9180 section 5.1, base mode. @param {Uint8Array} shared @param {Uint8Array} info */
function keySchedule(shared, info) {
  const context = concat(
    BASE_MODE,
    labeledExtract(NOTHING, 'psk_id_hash', NOTHING),
    labeledExtract(NOTHING, 'info_hash', info),
  );
  const secret = labeledExtract(shared, 'secret', NOTHING);
  return {key: labeledExpand(secret, 'key', context, 32), nonce: labeledExpand(secret, 'base_nonce', context, 12)};
}

/**
 * Whether one can seal to it. A recipient who announced another could keep a whole channel from being sent to.
 * @param {Uint8Array} publicKey 1,216 bytes
 * @returns {boolean}
 */
export function isPublicKey(publicKey) {
  try {
    xwing.encapsulate(publicKey, new Uint8Array(ENCAPSULATION_RANDOMNESS));
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {Uint8Array} publicKey 1,216 bytes
 * @param {Uint8Array} info
 * @param {Uint8Array} plaintext
 * @param {import('./encoding.js').Random} random
 * @returns {Promise<Uint8Array>} enc (1,120 bytes) and ciphertext
 */
export async function sealSlot(publicKey, info, plaintext, random) {
  const {cipherText, sharedSecret} = xwing.encapsulate(publicKey, random(ENCAPSULATION_RANDOMNESS));
  const {key, nonce} = keySchedule(sharedSecret, info);
  return concat(cipherText, await aesGcmSeal(key, nonce, NOTHING, plaintext));
}

/**
 * @param {PrivateKey} privateKey
 * @param {Uint8Array} info
 * @param {Uint8Array} sealed enc and ciphertext
 * @returns {Promise<Uint8Array | null>} null if it is not for this key
 */
export async function openSlot(privateKey, info, sealed) {
  const shared = decapsulate(privateKey, sealed.subarray(0, ENC_LENGTH));
  if (!shared) return null;
  const {key, nonce} = keySchedule(shared, info);
  return aesGcmOpen(key, nonce, NOTHING, sealed.subarray(ENC_LENGTH));
}

/** X25519 refuses points of small order, which anybody can put into a slot. @param {PrivateKey} privateKey @param {Uint8Array} enc */
function decapsulate(privateKey, enc) {
  try {
    return xwing.decapsulate(enc, privateKey.seed);
  } catch {
    return null;
  }
}
