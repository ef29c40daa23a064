/**
 * Sealing envelopes, and what is in them (PROTOCOL 6, 7): all that it takes to report. With `envelope_reading.js` the twin of
 * `crypto/envelope.py`, with `message.js` that of `crypto/message.py`.
 */
import {concat, hashLabelled, readU32, u16, u32, u8, utf8, writeJson} from './encoding.js';
import {DrempelError} from './errors.js';
import {publicBytes, sealSlot} from './hpke.js';
import {derive, seal} from './sealing.js';
import {TYPES, sign} from './signatures.js';
import {
  CONVERSATION,
  CONVERSATION_SIZES,
  MOST_ATTACHMENTS,
  OPENING,
  OPENING_SIZES,
  SUITE,
  creationBytes,
  mailboxId,
  verifier,
} from './wire.js';

/** @import {Json, Random} from './encoding.js' */
/** @import {ConversationPlace, CreationRecord, Draft, KeyBlock, Place, Quote, Stub} from './shapes.d.ts' */

export const TEXT_LIMIT = 1_044_480;
const LONGEST_META = 0xffff;
const NO_KEYS = new Uint8Array(32);
const STUB_PLAIN_LENGTH = 142;
const CHANNEL_LENGTH = 40;

/** What a person wrote, before it is sealed. @param {string} text @returns {string} the same; throws `text-empty` or `text-too-long` */
export function checkText(text) {
  if (!text.trim()) throw new DrempelError('text-empty');
  if (utf8(text).length > TEXT_LIMIT) throw new DrempelError('text-too-long');
  return text;
}

/** @param {Place} place @returns {Uint8Array} the context that is signed but does not travel (PROTOCOL 7.2) */
export function context({organisation, mailbox, envelope, commitment, keyBlock}) {
  const keys = keyBlock ? hashLabelled('keys', keyBlock) : NO_KEYS;
  return concat(u8(SUITE), organisation, mailbox, envelope, commitment, keys);
}

/**
 * @param {Uint8Array} seed @param {Place} place @param {Uint8Array} content `u16 m || meta || text`
 * @returns {Uint8Array} 64 bytes
 */
export const signMessage = (seed, place, content) => sign(seed, TYPES.message, concat(context(place), content));

/**
 * The padded message; `text-too-long` if no size fits the text, `attachments-too-many` if it is the files that don't fit.
 * @param {Json} meta @param {string} text @param {Place} place @param {Uint8Array} signingSeed
 * @param {readonly number[]} sizes ascending
 * @returns {Uint8Array}
 */
export function packMessage(meta, text, place, signingSeed, sizes) {
  // The encoder would quietly put another character in the place of half of one.
  if (/\p{Surrogate}/u.test(text)) throw new DrempelError('text-not-utf8');
  const [head, body] = [writeJson(meta), utf8(text)];
  const files = numberOfFiles(meta);
  if (head.length > LONGEST_META || files > MOST_ATTACHMENTS) throw new DrempelError('attachments-too-many');
  if (body.length > TEXT_LIMIT) throw new DrempelError('text-too-long');
  const content = concat(u16(head.length), head, body);
  const padded = padMessage(concat(content, signMessage(signingSeed, place, content)), sizes);
  if (!padded) throw new DrempelError(files ? 'attachments-too-many' : 'text-too-long');
  return padded;
}

/**
 * What a meta says of the files of a message. Without a file it has no such member: no reader would open what has an empty one.
 * @param {Json[]} attachments @returns {Json} members of a meta
 */
export function membersOf(attachments) {
  if (attachments.length === 0) throw new TypeError('a message names files, or has no such member');
  return {attachments};
}

/** @param {Json} meta */
const numberOfFiles = ({attachments}) => (Array.isArray(attachments) ? attachments.length : 0);

/** @param {Uint8Array} signed @param {readonly number[]} sizes @returns {Uint8Array | null} null if it fits none */
function padMessage(signed, sizes) {
  const size = sizes.find((candidate) => 4 + signed.length <= candidate);
  return size ? concat(u32(signed.length), signed, new Uint8Array(size - 4 - signed.length)) : null;
}

/** @param {KeyBlock} keys @returns {Uint8Array} 1,408 bytes */
export const keyBlockBytes = (keys) =>
  concat(keys.conversation, keys.read, keys.write, keys.close, keys.replace, keys.signingKey, keys.xwingPublic);

/**
 * The creation record of a mailbox with these keys; who holds the delete token is decided elsewhere.
 * @param {KeyBlock} keys @param {Uint8Array} organisation @param {Uint8Array} deleteVerifier
 * @returns {CreationRecord}
 */
export function creationOf(keys, organisation, deleteVerifier) {
  const read = verifier('read', keys.read);
  return {
    organisation,
    mailbox: mailboxId(read, keys.signingKey),
    read,
    write: verifier('write', keys.write),
    close: verifier('close', keys.close),
    replace: verifier('replace', keys.replace),
    delete: deleteVerifier,
  };
}

/** @param {Uint8Array} header @param {CreationRecord} creation @param {Uint8Array} envelope @param {number} index */
export function slotInfo(header, creation, envelope, index) {
  const [week, commitment] = [header.subarray(3, 7), header.subarray(39, 71)];
  const place = concat(creation.organisation, creation.mailbox, envelope);
  return concat(utf8('drempel/1/slot'), u8(SUITE), place, week, commitment, u8(index));
}

