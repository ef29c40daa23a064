/** Reading inner messages (PROTOCOL 7), once they are opened. */
import {readQuote} from '../public/directory.js';
import {concat, fromUtf8, isObject, need, readAs, readU16, readU32} from '../public/bytes.js';
import {dayNumber, isId, isNumber, parseObject, unb64} from '../public/encoding.js';
import {CONVERSATION_SIZES, OPENING_SIZES} from '../public/envelope_format.js';
import {DrempelError} from '../public/errors.js';
import {MOST_PARENTS} from '../public/limits.js';
import {TYPES, verify} from '../public/signatures.js';
import {readAttachments} from './attachment.js';
import {signedContextBytes} from './message_pack.js';

/** @import {Json} from '../public/encoding.js' */
/** @import {Place, Quote} from '../shapes.d.ts' */
/** @import {Attachment} from './attachment.js' */

/**
 * An inner message: what its meta says, and its text. `meta` holds all members, known or not.
 * @typedef {{kind: string, author: string, day: number, directory: Quote, counter: number, parents:
 *   Uint8Array[], meta: Json, text: string, attachments: Attachment[]}} Message
 */
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

/** @param {Uint8Array} content @param {boolean} opening @returns {Message} */
function parse(content, opening) {
  const metaEnd = 2 + readU16(content);
  need(metaEnd <= content.length, 'meta');
  const meta = parseObject(content.subarray(2, metaEnd));
  const {kind, author, day, counter, parents, directory} = meta;
  need(isId(kind) && isId(author) && isNumber(counter), 'meta');
  need(
    Array.isArray(parents) && parents.length <= MOST_PARENTS && new Set(parents).size === parents.length,
    'meta',
  );
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
 * The message in a padded one, if its author signed it for this place. Throws `envelope-padding`,
 * `envelope-message`, `envelope-author` or `envelope-signature`.
 * @param {Uint8Array} padded @param {Place} place
 * @param {(message: Message) => Uint8Array[]} authorKeys keys of the author it names; none if that author has
 *   no place here
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
  const body = concat(signedContextBytes(place), content);
  if (!keys.some((key) => verify(key, TYPES.message, body, signature)))
    throw new DrempelError('envelope-signature');
}
