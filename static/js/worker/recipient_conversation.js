/** This module reads a conversation of an inbox, and replies in it. */
import {b64} from '../crypto/public/encoding.js';
import {checkText} from '../crypto/secret/message_pack.js';
import {findConversation, readInboxThread, sealReply} from '../client/recipient/inbox.js';
import {dayAt} from '../client/organisation.js';
import {LONGEST_MAILBOX, onTheWay, sendMessage} from '../client/message.js';
import {visitView} from './views.js';

/** @import {Thread} from '../crypto/secret/conversation.js' */
/** @import {Random} from '../crypto/public/encoding.js' */
/** @import {Followed} from '../client/shapes.d.ts' */
/** @import {Session} from '../client/recipient/session.js' */
/** @import {Files, VisitWithFiles} from './received_files.js' */
/**
 * Mailboxes are named by b64 ids. Both throw `conversation-unknown` and `conversation-gone`.
 * @typedef {object} Conversations
 * @property {(mailbox: string) => Promise<VisitWithFiles>} read
 * @property {(mailbox: string, text: string) => Promise<VisitWithFiles>} reply
 */

/**
 * The keyring notes what was read, so that it is not new the next time, and is missed if a server drops it.
 * @param {Session} session @param {string} mailbox @param {Thread} thread
 */
function note(session, mailbox, {entries, heads}) {
  const known = findConversation(session.keyring, mailbox);
  const stored = new Set(entries.map(({hash}) => b64(hash)));
  // What is missing stays noted: it is told for as long as it is missing.
  const missing = [...known.heads].filter((head) => !stored.has(head));
  // A report that does not open counts as head with 0. The server made it as it is: noted, it would be missed
  // for ever.
  const opened = [...heads].flatMap(([head, counter]) => (counter > 0 || stored.has(head) ? head : []));
  const noted = new Set([...missing, ...opened]);
  const conversations = new Map(session.keyring.conversations).set(mailbox, {...known, heads: noted});
  Object.assign(session, {keyring: {...session.keyring, conversations}});
  session.read.set(mailbox, noted);
}

/**
 * @param {Session} session
 * @param {Followed} followed
 * @param {Files} files
 * @param {{now: () => number, random: Random}} outside
 * @returns {Conversations}
 */
export function openConversations(session, followed, files, {now, random}) {
  /** @type {Map<string, ReturnType<typeof onTheWay>>} */
  const written = new Map();

  /** @param {string} mailbox @param {{retryFor?: number}} [options] */
  const look = async (mailbox, options = {}) => {
    const {read: token} = findConversation(session.keyring, mailbox);
    await followed.current();
    const answer = await session.connection.request('GET', `mailboxes/${mailbox}`, {
      token,
      longest: LONGEST_MAILBOX,
      ...options,
    });
    const found = await followed.reading(async ({directory}) => ({
      directory,
      thread: await readInboxThread(session.keyring, directory, mailbox, answer.content),
    }));
    written.get(mailbox)?.confirm(found.thread);
    note(session, mailbox, found.thread);
    return found;
  };

  /** @param {string} mailbox @param {{retryFor?: number}} [options] */
  const read = async (mailbox, options) => {
    const {directory, thread} = await look(mailbox, options);
    const {channel} = findConversation(session.keyring, mailbox);
    return files.name(visitView(directory, channel, thread, session.recipient), thread);
  };

  /** @param {string} mailbox @param {string} text */
  const seal = async (mailbox, text) => {
    const {directory, thread} = await look(mailbox, {retryFor: Infinity});
    return sealReply(session.keyring, directory, mailbox, thread, text, dayAt(now()), random);
  };

  return {
    read: (mailbox) => read(mailbox),
    reply: async (mailbox, text) => {
      checkText(text);
      const {write} = findConversation(session.keyring, mailbox);
      const one = written.get(mailbox) ?? onTheWay();
      written.set(mailbox, one);
      await sendMessage(session.connection, await one.sealed(text, () => seal(mailbox, text)), write);
      // It is stored: that it can't be seen now must not look as if it were not.
      return read(mailbox, {retryFor: Infinity});
    },
  };
}
