/**
 * The reporter's Worker holds all secrets of the page and does all its traffic; both end with it. The scripts
 * for a return visit and for files are fetched when they are needed. The screens know its calls alone.
 */
import {parseCode} from '../crypto/secret/codes.js';
import {equal} from '../crypto/public/bytes.js';
import {DrempelError} from '../crypto/public/errors.js';
import {osRandom} from '../crypto/secret/primitives.js';
import {ClientProblem} from '../client/connection.js';
import {dayAt} from '../client/organisation.js';
import {isAsShown} from './views.js';
import {newReceipt, sealReport, sendReport} from '../client/reporter/report.js';
import {checkCode, openWorker, servePage} from './calls.js';

/** @import {ReporterKeys} from '../crypto/shapes.d.ts' */
/** @import {WorkerContext, Outside} from './shapes.d.ts' */
/** @import {SealedReport} from '../client/shapes.d.ts' */
/** @import {Uploads} from '../client/files/uploads.js' */
/** @import {Attached} from '../client/message.js' */
/** @import {Files} from './received_files.js' */
/** @import {Visit} from './views.js' */
/** @import {Returning} from './reporter_visit.js' */

/**
 * @typedef {{channel: string, kind: string | null, text: string, rereadable: boolean, without: string[],
 *   files?: number[]}} Asked `files` by the page's ids
 */
/**
 * A report in the making, under one receipt. `asked` is what `sealed` holds. Once `sending` has begun,
 * something may be stored under the receipt, and other content needs another. `files` are those it names;
 * `lacks`: not all of what it asks for had arrived.
 * @typedef {{organisation: Uint8Array, receipt: string, keys: ReporterKeys | null, asked: string, sealed:
 *   SealedReport | null, lacks: boolean, files: number[], sending: 'not yet' | 'started' | 'done' |
 *   'refused'}} Draft
 */

/** After these the same bytes would be refused for ever, and nothing of them is on the server. */
const NOT_STORED = ['conflict', 'envelope-week', 'attachments-incomplete'];

/** @param {Outside} outside */
export function reporterCalls({emit, now = Date.now, random = osRandom, limits}) {
  const context = openWorker({emit, now, ...(limits ? {limits} : {})});
  const {open, inTurn, stop, hurry} = context;
  const files = attaching(context, {emit, random, ...(limits ? {limits} : {})});
  const report = writing(context, {emit, now, random, files});
  const {visit, visited, remove, leave} = visiting(context, {emit, now, random, files});
  return {
    open: inTurn(open),
    checkCode,
    prepare: () => void report.draft(),
    receipt: () => report.draft().receipt,
    seal: inTurn(report.seal),
    send: inTurn(report.send),
    ...files.calls,
    settled: inTurn(files.settled),
    stop: () => {
      stop();
      files.stop();
    },
    hurry: (/** @type {{all?: boolean} | undefined} */ options = undefined) => {
      hurry();
      files.hurry(options);
    },
    visit: inTurn(visit),
    refresh: inTurn(() => visited().look()),
    withFiles: inTurn(() => visited().withFiles()),
    write: inTurn((/** @type {{text: string, files?: number[]}} */ said) => visited().write(said)),
    remove: inTurn(remove),
    // Not in turn: one goes on reading and writing while a file comes.
    saveFile: (/** @type {Parameters<Files['save']>[0]} */ asked) => visited().files().save(asked),
    lookAtFile: (/** @type {Parameters<Files['look']>[0]} */ asked) => visited().files().look(asked),
    stopFile: (/** @type {{id: string}} */ asked) => visited().files().stop(asked),
    // Resolves once nothing is left of half a file, where a file was being downloaded.
    leave: async () => {
      stop();
      files.stop();
      const ended = async () => visited().files().end();
      await Promise.allSettled([ended(), inTurn(leave)()]);
    },
  };
}

/** @typedef {ReturnType<typeof attaching>} Attaching */

/**
 * Files for the report, or for a message of a return visit.
 * @param {WorkerContext} context
 * @param {Pick<Outside, 'limits'> & Required<Pick<Outside, 'emit' | 'random'>>} outside
 */
function attaching(context, {emit, random, limits}) {
  /** @type {{opening: Promise<Uploads> | null, uploads: Uploads | null, stops: number}} */
  const state = {opening: null, uploads: null, stops: 0};
  const begin = async () => {
    const {organisation, beside} = context.opened();
    const {Uploads} = await uploading();
    state.uploads = new Uploads({organisation, beside, random}, emit, limits);
    return state.uploads;
  };
  const uploads = () => {
    state.opening ??= begin();
    // What did not arrive may come another time.
    state.opening.catch(() => Object.assign(state, {opening: null}));
    return state.opening;
  };
  /** Null if no file was ever given to it, as where that part did not arrive. */
  const given = async () => state.opening?.catch(() => null) ?? null;
  return {
    calls: {
      attach: async (/** @type {{id: number, file: File}} */ {id, file}) => (await uploads()).add(id, file),
      pauseFile: async (/** @type {{id: number}} */ {id}) => (await uploads()).pause(id),
      goOnWithFile: async (/** @type {{id: number}} */ {id}) => (await uploads()).goOn(id),
      removeFiles: async (/** @type {{ids: number[]}} */ {ids}) => (await uploads()).remove(ids),
    },
    /** @param {{files: number[]}} asked */
    settled: async ({files}) => {
      const {stops} = state;
      const found = await given();
      // Stopped before there was anything that waits.
      if (stops !== state.stops) throw new ClientProblem('stopped');
      if (!found) throw new DrempelError('attachments-incomplete');
      return found.settled(files);
    },
    /** @param {number[]} ids @returns {Promise<{attached?: Attached, isWhole: boolean}>} */
    attached: async (ids) =>
      ids.length > 0 ? ((await given())?.attached(ids) ?? {isWhole: false}) : {isWhole: true},
    /** @param {number[]} ids */
    renew: async (ids) => (await given())?.renew(ids),
    /** @param {number[]} ids @param {() => Promise<void>} send */
    deliver: async (ids, send) => (ids.length > 0 ? (await uploads()).deliver(ids, send) : send()),
    stop: () => {
      state.stops += 1;
      state.uploads?.stop();
    },
    hurry: (/** @type {{all?: boolean} | undefined} */ options) => state.uploads?.hurry(options),
  };
}

