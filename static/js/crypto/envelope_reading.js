/**
 * Opening envelopes (PROTOCOL 6.6, 6.7, 6.9), for return visits and inboxes: a page that only reports never fetches this. With
 * `envelope.js` the twin of `crypto/envelope.py`.
 */
import {concat, equal, isId, readU32} from './encoding.js';
import {creationOf, slotInfo, stubBytes} from './envelope.js';
import {DrempelError} from './errors.js';
import {openSlot} from './hpke_opening.js';
import {unpackMessage} from './message.js';
import {derive, unseal} from './sealing.js';
import {
  CONVERSATION,
  CONVERSATION_HEADER_LENGTH,
  CONVERSATION_SIZES,
  CREATION_LENGTH,
  KEY_BLOCK_LENGTH,
  OPENING,
  OPENING_HEADER_LENGTH,
  OPENING_SIZES,
  SLOT_COUNTS,
  SLOT_LENGTH,
  STUB_LENGTH,
  SUITE,
  TAG_LENGTH,
  creationBytes,
} from './wire.js';

/** @import {ConversationPlace, CreationRecord, KeyBlock, Stub} from './shapes.d.ts' */
/** @import {PrivateKey} from './hpke_opening.js' */
/** @import {Message} from './message.js' */

/** @typedef {{secret: Uint8Array, keys: KeyBlock, message: Message}} Opening what an opening says; `secret` is `Z` */
/** @typedef {(message: Message, keys: KeyBlock) => Uint8Array[]} OpeningAuthors */

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

/** @param {Uint8Array} bytes 1,408 @returns {KeyBlock} */
function readKeyBlock(bytes) {
  const field = (/** @type {number} */ n) => bytes.slice(32 * n, 32 * n + 32);
  return {
    conversation: field(0),
    read: field(1),
    write: field(2),
    close: field(3),
    replace: field(4),
    signingKey: field(5),
    xwingPublic: bytes.slice(192),
  };
}

/**
 * @param {Uint8Array} sealed @param {Uint8Array} key @param {Uint8Array} salt @param {Uint8Array} ad
 * @returns {Promise<Stub>} throws `envelope-stub`
 */
export async function openStub(sealed, key, salt, ad) {
  const plain = await unseal(derive(key, salt, 'opening/stub'), ad, sealed);
  if (!plain) throw new DrempelError('envelope-stub');
  const channel = String.fromCharCode(...plain.subarray(102, 102 + Number(plain[101])));
  const stub = {
    rereadable: plain[0] === 1,
    signers: plain.slice(1, 33),
    directory: {version: readU32(plain, 33), hash: plain.slice(37, 69)},
    secret: plain.slice(69, 101),
    channel,
  };
  if (!isId(channel) || !stub.directory.version || !equal(stubBytes(stub), plain)) throw new DrempelError('envelope-stub');
  return stub;
}

/**
 * An opening read by a recipient (PROTOCOL 6.6). `envelope-no-slot` just means that it is for somebody else.
 * @param {Uint8Array} bytes @param {CreationRecord} creation @param {Uint8Array} envelope
 * @param {(week: number) => Iterable<PrivateKey>} weekKeys the private keys held for a week
 * @param {OpeningAuthors} authorKeys
 * @returns {Promise<Opening>}
 */
export async function openOpening(bytes, creation, envelope, weekKeys, authorKeys) {
  const {header, count, week, slots} = parseOpening(bytes);
  for (const key of weekKeys(week)) {
    for (let index = 0; index < count; index += 1) {
      const slot = slots.subarray(index * SLOT_LENGTH, (index + 1) * SLOT_LENGTH);
      const secret = await openSlot(key, slotInfo(header, creation, envelope, index), slot);
      if (secret) return openWithSecret(bytes, creation, envelope, secret, authorKeys);
    }
  }
  throw new DrempelError('envelope-no-slot');
}

/**
 * An opening read with its secret `Z`: PROTOCOL 6.6 from step 3 on.
 * @param {Uint8Array} bytes @param {CreationRecord} creation @param {Uint8Array} envelope @param {Uint8Array} secret
 * @param {OpeningAuthors} authorKeys
 * @returns {Promise<Opening>}
 */
export async function openWithSecret(bytes, creation, envelope, secret, authorKeys) {
  const {header, salt, commitment, slots, stub, body} = parseOpening(bytes);
  if (!equal(derive(secret, salt, 'opening/commit'), commitment)) throw new DrempelError('envelope-commitment');
  const record = creationBytes(creation);
  const ad = concat(record, envelope, header, slots, stub);
  const content = await unseal(derive(secret, salt, 'opening/body'), ad, body);
  if (!content) throw new DrempelError('envelope-body');
  const keyBlock = content.slice(0, KEY_BLOCK_LENGTH);
  const keys = readKeyBlock(keyBlock);
  const {organisation, mailbox} = creation;
  // Whoever sealed this also made the mailbox, and every holder gets the tokens that the server will honour.
  if (!equal(creationBytes(creationOf(keys, organisation, creation.delete)), record)) {
    throw new DrempelError('envelope-record');
  }
  const place = {organisation, mailbox, envelope, commitment, keyBlock};
  const padded = content.subarray(KEY_BLOCK_LENGTH);
  return {secret, keys, message: unpackMessage(padded, place, (message) => authorKeys(message, keys), true)};
}

/**
 * The stub of an opening, read with the receipt (PROTOCOL 6.7); throws `envelope-stub`.
 * @param {Uint8Array} bytes @param {CreationRecord} creation @param {Uint8Array} envelope @param {Uint8Array} stubKey
 * @returns {Promise<Stub>}
 */
export async function readStub(bytes, creation, envelope, stubKey) {
  const {header, salt, stub} = parseOpening(bytes);
  return openStub(stub, stubKey, salt, concat(creationBytes(creation), envelope, header));
}

/**
 * An opening read with the receipt (PROTOCOL 6.7): `opening` is null if the reporter chose so.
 * @param {Uint8Array} bytes @param {CreationRecord} creation @param {Uint8Array} envelope @param {Uint8Array} stubKey
 * @param {OpeningAuthors} authorKeys
 * @returns {Promise<{stub: Stub, opening: Opening | null}>}
 */
export async function openOpeningWithReceipt(bytes, creation, envelope, stubKey, authorKeys) {
  const stub = await readStub(bytes, creation, envelope, stubKey);
  if (!stub.rereadable) return {stub, opening: null};
  return {stub, opening: await openWithSecret(bytes, creation, envelope, stub.secret, authorKeys)};
}

/**
 * The message in a conversation envelope; the error names the layer (PROTOCOL 6.9).
 * @param {Uint8Array} bytes @param {ConversationPlace} place @param {Uint8Array} key
 * @param {(message: Message) => Uint8Array[]} authorKeys
 * @returns {Promise<Message>}
 */
export async function openConversation(bytes, place, key, authorKeys) {
  const {header, salt, commitment, body} = parseConversation(bytes);
  if (!equal(derive(key, salt, 'conversation/commit'), commitment)) throw new DrempelError('envelope-commitment');
  const ad = concat(place.organisation, place.mailbox, place.envelope, header);
  const padded = await unseal(derive(key, salt, 'conversation/body'), ad, body);
  if (!padded) throw new DrempelError('envelope-body');
  return unpackMessage(padded, {...place, commitment}, authorKeys, false);
}
