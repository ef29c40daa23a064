/** Opening what was sealed with HPKE (PROTOCOL 2.5), which a page that only reports never does. */
import {ml_kem768 as mlkem} from '../../vendor/noble.js';
import {MLKEM_ENC_LENGTH, MLKEM_KEY_LENGTH, agreed, combine, expandSeed, keySchedule} from './hpke.js';
import {aesGcmOpen} from './sealing.js';

/**
 * A private key, expanded once, with the matrix of ML-KEM: expanding it for each try takes longer than the try.
 * @typedef {{publicKey: Uint8Array, mlkemSecret: Uint8Array, x25519Secret: Uint8Array,
 *   prepared: {decapsulate: (enc: Uint8Array, secret: Uint8Array) => Uint8Array}}} PrivateKey
 */

const ENC_LENGTH = 1120;
const NOTHING = new Uint8Array(0);

/** @param {Uint8Array} seed 32 bytes @returns {PrivateKey} */
export function expandKey(seed) {
  const expanded = expandSeed(seed);
  return {...expanded, prepared: mlkem.prepare(expanded.publicKey.subarray(0, MLKEM_KEY_LENGTH))};
}

/**
 * X-Wing section 5.5. X25519 refuses points of small order, which anybody can put into a slot.
 *
 * ML-KEM knows whether its part is for this key, and this goes on regardless: a server that filled a day with copies of
 * one slot, each in another place, could otherwise tell by the clock whose slot it is.
 * @param {PrivateKey} privateKey @param {Uint8Array} enc
 * @returns {Uint8Array | null}
 */
export function decapsulate({prepared, mlkemSecret, x25519Secret, publicKey}, enc) {
  if (enc.length !== ENC_LENGTH) return null;
  const mlkemShared = prepared.decapsulate(enc.subarray(0, MLKEM_ENC_LENGTH), mlkemSecret);
  const shared = agreed(x25519Secret, enc.subarray(MLKEM_ENC_LENGTH));
  return shared && combine(mlkemShared, shared, enc, publicKey);
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