/**
 * @param {WorkerContext} context
 * @param {Required<Pick<Outside, 'emit' | 'now' | 'random'>> & {files: Attaching}} outside
 */
function writing(context, {emit, now, random, files}) {
  /** @type {{draft: Draft | null}} */
  const state = {draft: null};

  /** Slow the first time. @returns {Draft} */
  const draft = () => {
    const {organisation} = context.opened();
    // A receipt is for one organisation.
    if (state.draft && !equal(state.draft.organisation, organisation)) state.draft = null;
    state.draft ??= {
      organisation,
      ...newReceipt(organisation, random),
      asked: '',
      sealed: null,
      lacks: false,
      files: [],
      sending: 'not yet',
    };
    return state.draft;
  };

  /** @returns {ReporterKeys} of a receipt under which nothing was sent yet */
  const unusedKeys = () => {
    const {sending} = draft();
    if (sending !== 'not yet') {
      state.draft = null;
      draft();
      emit({event: 'renewed', maybeStored: sending !== 'refused'});
    }
    const {keys} = draft();
    if (!keys) throw new TypeError('they are dropped only when all is sent');
    return keys;
  };

  /** @param {Asked} asked */
  const seal = async (asked) => {
    const {followed, shown} = context.opened();
    const content = JSON.stringify([asked, shown.channels.find(({id}) => id === asked.channel)]);
    // It may have arrived: only the very same bytes can be sent again.
    if (state.draft?.sending === 'started' && state.draft.asked === content) return;
    // Whatever fails from here on, what was sealed before is not what the person means now.
    if (state.draft) Object.assign(state.draft, {sealed: null, asked: '', lacks: false});
    const organisation = await followed.current();
    // What was sent before may have arrived, with these files: then they belong to that report.
    if (draft().sending !== 'not yet') await files.renew(draft().files);
    const keys = unusedKeys();
    const {attached, isWhole} = await files.attached(asked.files ?? []);
    const sealed = await sealReport(
      organisation,
      keys,
      {...asked, ...(attached ? {attached} : {}), today: dayAt(now())},
      random,
    );
    if (!isAsShown(shown, organisation, asked.channel)) throw new ClientProblem('channel-changed');
    // With files still on their way it was only tried, so that content that can't be sent does not cost the
    // reporter a noted receipt.
    Object.assign(draft(), isWhole ? {sealed, asked: content, files: asked.files ?? []} : {lacks: true});
  };

  const send = async () => {
    const sending = draft();
    if (sending.sending === 'done') return;
    if (sending.lacks) throw new DrempelError('attachments-incomplete');
    if (!sending.sealed) throw new TypeError('seal comes first');
    sending.sending = 'started';
    try {
      const {sealed} = sending;
      await files.deliver(sending.files, () => sendReport(context.opened().connection, sealed));
    } catch (problem) {
      if (problem instanceof DrempelError && NOT_STORED.includes(problem.code))
        Object.assign(sending, {sending: 'refused'});
      throw problem;
    }
    Object.assign(sending, {sending: 'done', keys: null, asked: '', sealed: null});
  };

  return {draft, seal, send};
}

/**
 * @param {WorkerContext} context
 * @param {Required<Pick<Outside, 'emit' | 'now' | 'random'>> & {files: Attaching}} outside
 */
function visiting(context, outside) {
  /** @type {{found: Returning | null, removed: boolean}} */
  const state = {found: null, removed: false};
  const visited = () => {
    if (!state.found) throw new TypeError('visit comes first');
    return state.found;
  };
  return {
    visited,
    /** @param {{code: string}} asked @returns {Promise<Visit>} */
    visit: async ({code}) => {
      const secret = parseCode(code, 'receipt');
      const {openReturning} = await returning();
      const found = openReturning(context.opened(), secret, outside);
      const view = await found.look();
      state.found?.end();
      Object.assign(state, {found, removed: false});
      return view;
    },
    remove: async () => {
      if (state.removed) return;
      await visited().remove();
      visited().end();
      Object.assign(state, {found: null, removed: true});
    },
    leave: async () => {
      state.found?.end();
      Object.assign(state, {found: null});
    },
  };
}

async function returning() {
  try {
    const [visit] = await Promise.all([
      import('./reporter_visit.js'),
      import('../crypto/secret/attachment.js'), // of which it is made: in the same round
    ]);
    return visit;
  } catch {
    // Firefox fetches a module that failed never again, so asking once more would not help.
    throw new ClientProblem('page-incomplete');
  }
}

async function uploading() {
  try {
    const [uploads] = await Promise.all([
      import('../client/files/uploads.js'),
      import('../crypto/secret/attachment.js'), // of which it is made: in the same round
    ]);
    return uploads;
  } catch {
    throw new ClientProblem('page-incomplete');
  }
}

servePage(reporterCalls);
