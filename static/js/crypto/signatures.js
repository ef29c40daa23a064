/** Ed25519 signatures, each for one purpose (PROTOCOL 2.4). The twin of `crypto/signatures.py`. */
import {ed25519} from '../../vendor/noble.js';
import {concat, utf8} from './encoding.js';

export const TYPES = Object.freeze({
  directory: 'application/vnd.drempel.directory.1+json',
  rotation: 'application/vnd.drempel.rotation.1+json',
  statement: 'application/vnd.drempel.statement.1+json',
  message: 'application/vnd.drempel.message.1',
  signIn: 'application/vnd.drempel.sign-in.1',
  consent: 'application/vnd.drempel.consent.1',
  proof: 'application/vnd.drempel.proof.1',
});

const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** @param {string} type @param {Uint8Array} body @returns {Uint8Array} no body of one type reads as a body of another */
export const pae = (type, body) => concat(utf8(`DSSEv1 ${type.length} ${type} ${body.length} `), body);

/** @param {Uint8Array} seed 32 bytes @returns {Uint8Array} its public key, 32 bytes */
export const publicKey = (seed) => ed25519.getPublicKey(seed);

/** @param {Uint8Array} seed @param {string} type one of `TYPES` @param {Uint8Array} body @returns {Uint8Array} 64 bytes */
export function sign(seed, type, body) {
  if (!Object.values(TYPES).some((known) => known === type)) throw new TypeError('not a type of signature');
  return ed25519.sign(pae(type, body), seed);
}

/** @param {Uint8Array} encoded @returns {boolean} canonical, in the prime-order subgroup, and not the identity */
function isPoint(encoded) {
  try {
    const point = ed25519.Point.fromBytes(encoded, false);
    return !point.isSmallOrder() && point.isTorsionFree();
  } catch {
    return false;
  }
}

/** @param {Uint8Array} bytes little-endian */
const scalar = (bytes) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

/**
 * Points are checked first, since libraries differ on small-order, mixed-order and non-canonical ones.
 * @param {Uint8Array} key @param {string} type @param {Uint8Array} body @param {Uint8Array} signature
 * @returns {boolean}
 */
export function verify(key, type, body, signature) {
  if (key.length !== 32 || signature.length !== 64 || scalar(signature.subarray(32)) >= GROUP_ORDER) return false;
  if (!isPoint(key) || !isPoint(signature.subarray(0, 32))) return false;
  return ed25519.verify(signature, pae(type, body), key, {zip215: false});
}
