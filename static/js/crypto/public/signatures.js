/** Ed25519 signatures, each for one purpose, and the DSSE envelopes they travel in (PROTOCOL 2.4, 2.7). */
import {ed25519} from '../../../vendor/noble.js';
import {b64, parseObject, unb64} from './encoding.js';
import {concat, isObject, utf8} from './bytes.js';
import {DrempelError} from './errors.js';

/** @import {Dsse, Signed} from '../shapes.d.ts' */
/** @import {Json} from './encoding.js' */

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
const MOST_SIGNATURES = 64;

/**
 * @param {string} type
 * @param {Uint8Array} body
 * @returns {Uint8Array} no body of one type reads as a body of another
 */
export const pae = (type, body) => concat(utf8(`DSSEv1 ${type.length} ${type} ${body.length} `), body);

/** @param {Uint8Array} seed 32 bytes @returns {Uint8Array} its public key, 32 bytes */
export const publicKey = (seed) => ed25519.getPublicKey(seed);

/**
 * @param {Uint8Array} seed
 * @param {string} type one of `TYPES`
 * @param {Uint8Array} body
 * @returns {Uint8Array} 64 bytes
 */
export function sign(seed, type, body) {
  if (!Object.values(TYPES).some((known) => known === type)) throw new TypeError('not a type of signature');
  return ed25519.sign(pae(type, body), seed);
}

/**
 * @param {Uint8Array} encoded
 * @returns {boolean} canonical, in the prime-order subgroup, and not the identity
 */
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
  if (key.length !== 32 || signature.length !== 64 || scalar(signature.subarray(32)) >= GROUP_ORDER)
    return false;
  if (!isPoint(key) || !isPoint(signature.subarray(0, 32))) return false;
  return ed25519.verify(signature, pae(type, body), key, {zip215: false});
}

/**
 * @param {string} type
 * @param {string} known
 * @returns {boolean} whether only the version number differs (PROTOCOL 14.3)
 */
export const isNewer = (type, known) =>
  type !== known && /\.\d+(?:\+json)?$/.test(type) && type.replace(/\.\d+(?=\+json$|$)/, '.1') === known;

/** @param {Uint8Array} bytes JSON @returns {Dsse} throws `request-malformed` */
export const parseDsse = (bytes) => readDsse(parseObject(bytes));

/** @param {unknown} value a parsed JSON object @returns {Dsse} throws `request-malformed` */
export function readDsse(value) {
  if (!isObject(value)) throw new DrempelError('request-malformed', 'DSSE');
  const {payloadType, signatures} = value;
  if (typeof payloadType !== 'string' || !Array.isArray(signatures) || signatures.length > MOST_SIGNATURES) {
    throw new DrempelError('request-malformed', 'DSSE');
  }
  return {type: payloadType, payload: unb64(value['payload']), signatures: signatures.map(readSigned)};
}

/** @param {unknown} value @returns {Signed} */
function readSigned(value) {
  if (!isObject(value)) throw new DrempelError('request-malformed', 'DSSE');
  return {key: unb64(value['keyid'], 32), signature: unb64(value['sig'], 64)};
}

/**
 * Those of the allowed keys that signed the payload for this purpose. A signature by an unknown key is
 * ignored; two by one key count once.
 * @param {Dsse} dsse @param {string} type @param {Uint8Array[]} allowed
 * @returns {Set<string>} distinct keys, as b64
 */
export function signersOf(dsse, type, allowed) {
  const known = new Set(allowed.map(b64));
  const valid = dsse.signatures.filter(
    ({key, signature}) =>
      dsse.type === type && known.has(b64(key)) && verify(key, type, dsse.payload, signature),
  );
  return new Set(valid.map(({key}) => b64(key)));
}

/**
 * A signed DSSE envelope (PROTOCOL 2.7), as it travels inside other JSON.
 * @param {string} type @param {Uint8Array} payload @param {Iterable<Uint8Array>} seeds @returns {Json}
 */
export const dsseObject = (type, payload, seeds) => ({
  payloadType: type,
  payload: b64(payload),
  signatures: Array.from(seeds, (seed) => ({
    keyid: b64(publicKey(seed)),
    sig: b64(sign(seed, type, payload)),
  })),
});
