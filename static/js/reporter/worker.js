/**
 * The reporter's worker: all secrets and all traffic of the page are here, and end with it. Every module of a report is named,
 * so that the browser fetches them all at once instead of finding one in the other: over Tor each such round costs a second. What
 * only a return visit needs is fetched when there is one. The screens know its calls, and nothing of what is behind them.
 */
import '../../vendor/noble.js';
import '../crypto/directory.js';
import '../crypto/directory_form.js';
import '../crypto/envelope.js';
import '../crypto/hpke.js';
import '../crypto/signatures.js';
import '../crypto/statement.js';
import '../crypto/wire.js';
import {parseCode} from '../crypto/codes.js';
import {equal} from '../crypto/encoding.js';
import {DrempelError} from '../crypto/errors.js';
import {osRandom} from '../crypto/sealing.js';
import {ClientProblem} from '../client/connection.js';
import {dayAt, isAsShown} from '../client/organisation.js';
import {newReceipt, sealReport, sendReport} from '../client/report.js';
import {checkCode, openDesk, serveWorker} from '../client/serving.js';

/** @import {ReporterKeys} from '../crypto/shapes.d.ts' */
/** @import {Desk, Outside, SealedReport} from '../client/shapes.d.ts' */
/** @import {Uploads} from '../client/uploading.js' */
/** @import {Attached} from '../client/sending.js' */
/** @import {Files} from '../client/fetching.js' */
/** @import {Visit} from '../client/views.js' */
/** @import {Returning} from './returning.js' */

/** @typedef {{channel: string, kind: string | null, text: string, rereadable: boolean, without: string[], files?: number[]}} Asked `files` by the page's ids */
/**
 * A report in the making, under one receipt. `asked` is what `sealed` holds. Once `sending` has begun, something may be stored
 * under the receipt, and other content needs another. `files` are those it names; `lacks`: not all of what it asks for had arrived.
 * @typedef {{organisation: Uint8Array, receipt: string, keys: ReporterKeys | null, asked: string, sealed: SealedReport | null,
 *   lacks: boolean, files: number[], sending: 'not yet' | 'begun' | 'done' | 'refused'}} Draft
 */

/** After these the same bytes would be refused for ever, and nothing of them is on the server. */
const NOT_STORED = ['conflict', 'envelope-week', 'attachments-incomplete'];

/** @param {Outside} outside */
export function reporterCalls({tell, now = Date.now, random = osRandom, limits}) {
  const desk = openDesk({tell, now, ...(limits ? {limits} : {})});
  const {open, inTurn, stop, hurry} = desk;
  const files = attaching(desk, {tell, random, ...(limits ? {limits} : {})});
  const report = writing(desk, {tell, now, random, files});
  const {visit, visited, remove, leave} = visiting(desk, {tell, now, random, files});
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
    lookAtFile: (/** @type {{id: string}} */ asked) => visited().files().look(asked),
    stopFile: (/** @type {{id: string}} */ asked) => visited().files().stop(asked),
    // Once nothing is left of half a file, where somebody has asked for files.
    leave: async () => {
      stop();
      files.stop();
      const ended = async () => visited().files().end();
      await Promise.allSettled([ended(), inTurn(leave)()]);
    },
  };
}

/** @typedef {ReturnType<typeof attaching>} Attaching */

/** Files for the report, or for a message of a return visit. @param {Desk} desk @param {Pick<Outside, 'limits'> & Required<Pick<Outside, 'tell' | 'random'>>} outside */
function attaching(desk, {tell, random, limits}) {
  /** @type {{begun: Promise<Uploads> | null, uploads: Uploads | null, stops: number}} */
  const at = {begun: null, uploads: null, stops: 0};
  const begin = async () => {
    const {organisation, beside} = desk.opened();
    const {Uploads} = await uploading();
    at.uploads = new Uploads({organisation, beside, random}, tell, limits);
    return at.uploads;
  };
  const uploads = () => {
    at.begun ??= begin();
    // What did not arrive may come another time.
    at.begun.catch(() => Object.assign(at, {begun: null}));
    return at.begun;
  };
  /** Null if no file was ever given to it, as where that part did not arrive. */
  const given = async () => at.begun?.catch(() => null) ?? null;
  return {
    calls: {
      attach: async (/** @type {{id: number, file: File}} */ {id, file}) => (await uploads()).add(id, file),
      pauseFile: async (/** @type {{id: number}} */ {id}) => (await uploads()).pause(id),
      goOnWithFile: async (/** @type {{id: number}} */ {id}) => (await uploads()).goOn(id),
      removeFiles: async (/** @type {{ids: number[]}} */ {ids}) => (await uploads()).remove(ids),
    },
    /** @param {{files: number[]}} asked */
    settled: async ({files}) => {
      const {stops} = at;
      const found = await given();
      // Stopped before there was anything that waits.
      if (stops !== at.stops) throw new ClientProblem('stopped');
      if (!found) throw new DrempelError('attachments-incomplete');
      return found.settled(files);
    },
    /** @param {number[]} ids @returns {Promise<{attached?: Attached, isWhole: boolean}>} */
    attached: async (ids) => (ids.length > 0 ? ((await given())?.attached(ids) ?? {isWhole: false}) : {isWhole: true}),
    /** @param {number[]} ids */
    renew: async (ids) => (await given())?.renew(ids),
    /** @param {number[]} ids @param {() => Promise<void>} send */
    deliver: async (ids, send) => (ids.length > 0 ? (await uploads()).deliver(ids, send) : send()),
    stop: () => {
      at.stops += 1;
      at.uploads?.stop();
    },
    hurry: (/** @type {{all?: boolean} | undefined} */ options) => at.uploads?.hurry(options),
  };
}

