/** Packing inner messages: what is signed, and padded before it is sealed (PROTOCOL 7). */
import {concat, u16, u32, u8, utf8} from '../public/bytes.js';
import {hashLabelled, writeObject} from '../public/encoding.js';
import {LONGEST_META, SUITE} from '../public/limits.js';
import {DrempelError} from '../public/errors.js';
import {MOST_CLAIMS, TEXT_LIMIT} from '../public/limits.js';
import {TYPES, sign} from '../public/signatures.js';

/** @import {Json} from '../public/encoding.js' */
/** @import {Place} from '../shapes.d.ts' */

const NO_KEYS = new Uint8Array(32);

/**
 * What a person wrote, before it is sealed.
 * @param {string} text
 * @returns {string} the same; throws `text-empty` or `text-too-long`
 */
export function checkText(text) {
  if (!text.trim()) throw new DrempelError('text-empty');
  if (utf8(text).length > TEXT_LIMIT) throw new DrempelError('text-too-long');
  return text;
}

/**
 * @param {Place} place
 * @returns {Uint8Array} the context that is signed but does not travel (PROTOCOL 7.2)
 */
export function signedContextBytes({organisation, mailbox, envelope, commitment, keyBlock}) {
  const keys = keyBlock ? hashLabelled('keys', keyBlock) : NO_KEYS;
  return concat(u8(SUITE), organisation, mailbox, envelope, commitment, keys);
}

/**
 * @param {Uint8Array} seed @param {Place} place @param {Uint8Array} content `u16 m || meta || text`
 * @returns {Uint8Array} 64 bytes
 */
export const signMessage = (seed, place, content) =>
  sign(seed, TYPES.message, concat(signedContextBytes(place), content));

/**
 * The padded message; `text-too-long` if no size fits the text, `attachments-too-many` if it is the files
 * that don't fit.
 * @param {Json} meta @param {string} text @param {Place} place @param {Uint8Array} signingSeed
 * @param {readonly number[]} sizes ascending
 * @returns {Uint8Array}
 */
export function packMessage(meta, text, place, signingSeed, sizes) {
  // The encoder would quietly put another character in the place of half of one.
  if (/\p{Surrogate}/u.test(text)) throw new DrempelError('text-not-utf8');
  const [head, body] = [writeObject(meta), utf8(text)];
  const files = numberOfFiles(meta);
  if (head.length > LONGEST_META || files > MOST_CLAIMS) throw new DrempelError('attachments-too-many');
  if (body.length > TEXT_LIMIT) throw new DrempelError('text-too-long');
  const content = concat(u16(head.length), head, body);
  const padded = padMessage(concat(content, signMessage(signingSeed, place, content)), sizes);
  if (!padded) throw new DrempelError(files ? 'attachments-too-many' : 'text-too-long');
  return padded;
}

/**
 * What a meta says of the files of a message. Without a file it has no such member: no reader would open what
 * has an empty one.
 * @param {Json[]} attachments @returns {Json} members of a meta
 */
export function membersOf(attachments) {
  if (attachments.length === 0) throw new TypeError('a message names files, or has no such member');
  return {attachments};
}

/** @param {Json} meta */
const numberOfFiles = ({attachments}) => (Array.isArray(attachments) ? attachments.length : 0);

/**
 * @param {Uint8Array} signed
 * @param {readonly number[]} sizes
 * @returns {Uint8Array | null} null if it fits none
 */
function padMessage(signed, sizes) {
  const size = sizes.find((candidate) => 4 + signed.length <= candidate);
  return size ? concat(u32(signed.length), signed, new Uint8Array(size - 4 - signed.length)) : null;
}
