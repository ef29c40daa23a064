/** The keyring: a recipient's sealed key store on the server (PROTOCOL 11). */
import {quoteJson, readQuote} from '../public/directory.js';
import {
  b64,
  dayNumber,
  dayText,
  isId,
  isNumber,
  parseObject,
  unb64,
  writeObject,
} from '../public/encoding.js';
import {compare, concat, equal, isObject, need, readAs, readU32, u32, u8, utf8} from '../public/bytes.js';
import {KEYRING} from '../public/envelope_format.js';
import {SUITE} from '../public/limits.js';
import {DrempelError} from '../public/errors.js';
import {KEYRING_SIZES} from '../public/keyring_format.js';
import {ENVELOPE_ID_LENGTH} from '../public/limits.js';
import {derive, seal, unseal} from './primitives.js';

/** @import {Json, Random} from '../public/encoding.js' */
/** @import {SealedKeyring} from '../public/keyring_format.js' */
/** @import {Quote} from '../shapes.d.ts' */
/** @import {Ratchet} from './ratchet.js' */

/** @typedef {'secret' | 'conversation' | 'read' | 'write' | 'close' | 'replace' | 'signing'} KeyName */
/**
 * The keys of an open conversation and what is known of it (PROTOCOL 11.2). `heads` are b64.
 * @typedef {Record<KeyName, Uint8Array> & {kind: string, opening: Uint8Array, channel: string, report: string
 *   | null, day: number, messages: number, heads: Set<string>}} Conversation
 */
/** @typedef {{week: number, version: number}} Stated */
/**
 * All that a recipient keeps. `conversations` and `closed` by b64 mailbox id; `synced` is a day or null.
 * @typedef {{recipient: string, signingSeed: Uint8Array, ratchet: Ratchet, conversations: Map<string,
 *   Conversation>, closed: Set<string>, synced: number | null, counter: number, stated: Stated | null,
 *   directory: Quote | null}} Keyring
 */
const LARGEST = 2 ** 32 - 1;
const KEY_NAMES = /** @type {KeyName[]} */ ([
  'secret',
  'conversation',
  'read',
  'write',
  'close',
  'replace',
  'signing',
]);

/** @param {Conversation} known @returns {Json} */
function conversationJson(known) {
  const {kind, opening, channel, report, day, messages, heads} = known;
  const keys = Object.fromEntries(KEY_NAMES.map((name) => [name, b64(known[name])]));
  return {
    kind,
    opening: b64(opening),
    channel,
    report,
    ...keys,
    day: dayText(day),
    messages,
    heads: [...heads].sort(),
  };
}

/** @param {unknown} value @returns {Conversation} */
function readConversation(value) {
  need(isObject(value), 'conversation');
  const {kind, channel, report, messages, heads} = value;
  need(isId(kind) && isId(channel) && isNumber(messages) && Array.isArray(heads), 'conversation');
  need(report === null || isId(report), 'conversation');
  const keys = /** @type {Record<KeyName, Uint8Array>} */ (
    Object.fromEntries(KEY_NAMES.map((name) => [name, unb64(value[name], 32)]))
  );
  const opening = unb64(value['opening'], ENVELOPE_ID_LENGTH);
  const noted = new Set(heads.map((head) => b64(unb64(head, 32))));
  return {...keys, kind, opening, channel, report, day: dayNumber(value['day']), messages, heads: noted};
}

/** @param {string} one @param {string} other */
const byBytes = (one, other) => compare(unb64(one), unb64(other));

/** @param {Keyring} keyring @returns {Json} PROTOCOL 11.2 */
export function keyringJson(keyring) {
  const {recipient, ratchet, conversations, closed, synced, counter, stated, directory} = keyring;
  const ids = [...conversations.keys()].sort(byBytes);
  return {
    recipient,
    signing_seed: b64(keyring.signingSeed),
    ratchet: {week: ratchet.week, chain: b64(ratchet.chain)},
    conversations: Object.fromEntries(
      ids.map((id) => [id, conversationJson(/** @type {Conversation} */ (conversations.get(id)))]),
    ),
    closed: [...closed].sort(),
    synced: synced === null ? null : dayText(synced),
    counter,
    stated: stated && {week: stated.week, version: stated.version},
    directory: directory && quoteJson(directory),
  };
}

