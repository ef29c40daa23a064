/**
 * The cipher, apart from noble.js: only a browser without `crypto.subtle` needs it, and only such a one
 * fetches it.
 *
 * noble-cipher.d.ts repeats this list as types, as noble.d.ts does.
 */
export {gcm} from '@noble/ciphers/aes.js';
