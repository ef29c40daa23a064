/** Key derivation, authenticated encryption and the slow hash (PROTOCOL 2.2, 2.3, 2.6). */
import {argon2id as argon2, hkdf, sha256} from '../../../vendor/noble.js';
import {utf8} from '../public/bytes.js';
import {aesGcmOpen, aesGcmSeal} from './platform.js';

const NO_SALT = new Uint8Array(0);
const ZERO_NONCE = new Uint8Array(12);
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
 * @param {Uint8Array} secret
 * @param {Uint8Array} salt
 * @returns {Uint8Array} 32 bytes; blocks for 60 ms to 2 s, so a Worker does it
 */
export const argon2id = (secret, salt) => argon2(secret, salt, ARGON2);
