/** Opening what was sealed with HPKE (PROTOCOL 2.5), which a page that only reports never does. */
import {ml_kem768 as mlkem} from '../../../vendor/noble.js';
import {ENC_LENGTH, MLKEM_KEY_LENGTH, NOTHING, decapsulate, expandSeed, keySchedule} from './hpke.js';
import {aesGcmOpen} from './platform.js';

/**
 * A private key, expanded once, with the matrix of ML-KEM: expanding it for each try takes longer than the
 * try.
 * @typedef {{publicKey: Uint8Array, mlkemSecret: Uint8Array, x25519Secret: Uint8Array, prepared:
 *   {decapsulate: (enc: Uint8Array, secret: Uint8Array) => Uint8Array}}} PrivateKey
 */

/** @param {Uint8Array} seed 32 bytes @returns {PrivateKey} */
export function expandKey(seed) {
  const expanded = expandSeed(seed);
  return {...expanded, prepared: mlkem.prepare(expanded.publicKey.subarray(0, MLKEM_KEY_LENGTH))};
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
