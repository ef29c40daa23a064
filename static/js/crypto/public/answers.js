/**
 * The answers with a mailbox, a day and lists of ids (PROTOCOL 12.4, 12.5, 12.10), which both ends read
 * without any secret.
 */
import {LARGEST_DAY, b64, hashLabelled} from './encoding.js';
import {equal, readU32} from './bytes.js';
import {DrempelError} from './errors.js';
import {
  CONVERSATION_BODY_LIMIT,
  CREATION_LENGTH,
  ENVELOPE_ID_LENGTH,
  LONGEST_OPENING,
  MAILBOX_ID_LENGTH,
  MOST_ENVELOPES,
} from './limits.js';

const ANSWER_LENGTH = 65_536;

/**
 * @typedef {{id: Uint8Array, day: number, bytes: Uint8Array}} StoredEnvelope as the server gives it back; the
 *   day is its own
 */
/**
 * @typedef {{creation: Uint8Array, envelopes: StoredEnvelope[]}} MailboxAnswer all of a mailbox (PROTOCOL
 *   12.4)
 */

/**
 * @typedef {object} Reader
 * @property {() => number} at
 * @property {(length: number) => Uint8Array} take
 * @property {() => number} number
 * @property {() => number} day
 */

/** There are too few bytes. */
class CutOff extends DrempelError {}

/**
 * @param {Uint8Array} bytes
 * @returns {Reader} takes bytes off the front; `answer-damaged` when there are too few
 */
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

/**
 * @param {Uint8Array} bytes
 * @param {Uint8Array} readToken
 * @returns {MailboxAnswer} throws `receipt-unknown` or `answer-damaged`
 */
export function parseMailboxAnswer(bytes, readToken) {
  if (bytes.length < ANSWER_LENGTH || bytes.length & (bytes.length - 1))
    throw new DrempelError('answer-damaged');
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
  if (inner.at() !== content.length || distinct.size !== envelopes.length)
    throw new DrempelError('answer-damaged');
  return {creation, envelopes};
}

/**
 * @typedef {{mailbox: Uint8Array, envelope: StoredEnvelope, creation: Uint8Array | null}} DayItem creation
 *   only with an opening
 */

/**
 * What comes as it comes, piece by piece: frames that begin with a mailbox's id, and their end. `feed` gives
 * the items that are whole now; both throw `answer-damaged`.
 * @template Item
 * @param {(mailbox: Uint8Array, input: Reader) => Item} next
 * @returns {{feed: (piece: Uint8Array) => Item[], finish: () => void}}
 */
function framesParser(next) {
  let [left, length, count, ended] = [new Uint8Array(0), 0, 0, false];
  /**
   * It doubles when full, so that pieces as small as a server likes cost no more than large ones.
   * @param {Uint8Array} piece
   */
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
    /** @type {Item[]} */
    const items = [];
    let whole = 0;
    try {
      while (!ended) {
        const mailbox = input.take(MAILBOX_ID_LENGTH);
        if (mailbox.some((byte) => byte !== 0)) items.push(next(mailbox, input));
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

/** @param {Uint8Array} mailbox @param {Reader} input @returns {DayItem} */
function nextDayItem(mailbox, input) {
  const [id, day, flags] = [input.take(ENVELOPE_ID_LENGTH), input.day(), Number(input.take(1)[0])];
  if (flags > 1) throw new DrempelError('answer-damaged');
  const creation = flags ? input.take(CREATION_LENGTH) : null;
  const length = input.number();
  if (length > (flags ? LONGEST_OPENING : CONVERSATION_BODY_LIMIT)) throw new DrempelError('answer-damaged');
  return {mailbox, envelope: {id, day, bytes: input.take(length)}, creation};
}

/** A day's answer (PROTOCOL 12.5): a day may hold more than a reader's memory does. */
export const dayParser = () => framesParser(nextDayItem);

/** @typedef {{mailbox: Uint8Array, told: Uint8Array}} ListItem a mailbox's id, and what is told of it */

/**
 * A list of mailboxes or of a day's envelopes (PROTOCOL 12.10).
 * @param {number} length bytes that are told of each mailbox
 */
export const listParser = (length) =>
  framesParser((mailbox, input) => /** @type {ListItem} */ ({mailbox, told: input.take(length)}));
