/**
 * What the pages use of the noble libraries, except for the cipher: `make vendor` bundles this file into
 * noble.js.
 *
 * noble.d.ts repeats this list as types; tests/js/vendor.test.js holds the two and the bundle to the same
 * names.
 */
export {argon2id} from '@noble/hashes/argon2.js';
export {blake2b} from '@noble/hashes/blake2.js';
export {expand, extract, hkdf} from '@noble/hashes/hkdf.js';
export {sha256} from '@noble/hashes/sha2.js';
export {sha3_256, shake256} from '@noble/hashes/sha3.js';
export {ed25519, x25519} from '@noble/curves/ed25519.js';
export {ml_kem768} from '@noble/post-quantum/ml-kem.js';
