/** Bytes, text, JSON and days (PROTOCOL 1), and the one hash (PROTOCOL 2.1). */
import {blake2b} from '../../../vendor/noble.js';
import {concat, fromUtf8, isObject, malformed, u8, utf8} from './bytes.js';

/** @typedef {(length: number) => Uint8Array} Random where randomness comes from (PROTOCOL 1.6) */
/** @typedef {Record<string, unknown>} Json a parsed JSON object */

const MILLISECONDS_PER_DAY = 86_400_000;
export const LARGEST_DAY = 2_932_896; // 9999-12-31, the last one with four digits for the year

/**
 * `H(label, data)`. The label keeps a hash made for one purpose from serving another.
 * @param {string} label
 * @param {Uint8Array} data
 * @returns {Uint8Array} 32 bytes
 */
export const hashLabelled = (label, data) =>
  blake2b(concat(utf8(`drempel/1/${label}`), u8(0), data), {dkLen: 32});

/** @param {Uint8Array} bytes @returns {string} base64url without padding (PROTOCOL 1.2) */
export function b64(bytes) {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/**
 * The bytes of base64url text, refused unless it is the one way to write them: a second spelling would let
 * one thing pass as two.
 * @param {unknown} text
 * @param {number} [length] how many bytes it must be
 * @returns {Uint8Array}
 */
export function unb64(text, length) {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1)
    throw malformed('base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (b64(bytes) !== text || (length !== undefined && bytes.length !== length)) throw malformed('base64url');
  return bytes;
}

/** A string, which is passed over, or a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * A number written with a point or an exponent is not one of PROTOCOL 1.3, but JSON.parse makes 1.0 a 1. It
 * becomes -1, which every reader refuses where it looks at it.
 * @param {string} text
 */
const withoutFractions = (text) =>
  text.replace(TOKEN, (token) => (token.startsWith('"') || /^-?\d+$/.test(token) ? token : '-1'));

const DEEPEST = 32;
const NESTING = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g;

/**
 * Whether JSON is nested more deeply than all readers follow; a member that another one hides counts too.
 * @param {string} text well-formed
 */
function isTooDeep(text) {
  let depth = 0;
  for (const [token] of text.matchAll(NESTING)) {
    if (token === '[' || token === '{') depth += 1;
    if (token === ']' || token === '}') depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/**
 * @param {Uint8Array} bytes
 * @returns {Json} the JSON object; throws `request-malformed` for anything else (PROTOCOL 1.3)
 */
export function parseObject(bytes) {
  const text = fromUtf8(bytes);
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
    if (/\d[.eE]/.test(text)) value = JSON.parse(withoutFractions(text));
    if (isTooDeep(text)) value = null;
  } catch {
    throw malformed('JSON');
  }
  if (!isObject(value)) throw malformed('JSON');
  return value;
}

/**
 * @param {unknown} value
 * @returns {Uint8Array} compact JSON in UTF-8: what is signed is these bytes, never a second writing
 */
export const writeObject = (value) => utf8(JSON.stringify(value));

/**
 * @param {unknown} value
 * @param {number} [smallest]
 * @param {number} [largest]
 * @returns {value is number} a whole number of PROTOCOL 1.3 within the bounds
 */
export const isNumber = (value, smallest = 0, largest = Number.MAX_SAFE_INTEGER) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= smallest && value <= largest;

/** @param {unknown} value @returns {value is string} an id of PROTOCOL 1.5 */
export const isId = (value) => typeof value === 'string' && /^[a-z0-9-]{1,40}$/.test(value);

/** @param {unknown} text `YYYY-MM-DD` @returns {number} days since 1970-01-01 */
export function dayNumber(text) {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(text)) throw malformed('day');
  const day = Date.parse(`${text}T00:00:00Z`) / MILLISECONDS_PER_DAY;
  if (!(day >= 0) || dayText(day) !== text) throw malformed('day');
  return day;
}

/** @param {number} day days since 1970-01-01 @returns {string} `YYYY-MM-DD` */
export function dayText(day) {
  if (!isNumber(day, 0, LARGEST_DAY)) throw malformed('day');
  return new Date(day * MILLISECONDS_PER_DAY).toISOString().slice(0, 10);
}

/** @param {number} day @returns {number} its calendar week, Monday to Sunday (PROTOCOL 1.4) */
export const weekOf = (day) => Math.floor((day + 3) / 7);
