/** A conversation is a graph of envelopes: its order, its gaps, its heads (PROTOCOL 8). */
import {knows, authorKeysOf} from '../public/directory.js';
import {b64, unb64} from '../public/encoding.js';
import {compare} from '../public/bytes.js';
import {DrempelError} from '../public/errors.js';
import {CONVERSATION_KINDS, OPENING_KINDS} from './message_unpack.js';
import {MOST_PARENTS} from '../public/limits.js';
import {REPORTER} from '../public/directory_schema.js';
import {envelopeHash} from '../public/envelope_format.js';

/** @import {Directory, KeyBlock} from '../shapes.d.ts' */
/** @import {Message} from './message_unpack.js' */
/** @import {StoredEnvelope} from '../public/answers.js' */

/**
 * @typedef {{code: string, envelope: Uint8Array | null}} Notice of PROTOCOL 15.3, with the id of the envelope
 *   it is about
 */
/** @typedef {{envelope: Uint8Array, hash: Uint8Array, message: Message}} Entry a message that opened */
/**
 * What a reader gets of a conversation: messages in order, notices, heads (b64 hash to counter).
 * @typedef {{entries: Entry[], notices: Notice[], heads: Map<string, number>}} Thread
 */

const KNOWN_KINDS = [...OPENING_KINDS, ...CONVERSATION_KINDS];
const RECIPIENTS_ONLY = ['case', 'grant', 'decoy'];

/**
 * PROTOCOL 7.4 for an opening.
 * @param {Directory} directory
 * @returns {(message: Message, keys: KeyBlock) => Uint8Array[]}
 */
export const openingAuthors = (directory) => (message, keys) =>
  conversationAuthors(directory, message.kind, String(message.meta['channel']), keys.signingKey)(message);

/**
 * PROTOCOL 7.4 for the messages of a mailbox that an opening of that kind began.
 * @param {Directory} directory @param {string} kind @param {string} channel @param {Uint8Array} signingKey
 * @returns {(message: Message) => Uint8Array[]}
 */
export const conversationAuthors = (directory, kind, channel, signingKey) => (message) => {
  if (message.author === REPORTER) return RECIPIENTS_ONLY.includes(kind) ? [] : [signingKey];
  return authorKeysOf(directory, message.author, channel, message.directory.version);
};

/** @param {DrempelError} problem @param {Uint8Array} envelope @returns {Notice} */
function noticeOf({code, layer}, envelope) {
  if (code === 'envelope-suite') return {code: 'newer-version', envelope};
  return {code: ['author', 'signature'].includes(layer) ? 'forged' : 'damaged', envelope};
}

/**
 * PROTOCOL 8.3 points 2 to 4, for each message that opened.
 * @param {Entry[]} entries
 * @param {Set<string>} present
 * @param {Map<string, number>} counters
 * @param {Directory} directory
 * @returns {Notice[]}
 */
function graphNotices(entries, present, counters, directory) {
  return entries.flatMap(({envelope, message}) => {
    const parents = message.parents.map(b64);
    const known = parents.flatMap((parent) => counters.get(parent) ?? []);
    const codes = [];
    if (!parents.every((parent) => present.has(parent))) codes.push('gap');
    // A parent that is there but does not open has been told of already, and its counter is not known.
    else if (
      parents.length &&
      known.length === parents.length &&
      message.counter !== 1 + Math.max(...known)
    ) {
      codes.push('order');
    }
    if (!knows(directory, message.directory)) codes.push('directory-unknown');
    return codes.map((code) => ({code, envelope}));
  });
}

/** @param {Map<string, number>} counters @param {Entry[]} entries @returns {Map<string, number>} */
function headsOf(counters, entries) {
  const named = new Set(entries.flatMap(({message}) => message.parents.map(b64)));
  return new Map([...counters].filter(([hash]) => !named.has(hash)));
}

/** @param {Entry} one @param {Entry} other */
const byPlace = (one, other) =>
  one.message.counter - other.message.counter ||
  one.message.day - other.message.day ||
  compare(one.hash, other.hash);

/**
 * The thread in a mailbox's envelopes. One envelope that fails never costs another, and one that comes twice
 * is read once.
 * @param {Uint8Array} mailbox
 * @param {StoredEnvelope[]} envelopes
 * @param {Uint8Array} opening id of the opening envelope
 * @param {(envelope: StoredEnvelope) => Promise<Message | null>} openOne null for an opening that this reader
 *   may not open (PROTOCOL 8.4)
 * @param {Directory} directory
 * @param {Iterable<string>} [notedHeads] b64 hashes from an earlier visit
 * @returns {Promise<Thread>}
 */
export async function readThread(mailbox, envelopes, opening, openOne, directory, notedHeads = []) {
  /** @type {{entries: Entry[], notices: Notice[], counters: Map<string, number>, present: Set<string>}} */
  const {entries, notices, counters, present} = {
    entries: [],
    notices: [],
    counters: new Map(),
    present: new Set(),
  };
  for (const item of envelopes) {
    const hash = envelopeHash(mailbox, item.id, item.bytes);
    if (present.has(b64(hash))) continue;
    present.add(b64(hash));
    try {
      const message = await openOne(item);
      counters.set(b64(hash), message ? message.counter : 0);
      if (message) entries.push({envelope: item.id, hash, message});
    } catch (problem) {
      if (!(problem instanceof DrempelError)) throw problem;
      notices.push(noticeOf(problem, item.id));
      if (b64(item.id) === b64(opening)) counters.set(b64(hash), 0);
    }
  }
  const isKnown = (/** @type {Entry} */ {message}) => KNOWN_KINDS.includes(message.kind);
  const missing = [...notedHeads].filter((head) => !present.has(head));
  notices.push(
    ...graphNotices(entries, present, counters, directory),
    ...missing.map(() => ({code: 'gap', envelope: null})),
    ...entries.filter((entry) => !isKnown(entry)).map(({envelope}) => ({code: 'newer-version', envelope})),
  );
  return {entries: entries.filter(isKnown).sort(byPlace), notices, heads: headsOf(counters, entries)};
}

/**
 * The parents and the counter of the next message (PROTOCOL 8.2).
 * @param {Map<string, number>} heads @returns {{parents: string[], counter: number}}
 */
export function parentsOf(heads) {
  const sorted = [...heads].sort(([one, a], [other, b]) => b - a || compare(unb64(one), unb64(other)));
  const chosen = sorted.slice(0, MOST_PARENTS);
  // One author's counter at the very end must not keep all others from writing on.
  const counter = Math.min(1 + Math.max(...chosen.map(([, known]) => known)), Number.MAX_SAFE_INTEGER);
  return {parents: chosen.map(([hash]) => hash), counter};
}
