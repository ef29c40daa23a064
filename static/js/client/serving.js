/** The worker's side of the line to the page: calls in, results or problems out; and what both workers have to be asked. */
import {parseCode} from '../crypto/codes.js';
import {unb64} from '../crypto/encoding.js';
import {CodeError, DrempelError} from '../crypto/errors.js';
import {sealingReady} from '../crypto/sealing.js';
import {ClientProblem, connect} from './connection.js';
import {follow, overviewOf} from './organisation.js';

/** @import {Kind} from '../crypto/shapes.d.ts' */
/** @import {Call, Connection, Desk, Line, Opened, Organisation, Outside} from './shapes.d.ts' */
/** @import {CodeCheck, Problem, Told} from './views.js' */

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

/** Answer what comes over the line. @param {Record<string, Call>} calls @param {Line} line */
export function serve(calls, line) {
  line.addEventListener('message', ({data}) => void answer(calls, data).then((reply) => line.postMessage(reply)));
}

/** Serve the page that this is the Worker of. A test asks the calls themselves, and is none. @param {(outside: Outside) => Record<string, Call>} make */
export function serveWorker(make) {
  if ('WorkerGlobalScope' in globalThis) serve(make({tell: (event) => globalThis.postMessage(event)}), globalThis);
}

/** @returns {{run: <T>(call: () => Promise<T>) => Promise<T>, drop: () => void}} `drop` stops those that have not begun */
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

/** @param {Required<Pick<Outside, 'tell' | 'now'>> & Outside} outside @returns {Desk} */
export function openDesk({tell, now, limits}) {
  const calls = queue();
  // Firefox fetches a module that failed never again: better to say so before anything is typed.
  const lacking = sealingReady().then(
    () => null,
    () => new ClientProblem('page-incomplete'),
  );
  /** @type {{connection: Connection | null, found: Opened | null}} */
  const at = {connection: null, found: null};

  /** @param {string} base @param {string} pin @returns {Promise<Pick<Opened, 'connection' | 'beside' | 'followed'> & {organisation: Organisation}>} */
  const enter = async (base, pin) => {
    const wanted = readPin(pin);
    const connection = connect(base, tell, limits);
    at.connection = connection;
    const followed = await follow(connection, wanted, now);
    const beside = (heard = (/** @type {Told} */ _told) => {}) => connect(base, heard, limits);
    return {connection, beside, followed, organisation: await followed.current()};
  };
  return {
    open: async ({base, pin}) => {
      const address = `${base}#${pin}`;
      const known = at.found?.address === address && at.found.connection === at.connection ? at.found : null;
      // Asked for again, it must be the same organisation, and no older directory of it: also where no link says which.
      const {organisation, ...line} = known ? {...known, organisation: await known.followed.again()} : await enter(base, pin);
      const problem = await lacking;
      if (problem) throw problem;
      const shown = overviewOf(organisation);
      Object.assign(at, {found: {...line, organisation: organisation.directory.organisation, address, shown}});
      return shown;
    },
    opened: () => {
      if (!at.found) throw new TypeError('open comes first');
      return at.found;
    },
    inTurn:
      (call) =>
      (...args) =>
        calls.run(() => {
          at.connection?.begin();
          return call(...args);
        }),
    stop: () => {
      calls.drop();
      at.connection?.stop();
    },
    hurry: () => at.connection?.hurry(),
  };
}

/** @param {string} pin as it stands behind the `#`; '' if there is none @returns {Uint8Array | null} throws `pin-malformed` */
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
