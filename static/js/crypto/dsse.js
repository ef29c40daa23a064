/** DSSE envelopes: JSON that is signed over the exact bytes that travel (PROTOCOL 2.7). The twin of `crypto/dsse.py`. */
import {b64, isObject, parseJson, unb64, writeJson} from './encoding.js';
import {DrempelError} from './errors.js';
import {publicKey, sign, verify} from './signatures.js';

/** @import {Json} from './encoding.js' */
/** @typedef {{key: Uint8Array, signature: Uint8Array}} Signed one signature, not verified yet */
/** @typedef {{type: string, payload: Uint8Array, signatures: Signed[]}} Dsse a parsed DSSE envelope */

const MOST_SIGNATURES = 64;

/** @param {string} type @param {string} known @returns {boolean} whether only the version number differs (PROTOCOL 14.3) */
export const isNewer = (type, known) =>
  type !== known && /\.\d+(?:\+json)?$/.test(type) && type.replace(/\.\d+(?=\+json$|$)/, '.1') === known;

/** @param {string} type @param {Uint8Array} payload @param {Iterable<Uint8Array>} seeds @returns {Uint8Array} JSON */
export const makeDsse = (type, payload, seeds) => writeJson(dsseObject(type, payload, seeds));

/**
 * The same as an object, for DSSE envelopes that travel inside other JSON.
 * @param {string} type @param {Uint8Array} payload @param {Iterable<Uint8Array>} seeds @returns {Json}
 */
export const dsseObject = (type, payload, seeds) => ({
  payloadType: type,
  payload: b64(payload),
  signatures: Array.from(seeds, (seed) => ({keyid: b64(publicKey(seed)), sig: b64(sign(seed, type, payload))})),
});

/** @param {Uint8Array} bytes JSON @returns {Dsse} throws `request-malformed` */
export const parseDsse = (bytes) => readDsse(parseJson(bytes));

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
 * Those of the allowed keys that signed the payload for this purpose. A signature by an unknown key is ignored; two by
 * one key count once.
 * @param {Dsse} dsse @param {string} type @param {Uint8Array[]} allowed
 * @returns {Set<string>} distinct keys, as b64
 */
export function signersOf(dsse, type, allowed) {
  const known = new Set(allowed.map(b64));
  const valid = dsse.signatures.filter(
    ({key, signature}) => dsse.type === type && known.has(b64(key)) && verify(key, type, dsse.payload, signature),
  );
  return new Set(valid.map(({key}) => b64(key)));
}
