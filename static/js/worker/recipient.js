/** The inbox's Worker holds all secrets of the page and does all its traffic; both end with it. */
import {accessKeys, parseCode} from '../crypto/secret/codes.js';
import {DrempelError} from '../crypto/public/errors.js';
import {osRandom} from '../crypto/secret/primitives.js';
import {ClientProblem} from '../client/connection.js';
import {openFiles} from './received_files.js';
import {checkCode, openWorker, servePage} from './calls.js';
import {openSession, saveKeyring} from '../client/recipient/session.js';
import {syncInbox} from '../client/recipient/sync.js';
import {channelNamed, listView, personNamed} from './views.js';
import {openConversations} from './recipient_conversation.js';

/** @import {Random} from '../crypto/public/encoding.js' */
/** @import {WorkerContext, Outside} from './shapes.d.ts' */
/** @import {Session} from '../client/recipient/session.js' */
/** @import {InboxList, SignedIn, WorkerEvent} from './views.js' */
/** @import {Conversations} from './recipient_conversation.js' */
/** @import {Files} from './received_files.js' */

/** Seconds. A recipient who locks is in a hurry, and only the notes of what was read can be lost. */
const LOCKED_WITHIN = 5;

/** @param {Outside & {lockedWithin?: number}} outside */
export function inboxCalls({emit, now = Date.now, random = osRandom, limits, lockedWithin = LOCKED_WITHIN}) {
  const context = openWorker({emit, now, ...(limits ? {limits} : {})});
  const {open, inTurn, stop, hurry} = context;
  const {signIn, session, conversations, files, endFiles, forget} = signedIn(context, {
    emit,
    now,
    random,
    lockedWithin,
  });

  /** @returns {Promise<InboxList>} */
  const sync = async () => {
    const organisation = await context.opened().followed.current();
    const mine = session();
    const {found, gone} = await syncInbox(mine, organisation, random, (done, total) =>
      emit({event: 'progress', done, total}),
    );
    return listView(mine, organisation, found, gone);
  };
  return {
    open: inTurn(open),
    checkCode,
    signIn: inTurn(signIn),
    sync: inTurn(sync),
    read: inTurn((/** @type {{mailbox: string}} */ {mailbox}) => conversations().read(mailbox)),
    reply: inTurn((/** @type {{mailbox: string, text: string}} */ {mailbox, text}) =>
      conversations().reply(mailbox, text),
    ),
    // Not in turn: one goes on reading and answering while a file comes.
    saveFile: (/** @type {Parameters<Files['save']>[0]} */ asked) => files().save(asked),
    lookAtFile: (/** @type {Parameters<Files['look']>[0]} */ asked) => files().look(asked),
    stopFile: (/** @type {{id: string}} */ asked) => files().stop(asked),
    stop,
    hurry,
    // A recipient who leaves is in a hurry, so the server is asked nothing more. This resolves once nothing
    // is left of half a file.
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

/**
 * @param {WorkerContext} context
 * @param {Required<Pick<Outside, 'emit' | 'now' | 'random'>> & {lockedWithin: number}} outside
 */
function signedIn(context, outside) {
  /** @type {{session: Session | null, conversations: Conversations | null, files: Files | null}} */
  const state = {session: null, conversations: null, files: null};
  /** @template {keyof typeof state} Part @param {Part} part @returns {NonNullable<typeof state[Part]>} */
  const have = (part) => {
    if (!state[part]) throw new TypeError('signIn comes first');
    return state[part];
  };
  return {
    session: () => have('session'),
    conversations: () => have('conversations'),
    files: () => have('files'),
    endFiles: () => state.files?.end(),
    /** @param {{code: string}} asked @returns {Promise<SignedIn>} */
    signIn: async ({code}) => {
      const {connection, beside, followed, organisation} = context.opened();
      const keys = accessKeys(parseCode(code, 'access'), organisation);
      const found = await openSession({connection, organisation, keys}, followed);
      const files = openFiles({organisation, beside, emit: outside.emit});
      Object.assign(state, {
        session: found,
        conversations: openConversations(found, followed, files, outside),
        files,
      });
      const {directory} = await followed.current();
      const mine = directory.content.channels.filter(({recipients}) => recipients.includes(found.recipient));
      return {
        recipient: personNamed(directory, found.recipient),
        channels: mine.map(({id}) => channelNamed(directory, id)),
      };
    },
    forget: async () => {
      const found = state.session;
      Object.assign(state, {session: null, conversations: null, files: null});
      const timer = setTimeout(context.stop, 1000 * outside.lockedWithin);
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

servePage(inboxCalls);
