/**
 * What both ends read without any secret: creation record, envelope headers, answers (PROTOCOL 5, 6, 12). The twin of
 * `crypto/wire.py`.
 */
import {LARGEST_DAY, b64, concat, equal, hashLabelled, readU32, u32, u8} from './encoding.js';
import {DrempelError} from './errors.js';

export const SUITE = 1;
export const OPENING = 1;
export const CONVERSATION = 2;
export const KEYRING = 3;
export const CLAIMS = 4;
export const SLOT_COUNTS = Object.freeze([2, 4, 8, 16, 32, 64]);
export const SLOT_LENGTH = 1168;
export const STUB_LENGTH = 158;
export const KEY_BLOCK_LENGTH = 1408;
export const TAG_LENGTH = 16;
export const OPENING_HEADER_LENGTH = 71;
export const CONVERSATION_HEADER_LENGTH = 66;
export const OPENING_SIZES = Object.freeze(Array.from({length: 8}, (_, n) => 8192 << n));
export const CONVERSATION_SIZES = Object.freeze(Array.from({length: 9}, (_, n) => 4096 << n));
export const CREATION_LENGTH = 225;
export const ENVELOPE_ID_LENGTH = 16;
const MAILBOX_ID_LENGTH = 32;
const ANSWER_LENGTH = 65_536;
/** PROTOCOL 13. */
const MOST_ENVELOPES = 1024;
const OPENING_BODY_LIMIT = 1_310_720;
const CONVERSATION_BODY_LIMIT = 1_064_960;
const LONGEST_OPENING = OPENING_BODY_LIMIT - CREATION_LENGTH;

/** @typedef {'read' | 'write' | 'close' | 'replace' | 'delete'} Capability */

/** @param {Capability | 'blob'} capability @param {Uint8Array} token @returns {Uint8Array} what the server keeps of it (PROTOCOL 5.1, 16.1) */
export const verifier = (capability, token) => hashLabelled(`verifier/${capability}`, token);

/**
 * It commits to who may read and who signs as its maker (PROTOCOL 5.2).
 * @param {Uint8Array} readVerifier @param {Uint8Array} signingKey
 * @returns {Uint8Array}
 */
export const mailboxId = (readVerifier, signingKey) => hashLabelled('mailbox', concat(readVerifier, signingKey));

/**
 * What a mailbox is made from (PROTOCOL 5.3): ids and verifiers of 32 bytes each, no token.
 * @typedef {{organisation: Uint8Array, mailbox: Uint8Array, read: Uint8Array, write: Uint8Array, close: Uint8Array,
 *   replace: Uint8Array, delete: Uint8Array}} CreationRecord
 */

/** @param {CreationRecord} record @returns {Uint8Array} 225 bytes */
export const creationBytes = (record) =>
  concat(
    u8(SUITE),
    record.organisation,
    record.mailbox,
    record.read,
    record.write,
    record.close,
    record.replace,
    record.delete,
  );

/** @param {Uint8Array} bytes 225 @returns {CreationRecord} throws `envelope-header` or `envelope-suite` */
export function parseCreation(bytes) {
  if (bytes.length !== CREATION_LENGTH) throw new DrempelError('envelope-header');
  if (bytes[0] !== SUITE) throw new DrempelError('envelope-suite');
  const field = (/** @type {number} */ n) => bytes.slice(1 + 32 * n, 33 + 32 * n);
  return {
    organisation: field(0),
    mailbox: field(1),
    read: field(2),
    write: field(3),
    close: field(4),
    replace: field(5),
    delete: field(6),
  };
}

/** @param {Uint8Array} bytes @param {number} form @param {number} headerLength */
function checkForm(bytes, form, headerLength) {
  if (bytes.length < 2) throw new DrempelError('envelope-header');
  if (bytes[0] !== SUITE) throw new DrempelError('envelope-suite');
  if (bytes[1] !== form || bytes.length < headerLength) throw new DrempelError('envelope-header');
}

/**
 * An opening envelope cut into its parts (PROTOCOL 6.2). `header` is the first 71 bytes, `slots` all slots.
 * @typedef {{header: Uint8Array, count: number, week: number, salt: Uint8Array, commitment: Uint8Array,
 *   slots: Uint8Array, stub: Uint8Array, body: Uint8Array}} OpeningParts
 */

