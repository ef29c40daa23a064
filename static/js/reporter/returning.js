/** A return visit with a receipt: reading, writing on, deleting. */
import {b64, equal} from '../crypto/encoding.js';
import {DrempelError} from '../crypto/errors.js';
import {reporterKeys} from '../crypto/keys.js';
import {REPORTER, checkText} from '../crypto/message.js';
import {dayAt} from '../client/organisation.js';
import {readVisit, sealFollowUp} from '../client/receipt.js';
import {LONGEST_MAILBOX, sendMessage} from '../client/sending.js';
import {visitView} from '../client/views.js';

/** @import {Random} from '../crypto/encoding.js' */
/** @import {Connection} from '../client/connection.js' */
/** @import {Followed} from '../client/organisation.js' */
/** @import {SealedMessage} from '../client/sending.js' */
/** @import {Visit} from '../client/views.js' */
/**
 * @typedef {object} Returning
 * @property {() => Promise<Visit>} look
 * @property {(text: string) => Promise<Visit>} write
 * @property {() => Promise<void>} remove
 */

/**
 * Slow: it derives the receipt's keys.
 * @param {Connection} connection @param {Followed} followed @param {Uint8Array} secret of the receipt
 * @param {Uint8Array} organisation its id @param {{now: () => number, random: Random}} outside
 * @returns {Returning}
 */
export function openReturning(connection, followed, secret, organisation, {now, random}) {
  const keys = reporterKeys(secret, organisation);
  const path = `mailboxes/${b64(keys.mailbox)}`;
  /** @type {{text: string, sealed: SealedMessage | null}} the message that is on its way, and may have arrived */
  const unconfirmed = {text: '', sealed: null};

  /** @param {number} [patience] */
  const read = async (patience = 30) => {
    await followed.current();
    const {content} = await connection.request('GET', path, {token: keys.read, longest: LONGEST_MAILBOX, patience});
    const found = await followed.reading(async ({directory}) => ({directory, ...(await readVisit(keys, directory, content))}));
    const sent = unconfirmed.sealed?.envelope;
    if (sent && found.thread.entries.some(({envelope}) => equal(envelope, sent))) Object.assign(unconfirmed, {text: '', sealed: null});
    return found;
  };

  /** Sealed after all that is there now, and once: the same words sealed again would be a second message. @param {string} text */
  const sealed = async (text) => {
    if (unconfirmed.sealed && unconfirmed.text === text) return unconfirmed.sealed;
    const {directory, thread} = await read(Infinity);
    const message = await sealFollowUp(keys, directory, thread, text, dayAt(now()), random);
    Object.assign(unconfirmed, {text, sealed: message});
    return message;
  };

  /** @param {number} [patience] */
  const look = async (patience) => {
    const {directory, channel, thread} = await read(patience);
    return visitView(directory, channel, thread, REPORTER);
  };

  return {
    look: () => look(),
    write: async (text) => {
      checkText(text);
      await sendMessage(connection, await sealed(text), keys.write);
      // It is stored: not to see it now must not look as if it were not.
      return look(Infinity);
    },
    remove: async () => {
      try {
        await connection.request('DELETE', path, {token: keys.delete, expected: [204]});
      } catch (problem) {
        // It was there when the visit began, so an earlier try did it and its answer was lost.
        if (!(problem instanceof DrempelError) || problem.code !== 'mailbox-unknown') throw problem;
      }
    },
  };
}
