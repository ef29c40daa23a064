/**
 * What Python's bytes and strings have built in: joining, numbers, UTF-8, comparing; and how a reader
 * refuses.
 */
import {DrempelError} from './errors.js';

/** @import {Json} from './encoding.js' */

/**
 * @param {string} what
 * @returns {DrempelError} what everything in this file throws; callers say which layer it was
 */
export const malformed = (what) => new DrempelError('request-malformed', what);

/** @param {...Uint8Array} parts @returns {Uint8Array} */
export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** @param {number} value @returns {Uint8Array} */
export const u8 = (value) => Uint8Array.of(value);

/** @param {number} value @returns {Uint8Array} big-endian */
export const u16 = (value) => Uint8Array.of(value >>> 8, value);

/** @param {number} value @returns {Uint8Array} big-endian */
export const u32 = (value) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

/** @param {Uint8Array} bytes @param {number} [offset] @returns {number} */
export const readU16 = (bytes, offset = 0) => view(bytes).getUint16(offset);

/** @param {Uint8Array} bytes @param {number} [offset] @returns {number} */
export const readU32 = (bytes, offset = 0) => view(bytes).getUint32(offset);

/** @param {Uint8Array} bytes */
const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** @param {string} text @returns {Uint8Array} */
export const utf8 = (text) => new TextEncoder().encode(text);

/**
 * @param {Uint8Array} bytes
 * @returns {string} throws `request-malformed` unless it is UTF-8; a byte order mark stays
 */
export function fromUtf8(bytes) {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch {
    throw malformed('UTF-8');
  }
}

/**
 * Refuse what does not hold, as everything in this file does.
 * @param {unknown} condition @param {string} what
 * @returns {asserts condition}
 */
export function need(condition, what) {
  if (!condition) throw malformed(what);
}

/**
 * What `read` returns; if it meets `request-malformed`, that is told as the code of the layer that was read.
 * @template T
 * @param {string} code @param {() => T} read
 * @returns {T}
 */
export function readAs(code, read) {
  try {
    return read();
  } catch (problem) {
    if (problem instanceof DrempelError && problem.code === 'request-malformed') throw new DrempelError(code);
    throw problem;
  }
}

/** @param {Uint8Array} a @param {Uint8Array} b @returns {boolean} takes the same time wherever they differ */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  a.forEach((byte, at) => (difference |= byte ^ Number(b[at])));
  return difference === 0;
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 * @returns {number} negative, zero or positive: the order of their bytes
 */
export function compare(a, b) {
  const differs = a.findIndex((byte, at) => byte !== b[at]);
  return differs < 0 || differs >= b.length ? a.length - b.length : Number(a[differs]) - Number(b[differs]);
}

/** @param {unknown} value @returns {value is Json} */
export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
