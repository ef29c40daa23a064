/** The worker's side of the line to the page: calls in, results or problems out, and events in between. */
import {parseCode} from '../crypto/codes.js';
import {unb64} from '../crypto/encoding.js';
import {CodeError, DrempelError} from '../crypto/errors.js';
import {ClientProblem} from './connection.js';

/** @import {Kind} from '../crypto/codes.js' */
/** @import {CodeCheck, Problem} from './views.js' */
/** @typedef {(args: any) => unknown} Call */
/** @typedef {{addEventListener: (type: 'message', listener: (event: {data: any}) => void) => void, postMessage: (message: any) => void}} Line */

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

/**
 * Calls that change the same things one after the other. `drop` lets those fail with `stopped` that have not begun.
 * @returns {{run: <T>(call: () => Promise<T>) => Promise<T>, drop: () => void}}
 */
export function oneAtATime() {
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

/** @param {string} pin as it stands behind the `#`; '' if there is none @returns {Uint8Array | null} throws `pin-malformed` */
export function readPin(pin) {
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