/** @param {Json} value @returns {Keyring} throws `request-malformed` */
export function readKeyring(value) {
  const {recipient, ratchet, conversations, closed, synced, counter, stated, directory} = value;
  need(
    isId(recipient) && isNumber(counter, 0, LARGEST) && Array.isArray(closed) && isObject(conversations),
    'keyring',
  );
  need(isObject(ratchet) && isNumber(ratchet['week'], 0, LARGEST), 'ratchet');
  return {
    recipient,
    signingSeed: unb64(value['signing_seed'], 32),
    ratchet: {week: ratchet['week'], chain: unb64(ratchet['chain'], 32)},
    conversations: new Map(
      Object.entries(conversations).map(([id, item]) => [b64(unb64(id, 32)), readConversation(item)]),
    ),
    closed: new Set(closed.map((id) => b64(unb64(id, 32)))),
    synced: synced === null ? null : dayNumber(synced),
    counter,
    stated: stated === null ? null : readStated(stated),
    directory: directory === null ? null : readQuote(directory),
  };
}

/** @param {unknown} value @returns {Stated} */
function readStated(value) {
  need(isObject(value) && isNumber(value['week']) && isNumber(value['version']), 'stated');
  return {week: value['week'], version: value['version']};
}

/** @param {Uint8Array} organisation @param {string} recipient @returns {Uint8Array} `A` of PROTOCOL 11.1 */
export const keyringPlace = (organisation, recipient) =>
  concat(Uint8Array.of(SUITE, KEYRING), organisation, u8(recipient.length), utf8(recipient));

/** @param {Uint8Array[]} unlockers @param {Uint8Array} salt */
const headerOf = (unlockers, salt) =>
  concat(Uint8Array.of(SUITE, KEYRING, unlockers.length), ...unlockers, salt);

/**
 * The root key, by whichever unlocker opens; throws `keyring-locked`.
 * @param {SealedKeyring} sealed
 * @param {Uint8Array} unlocker
 * @param {Uint8Array} organisation
 * @param {string} recipient
 * @returns {Promise<Uint8Array>}
 */
export async function unlockRootKey(sealed, unlocker, organisation, recipient) {
  for (const wrapped of sealed.unlockers) {
    const key = derive(unlocker, wrapped.subarray(1, 33), 'keyring/unlock');
    const ad = concat(keyringPlace(organisation, recipient), wrapped.subarray(0, 1));
    const rootKey = await unseal(key, ad, wrapped.subarray(33));
    if (rootKey) return rootKey;
  }
  throw new DrempelError('keyring-locked');
}

/**
 * The sealed keyring: a fresh salt, hence a fresh key, each time. Throws `keyring-format` if it is too large.
 * @param {Keyring} keyring
 * @param {Uint8Array} rootKey
 * @param {Uint8Array[]} unlockers
 * @param {Uint8Array} organisation
 * @param {Random} random
 * @returns {Promise<Uint8Array>}
 */
export async function sealKeyring(keyring, rootKey, unlockers, organisation, random) {
  const content = writeObject(keyringJson(keyring));
  const size = KEYRING_SIZES.find((candidate) => 4 + content.length <= candidate);
  if (!size) throw new DrempelError('keyring-format', 'It is too large.');
  const salt = random(32);
  const header = headerOf(unlockers, salt);
  const padded = concat(u32(content.length), content, new Uint8Array(size - 4 - content.length));
  const ad = concat(keyringPlace(organisation, keyring.recipient), header);
  return concat(header, await seal(derive(rootKey, salt, 'keyring/body'), ad, padded));
}

