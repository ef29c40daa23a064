/** The layout of a sealed keyring (PROTOCOL 11.1). Nothing here knows a key. */
import {KEYRING, TAG_LENGTH} from './envelope_format.js';
import {SUITE} from './limits.js';
import {DrempelError} from './errors.js';

/**
 * @typedef {{unlockers: Uint8Array[], salt: Uint8Array, header: Uint8Array, body: Uint8Array}} SealedKeyring
 *   as it lies on the server
 */

export const KEYRING_SIZES = Object.freeze(Array.from({length: 8}, (_, n) => 262_144 << n));
const UNLOCKER_LENGTH = 81;

/** @param {Uint8Array} bytes @returns {SealedKeyring} throws `keyring-format` or `keyring-suite` */
export function parseKeyring(bytes) {
  if (bytes.length > 0 && bytes[0] !== SUITE) throw new DrempelError('keyring-suite');
  if (bytes.length < 3 || bytes[1] !== KEYRING || !bytes[2]) throw new DrempelError('keyring-format');
  const saltAt = 3 + bytes[2] * UNLOCKER_LENGTH;
  if (!KEYRING_SIZES.includes(bytes.length - saltAt - 32 - TAG_LENGTH))
    throw new DrempelError('keyring-format');
  const unlocker = (/** @type {number} */ n) =>
    bytes.slice(3 + n * UNLOCKER_LENGTH, 3 + (n + 1) * UNLOCKER_LENGTH);
  return {
    unlockers: Array.from({length: bytes[2]}, (_, n) => unlocker(n)),
    salt: bytes.slice(saltAt, saltAt + 32),
    header: bytes.subarray(0, saltAt + 32),
    body: bytes.subarray(saltAt + 32),
  };
}
