/** Sealing envelopes (PROTOCOL 6). */
import {concat, readU32, u32} from '../public/bytes.js';
import {
  CONVERSATION,
  CONVERSATION_SIZES,
  OPENING,
  OPENING_SIZES,
  STUB_PLAIN_LENGTH,
  keyBlockBytes,
  slotInfo,
  stubBytes,
} from '../public/envelope_format.js';
import {SUITE} from '../public/limits.js';
import {creationRecordBytes} from '../public/mailbox.js';
import {publicBytes} from './hpke.js';
import {sealSlot} from './hpke_seal.js';
import {packMessage} from './message_pack.js';
import {derive, seal} from './primitives.js';

/** @import {Json, Random} from '../public/encoding.js' */
/** @import {ConversationPlace, Draft, Quote, Stub} from '../shapes.d.ts' */

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
    sealed.push(
      await sealSlot(key, slotInfo(header, draft.creation, draft.envelope, index), content, random),
    );
  }
  return concat(...sealed);
}

/**
 * Always 158 bytes; without a stub, zeros under a key that is thrown away.
 * @param {Stub | null} stub @param {Uint8Array} key @param {Uint8Array} salt @param {Uint8Array} ad
 * @returns {Promise<Uint8Array>}
 */
export const sealStub = (stub, key, salt, ad) =>
  seal(derive(key, salt, 'opening/stub'), ad, stub ? stubBytes(stub) : new Uint8Array(STUB_PLAIN_LENGTH));

/**
 * The opening envelope and its secret `Z`. A reporter passes the receipt's stub key and what makes the stub
 * from `Z`; others leave both out. Throws `text-too-long`.
 * @param {Draft} draft @param {Random} random
 * @param {{key: Uint8Array, make: (secret: Uint8Array) => Stub}} [stub]
 * @returns {Promise<{bytes: Uint8Array, secret: Uint8Array}>}
 */
export async function sealOpening(draft, random, stub) {
  const [secret, salt] = [random(32), random(32)];
  const commitment = derive(secret, salt, 'opening/commit');
  const header = concat(Uint8Array.of(SUITE, OPENING, draft.slots), u32(draft.week), salt, commitment);
  const slots = await sealSlots(draft, header, secret, random);
  const place = concat(creationRecordBytes(draft.creation), draft.envelope, header);
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
 * @param {Uint8Array} signers
 * @param {Quote} directory
 * @param {string} channel
 * @param {boolean} rereadable
 * @param {Random} random
 * @returns {(secret: Uint8Array) => Stub}
 */
export const makeStub = (signers, directory, channel, rereadable, random) => (secret) => ({
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
