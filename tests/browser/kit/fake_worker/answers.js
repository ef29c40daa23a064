/** Every answer a worker can give to a call, by the name a test asks for it with. */
import {ClientProblem} from '../../../../static/js/client/connection.js';
import {CodeError, DrempelError} from '../../../../static/js/crypto/public/errors.js';
import {CHANNELS, LISTS, ready, receivedVisits, visits} from './conversations.js';
import {LOOKS, SAVINGS} from './files.js';
import {ADVISERS, OVERVIEWS} from './organisation.js';

/** @import {FileView, SignedIn, WorkerEvent} from '../../../../static/js/worker/views.js' */

/** Codes whose check is right, and whose secret is nobody's. */
const RECEIPTS = {
  plain: 'timiz-natah-monub-samaj-vumun-ritod-fulum-paduk',
  renewed: 'dimoz-gatah-jonob-lapaj-nupon-rizad-tulom-totin',
};

/** @type {SignedIn} */
const ME = {recipient: /** @type {SignedIn['recipient']} */ (ADVISERS[0]), channels: CHANNELS};

/**
 * @type {Record<string, Record<string, unknown>>} by call, what it answers; `plain` unless something else is
 *   asked for
 */
const VIEWS = {
  open: OVERVIEWS,
  receipt: RECEIPTS,
  signIn: {plain: ME, single: {...ME, channels: CHANNELS.slice(0, 1)}},
  sync: LISTS,
  read: receivedVisits(),
  reply: receivedVisits(),
  saveFile: SAVINGS,
  lookAtFile: LOOKS,
  visit: visits(true),
  refresh: visits(true),
  withFiles: ready,
};

/** @type {Record<string, WorkerEvent>} what is told of something that goes on for ever */
const NEWS = {
  unreachable: {event: 'waiting', code: 'server-unreachable', seconds: 8},
  busy: {event: 'waiting', code: 'server-busy', seconds: 1},
  slow: {event: 'slow'},
  progress: {event: 'progress', done: 3_400_000, total: 12_900_000},
  saving: {event: 'download', id: 'file 0', done: 1_048_576, code: '', seconds: 0},
  cut: {event: 'download', id: 'file 0', done: 1_048_576, code: 'server-unreachable', seconds: 8},
  looking: {event: 'download', id: 'look file 0', done: 1_048_576, code: 'server-unreachable', seconds: 8},
};

/** @type {Record<string, Partial<FileView>>} how far a file is that was just chosen */
const FILES = {
  plain: {state: 'done', share: 1},
  waiting: {state: 'waiting'},
  uploading: {state: 'uploading', share: 0.4672},
  checking: {state: 'uploading', share: 1},
  changed: {state: 'uploading', share: 0.08, changed: true},
  again: {state: 'done', share: 1, changed: true},
  paused: {state: 'paused', share: 0.31},
  unreadable: {state: 'failed', code: 'attachment-unreadable'},
};

/**
 * @param {string} answer a file's state, and what is wrong with the line, if anything
 * @param {unknown} args
 * @param {(event: WorkerEvent) => void} emit
 */
function emitFile(answer, args, emit) {
  const [state = '', code = ''] = answer.split(' ');
  const {id} = /** @type {{id: number}} */ (args);
  emit({event: 'file', file: {id, state: 'waiting', share: 0, code: '', changed: false, ...FILES[state]}});
  emit({event: 'connection', code, seconds: code ? 8 : 0});
}

/** The refusals of the page itself, which the registry of the protocol does not have. */
const OWN = ['stopped', 'pin-malformed', 'page-incomplete'];

/** @param {string} code @returns {Error} */
function problem(code) {
  if (OWN.includes(code)) return new ClientProblem(/** @type {ClientProblem['code']} */ (code));
  return code.startsWith('code-')
    ? new CodeError(/** @type {CodeError['code']} */ (code))
    : new DrempelError(/** @type {DrempelError['code']} */ (code));
}

/**
 * What a call answers: a view; a refusal, as `refused CODE`; or, as `going on` with what is told meanwhile,
 * nothing until it is stopped.
 * @param {string} call
 * @param {string} answer
 * @param {{emit: (event: WorkerEvent) => void, stopped: Promise<void>, args: unknown}} outside
 * @returns {Promise<unknown>}
 */
export async function give(call, answer, {emit, stopped, args}) {
  const [first, what = ''] = answer.split(' ');
  if (first === 'refused') throw problem(what);
  if (call === 'attach') return emitFile(answer, args, emit);
  if (first !== 'going') return VIEWS[call]?.[answer] ?? null;
  const event = NEWS[what];
  if (event) emit(event);
  await stopped;
  throw problem('stopped');
}