/**
 * In a uniformly random order (Fisher-Yates, without the bias of a remainder).
 * @template T
 * @param {T[]} items @param {Random} random
 * @returns {T[]}
 */
export function shuffled(items, random) {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const limit = 2 ** 32 - (2 ** 32 % (last + 1));
    let number = readU32(random(4));
    while (number >= limit) number = readU32(random(4));
    const other = number % (last + 1);
    const moved = /** @type {T} */ (result[last]);
    result[last] = /** @type {T} */ (result[other]);
    result[other] = moved;
  }
  return result;
}

/**
 * PROTOCOL 6.3 steps 2 and 3: an unused slot is a real seal too, or it could be told apart.
 * @param {Draft} draft @param {Uint8Array} header @param {Uint8Array} secret @param {Random} random
 * @returns {Promise<Uint8Array>}
 */
async function sealSlots(draft, header, secret, random) {
  const unused = draft.slots - draft.recipientKeys.length;
  if (unused < 0) throw new RangeError('more recipients than slots');
  const nobody = publicBytes(random(32));
  const slots = draft.recipientKeys.map((key) => ({key, content: secret}));
  for (let left = unused; left > 0; left -= 1) slots.push({key: nobody, content: random(32)});
  const sealed = [];
  for (const [index, {key, content}] of shuffled(slots, random).entries()) {
    sealed.push(await sealSlot(key, slotInfo(header, draft.creation, draft.envelope, index), content, random));
  }
  return concat(...sealed);
}

/** @param {Stub} stub @returns {Uint8Array} 142 bytes */
export function stubBytes({rereadable, signers, directory, secret, channel}) {
  const name = utf8(channel);
  const filling = new Uint8Array(CHANNEL_LENGTH - name.length);
  const quote = concat(u32(directory.version), directory.hash);
  return concat(u8(rereadable ? 1 : 0), signers, quote, secret, u8(name.length), name, filling);
}

/**
 * Always 158 bytes; without a stub, zeros under a key that nobody keeps.
 * @param {Stub | null} stub @param {Uint8Array} key @param {Uint8Array} salt @param {Uint8Array} ad
 * @returns {Promise<Uint8Array>}
 */
export const sealStub = (stub, key, salt, ad) =>
  seal(derive(key, salt, 'opening/stub'), ad, stub ? stubBytes(stub) : new Uint8Array(STUB_PLAIN_LENGTH));

/**
 * The opening envelope and its secret `Z`. A reporter passes the receipt's stub key and what makes the stub from `Z`;
 * others leave both out. Throws `text-too-long`.
 * @param {Draft} draft @param {Random} random
 * @param {{key: Uint8Array, make: (secret: Uint8Array) => Stub}} [stub]
 * @returns {Promise<{bytes: Uint8Array, secret: Uint8Array}>}
 */
export async function sealOpening(draft, random, stub) {
  const [secret, salt] = [random(32), random(32)];
  const commitment = derive(secret, salt, 'opening/commit');
  const header = concat(Uint8Array.of(SUITE, OPENING, draft.slots), u32(draft.week), salt, commitment);
  const slots = await sealSlots(draft, header, secret, random);
  const place = concat(creationBytes(draft.creation), draft.envelope, header);
  const plainStub = stub ? stub.make(secret) : null;
  const sealedStub = await sealStub(plainStub, stub?.key ?? random(32), salt, place);
  const keyBlock = keyBlockBytes(draft.keys);
  const {organisation, mailbox} = draft.creation;
  const signedFor = {organisation, mailbox, envelope: draft.envelope, commitment, keyBlock};
  const padded = packMessage(draft.meta, draft.text, signedFor, draft.signingSeed, OPENING_SIZES);
  const ad = concat(place, slots, sealedStub);
  const body = await seal(derive(secret, salt, 'opening/body'), ad, concat(keyBlock, padded));
  return {bytes: concat(header, slots, sealedStub, body), secret};
}

/**
 * How a reporter's stub is made once `Z` is known; filler takes the place of `Z` if it may not be read again.
 * @param {Uint8Array} signers @param {Quote} directory @param {string} channel @param {boolean} rereadable @param {Random} random
 * @returns {(secret: Uint8Array) => Stub}
 */
export const stubMaker = (signers, directory, channel, rereadable, random) => (secret) => ({
  rereadable,
  signers,
  directory,
  secret: rereadable ? secret : random(32),
  channel,
});

/**
 * A conversation envelope under the mailbox's conversation key (PROTOCOL 6.9).
 * @param {ConversationPlace} place @param {Uint8Array} key @param {Json} meta @param {string} text
 * @param {Uint8Array} signingSeed @param {Random} random
 * @returns {Promise<Uint8Array>}
 */
export async function sealConversation(place, key, meta, text, signingSeed, random) {
  const salt = random(32);
  const commitment = derive(key, salt, 'conversation/commit');
  const header = concat(Uint8Array.of(SUITE, CONVERSATION), salt, commitment);
  const padded = packMessage(meta, text, {...place, commitment}, signingSeed, CONVERSATION_SIZES);
  const ad = concat(place.organisation, place.mailbox, place.envelope, header);
  return concat(header, await seal(derive(key, salt, 'conversation/body'), ad, padded));
}
