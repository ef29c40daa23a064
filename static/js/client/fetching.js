/** The files of conversations that have been read: fetched to be saved, or to be looked at. Beside all else that a worker does. */
import {b64} from '../crypto/encoding.js';
import {DrempelError} from '../crypto/errors.js';
import {safeName} from '../crypto/filename.js';
import {ClientProblem} from './connection.js';
import {openDownload} from './downloading.js';
import {Unsaved, keepInBlob, keepInFile} from './keeping.js';
import {LARGEST_PREVIEW, kindOf, lookingAt} from './kind.js';

/** @import {Thread} from '../crypto/conversation.js' */
/** @import {Attachment} from '../crypto/message.js' */
/** @import {Connection, Sink} from './shapes.d.ts' */
/** @import {Download, Progress} from './downloading.js' */
/** @import {AttachmentView, MessageView, Told, Visit} from './views.js' */
/** @import {Handle, Keep} from './keeping.js' */
/** @import {Kind} from './kind.js' */
/**
 * A file as the screen gets it: `id` is what to ask for it by; `safe` is the name to save it under, by which it is called; `odd`
 * says that its author's name for it would not have been safe, where not only another file has that name too.
 * @typedef {AttachmentView & {id: string, safe: string, odd: boolean}} NamedFile
 */
/** @typedef {Omit<MessageView, 'attachments'> & {attachments: NamedFile[]}} MessageWithFiles */
/** @typedef {Omit<Visit, 'messages'> & {messages: MessageWithFiles[]}} VisitWithFiles */
/** How it ended: `saved`, `stopped`, `unsaved`, or the code of what is wrong with it. @typedef {{end: string, blob: Blob | null}} Saved */
/** `kind` is null if it is none that can be shown. @typedef {{end: string, kind: Kind | null, bytes: Uint8Array | null}} Looked */
/**
 * @typedef {object} Files
 * @property {(visit: Visit, thread: Thread) => VisitWithFiles} name
 * @property {(asked: {id: string, handle: Handle | null}) => Promise<Saved>} save
 * @property {(asked: {id: string}) => Promise<Looked>} look
 * @property {(asked: {id: string}) => void} stop
 * @property {(asked: {id: string}) => void} hurry
 * @property {() => Promise<void>} end
 */

/** Milliseconds. */
const SHOWN_EVERY = 100;

class NotShown extends Error {}

/** @param {unknown} problem @returns {string} how a download ended; throws a fault of our own */
function endOf(problem) {
  if (problem instanceof DrempelError || problem instanceof ClientProblem) return problem.code;
  if (problem instanceof Unsaved) return 'unsaved';
  if (problem instanceof NotShown) return 'kind';
  throw problem;
}

/** @param {{organisation: Uint8Array, beside: () => Connection, tell: (told: Told) => void}} outside @returns {Files} */
export function openFiles({organisation, beside, tell}) {
  /** @type {Map<string, Attachment>} */
  const known = new Map();
  /** @type {Map<string, Download>} */
  const running = new Map();
  /** @type {Set<Promise<Saved>>} */
  const saving = new Set();
  let ended = false;

  /** A fast line brings more chunks a second than a screen can show. @param {string} name @returns {(how: Progress) => void} */
  const telling = (name) => {
    let told = -Infinity;
    return (how) => {
      if (how.code === '' && performance.now() - told < SHOWN_EVERY) return;
      told = how.code === '' ? performance.now() : -Infinity;
      tell({event: 'download', id: name, ...how});
    };
  };

  /** @param {string} id @param {string} name by which it is told of, and stopped @param {Sink} take */
  const fetchFile = async (id, name, take) => {
    const attachment = known.get(id);
    if (!attachment) throw new DrempelError('blob-unknown');
    if (ended) throw new ClientProblem('stopped');
    const download = openDownload(attachment, {organisation, connection: beside(), take, progress: telling(name)});
    running.get(name)?.stop();
    running.set(name, download);
    try {
      await download.run();
    } finally {
      if (running.get(name) === download) running.delete(name);
    }
  };

  /** @param {{id: string, handle: Handle | null}} asked @returns {Promise<Saved>} */
  const saveOne = async ({id, handle}) => {
    /** @type {Keep | null} */
    let keep = null;
    try {
      keep = await (handle ? keepInFile(handle) : keepInBlob());
      await fetchFile(id, id, keep.take);
      return {end: 'saved', blob: await keep.done()};
    } catch (problem) {
      await keep?.drop();
      return {end: endOf(problem), blob: null};
    }
  };

  /** @param {{id: string, handle: Handle | null}} asked @returns {Promise<Saved>} */
  const save = (asked) => {
    const work = saveOne(asked).finally(() => saving.delete(work));
    saving.add(work);
    return work;
  };

  /** Resolves once nothing is left of half a file. */
  const end = async () => {
    ended = true;
    running.forEach((download) => download.stop());
    await Promise.allSettled(saving);
  };

  /** @param {{id: string}} asked @returns {Promise<Looked>} */
  const look = async ({id}) => {
    const bytes = new Uint8Array(Math.min(known.get(id)?.size ?? 0, LARGEST_PREVIEW));
    /** @type {{filled: number, kind: Kind | null}} */
    const at = {filled: 0, kind: null};
    try {
      await fetchFile(id, lookingAt(id), (piece) => {
        if (at.filled === 0) at.kind = kindOf(piece);
        // There is no need to fetch the rest of what can't be shown.
        if (!at.kind || at.filled + piece.length > bytes.length) throw new NotShown();
        bytes.set(piece, at.filled);
        at.filled += piece.length;
      });
      return {end: 'saved', kind: at.kind, bytes};
    } catch (problem) {
      return {end: endOf(problem), kind: null, bytes: null};
    }
  };

  /** @param {Visit} visit @param {Thread} thread @returns {VisitWithFiles} */
  const name = (visit, thread) => {
    for (const {envelope, message} of thread.entries) {
      message.attachments.forEach((attachment, index) => known.set(`${b64(envelope)}/${index}`, attachment));
    }
    // One folder may take them all.
    const taken = new Map();
    /** @param {MessageView} message @returns {NamedFile[]} */
    const named = ({envelope, attachments}) =>
      attachments.map((view) => ({
        ...view,
        id: `${envelope}/${view.index}`,
        safe: safeName(view.name, taken),
        odd: safeName(view.name, new Map()) !== view.name,
      }));
    return {...visit, messages: visit.messages.map((message) => ({...message, attachments: named(message)}))};
  };

  return {
    name,
    save,
    look,
    stop: ({id}) => running.get(id)?.stop(),
    hurry: ({id}) => running.get(id)?.hurry(),
    end,
  };
}