/** @param {Uint8Array} bytes @returns {OpeningParts} throws `envelope-header` or `envelope-suite` (PROTOCOL 6.6 step 1) */
export function parseOpening(bytes) {
  checkForm(bytes, OPENING, OPENING_HEADER_LENGTH);
  const count = Number(bytes[2]);
  const stubAt = OPENING_HEADER_LENGTH + count * SLOT_LENGTH;
  const bodyAt = stubAt + STUB_LENGTH;
  const padded = bytes.length - bodyAt - KEY_BLOCK_LENGTH - TAG_LENGTH;
  if (!SLOT_COUNTS.includes(count) || !OPENING_SIZES.includes(padded)) throw new DrempelError('envelope-header');
  return {
    header: bytes.subarray(0, OPENING_HEADER_LENGTH),
    count,
    week: readU32(bytes, 3),
    salt: bytes.subarray(7, 39),
    commitment: bytes.subarray(39, 71),
    slots: bytes.subarray(OPENING_HEADER_LENGTH, stubAt),
    stub: bytes.subarray(stubAt, bodyAt),
    body: bytes.subarray(bodyAt),
  };
}

/**
 * A conversation envelope cut into its parts (PROTOCOL 6.9). `header` is the first 66 bytes.
 * @typedef {{header: Uint8Array, salt: Uint8Array, commitment: Uint8Array, body: Uint8Array}} ConversationParts
 */

/** @param {Uint8Array} bytes @returns {ConversationParts} throws `envelope-header` or `envelope-suite` */
export function parseConversation(bytes) {
  checkForm(bytes, CONVERSATION, CONVERSATION_HEADER_LENGTH);
  const padded = bytes.length - CONVERSATION_HEADER_LENGTH - TAG_LENGTH;
  if (!CONVERSATION_SIZES.includes(padded)) throw new DrempelError('envelope-header');
  return {
    header: bytes.subarray(0, 66),
    salt: bytes.subarray(2, 34),
    commitment: bytes.subarray(34, 66),
    body: bytes.subarray(66),
  };
}

/**
 * The hash by which later messages refer to an envelope (PROTOCOL 8.1).
 * @param {Uint8Array} mailbox @param {Uint8Array} envelope @param {Uint8Array} bytes
 * @returns {Uint8Array} 32 bytes
 */
export const envelopeHash = (mailbox, envelope, bytes) => hashLabelled('envelope', concat(mailbox, envelope, bytes));

/** @typedef {{id: Uint8Array, day: number, bytes: Uint8Array}} StoredEnvelope as the server gives it back; the day is its own */
/** @typedef {{creation: Uint8Array, envelopes: StoredEnvelope[]}} MailboxAnswer all of a mailbox (PROTOCOL 12.4) */

/**
 * The answer to a return visit, 64 KiB or the next power of two that fits.
 * @param {Uint8Array} readToken @param {Uint8Array} creation @param {StoredEnvelope[]} envelopes
 * @returns {Uint8Array}
 */
export function buildMailboxAnswer(readToken, creation, envelopes) {
  const items = envelopes.map(({id, day, bytes}) => concat(id, u32(day), u32(bytes.length), bytes));
  const content = concat(creation, u32(envelopes.length), ...items);
  const framed = concat(hashLabelled('present', readToken), u32(content.length), content);
  let size = ANSWER_LENGTH;
  while (size < framed.length) size *= 2;
  return concat(framed, new Uint8Array(size - framed.length));
}

/**
 * @typedef {object} Reader
 * @property {() => number} at
 * @property {(length: number) => Uint8Array} take
 * @property {() => number} number
 * @property {() => number} day
 */

/** There are too few bytes. */
class CutOff extends DrempelError {}

