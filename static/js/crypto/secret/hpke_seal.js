/** HPKE (RFC 9180) in base mode, single shot, with X-Wing (PROTOCOL 2.5): sealing. */
import {concat} from '../public/bytes.js';
import {PUBLIC_KEY_LENGTH} from '../public/limits.js';
import {MLKEM_KEY_LENGTH, NOTHING, agreed, encapsulate, keySchedule} from './hpke.js';
import {aesGcmSeal} from './platform.js';

const MODULUS = 3329;
const MODULUS_END = 1152;

const ANY_SCALAR = new Uint8Array(32);

/**
 * Whether one can seal to it: the checks of FIPS 203 section 7.2 and RFC 7748 section 6.1, without the cost
 * of a seal. A recipient who announced another could keep a whole channel from being sent to.
 * @param {Uint8Array} publicKey
 * @returns {boolean}
 */
export const isPublicKey = (publicKey) =>
  publicKey.length === PUBLIC_KEY_LENGTH &&
  isReduced(publicKey.subarray(0, MODULUS_END)) &&
  agreed(ANY_SCALAR, publicKey.subarray(MLKEM_KEY_LENGTH)) !== null;

/**
 * @param {Uint8Array} packed pairs of 12-bit numbers
 * @returns {boolean} whether each is below the modulus of ML-KEM
 */
function isReduced(packed) {
  for (let at = 0; at < packed.length; at += 3) {
    const [low, middle, high] = [Number(packed[at]), Number(packed[at + 1]), Number(packed[at + 2])];
    if ((low | ((middle & 15) << 8)) >= MODULUS || ((middle >> 4) | (high << 4)) >= MODULUS) return false;
  }
  return true;
}

/**
 * @param {Uint8Array} publicKey 1,216 bytes
 * @param {Uint8Array} info
 * @param {Uint8Array} plaintext
 * @param {import('../public/encoding.js').Random} random
 * @returns {Promise<Uint8Array>} enc (1,120 bytes) and ciphertext
 */
export async function sealSlot(publicKey, info, plaintext, random) {
  const {enc, shared} = encapsulate(publicKey, random(64));
  const {key, nonce} = keySchedule(shared, info);
  return concat(enc, await aesGcmSeal(key, nonce, NOTHING, plaintext));
}
