/**
 * This module seals and sends a message of a conversation, the same for reporters and recipients (PROTOCOL
 * 6.9, 8.2). The twin of `intake/client/message.py`.
 */
import {parentsOf} from '../crypto/secret/conversation.js';
import {quoteJson, quoteOf} from '../crypto/public/directory.js';
import {b64, dayText} from '../crypto/public/encoding.js';
import {concat, equal} from '../crypto/public/bytes.js';
import {checkText, membersOf} from '../crypto/secret/message_pack.js';
import {sealConversation} from '../crypto/secret/envelope_seal.js';
import {DrempelError} from '../crypto/public/errors.js';
import {ENVELOPE_ID_LENGTH} from '../crypto/public/limits.js';

/** @import {Thread} from '../crypto/secret/conversation.js' */
/** @import {Directory} from '../crypto/shapes.d.ts' */
/** @import {Json, Random} from '../crypto/public/encoding.js' */
/** @import {Connection} from './shapes.d.ts' */
/**
 * @typedef {{mailbox: Uint8Array, conversation: Uint8Array, author: string, signingSeed: Uint8Array}} Writer
 *   who writes where, with which keys
 */
/**
 * Files that have arrived: as the message's meta names them, and the claims block that brings them to its
 * mailbox.
 * @typedef {{meta: Json[], claims: Uint8Array}} Attached
 */
/**
 * @typedef {{mailbox: Uint8Array, envelope: Uint8Array, bytes: Uint8Array, claims?: Uint8Array}}
 *   SealedMessage ready to be sent; a retry sends the same bytes
 */

/** Bytes of the largest answer to `GET mailboxes/M`: a mailbox of 16 MiB and what is around it. */
export const LONGEST_MAILBOX = 32 * 1024 * 1024;

/**
 * A message after all that its author has seen. Throws `text-empty`, `text-too-long`, `text-not-utf8`.
 * @param {Writer} writer @param {Directory} directory @param {Thread} thread @param {string} text
 * @param {number} today the author's day
 * @param {Random} random
 * @param {Attached} [attached] its files
 * @returns {Promise<SealedMessage>}
 */
export async function sealMessage(
  {mailbox, conversation, author, signingSeed},
  directory,
  thread,
  text,
  today,
  random,
  attached,
) {
  checkText(text);
  // Without the opening there is nothing to answer to: the server withheld it.
  if (thread.heads.size === 0) throw new DrempelError('answer-damaged');
  const {parents, counter} = parentsOf(thread.heads);
  const envelope = random(ENVELOPE_ID_LENGTH);
  const meta = {
    kind: 'message',
    author,
    day: dayText(today),
    directory: quoteJson(quoteOf(directory)),
    counter,
    parents,
    ...(attached ? membersOf(attached.meta) : {}),
  };
  const place = {organisation: directory.organisation, mailbox, envelope};
  const bytes = await sealConversation(place, conversation, meta, text, signingSeed, random);
  return {mailbox, envelope, bytes, ...(attached ? {claims: attached.claims} : {})};
}

/**
 * Bring a sealed message to the server; when this returns it is stored durably. For ever, while the failure
 * may pass.
 * @param {Connection} connection @param {SealedMessage} message @param {Uint8Array} token write token
 */
export async function sendMessage(connection, {mailbox, envelope, bytes, claims}, token) {
  const path = `mailboxes/${b64(mailbox)}/envelopes/${b64(envelope)}`;
  await connection.request('PUT', path, {
    token,
    body: claims ? concat(claims, bytes) : bytes,
    expected: [204],
    retryFor: Infinity,
  });
}

/**
 * The message of a conversation that may have arrived or not. The same words with the same files again are
 * the same bytes: sealed again they would be a second message.
 * @returns {{sealed: (said: string, seal: () => Promise<SealedMessage>) => Promise<SealedMessage>, confirm:
 *   (thread: Thread) => void, forget: () => void}} `forget` what was refused, and will never be there
 */
export function onTheWay() {
  /** @type {{said: string, message: SealedMessage | null}} */
  const at = {said: '', message: null};
  const forget = () => void Object.assign(at, {said: '', message: null});
  return {
    forget,
    sealed: async (said, seal) => {
      if (at.message && at.said === said) return at.message;
      const message = await seal();
      Object.assign(at, {said, message});
      return message;
    },
    confirm: ({entries}) => {
      const id = at.message?.envelope;
      if (id && entries.some(({envelope}) => equal(envelope, id))) forget();
    },
  };
}
