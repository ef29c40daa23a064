/**
 * This module serves a return visit with a receipt: it reads the conversation, adds messages, and deletes it.
 */
import {b64} from '../crypto/public/encoding.js';
import {DrempelError} from '../crypto/public/errors.js';
import {reporterKeys} from '../crypto/secret/codes.js';
import {REPORTER} from '../crypto/public/directory_schema.js';
import {checkText} from '../crypto/secret/message_pack.js';
import {dayAt} from '../client/organisation.js';
import {readVisit, sealFollowUp} from '../client/reporter/visit.js';
import {ClientProblem} from '../client/connection.js';
import {LONGEST_MAILBOX, onTheWay, sendMessage} from '../client/message.js';
import {visitView} from './views.js';

/** @import {Thread} from '../crypto/secret/conversation.js' */
/** @import {Random} from '../crypto/public/encoding.js' */
/** @import {Files} from './received_files.js' */
/** @import {SealedMessage} from '../client/message.js' */
/** @import {Opened} from './shapes.d.ts' */
/** @import {WorkerEvent, Visit} from './views.js' */
/** @import {Attaching} from './reporter.js' */
/**
 * @typedef {object} Returning
 * @property {() => Promise<Visit>} look
 * @property {(said: {text: string, files?: number[]}) => Promise<void>} write ends once it is stored: that it
 *   can't be seen then must not look as if it were not
 * @property {() => Promise<void>} remove
 * @property {() => Promise<Visit>} withFiles the conversation as it was last seen, with files to look at and
 *   to download. The script for that is fetched only on request: an observer of the connection would see from
 *   it that there is an answer.
 * @property {() => Files} files
 * @property {() => void} end
 */

/**
 * Slow: it derives the receipt's keys.
 * @param {Opened} opened
 * @param {Uint8Array} secret of the receipt
 * @param {{emit: (event: WorkerEvent) => void, now: () => number, random: Random, files: Attaching}} outside
 * @returns {Returning}
 */
export function openReturning(
  {connection, beside, followed, organisation},
  secret,
  {emit, now, random, files},
) {
  const keys = reporterKeys(secret, organisation);
  const path = `mailboxes/${b64(keys.mailbox)}`;
  const written = onTheWay();
  /** @type {{received: Files | null, last: {visit: Visit, thread: Thread} | null}} */
  const state = {received: null, last: null};

  const named = () => {
    if (!state.last) throw new TypeError('visit comes first');
    const {visit, thread} = state.last;
    return state.received ? state.received.name(visit, thread) : visit;
  };

  /** @param {{retryFor?: number}} [options] */
  const read = async (options = {}) => {
    await followed.current();
    const {content} = await connection.request('GET', path, {
      token: keys.read,
      longest: LONGEST_MAILBOX,
      ...options,
    });
    const found = await followed.reading(async ({directory}) => ({
      directory,
      ...(await readVisit(keys, directory, content)),
    }));
    written.confirm(found.thread);
    return found;
  };

  const look = async () => {
    const {directory, channel, thread} = await read();
    state.last = {visit: visitView(directory, channel, thread, REPORTER), thread};
    return named();
  };

  /** @param {string} text @param {number[]} ids of its files, which have arrived */
  const seal = async (text, ids) => {
    const {directory, thread} = await read({retryFor: Infinity});
    const {attached, isWhole} = await files.attached(ids);
    if (!isWhole) throw new DrempelError('attachments-incomplete');
    return sealFollowUp(keys, directory, thread, text, dayAt(now()), random, attached);
  };

  /** @param {number[]} ids @param {SealedMessage} sealed */
  const deliver = async (ids, sealed) => {
    try {
      await files.deliver(ids, () => sendMessage(connection, sealed, keys.write));
    } catch (problem) {
      // A file that was sealed again since has another id than the one in this message.
      if (problem instanceof DrempelError && problem.code === 'attachments-incomplete') written.forget();
      throw problem;
    }
  };

  const received = () => {
    if (!state.received) throw new TypeError('there are none');
    return state.received;
  };

  return {
    look,
    withFiles: async () => {
      const {openFiles} = await fetching();
      state.received ??= openFiles({organisation, beside, emit});
      return named();
    },
    files: received,
    end: () => void state.received?.end(),
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

async function fetching() {
  try {
    return await import('./received_files.js');
  } catch {
    throw new ClientProblem('page-incomplete');
  }
}
