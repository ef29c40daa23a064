/**
 * This module downloads the files of conversations, to save them or to preview them, beside all else that a
 * Worker does.
 */
import {b64} from '../crypto/public/encoding.js';
import {DrempelError} from '../crypto/public/errors.js';
import {safeName} from '../crypto/public/filename.js';
import {ClientProblem} from '../client/connection.js';
import {openDownload} from '../client/files/download.js';
import {Unsaved, keepInBlob, keepInFile} from '../client/files/save_target.js';
import {LARGEST_PREVIEW, kindOf} from '../client/files/preview_kind.js';

/** @import {Thread} from '../crypto/secret/conversation.js' */
/** @import {Attachment} from '../crypto/secret/attachment.js' */
/** @import {Connection, Sink} from '../client/shapes.d.ts' */
/** @import {Download, Progress} from '../client/files/download.js' */
/** @import {AttachmentView, MessageView, WorkerEvent, Visit} from './views.js' */
/** @import {Handle, Keep} from '../client/files/save_target.js' */
/** @import {Kind} from '../client/files/preview_kind.js' */
/**
 * A file as the screen gets it: `id` is what to ask for it by; `safe` is the name to save it under, by which
 * it is called; `twin` says that another file before it is saved under the name that this one would have had;
 * `canShow` that it is small enough to look at.
 * @typedef {AttachmentView & {id: string, safe: string, twin: boolean, canShow: boolean}} NamedFile
 */
/** @typedef {Omit<MessageView, 'attachments'> & {attachments: NamedFile[]}} MessageWithFiles */
/** @typedef {Omit<Visit, 'messages'> & {messages: MessageWithFiles[]}} VisitWithFiles */
/**
 * How it ended: `saved`, `stopped`, `unsaved`, or the code of what is wrong with it.
 * @typedef {{end: string, blob: Blob | null}} Saved
 */
/**
 * `kind` is null if it is none that can be shown.
 * @typedef {{end: string, kind: Kind | null, bytes: Uint8Array | null}} Looked
 */
/**
 * @typedef {object} Files
 * @property {(visit: Visit, thread: Thread) => VisitWithFiles} name
 * @property {(asked: {id: string, handle: Handle | null}) => Promise<Saved>} save
 * @property {(asked: {id: string, as: string}) => Promise<Looked>} look `as` is the name of its events, and
 *   stopped: a file may be saved and looked at at once
 * @property {(asked: {id: string}) => void} stop
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

/**
 * @param {{organisation: Uint8Array, beside: () => Connection, emit: (event: WorkerEvent) => void}} outside
 * @returns {Files}
 */
export function openFiles({organisation, beside, emit}) {
  /** @type {Map<string, Attachment>} */
  const known = new Map();
  /** @type {Map<string, Download>} */
  const running = new Map();
  /** @type {Set<Promise<Saved>>} */
  const saving = new Set();
  let ended = false;

  /**
   * Emit at most one event in 100 ms: a fast connection brings more chunks than a screen can show.
   * @param {string} name
   * @returns {(how: Progress) => void}
   */
  const emitting = (name) => {
    let emittedAt = -Infinity;
    return (how) => {
      if (how.code === '' && performance.now() - emittedAt < SHOWN_EVERY) return;
      emittedAt = how.code === '' ? performance.now() : -Infinity;
      emit({event: 'download', id: name, ...how});
    };
  };

  /** @param {string} id @param {string} name of its events, and to stop it by @param {Sink} take */
  const fetchFile = async (id, name, take) => {
    const attachment = known.get(id);
    if (!attachment) throw new DrempelError('blob-unknown');
    if (ended) throw new ClientProblem('stopped');
    const download = openDownload(attachment, {
      organisation,
      connection: beside(),
      take,
      progress: emitting(name),
    });
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

  /** @param {{id: string, as: string}} asked @returns {Promise<Looked>} */
  const look = async ({id, as}) => {
    const bytes = new Uint8Array(Math.min(known.get(id)?.size ?? 0, LARGEST_PREVIEW));
    /** @type {{filled: number, kind: Kind | null}} */
    const state = {filled: 0, kind: null};
    try {
      await fetchFile(id, as, (piece) => {
        if (state.filled === 0) state.kind = kindOf(piece);
        // There is no need to fetch the rest of what can't be shown.
        if (!state.kind || state.filled + piece.length > bytes.length) throw new NotShown();
        bytes.set(piece, state.filled);
        state.filled += piece.length;
      });
      return {end: 'saved', kind: state.kind, bytes};
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
      attachments.map((view) => {
        const safe = safeName(view.name, taken);
        const twin = safe !== safeName(view.name, new Map());
        const canShow = view.size > 0 && view.size <= LARGEST_PREVIEW;
        return {...view, id: `${envelope}/${view.index}`, safe, twin, canShow};
      });
    return {...visit, messages: visit.messages.map((message) => ({...message, attachments: named(message)}))};
  };

  return {
    name,
    save,
    look,
    stop: ({id}) => running.get(id)?.stop(),
    end,
  };
}
