/** The types of noble.js: the same list as noble.entry.js, which says why. */
export {argon2id, argon2idAsync} from '@noble/hashes/argon2.js';
export {blake2b} from '@noble/hashes/blake2.js';
export {expand, extract, hkdf} from '@noble/hashes/hkdf.js';
export {hmac} from '@noble/hashes/hmac.js';
export {sha256} from '@noble/hashes/sha2.js';
export {shake256} from '@noble/hashes/sha3.js';
export {gcm} from '@noble/ciphers/aes.js';
export {ed25519} from '@noble/curves/ed25519.js';
export {ml_kem768_x25519} from '@noble/post-quantum/hybrid.js';
