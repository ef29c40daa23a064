/**
 * Reading inner messages (PROTOCOL 7), for return visits and inboxes: a page that only reports never fetches this. With what
 * `envelope.js` packs, the twin of `crypto/message.py`.
 */
import {readQuote} from './directory.js';
import {
  b64,
  concat,
  dayNumber,
  fromUtf8,
  isId,
  isNumber,
  isObject,
  need,
  parseJson,
  readAs,
  readU16,
  readU32,
  unb64,
  utf8,
} from './encoding.js';
import {context} from './envelope.js';
import {DrempelError} from './errors.js';
import {TYPES, verify} from './signatures.js';
import {CONVERSATION_SIZES, LONGEST_FILE, LONGEST_NAME, LONGEST_TYPE, MOST_ATTACHMENTS, OPENING_SIZES} from './wire.js';

/** @import {Json} from './encoding.js' */
/** @import {Place, Quote} from './shapes.d.ts' */

/**
 * A file as a message names it. `name` and `type` are the author's words; `size` is the true length in bytes.
 * @typedef {{name: string, type: string, size: number, secret: Uint8Array, hash: Uint8Array}} Attachment
 */
/**
 * An inner message: what its meta says, and its text. `meta` holds all members, known or not.
 * @typedef {{kind: string, author: string, day: number, directory: Quote, counter: number, parents: Uint8Array[],
 *   meta: Json, text: string, attachments: Attachment[]}} Message
 */

export const MOST_PARENTS = 8;
export const OPENING_KINDS = Object.freeze(['report', 'case', 'grant', 'decoy']);
export const CONVERSATION_KINDS = Object.freeze(['message']);
const SIGNATURE_LENGTH = 64;

/** @param {Uint8Array} padded @param {readonly number[]} sizes @returns {Uint8Array} */
function unpad(padded, sizes) {
  const length = readU32(padded);
  const end = 4 + length;
  // The smallest size that fits, and zeros: otherwise the padding could carry a mark.
  if (
    length < 2 + SIGNATURE_LENGTH ||
    end > padded.length ||
    padded.subarray(end).some((byte) => byte !== 0) ||
    padded.length !== sizes.find((size) => end <= size)
  ) {
    throw new DrempelError('envelope-padding');
  }
  return padded.subarray(4, end);
}

/** @param {unknown} value @param {Record<string, number>} members lengths of the bytes in b64 */
function needBytes(value, members) {
  need(isObject(value), 'meta');
  for (const [name, length] of Object.entries(members)) unb64(value[name], length);
}

/** @param {Json} meta */
function checkOpeningMeta(meta) {
  const {kind, to, channel, report = null, proofs = {}} = meta;
  need(isId(channel) && Array.isArray(to) && to.every(isId) && isObject(proofs), 'meta');
  need(!CONVERSATION_KINDS.includes(String(kind)), 'meta');
  if (kind === 'report') need(report === null || isId(report), 'meta');
  if (kind === 'case') needBytes(meta['case'], {mailbox: 32});
  if (kind === 'grant') needBytes(meta['grant'], {mailbox: 32, envelope: 16, secret: 32, read: 32});
}

/**
 * @param {unknown} found the member `attachments` of a message's meta (PROTOCOL 16.5); without it there are none
 * @returns {Attachment[]} throws `request-malformed`
 */
export function readAttachments(found) {
  if (found === undefined || found === null) return [];
  need(Array.isArray(found) && found.length >= 1 && found.length <= MOST_ATTACHMENTS, 'attachments');
  const read = found.map(readAttachment);
  need(new Set(read.map(({secret}) => b64(secret))).size === read.length, 'one blob twice');
  return read;
}

/** @param {unknown} item @returns {Attachment} */
function readAttachment(item) {
  need(isObject(item), 'attachment');
  const {name, type, bytes, secret, hash} = item;
  need(typeof name === 'string' && name !== '' && !/\p{Surrogate}/u.test(name), 'name');
  need(utf8(name).length <= LONGEST_NAME, 'name');
  need(typeof type === 'string' && type.length <= LONGEST_TYPE && utf8(type).length === type.length, 'type');
  need(isNumber(bytes, 0, LONGEST_FILE), 'length');
  return {name, type, size: bytes, secret: unb64(secret, 32), hash: unb64(hash, 32)};
}

/** @param {Uint8Array} content @param {boolean} opening @returns {Message} */
function parse(content, opening) {
  const metaEnd = 2 + readU16(content);
  need(metaEnd <= content.length, 'meta');
  const meta = parseJson(content.subarray(2, metaEnd));
  const {kind, author, day, counter, parents, directory} = meta;
  need(isId(kind) && isId(author) && isNumber(counter), 'meta');
  need(Array.isArray(parents) && parents.length <= MOST_PARENTS && new Set(parents).size === parents.length, 'meta');
  // An opening has no parents, and nothing else is without.
  need(opening === (parents.length === 0) && opening === (counter === 0), 'meta');
  if (opening) checkOpeningMeta(meta);
  else need(!OPENING_KINDS.includes(kind), 'meta');
  return {
    kind,
    author,
    day: dayNumber(day),
    directory: readQuote(directory),
    counter,
    parents: parents.map((parent) => unb64(parent, 32)),
    meta,
    text: fromUtf8(content.subarray(metaEnd)),
    attachments: readAttachments(meta['attachments']),
  };
}

/**
 * The message in a padded one, if its author signed it for this place. Throws `envelope-padding`, `envelope-message`,
 * `envelope-author` or `envelope-signature`.
 * @param {Uint8Array} padded @param {Place} place
 * @param {(message: Message) => Uint8Array[]} authorKeys keys of the author it names; none if that author has no place here
 * @param {boolean} opening
 * @returns {Message}
 */
export function unpackMessage(padded, place, authorKeys, opening) {
  const signed = unpad(padded, opening ? OPENING_SIZES : CONVERSATION_SIZES);
  const content = signed.subarray(0, -SIGNATURE_LENGTH);
  const message = readAs('envelope-message', () => parse(content, opening));
  verifyMessage(authorKeys(message), place, content, signed.subarray(-SIGNATURE_LENGTH));
  return message;
}

/**
 * PROTOCOL 7.4.
 * @param {Uint8Array[]} keys @param {Place} place @param {Uint8Array} content @param {Uint8Array} signature
 */
function verifyMessage(keys, place, content, signature) {
  if (keys.length === 0) throw new DrempelError('envelope-author');
  const body = concat(context(place), content);
  if (!keys.some((key) => verify(key, TYPES.message, body, signature))) throw new DrempelError('envelope-signature');
}
