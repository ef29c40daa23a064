/** A malicious sealer: everything that `envelope_seal.js` does, with each part open to be done wrong. */
import {concat, u16, u32, u8, utf8} from '../../../static/js/crypto/public/bytes.js';
import {writeObject} from '../../../static/js/crypto/public/encoding.js';
import {keyBlockBytes} from '../../../static/js/crypto/public/envelope_format.js';
import {signMessage} from '../../../static/js/crypto/secret/message_pack.js';
import {sealSlot} from '../../../static/js/crypto/secret/hpke_seal.js';
import {aesGcmSeal} from '../../../static/js/crypto/secret/platform.js';
import {derive, seal} from '../../../static/js/crypto/secret/primitives.js';
import {creationRecordBytes} from '../../../static/js/crypto/public/mailbox.js';

/** @import {AttachmentKeys} from '../../../static/js/crypto/secret/attachment.js' */
/** @import {Json, Random} from '../../../static/js/crypto/public/encoding.js' */
/** @import {ConversationPlace, Draft, Place} from '../../../static/js/crypto/shapes.d.ts' */

/**
 * @typedef {object} Wrong
 * @property {Uint8Array[]} [secrets] a secret for each slot, in place of the one that C commits to
 * @property {Uint8Array} [keyBlock] in place of that of the draft's keys
 * @property {(content: Uint8Array, signature: Uint8Array) => Uint8Array} [pad] in place of honest padding
 * @property {Uint8Array} [metaBytes] in place of the draft's meta
 * @property {Uint8Array} [textBytes] in place of the draft's text
 * @property {Place} [signedFor] in place of the draft's place
 * @property {Uint8Array} [stubPlain] plaintext of the stub
 * @property {Uint8Array} [stubKey]
 */

/** @param {number} size @returns {(content: Uint8Array, signature: Uint8Array) => Uint8Array} */
export const padTo = (size) => (content, signature) => {
  const framed = concat(u32(content.length + signature.length), content, signature);
  return concat(framed, new Uint8Array(size - framed.length));
};

/** @param {Json} meta @param {string} text @param {Wrong} wrong @returns {Uint8Array} */
function contentOf(meta, text, {metaBytes = writeObject(meta), textBytes = utf8(text)}) {
  return concat(u16(metaBytes.length), metaBytes, textBytes);
}

/** @param {Draft} draft @param {Random} random @param {Wrong} [wrong] */
export async function forgeOpening(draft, random, wrong = {}) {
  const [secret, salt] = [random(32), random(32)];
  const {creation, envelope} = draft;
  const commitment = derive(secret, salt, 'opening/commit');
  const header = concat(Uint8Array.of(1, 1, draft.slots), u32(draft.week), salt, commitment);
  const slots = [];
  for (const [index, key] of draft.recipientKeys.entries()) {
    const info = concat(
      utf8('drempel/1/slot'),
      u8(1),
      creation.organisation,
      creation.mailbox,
      envelope,
      u32(draft.week),
      commitment,
      u8(index),
    );
    slots.push(await sealSlot(key, info, wrong.secrets?.[index] ?? secret, random));
  }
  const place = concat(creationRecordBytes(creation), envelope, header);
  const stubKey = derive(wrong.stubKey ?? random(32), salt, 'opening/stub');
  const stub = await seal(stubKey, place, wrong.stubPlain ?? new Uint8Array(142));
  const keyBlock = wrong.keyBlock ?? keyBlockBytes(draft.keys);
  const content = contentOf(draft.meta, draft.text, wrong);
  const {organisation, mailbox} = creation;
  const signedFor = wrong.signedFor ?? {organisation, mailbox, envelope, commitment, keyBlock};
  const padded = (wrong.pad ?? padTo(8192))(content, signMessage(draft.signingSeed, signedFor, content));
  const ad = concat(place, ...slots, stub);
  const body = await seal(derive(secret, salt, 'opening/body'), ad, concat(keyBlock, padded));
  return {secret, bytes: concat(header, ...slots, stub, body)};
}

/**
 * @param {ConversationPlace} place
 * @param {Uint8Array} key
 * @param {Json} meta
 * @param {string} text
 * @param {Uint8Array} seed
 * @param {Random} random @param {Wrong} [wrong]
 */
export async function forgeConversation(place, key, meta, text, seed, random, wrong = {}) {
  const salt = random(32);
  const commitment = derive(key, salt, 'conversation/commit');
  const header = concat(Uint8Array.of(1, 2), salt, commitment);
  const content = contentOf(meta, text, wrong);
  const signature = signMessage(seed, wrong.signedFor ?? {...place, commitment}, content);
  const padded = (wrong.pad ?? padTo(4096))(content, signature);
  const ad = concat(place.organisation, place.mailbox, place.envelope, header);
  return concat(header, await seal(derive(key, salt, 'conversation/body'), ad, padded));
}

/**
 * A chunk of any length that calls itself any number, of any count, and the last or not.
 * @param {Uint8Array} organisation @param {AttachmentKeys} keys
 * @param {{number: number, count: number, final: boolean}} claimed @param {Uint8Array} plaintext
 */
export function sealChunk(organisation, {key, blob}, {number, count, final}, plaintext) {
  const nonce = concat(new Uint8Array(7), u32(number), u8(final ? 1 : 0));
  return aesGcmSeal(key, nonce, concat(u8(1), organisation, blob, u32(count)), plaintext);
}