/** @param {Uint8Array} bytes @returns {Reader} takes bytes off the front; `answer-damaged` when there are too few */
function reader(bytes) {
  let at = 0;
  const take = (/** @type {number} */ length) => {
    if (at + length > bytes.length) throw new CutOff('answer-damaged');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = () => readU32(take(4));
  const day = () => {
    // A server's day ends up in JSON, where a later one can't be written (PROTOCOL 1.4).
    const value = number();
    if (value > LARGEST_DAY) throw new DrempelError('answer-damaged');
    return value;
  };
  return {at: () => at, take, number, day};
}

/** @param {Uint8Array} bytes @param {Uint8Array} readToken @returns {MailboxAnswer} throws `receipt-unknown` or `answer-damaged` */
export function parseMailboxAnswer(bytes, readToken) {
  if (bytes.length < ANSWER_LENGTH || bytes.length & (bytes.length - 1)) throw new DrempelError('answer-damaged');
  const outer = reader(bytes);
  if (!equal(outer.take(32), hashLabelled('present', readToken))) throw new DrempelError('receipt-unknown');
  const content = outer.take(outer.number());
  const inner = reader(content);
  const creation = inner.take(CREATION_LENGTH);
  const count = inner.number();
  // Empty ones by the million would keep a reader busy for minutes, and deaf.
  if (count > MOST_ENVELOPES) throw new DrempelError('answer-damaged');
  /** @type {StoredEnvelope[]} */
  const envelopes = [];
  for (let left = count; left > 0; left -= 1) {
    const [id, day] = [inner.take(ENVELOPE_ID_LENGTH), inner.day()];
    envelopes.push({id, day, bytes: inner.take(inner.number())});
  }
  const distinct = new Set(envelopes.map(({id}) => b64(id)));
  if (inner.at() !== content.length || distinct.size !== envelopes.length) throw new DrempelError('answer-damaged');
  return {creation, envelopes};
}

/** @typedef {{mailbox: Uint8Array, envelope: StoredEnvelope, creation: Uint8Array | null}} DayItem creation only with an opening */

/** @param {DayItem[]} items @returns {Uint8Array} a whole day's answer (PROTOCOL 12.5) */
export function buildDayAnswer(items) {
  const frames = items.map(({mailbox, envelope: {id, day, bytes}, creation}) =>
    concat(mailbox, id, u32(day), u8(creation ? 1 : 0), creation ?? new Uint8Array(0), u32(bytes.length), bytes),
  );
  return concat(...frames, new Uint8Array(MAILBOX_ID_LENGTH), u32(items.length));
}

/** @param {Reader} input @returns {DayItem | null} null at the end mark */
function nextDayItem(input) {
  const mailbox = input.take(MAILBOX_ID_LENGTH);
  if (mailbox.every((byte) => byte === 0)) return null;
  const [id, day, flags] = [input.take(ENVELOPE_ID_LENGTH), input.day(), Number(input.take(1)[0])];
  if (flags > 1) throw new DrempelError('answer-damaged');
  const creation = flags ? input.take(CREATION_LENGTH) : null;
  const length = input.number();
  if (length > (flags ? LONGEST_OPENING : CONVERSATION_BODY_LIMIT)) throw new DrempelError('answer-damaged');
  return {mailbox, envelope: {id, day, bytes: input.take(length)}, creation};
}

/**
 * A day's answer (PROTOCOL 12.5) as it comes, piece by piece: a day may hold more than a reader's memory does. `feed` gives
 * the envelopes that are whole now; both throw `answer-damaged`.
 * @returns {{feed: (piece: Uint8Array) => DayItem[], finish: () => void}}
 */
export function dayParser() {
  let [left, length, count, ended] = [new Uint8Array(0), 0, 0, false];
  /** It doubles when full, so that pieces as small as a server likes cost no more than large ones. @param {Uint8Array} piece */
  const hold = (piece) => {
    if (length + piece.length > left.length) {
      const larger = new Uint8Array(Math.max(2 * length, length + piece.length));
      larger.set(left.subarray(0, length));
      left = larger;
    }
    left.set(piece, length);
    length += piece.length;
    return left.subarray(0, length);
  };
  /** @param {Uint8Array} piece */
  const feed = (piece) => {
    const bytes = hold(piece);
    const input = reader(bytes);
    /** @type {DayItem[]} */
    const items = [];
    let whole = 0;
    try {
      while (!ended) {
        const item = nextDayItem(input);
        if (item) items.push(item);
        else if (input.number() === count + items.length) ended = true;
        else throw new DrempelError('answer-damaged');
        whole = input.at();
      }
    } catch (problem) {
      if (!(problem instanceof CutOff)) throw problem;
    }
    count += items.length;
    if (whole > 0) {
      // What the items are views of is never written to again.
      left = bytes.slice(whole);
      length = left.length;
    }
    if (ended && length > 0) throw new DrempelError('answer-damaged');
    return items;
  };
  const finish = () => {
    if (!ended) throw new DrempelError('answer-damaged');
  };
  return {feed, finish};
}

/** @param {Uint8Array} bytes a whole answer @returns {DayItem[]} throws `answer-damaged` if it was cut off */
export function parseDayAnswer(bytes) {
  const {feed, finish} = dayParser();
  const items = feed(bytes);
  finish();
  return items;
}
