/**
 * This module calls the page's Worker, which holds all secrets and does all traffic, and passes its events
 * on. A page has one Worker at a time: the first call starts it, `endWorker` ends it, and with that all that
 * it knows; the next call starts another.
 */

/** @import {Problem, WorkerEvent} from '../worker/views.js' */
/**
 * An event that modules of a page get: one of the Worker's; `files`, when the state of chosen files changed;
 * `idle`, when the page was not touched for long.
 * @typedef {WorkerEvent | {event: 'files'} | {event: 'idle'}} PageEvent
 */
/**
 * Why a Worker ends: another one begins, with what was typed; the page locks; the person leaves; the page is
 * gone already, so that nothing can be waited for.
 * @typedef {'again' | 'lock' | 'leave' | 'gone'} Ending
 */
/**
 * `isBroken`: one of its modules did not arrive. `hasAnswered`: all of them have.
 * @typedef {{worker: Worker, waiting: Map<number, {resolve: (value: any) => void, reject: (problem: Refusal)
 *   => void}>, isBroken: boolean, hasAnswered: boolean}} Link
 */

/** Milliseconds. Nothing is on the screen by then. */
export const LEFT_WITHIN = 1000;
/** Milliseconds. A locked inbox's Worker still writes; a slow server must not keep what it knows alive. */
const LOCKED_WITHIN = 10_000;

/**
 * What a call is refused with: a code of PROTOCOL 15.2 or of the page's own, never a text to show as it is.
 */
export class Refusal extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.code);
    this.problem = problem;
  }
}

/**
 * Trusted Types let a script be named only by one policy, and this one knows no other than these. Relative to
 * the document, whose organisation may lie below a proxy's path.
 */
const WORKERS = Object.freeze({
  reporter: '../static/pages/reporter-worker.js',
  recipient: '../static/pages/recipient-worker.js',
  plain: '../static/pages/viewer-plain.js',
  pdf: '../static/pages/viewer-pdf.js',
});

/**
 * @typedef {{createPolicy: (name: string, rules: {createScriptURL: (name: string) => string}) =>
 *   {createScriptURL: (name: string) => string}}} TrustedTypes
 */
const trustedTypes = /** @type {{trustedTypes?: TrustedTypes}} */ (/** @type {unknown} */ (globalThis))
  .trustedTypes;
const rules = {
  createScriptURL: (/** @type {string} */ name) => WORKERS[/** @type {keyof typeof WORKERS} */ (name)],
};
const policy = trustedTypes?.createPolicy('drempel', rules) ?? rules;

/** @param {keyof typeof WORKERS} name */
export const startWorker = (name) => new Worker(policy.createScriptURL(name), {type: 'module'});

/**
 * `isOver`: the page is left, and nothing starts a Worker any more.
 * @type {{name: 'reporter' | 'recipient', link: Link | null, last: number, isOver: boolean}}
 */
const current = {name: 'reporter', link: null, last: 0, isOver: false};

/** @type {((event: PageEvent) => void)[]} */
const listeners = [];
/** @type {((why: Ending) => Promise<unknown> | null | void)[]} */
const endings = [];

/** Name the page whose Worker is called. @param {'reporter' | 'recipient'} name */
export const setWorker = (name) => void Object.assign(current, {name});

/** @param {(event: PageEvent) => void} listener hears all, and takes what it knows */
export const onEvent = (listener) => void listeners.push(listener);

/** @param {PageEvent} event */
export const emit = (event) => listeners.forEach((listener) => listener(event));

/**
 * @param {(why: Ending) => Promise<unknown> | null | void} forget what a module knows; may return a promise
 *   that nothing is left of half a file: the Worker is given a moment then
 */
export const onEnd = (forget) => void endings.push(forget);

/** @returns {Link} */
function openLink() {
  const worker = startWorker(current.name);
  /** @type {Link} */
  const link = {worker, waiting: new Map(), isBroken: false, hasAnswered: false};
  worker.onmessage = ({data}) => {
    if (!data.event) settle(link, data);
    else if (link === current.link) emit(data);
  };
  // Nothing that was asked, or is asked later, will ever be answered.
  worker.onerror = (event) => {
    event.preventDefault();
    link.isBroken = true;
    for (const {reject} of link.waiting.values()) reject(incomplete());
    link.waiting.clear();
  };
  return link;
}

/** @param {Link} link @param {{id: number, result?: unknown, problem?: Problem}} reply */
function settle(link, {id, result, problem}) {
  const asked = link.waiting.get(id);
  link.waiting.delete(id);
  link.hasAnswered = true;
  if (problem) asked?.reject(new Refusal(problem));
  else asked?.resolve(result);
}

/** @param {Link} link @param {string} name @param {object} args @returns {Promise<any>} */
const ask = (link, name, args) =>
  new Promise((resolve, reject) => {
    current.last += 1;
    if (link.isBroken) reject(incomplete());
    else link.waiting.set(current.last, {resolve, reject});
    link.worker.postMessage({id: current.last, call: name, args});
  });

/**
 * Call the Worker. What was not answered when it ended never settles: there is no screen left for it.
 * @param {string} name @param {object} [args] @returns {Promise<any>} rejects with a Refusal
 */
export function call(name, args = {}) {
  if (current.isOver) return new Promise(() => {});
  current.link ??= openLink();
  return ask(current.link, name, args);
}

/** @returns {boolean} whether the whole Worker has arrived */
export const hasWorkerAnswered = () => current.link?.hasAnswered ?? false;

/**
 * End the Worker, and have every module forget what it knows. A last call is made where a keyring is to be
 * written or half a file erased.
 * @param {Ending} why @returns {Promise<unknown> | null} what to wait for before the page goes, if anything
 */
export function endWorker(why) {
  const {link} = current;
  Object.assign(current, {link: null, isOver: why === 'leave' || why === 'gone'});
  const halves = endings.flatMap((forget) => forget(why) ?? []);
  if (!link) return null;
  link.waiting.clear();
  if (why === 'lock') return endAfter(link, 'lock', LOCKED_WITHIN);
  if (why !== 'gone' && halves.length > 0)
    return Promise.all([...halves, endAfter(link, 'leave', LEFT_WITHIN)]);
  link.worker.terminate();
  return null;
}

/** Once the last call was answered, after so many milliseconds, or with the page. */
async function endAfter(/** @type {Link} */ link, /** @type {string} */ last, /** @type {number} */ within) {
  const end = () => link.worker.terminate();
  // A page that the browser keeps for the way back would keep its Worker too.
  addEventListener('pagehide', end);
  const late = new Promise((resolve) => {
    setTimeout(resolve, within);
  });
  await Promise.race([late, ask(link, last, {}).catch(() => undefined)]);
  end();
}

export const incomplete = () => new Refusal({code: 'page-incomplete', detail: ''});
