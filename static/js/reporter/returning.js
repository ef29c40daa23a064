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
 * @property {(said: {text: string, files?: number[]}) => Promise<Visit>} write
 * @property {() => Promise<void>} remove
 * @property {() => Files} files those that recipients have sent
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
  /** @type {{received: Files | null}} */
  const at = {received: null};

  /** A recipient's files can be looked at and downloaded; what that takes is fetched with the first. @param {Visit} visit @param {Thread} thread */
  const withFiles = async (visit, thread) => {
    if (!visit.messages.some(({own, attachments}) => !own && attachments.length > 0)) return visit;
    const {openFiles} = await fetching();
    at.received ??= openFiles({organisation, beside, tell});
    return at.received.name(visit, thread);
  };

  /** @param {{patience?: number}} [options] */
  const read = async (options = {}) => {
    await followed.current();
    const {content} = await connection.request('GET', path, {token: keys.read, longest: LONGEST_MAILBOX, ...options});
    const found = await followed.reading(async ({directory}) => ({directory, ...(await readVisit(keys, directory, content))}));
    written.confirm(found.thread);
    return found;
  };

  /** @param {{patience?: number}} [options] */
  const look = async (options) => {
    const {directory, channel, thread} = await read(options);
    return withFiles(visitView(directory, channel, thread, REPORTER), thread);
  };

  /** @param {string} text @param {number[]} ids of its files, which have arrived */
  const seal = async (text, ids) => {
    const {directory, thread} = await read({patience: Infinity});
    const {attached} = await files.attached(ids);
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
    look: () => look(),
    files: received,
    end: () => void at.received?.end(),
    write: async (said) => {
      const {text, files: ids = []} = said;
      checkText(text);
      const sealed = await written.sealed(JSON.stringify(said), () => seal(text, ids));
      await deliver(ids, sealed);
      // It is stored: that it can't be seen now must not look as if it were not.
      return look({patience: Infinity});
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
