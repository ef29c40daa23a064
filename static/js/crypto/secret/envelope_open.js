/** Opening envelopes (PROTOCOL 6.6, 6.7, 6.9), for return visits and inboxes. */
import {concat, equal} from '../public/bytes.js';
import {
  KEY_BLOCK_LENGTH,
  SLOT_LENGTH,
  parseConversation,
  parseOpening,
  parseStub,
  readKeyBlock,
  slotInfo,
} from '../public/envelope_format.js';
import {DrempelError} from '../public/errors.js';
import {creationRecordBytes} from '../public/mailbox.js';
import {creationOf} from '../public/envelope_format.js';
import {openSlot} from './hpke_open.js';
import {unpackMessage} from './message_unpack.js';
import {derive, unseal} from './primitives.js';

/** @import {ConversationPlace, CreationRecord, KeyBlock, Stub} from '../shapes.d.ts' */
/** @import {PrivateKey} from './hpke_open.js' */
/** @import {Message} from './message_unpack.js' */

/**
 * @typedef {{secret: Uint8Array, keys: KeyBlock, message: Message}} Opening what an opening says; `secret` is
 *   `Z`
 */
/** @typedef {(message: Message, keys: KeyBlock) => Uint8Array[]} OpeningAuthors */

/**
 * @param {Uint8Array} sealed @param {Uint8Array} key @param {Uint8Array} salt @param {Uint8Array} ad
 * @returns {Promise<Stub>} throws `envelope-stub`
 */
export async function openStub(sealed, key, salt, ad) {
  const plain = await unseal(derive(key, salt, 'opening/stub'), ad, sealed);
  if (!plain) throw new DrempelError('envelope-stub');
  return parseStub(plain);
}

/**
 * An opening read by a recipient (PROTOCOL 6.6). `envelope-no-slot` just means that it is for other
 * recipients.
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
 * @param {Uint8Array} bytes
 * @param {CreationRecord} creation
 * @param {Uint8Array} envelope
 * @param {Uint8Array} secret
 * @param {OpeningAuthors} authorKeys
 * @returns {Promise<Opening>}
 */
export async function openWithSecret(bytes, creation, envelope, secret, authorKeys) {
  const {header, salt, commitment, slots, stub, body} = parseOpening(bytes);
  if (!equal(derive(secret, salt, 'opening/commit'), commitment))
    throw new DrempelError('envelope-commitment');
  const record = creationRecordBytes(creation);
  const ad = concat(record, envelope, header, slots, stub);
  const content = await unseal(derive(secret, salt, 'opening/body'), ad, body);
  if (!content) throw new DrempelError('envelope-body');
  const keyBlock = content.slice(0, KEY_BLOCK_LENGTH);
  const keys = readKeyBlock(keyBlock);
  const {organisation, mailbox} = creation;
  // The sealer also made the mailbox, and every holder gets the tokens that the server will honour.
  if (!equal(creationRecordBytes(creationOf(keys, organisation, creation.delete)), record)) {
    throw new DrempelError('envelope-record');
  }
  const place = {organisation, mailbox, envelope, commitment, keyBlock};
  const padded = content.subarray(KEY_BLOCK_LENGTH);
  return {secret, keys, message: unpackMessage(padded, place, (message) => authorKeys(message, keys), true)};
}

/**
 * The stub of an opening, read with the receipt (PROTOCOL 6.7); throws `envelope-stub`.
 * @param {Uint8Array} bytes
 * @param {CreationRecord} creation
 * @param {Uint8Array} envelope
 * @param {Uint8Array} stubKey
 * @returns {Promise<Stub>}
 */
export async function readStub(bytes, creation, envelope, stubKey) {
  const {header, salt, stub} = parseOpening(bytes);
  return openStub(stub, stubKey, salt, concat(creationRecordBytes(creation), envelope, header));
}

/**
 * The message in a conversation envelope; the error names the layer (PROTOCOL 6.9).
 * @param {Uint8Array} bytes @param {ConversationPlace} place @param {Uint8Array} key
 * @param {(message: Message) => Uint8Array[]} authorKeys
 * @returns {Promise<Message>}
 */
export async function openConversation(bytes, place, key, authorKeys) {
  const {header, salt, commitment, body} = parseConversation(bytes);
  if (!equal(derive(key, salt, 'conversation/commit'), commitment))
    throw new DrempelError('envelope-commitment');
  const ad = concat(place.organisation, place.mailbox, place.envelope, header);
  const padded = await unseal(derive(key, salt, 'conversation/body'), ad, body);
  if (!padded) throw new DrempelError('envelope-body');
  return unpackMessage(padded, {...place, commitment}, authorKeys, false);
}