/** @param {Desk} desk @param {Required<Pick<Outside, 'tell' | 'now' | 'random'>> & {files: Attaching}} outside */
function writing(desk, {tell, now, random, files}) {
  /** @type {{draft: Draft | null}} */
  const at = {draft: null};

  /** Slow the first time. @returns {Draft} */
  const draft = () => {
    const {organisation} = desk.opened();
    // A receipt is for one organisation.
    if (at.draft && !equal(at.draft.organisation, organisation)) at.draft = null;
    at.draft ??= {organisation, ...newReceipt(organisation, random), asked: '', sealed: null, lacks: false, files: [], sending: 'not yet'};
    return at.draft;
  };

  /** @returns {ReporterKeys} of a receipt under which nothing was sent yet */
  const unusedKeys = () => {
    const {sending} = draft();
    if (sending !== 'not yet') {
      at.draft = null;
      draft();
      tell({event: 'renewed', perhaps: sending !== 'refused'});
    }
    const {keys} = draft();
    if (!keys) throw new TypeError('they are dropped only when all is sent');
    return keys;
  };

  /** @param {Asked} asked */
  const seal = async (asked) => {
    const {followed, shown} = desk.opened();
    const content = JSON.stringify([asked, shown.channels.find(({id}) => id === asked.channel)]);
    // It may have arrived: only the very same bytes can be sent again.
    if (at.draft?.sending === 'begun' && at.draft.asked === content) return;
    // Whatever fails from here on, what was sealed before is not what the person means now.
    if (at.draft) Object.assign(at.draft, {sealed: null, asked: '', lacks: false});
    const organisation = await followed.current();
    // What was sent before may have arrived, with these files: then they belong to that report.
    if (draft().sending !== 'not yet') await files.renew(draft().files);
    const keys = unusedKeys();
    const {attached, isWhole} = await files.attached(asked.files ?? []);
    const sealed = await sealReport(organisation, keys, {...asked, ...(attached ? {attached} : {}), today: dayAt(now())}, random);
    if (!isAsShown(shown, organisation, asked.channel)) throw new ClientProblem('channel-changed');
    // With files still on their way it was only tried, so that what can't be sent costs nobody a noted receipt.
    Object.assign(draft(), isWhole ? {sealed, asked: content, files: asked.files ?? []} : {lacks: true});
  };

  const send = async () => {
    const sending = draft();
    if (sending.sending === 'done') return;
    if (sending.lacks) throw new DrempelError('attachments-incomplete');
    if (!sending.sealed) throw new TypeError('seal comes first');
    sending.sending = 'begun';
    try {
      const {sealed} = sending;
      await files.deliver(sending.files, () => sendReport(desk.opened().connection, sealed));
    } catch (problem) {
      if (problem instanceof DrempelError && NOT_STORED.includes(problem.code)) Object.assign(sending, {sending: 'refused'});
      throw problem;
    }
    Object.assign(sending, {sending: 'done', keys: null, asked: '', sealed: null});
  };

  return {draft, seal, send};
}

/** @param {Desk} desk @param {Required<Pick<Outside, 'tell' | 'now' | 'random'>> & {files: Attaching}} outside */
function visiting(desk, outside) {
  /** @type {{found: Returning | null, removed: boolean}} */
  const at = {found: null, removed: false};
  const visited = () => {
    if (!at.found) throw new TypeError('visit comes first');
    return at.found;
  };
  return {
    visited,
    /** @param {{code: string}} asked @returns {Promise<Visit>} */
    visit: async ({code}) => {
      const secret = parseCode(code, 'receipt');
      const {openReturning} = await returning();
      const found = openReturning(desk.opened(), secret, outside);
      const view = await found.look();
      at.found?.end();
      Object.assign(at, {found, removed: false});
      return view;
    },
    remove: async () => {
      if (at.removed) return;
      await visited().remove();
      visited().end();
      Object.assign(at, {found: null, removed: true});
    },
    leave: async () => {
      at.found?.end();
      Object.assign(at, {found: null});
    },
  };
}

/** All of them at once, since each round over Tor costs a second. */
async function returning() {
  try {
    const [found] = await Promise.all([
      import('./returning.js'),
      import('../client/receipt.js'),
      import('../client/sending.js'),
      import('../client/views.js'),
      import('../crypto/answers.js'),
      import('../crypto/conversation.js'),
      import('../crypto/envelope_reading.js'),
      import('../crypto/hpke_opening.js'),
      import('../crypto/message.js'),
    ]);
    return found;
  } catch {
    // Firefox fetches a module that failed never again, so asking once more would not help.
    throw new ClientProblem('page-incomplete');
  }
}

/** As with a return visit. */
async function uploading() {
  try {
    const [found] = await Promise.all([
      import('../client/uploading.js'),
      import('../client/attempt.js'),
      import('../client/chosen.js'),
      import('../client/file_sealing.js'),
      import('../client/upload.js'),
      import('../client/upload_line.js'),
      import('../crypto/attachment.js'),
      import('../crypto/claims.js'),
    ]);
    return found;
  } catch {
    throw new ClientProblem('page-incomplete');
  }
}

serveWorker(reporterCalls);