/**
 * The keyring under its root key; throws `keyring-damaged`.
 * @param {SealedKeyring} sealed
 * @param {Uint8Array} rootKey
 * @param {Uint8Array} organisation
 * @param {string} recipient
 * @returns {Promise<Keyring>}
 */
export async function openKeyring(sealed, rootKey, organisation, recipient) {
  const key = derive(rootKey, sealed.salt, 'keyring/body');
  const padded = await unseal(key, concat(keyringPlace(organisation, recipient), sealed.header), sealed.body);
  return readAs('keyring-damaged', () => {
    need(padded, 'body');
    const end = 4 + readU32(padded);
    need(end <= padded.length && padded.subarray(end).every((byte) => byte === 0), 'padding');
    const keyring = readKeyring(parseObject(padded.subarray(4, end)));
    need(keyring.recipient === recipient, 'recipient');
    return keyring;
  });
}

/**
 * Two devices can hold different openings of one mailbox only if the server showed them such. Either will do,
 * as long as all devices choose the same: to refuse would let a server stop a keyring from ever being written
 * again.
 * @param {Conversation} one @param {Conversation} other
 * @returns {Conversation}
 */
function mergeConversations(one, other) {
  const rank = (/** @type {Conversation} */ known) =>
    writeObject(conversationJson({...known, messages: 0, heads: new Set()}));
  const kept = compare(rank(one), rank(other)) <= 0 ? one : other;
  return {
    ...kept,
    messages: Math.max(one.messages, other.messages),
    heads: new Set([...one.heads, ...other.heads]),
  };
}

/** @param {Ratchet} one @param {Ratchet} other @returns {Ratchet} */
function laterRatchet(one, other) {
  if (one.week === other.week && !equal(one.chain, other.chain)) throw new DrempelError('keyring-damaged');
  return one.week >= other.week ? one : other;
}

/**
 * What was stated goes with the counter it was stated under.
 * @param {Keyring} one
 * @param {Keyring} other
 * @returns {Keyring}
 */
function newestStated(one, other) {
  const rank = (/** @type {Keyring} */ {counter, stated}) => [
    counter,
    stated?.week ?? -1,
    stated?.version ?? -1,
  ];
  const [a, b] = [rank(one), rank(other)];
  const differs = a.findIndex((value, at) => value !== b[at]);
  return differs < 0 || Number(a[differs]) > Number(b[differs]) ? one : other;
}

/** @param {Quote | null} one @param {Quote | null} other @returns {Quote | null} */
function newestQuote(one, other) {
  if (!one || !other) return one ?? other;
  return (other.version - one.version || compare(one.hash, other.hash)) <= 0 ? one : other;
}

/**
 * Both keyrings of one recipient in one (PROTOCOL 11.3); throws `keyring-damaged` if they are of two.
 * @param {Keyring} one @param {Keyring} other
 * @returns {Keyring}
 */
export function mergeKeyrings(one, other) {
  if (one.recipient !== other.recipient || !equal(one.signingSeed, other.signingSeed))
    throw new DrempelError('keyring-damaged');
  const closed = new Set([...one.closed, ...other.closed]);
  const conversations = new Map(one.conversations);
  for (const [mailbox, known] of other.conversations) {
    const mine = conversations.get(mailbox);
    conversations.set(mailbox, mine ? mergeConversations(mine, known) : known);
  }
  for (const mailbox of closed) conversations.delete(mailbox);
  const {counter, stated} = newestStated(one, other);
  const synced = [one.synced, other.synced].filter((day) => day !== null);
  return {
    recipient: one.recipient,
    signingSeed: one.signingSeed,
    ratchet: laterRatchet(one.ratchet, other.ratchet),
    conversations,
    closed,
    synced: synced.length ? Math.max(...synced) : null,
    counter,
    stated,
    directory: newestQuote(one.directory, other.directory),
  };
}
