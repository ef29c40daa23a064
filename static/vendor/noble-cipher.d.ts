/** The types of noble-cipher.js: the same list as noble-cipher.entry.js, which says why. */
export {gcm} from '@noble/ciphers/aes.js';
