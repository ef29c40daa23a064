/** AES-256-GCM and SHA-256 of the browser, or our own where it has none: Python's library has both. */
import {sha256} from '../../../vendor/noble.js';

/**
 * AES-256-GCM under one key. A caller that seals under it more than once must never use a nonce twice.
 * @typedef {{seal: (nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array) => Promise<Uint8Array>,
 *   open: (nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array) => Promise<Uint8Array | null>}} Cipher
 */

const TAG_LENGTH = 16;

/**
 * @param {Uint8Array} key @param {Uint8Array} nonce @param {Uint8Array} ad @param {Uint8Array} plaintext
 * @returns {Promise<Uint8Array>}
 */
export const aesGcmSeal = async (key, nonce, ad, plaintext) =>
  (await openCipher(key)).seal(nonce, ad, plaintext);

/**
 * @param {Uint8Array} key @param {Uint8Array} nonce @param {Uint8Array} ad @param {Uint8Array} sealed
 * @returns {Promise<Uint8Array | null>}
 */
export const aesGcmOpen = async (key, nonce, ad, sealed) => (await openCipher(key)).open(nonce, ad, sealed);

/**
 * The key is imported once, which counts for the thousands of chunks of a file.
 * @param {Uint8Array} key
 * @returns {Promise<Cipher>}
 */
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
    open: (nonce, ad, sealed) =>
      opened(sealed, () => subtle.decrypt(parameters(nonce, ad), imported, source(sealed))),
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
 * Fetches what this browser has not; throws if that does not arrive. A caller that does this at the start
 * does not find out only when there is something to seal.
 */
export async function sealingReady() {
  if (!webCrypto()) await ownCipher();
}

/** Three kilobytes that hardly any browser needs. */
const ownCipher = async () => (await import('../../../vendor/noble-cipher.js')).gcm;

/**
 * An insecure context (an onion service over plain HTTP, say) has no `crypto.subtle`.
 * @returns {SubtleCrypto | undefined}
 */
const webCrypto = () => globalThis.crypto?.subtle;

/** @param {Uint8Array} nonce @param {Uint8Array} ad @returns {AesGcmParams} */
const parameters = (nonce, ad) => ({name: 'AES-GCM', iv: source(nonce), additionalData: source(ad)});

/** @param {Uint8Array} bytes */
const source = (bytes) => /** @type {BufferSource} */ (bytes);
