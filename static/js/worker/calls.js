/**
 * This module answers the page's calls with results or problems, and implements the calls that both Workers
 * have.
 */
import {parseCode} from '../crypto/secret/codes.js';
import {unb64} from '../crypto/public/encoding.js';
import {CodeError, DrempelError} from '../crypto/public/errors.js';
import {sealingReady} from '../crypto/secret/platform.js';
import {ClientProblem, connect} from '../client/connection.js';
import {follow} from '../client/organisation.js';
import {overviewOf} from './views.js';

/** @import {Kind} from '../crypto/shapes.d.ts' */
/** @import {Call, WorkerContext, Line, Opened, Outside} from './shapes.d.ts' */
/** @import {Connection, Organisation} from '../client/shapes.d.ts' */
/** @import {CodeCheck, Problem, WorkerEvent} from './views.js' */

/** @param {unknown} problem @returns {Problem} */
export function problemView(problem) {
  if (problem instanceof CodeError) {
    const {code, detail, group, correction, kind} = problem;
    return {code, detail, group, correction, kind};
  }
  if (problem instanceof DrempelError) return {code: problem.code, detail: problem.detail};
  if (problem instanceof ClientProblem) return {code: problem.code, detail: ''};
  // A fault of our own, whose words could hold anything.
  return {code: 'client-fault', detail: ''};
}

/** @param {Record<string, Call>} calls @param {{id: number, call: string, args: unknown}} asked */
async function answer(calls, {id, call, args}) {
  try {
    const found = Object.hasOwn(calls, call) ? calls[call] : undefined;
    if (!found) throw new TypeError('no such call');
    return {id, result: (await found(args)) ?? null};
  } catch (problem) {
    return {id, problem: problemView(problem)};
  }
}

/** Answer each message with a result or a problem. @param {Record<string, Call>} calls @param {Line} line */
export function serve(calls, line) {
  line.addEventListener(
    'message',
    ({data}) => void answer(calls, data).then((reply) => line.postMessage(reply)),
  );
}

/**
 * Serve the page that this is the Worker of. A test asks the calls themselves, and is none.
 * @param {(outside: Outside) => Record<string, Call>} make
 */
export function servePage(make) {
  if ('WorkerGlobalScope' in globalThis)
    serve(make({emit: (event) => globalThis.postMessage(event)}), globalThis);
}

/**
 * @returns {{run: <T>(call: () => Promise<T>) => Promise<T>, drop: () => void}} `drop` stops those that have
 *   not begun
 */
function queue() {
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  let turn = {};
  return {
    run: (call) => {
      const mine = turn;
      const result = last.then(() => {
        if (mine !== turn) throw new ClientProblem('stopped');
        return call();
      });
      last = result.catch(() => {});
      return result;
    },
    drop: () => {
      turn = {};
    },
  };
}

/** @param {Required<Pick<Outside, 'emit' | 'now'>> & Outside} outside @returns {WorkerContext} */
export function openWorker({emit, now, limits}) {
  const calls = queue();
  // Firefox fetches a module that failed never again: better to say so before anything is typed.
  const lacking = sealingReady().then(
    () => null,
    () => new ClientProblem('page-incomplete'),
  );
  /** @type {{connection: Connection | null, found: Opened | null}} */
  const state = {connection: null, found: null};

  /**
   * @param {string} base
   * @param {string} pin
   * @returns {Promise<Pick<Opened, 'connection' | 'beside' | 'followed'> & {organisation: Organisation}>}
   */
  const enter = async (base, pin) => {
    const wanted = readPin(pin);
    const connection = connect(base, emit, limits);
    state.connection = connection;
    const followed = await follow(connection, wanted, now);
    const beside = (onEvent = (/** @type {WorkerEvent} */ _event) => {}) => connect(base, onEvent, limits);
    return {connection, beside, followed, organisation: await followed.current()};
  };
  return {
    open: async ({base, pin}) => {
      const address = `${base}#${pin}`;
      const known =
        state.found?.address === address && state.found.connection === state.connection ? state.found : null;
      // Asked for again, it must be the same organisation, and no older directory of it: also where no link
      // says which.
      const {organisation, ...line} = known
        ? {...known, organisation: await known.followed.again()}
        : await enter(base, pin);
      const problem = await lacking;
      if (problem) throw problem;
      const shown = overviewOf(organisation);
      Object.assign(state, {
        found: {...line, organisation: organisation.directory.organisation, address, shown},
      });
      return shown;
    },
    opened: () => {
      if (!state.found) throw new TypeError('open comes first');
      return state.found;
    },
    inTurn:
      (call) =>
      (...args) =>
        calls.run(() => {
          state.connection?.begin();
          return call(...args);
        }),
    stop: () => {
      calls.drop();
      state.connection?.stop();
    },
    hurry: () => state.connection?.hurry(),
  };
}

/**
 * @param {string} pin as it stands behind the `#`; '' if there is none
 * @returns {Uint8Array | null} throws `pin-malformed`
 */
function readPin(pin) {
  if (pin === '') return null;
  try {
    return unb64(pin, 32);
  } catch {
    throw new ClientProblem('pin-malformed');
  }
}

/** Quick: no key is derived. @param {{text: string, kind: Kind}} asked @returns {CodeCheck} */
export function checkCode({text, kind: wanted}) {
  try {
    parseCode(text, wanted);
    return {problem: null};
  } catch (problem) {
    if (!(problem instanceof CodeError)) throw problem;
    const {code, group, correction, kind} = problem;
    return {problem: {code, group, correction, kind}};
  }
}
