/**
 * The inbox's worker: all secrets and all traffic of the page are here, and end with it. Every module is named, so that the
 * browser fetches them all at once instead of finding one in the other.
 */
import '../../vendor/noble.js';
import '../client/access.js';
import '../client/downloading.js';
import '../client/inbox.js';
import '../client/keeping.js';
import '../client/kind.js';
import '../client/organisation.js';
import '../client/sending.js';
import '../crypto/announcing.js';
import '../crypto/attachment.js';
import '../crypto/claims.js';
import '../crypto/answers.js';
import '../crypto/conversation.js';
import '../crypto/directory.js';
import '../crypto/directory_form.js';
import '../crypto/encoding.js';
import '../crypto/envelope.js';
import '../crypto/envelope_reading.js';
import '../crypto/filename.js';
import '../crypto/hpke.js';
import '../crypto/hpke_opening.js';
import '../crypto/keyring.js';
import '../crypto/message.js';
import '../crypto/ratchet.js';
import '../crypto/signatures.js';
import '../crypto/statement.js';
import '../crypto/wire.js';
import {accessKeys} from '../crypto/access_codes.js';
import {parseCode} from '../crypto/codes.js';
import {DrempelError} from '../crypto/errors.js';
import {osRandom} from '../crypto/sealing.js';
import {ClientProblem} from '../client/connection.js';
import {openFiles} from '../client/fetching.js';
import {checkCode, openDesk, serveWorker} from '../client/serving.js';
import {openSession, saveKeyring} from '../client/session.js';
import {syncInbox} from '../client/sync.js';
import {channelNamed, personNamed} from '../client/views.js';
import {openConversations} from './conversations.js';

/** @import {Random} from '../crypto/encoding.js' */
/** @import {Desk, Outside} from '../client/shapes.d.ts' */
/** @import {Session} from '../client/session.js' */
/** @import {InboxList, SignedIn, Told} from '../client/views.js' */
/** @import {Conversations} from './conversations.js' */
/** @import {Files} from '../client/fetching.js' */

/** Seconds. Locking is for somebody who is in a hurry, and what is not saved is only what was read. */
const LOCKED_WITHIN = 5;

/** @param {Outside & {lockedWithin?: number}} outside */
export function inboxCalls({tell, now = Date.now, random = osRandom, limits, lockedWithin = LOCKED_WITHIN}) {
  const desk = openDesk({tell, now, ...(limits ? {limits} : {})});
  const {open, inTurn, stop, hurry} = desk;
  const {signIn, session, conversations, files, endFiles, forget} = signedIn(desk, {tell, now, random, lockedWithin});

  /** @returns {Promise<InboxList>} */
  const sync = async () => {
    const organisation = await desk.opened().followed.current();
    return syncInbox(session(), organisation, random, (done, total) => tell({event: 'progress', done, total}));
  };
  return {
    open: inTurn(open),
    checkCode,
    signIn: inTurn(signIn),
    sync: inTurn(sync),
    read: inTurn((/** @type {{mailbox: string}} */ {mailbox}) => conversations().read(mailbox)),
    reply: inTurn((/** @type {{mailbox: string, text: string}} */ {mailbox, text}) => conversations().reply(mailbox, text)),
    // Not in turn: one goes on reading and answering while a file comes.
    saveFile: (/** @type {Parameters<Files['save']>[0]} */ asked) => files().save(asked),
    lookAtFile: (/** @type {{id: string}} */ asked) => files().look(asked),
    stopFile: (/** @type {{id: string}} */ asked) => files().stop(asked),
    hurryFile: (/** @type {{id: string}} */ asked) => files().hurry(asked),
    stop,
    hurry,
    // Whoever leaves is in a hurry, and asks the server nothing more. Once nothing is left of half a file:
    leave: async () => {
      stop();
      await endFiles();
    },
    lock: async () => {
      stop();
      await Promise.all([endFiles(), inTurn(forget)()]);
    },
  };
}

/** @param {Desk} desk @param {{tell: (told: Told) => void, now: () => number, random: Random, lockedWithin: number}} outside */
function signedIn(desk, outside) {
  /** @type {{session: Session | null, conversations: Conversations | null, files: Files | null}} */
  const at = {session: null, conversations: null, files: null};
  /** @template {keyof typeof at} Part @param {Part} part @returns {NonNullable<typeof at[Part]>} */
  const have = (part) => {
    if (!at[part]) throw new TypeError('signIn comes first');
    return at[part];
  };
  return {
    session: () => have('session'),
    conversations: () => have('conversations'),
    files: () => have('files'),
    endFiles: () => at.files?.end(),
    /** @param {{code: string}} asked @returns {Promise<SignedIn>} */
    signIn: async ({code}) => {
      const {connection, beside, followed, organisation} = desk.opened();
      const keys = accessKeys(parseCode(code, 'access'), organisation);
      const found = await openSession({connection, organisation, keys}, followed);
      const files = openFiles({organisation, beside, tell: outside.tell});
      Object.assign(at, {session: found, conversations: openConversations(found, followed, files, outside), files});
      const {directory} = await followed.current();
      const mine = directory.content.channels.filter(({recipients}) => recipients.includes(found.recipient));
      return {recipient: personNamed(directory, found.recipient), channels: mine.map(({id}) => channelNamed(directory, id))};
    },
    forget: async () => {
      const found = at.session;
      Object.assign(at, {session: null, conversations: null, files: null});
      const timer = setTimeout(desk.stop, 1000 * outside.lockedWithin);
      try {
        if (found) await saveKeyring(found, outside.random);
      } catch (problem) {
        // Nothing is lost but that something was read: all else was saved by the sync.
        if (!(problem instanceof DrempelError) && !(problem instanceof ClientProblem)) throw problem;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

serveWorker(inboxCalls);
