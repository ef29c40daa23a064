/** Key derivation, authenticated encryption and the slow hash (PROTOCOL 2.2, 2.3, 2.6). The twin of `crypto/sealing.py`. */
import {argon2id as argon2, hkdf, sha256} from '../../vendor/noble.js';
import {utf8} from './encoding.js';

const NO_SALT = new Uint8Array(0);
const ZERO_NONCE = new Uint8Array(12);
const TAG_LENGTH = 16;
const ARGON2 = Object.freeze({m: 8192, t: 1, p: 1, dkLen: 32, version: 0x13});

/** @param {number} length @returns {Uint8Array} from the operating system's generator */
export function osRandom(length) {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array | null} salt
 * @param {string} label
 * @param {number} [length]
 * @returns {Uint8Array}
 */
export const derive = (key, salt, label, length = 32) =>
  hkdf(sha256, key, salt ?? NO_SALT, utf8(`drempel/1/${label}`), length);

/**
 * Seal once: the key must be derived over a fresh salt, and is never used again.
 * @param {Uint8Array} key @param {Uint8Array} ad @param {Uint8Array} plaintext
 * @returns {Promise<Uint8Array>} ciphertext and 16-byte tag
 */
export const seal = (key, ad, plaintext) => aesGcmSeal(key, ZERO_NONCE, ad, plaintext);

/**
 * @param {Uint8Array} key @param {Uint8Array} ad @param {Uint8Array} sealed
 * @returns {Promise<Uint8Array | null>} null if it does not open; the caller knows which layer that is
 */
export const unseal = (key, ad, sealed) => aesGcmOpen(key, ZERO_NONCE, ad, sealed);

/**
 * @param {Uint8Array} key @param {Uint8Array} nonce @param {Uint8Array} ad @param {Uint8Array} plaintext
 * @returns {Promise<Uint8Array>}
 */
export const aesGcmSeal = async (key, nonce, ad, plaintext) => (await openCipher(key)).seal(nonce, ad, plaintext);

/**
 * @param {Uint8Array} key @param {Uint8Array} nonce @param {Uint8Array} ad @param {Uint8Array} sealed
 * @returns {Promise<Uint8Array | null>}
 */
export const aesGcmOpen = async (key, nonce, ad, sealed) => (await openCipher(key)).open(nonce, ad, sealed);

/**
 * AES-256-GCM under one key. Whoever seals under it more than once must never give it the same nonce twice.
 * @typedef {{seal: (nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array) => Promise<Uint8Array>,
 *   open: (nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array) => Promise<Uint8Array | null>}} Cipher
 */

/** The key is imported once, which counts for the thousands of chunks of a file. @param {Uint8Array} key @returns {Promise<Cipher>} */
export async function openCipher(key) {
  const subtle = webCrypto();
  if (!subtle) {
    const gcm = await ownCipher();
    return {
      seal: async (nonce, ad, plaintext) => gcm(key, nonce, ad).encrypt(plaintext),
      open: (nonce, ad, sealed) => opened(sealed, () => gcm(key, nonce, ad).decrypt(sealed)),
    };
  }
  const imported = await subtle.importKey('raw', source(key), 'AES-GCM', false, ['encrypt', 'decrypt']);
  return {
    seal: async (nonce, ad, plaintext) =>
      new Uint8Array(await subtle.encrypt(parameters(nonce, ad), imported, source(plaintext))),
    open: (nonce, ad, sealed) => opened(sealed, () => subtle.decrypt(parameters(nonce, ad), imported, source(sealed))),
  };
}

/**
 * @param {Uint8Array} sealed @param {() => Promise<ArrayBuffer> | Uint8Array} open
 * @returns {Promise<Uint8Array | null>}
 */
async function opened(sealed, open) {
  if (sealed.length < TAG_LENGTH) return null;
  try {
    const plaintext = await open();
    return plaintext instanceof Uint8Array ? plaintext : new Uint8Array(plaintext);
  } catch {
    return null;
  }
}

/** @param {Uint8Array} bytes @returns {Promise<Uint8Array>} SHA-256, 32 bytes */
export async function digest(bytes) {
  const subtle = webCrypto();
  return subtle ? new Uint8Array(await subtle.digest('SHA-256', source(bytes))) : sha256(bytes);
}

/**
 * Fetches what this browser has not; throws if that does not arrive. Whoever sees to it at the start does not find out only
 * when there is something to seal.
 */
export async function sealingReady() {
  if (!webCrypto()) await ownCipher();
}

/** Three kilobytes that nearly nobody needs. */
const ownCipher = async () => (await import('../../vendor/noble-cipher.js')).gcm;

/** An insecure context (an onion service over plain HTTP, say) has no `crypto.subtle`. @returns {SubtleCrypto | undefined} */
const webCrypto = () => globalThis.crypto?.subtle;

/** @param {Uint8Array} nonce @param {Uint8Array} ad @returns {AesGcmParams} */
const parameters = (nonce, ad) => ({name: 'AES-GCM', iv: source(nonce), additionalData: source(ad)});

/** @param {Uint8Array} bytes */
const source = (bytes) => /** @type {BufferSource} */ (bytes);

/** @param {Uint8Array} secret @param {Uint8Array} salt @returns {Uint8Array} 32 bytes; blocks for 60 ms to 2 s, so a Worker does it */
export const argon2id = (secret, salt) => argon2(secret, salt, ARGON2);
