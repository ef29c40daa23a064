/** A return visit with a receipt: reading, writing on, deleting. */
import {b64} from '../crypto/encoding.js';
import {DrempelError} from '../crypto/errors.js';
import {reporterKeys} from '../crypto/codes.js';
import {checkText} from '../crypto/envelope.js';
import {REPORTER} from '../crypto/wire.js';
import {dayAt} from '../client/organisation.js';
import {readVisit, sealFollowUp} from '../client/receipt.js';
import {ClientProblem} from '../client/connection.js';
import {LONGEST_MAILBOX, onTheWay, sendMessage} from '../client/sending.js';
import {visitView} from '../client/views.js';

/** @import {Thread} from '../crypto/conversation.js' */
/** @import {Random} from '../crypto/encoding.js' */
/** @import {Files} from '../client/fetching.js' */
/** @import {SealedMessage} from '../client/sending.js' */
/** @import {Opened} from '../client/shapes.d.ts' */
/** @import {Told, Visit} from '../client/views.js' */
/** @import {Attaching} from './worker.js' */
/**
 * @typedef {object} Returning
 * @property {() => Promise<Visit>} look
 * @property {(said: {text: string, files?: number[]}) => Promise<void>} write ends once it is stored: that it can't be seen then
 *   must not look as if it were not
 * @property {() => Promise<void>} remove
 * @property {() => Promise<Visit>} withFiles the conversation as it was last seen, with files to look at and to download. What
 *   that takes is fetched only when it is asked for: who watches the line would see from it that there is an answer.
 * @property {() => Files} files
 * @property {() => void} end
 */

/**
 * Slow: it derives the receipt's keys.
 * @param {Opened} opened @param {Uint8Array} secret of the receipt @param {{tell: (told: Told) => void, now: () => number, random: Random, files: Attaching}} outside
 * @returns {Returning}
 */
export function openReturning({connection, beside, followed, organisation}, secret, {tell, now, random, files}) {
  const keys = reporterKeys(secret, organisation);
  const path = `mailboxes/${b64(keys.mailbox)}`;
  const written = onTheWay();
  /** @type {{received: Files | null, last: {visit: Visit, thread: Thread} | null}} */
  const at = {received: null, last: null};

  const named = () => {
    if (!at.last) throw new TypeError('visit comes first');
    const {visit, thread} = at.last;
    return at.received ? at.received.name(visit, thread) : visit;
  };

  /** @param {{patience?: number}} [options] */
  const read = async (options = {}) => {
    await followed.current();
    const {content} = await connection.request('GET', path, {token: keys.read, longest: LONGEST_MAILBOX, ...options});
    const found = await followed.reading(async ({directory}) => ({directory, ...(await readVisit(keys, directory, content))}));
    written.confirm(found.thread);
    return found;
  };

  const look = async () => {
    const {directory, channel, thread} = await read();
    at.last = {visit: visitView(directory, channel, thread, REPORTER), thread};
    return named();
  };

  /** @param {string} text @param {number[]} ids of its files, which have arrived */
  const seal = async (text, ids) => {
    const {directory, thread} = await read({patience: Infinity});
    const {attached, isWhole} = await files.attached(ids);
    if (!isWhole) throw new DrempelError('attachments-incomplete');
    return sealFollowUp(keys, directory, thread, text, dayAt(now()), random, attached);
  };

  /** @param {number[]} ids @param {SealedMessage} sealed */
  const deliver = async (ids, sealed) => {
    try {
      await files.deliver(ids, () => sendMessage(connection, sealed, keys.write));
    } catch (problem) {
      // A file that was sealed anew meanwhile has another name than this message calls it by.
      if (problem instanceof DrempelError && problem.code === 'attachments-incomplete') written.forget();
      throw problem;
    }
  };

  const received = () => {
    if (!at.received) throw new TypeError('there are none');
    return at.received;
  };

  return {
    look,
    withFiles: async () => {
      const {openFiles} = await fetching();
      at.received ??= openFiles({organisation, beside, tell});
      return named();
    },
    files: received,
    end: () => void at.received?.end(),
    write: async (said) => {
      const {text, files: ids = []} = said;
      checkText(text);
      const sealed = await written.sealed(JSON.stringify(said), () => seal(text, ids));
      await deliver(ids, sealed);
      // Said again, it is another one.
      written.forget();
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

/** All of them at once, since each round over Tor costs a second. */
async function fetching() {
  try {
    const [found] = await Promise.all([
      import('../client/fetching.js'),
      import('../client/downloading.js'),
      import('../client/keeping.js'),
      import('../client/kind.js'),
      import('../crypto/attachment.js'),
      import('../crypto/claims.js'),
      import('../crypto/filename.js'),
    ]);
    return found;
  } catch {
    throw new ClientProblem('page-incomplete');
  }
}
