/** What tests make or read of the protocol in one piece, and no page needs. */
import {readFileSync} from 'node:fs';
import {concat, u32, u8} from '../../../static/js/crypto/public/bytes.js';
import {hashLabelled} from '../../../static/js/crypto/public/encoding.js';
import {dayParser, listParser} from '../../../static/js/crypto/public/answers.js';
import {chunkCount} from '../../../static/js/crypto/public/blobs.js';
import {MAILBOX_ID_LENGTH} from '../../../static/js/crypto/public/limits.js';
import {publicKey} from '../../../static/js/crypto/public/signatures.js';
import {attachmentKeys} from '../../../static/js/crypto/secret/attachment.js';
import {accessKeys, newCode, parseCode} from '../../../static/js/crypto/secret/codes.js';
import {openWithSecret, readStub} from '../../../static/js/crypto/secret/envelope_open.js';
import {keyringPlace} from '../../../static/js/crypto/secret/keyring.js';
import {derive, seal} from '../../../static/js/crypto/secret/primitives.js';

/** @import {Random} from '../../../static/js/crypto/public/encoding.js' */
/** @import {DayItem, ListItem, StoredEnvelope} from '../../../static/js/crypto/public/answers.js' */
/** @import {Claim} from '../../../static/js/crypto/public/blobs.js' */
/** @import {CreationRecord, Stub} from '../../../static/js/crypto/shapes.d.ts' */
/** @import {Opening, OpeningAuthors} from '../../../static/js/crypto/secret/envelope_open.js' */
/** @import {Attachment} from '../../../static/js/crypto/secret/attachment.js' */
/** @import {Keyring} from '../../../static/js/crypto/secret/keyring.js' */
/** @import {Ratchet} from '../../../static/js/crypto/secret/ratchet.js' */
/** @import {Opened} from '../../../static/js/client/recipient/keyring_access.js' */
/**
 * @typedef {{code: string, loginKey: Uint8Array, signingKey: Uint8Array} & Opened} NewRecipient `loginKey`
 *   and `signingKey` are public
 */

const ANSWER_LENGTH = 65_536;
const ACCESS_CODE = 1;

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

/** @param {DayItem[]} items @returns {Uint8Array} a whole day's answer (PROTOCOL 12.5) */
export function buildDayAnswer(items) {
  const frames = items.map(({mailbox, envelope: {id, day, bytes}, creation}) =>
    concat(
      mailbox,
      id,
      u32(day),
      u8(creation ? 1 : 0),
      creation ?? new Uint8Array(0),
      u32(bytes.length),
      bytes,
    ),
  );
  return concat(...frames, new Uint8Array(MAILBOX_ID_LENGTH), u32(items.length));
}

/** @param {Uint8Array[]} items @returns {Uint8Array} a whole list (PROTOCOL 12.10) */
export const buildList = (items) => concat(...items, new Uint8Array(MAILBOX_ID_LENGTH), u32(items.length));

/**
 * @param {Uint8Array} bytes a whole list @param {number} length bytes that are told of each mailbox
 * @returns {ListItem[]} throws `answer-damaged` if it was cut off
 */
export function parseList(bytes, length) {
  const {feed, finish} = listParser(length);
  const items = feed(bytes);
  finish();
  return items;
}

/** @param {Uint8Array} bytes a whole answer @returns {DayItem[]} throws `answer-damaged` if it was cut off */
export function parseDayAnswer(bytes) {
  const {feed, finish} = dayParser();
  const items = feed(bytes);
  finish();
  return items;
}

/** @param {number} week @returns {number} its Monday, as days since 1970-01-01 */
export const firstDayOf = (week) => week * 7 - 3;

/** @param {Attachment[]} attachments @returns {Claim[]} what an envelope that names them claims */
export const claimsOf = (attachments) =>
  attachments.map(({secret, size}) => ({token: attachmentKeys(secret).token, chunks: chunkCount(size)}));

/**
 * An opening read with the receipt (PROTOCOL 6.7): `opening` is null if the reporter chose so.
 * @param {Uint8Array} bytes
 * @param {CreationRecord} creation
 * @param {Uint8Array} envelope
 * @param {Uint8Array} stubKey
 * @param {OpeningAuthors} authorKeys
 * @returns {Promise<{stub: Stub, opening: Opening | null}>}
 */
export async function openOpeningWithReceipt(bytes, creation, envelope, stubKey, authorKeys) {
  const stub = await readStub(bytes, creation, envelope, stubKey);
  if (!stub.rereadable) return {stub, opening: null};
  return {stub, opening: await openWithSecret(bytes, creation, envelope, stub.secret, authorKeys)};
}

/**
 * @param {string} recipient
 * @param {Uint8Array} signingSeed
 * @param {Ratchet} ratchet
 * @returns {Keyring} with nothing in it
 */
export const newKeyring = (recipient, signingSeed, ratchet) => ({
  recipient,
  signingSeed,
  ratchet,
  conversations: new Map(),
  closed: new Set(),
  synced: null,
  counter: 0,
  stated: null,
  directory: null,
});

/**
 * An unlocker of type access code (81 bytes) for a keyring's root key.
 * @param {Uint8Array} rootKey
 * @param {Uint8Array} unlocker
 * @param {Uint8Array} organisation
 * @param {string} recipient
 * @param {Random} random
 * @returns {Promise<Uint8Array>}
 */
export async function wrapRootKey(rootKey, unlocker, organisation, recipient, random) {
  const [salt, type] = [random(32), u8(ACCESS_CODE)];
  const key = derive(unlocker, salt, 'keyring/unlock');
  return concat(type, salt, await seal(key, concat(keyringPlace(organisation, recipient), type), rootKey));
}

/**
 * A new recipient's code, keys and keyring. Slow, like every derivation from a code.
 * @param {Uint8Array} organisation its id
 * @param {string} recipient id
 * @param {number} week
 * @param {Random} random
 * @returns {Promise<NewRecipient>}
 */
export async function newRecipient(organisation, recipient, week, random) {
  const code = newCode('access', random);
  const {loginKey, unlocker} = accessKeys(parseCode(code, 'access'), organisation);
  const [signingSeed, chain, rootKey] = [random(32), random(32), random(32)];
  const keyring = newKeyring(recipient, signingSeed, {week, chain});
  const unlockers = [await wrapRootKey(rootKey, unlocker, organisation, recipient, random)];
  return {
    code,
    loginKey,
    signingKey: publicKey(signingSeed),
    keyring,
    lock: {organisation, rootKey, unlockers},
  };
}

/** @returns {string[]} the codes of PROTOCOL 15.3, of which a page has a sentence each */
export function noticeCodes() {
  const protocol = readFileSync(new URL('../../../crypto/PROTOCOL.md', import.meta.url), 'utf8');
  const table = protocol.slice(protocol.indexOf('15.3 Notices'));
  const codes = [...table.matchAll(/^\| `([a-z-]+)` \| [A-Z].+ \|$/gm)].map((found) => String(found[1]));
  if (codes.length < 6) throw new Error('PROTOCOL 15.3 is not where it was');
  return codes;
}
