/** The page's line to its Worker, in which all secrets and all traffic are. Ending it forgets them. */

/** @typedef {{code: string, detail: string, group?: number, correction?: string, kind?: string}} Problem */
/** @typedef {{event: string} & Record<string, unknown>} Told */
/** @typedef {{call: <T>(name: string, args?: object) => Promise<T>, end: () => void}} Link */

/** What a call is refused with: a code of PROTOCOL 15.2 or of the page's own, never a text to show as it is. */
export class Refusal extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.code);
    this.problem = problem;
  }
}

/** Trusted Types let a script be named only by one policy, and this one knows no other than these two. */
const WORKERS = Object.freeze({reporter: '/static/js/reporter/worker.js', inbox: '/static/js/inbox/worker.js'});

/** @typedef {{createPolicy: (name: string, rules: {createScriptURL: (name: string) => string}) => {createScriptURL: (name: string) => string}}} TrustedTypes */
const trustedTypes = /** @type {{trustedTypes?: TrustedTypes}} */ (/** @type {unknown} */ (globalThis)).trustedTypes;
const rules = {createScriptURL: (/** @type {string} */ name) => (name === 'inbox' ? WORKERS.inbox : WORKERS.reporter)};
const policy = trustedTypes?.createPolicy('drempel', rules) ?? rules;

/**
 * @param {'reporter' | 'inbox'} name
 * @param {(told: Told) => void} onEvent
 * @returns {Link}
 */
export function connect(name, onEvent) {
  const worker = new Worker(policy.createScriptURL(name), {type: 'module'});
  /** @type {Map<number, {resolve: (value: any) => void, reject: (problem: Refusal) => void}>} */
  const waiting = new Map();
  let last = 0;
  let broken = false;
  worker.onmessage = ({data}) => {
    if (data.event) return onEvent(data);
    const call = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.problem) call?.reject(new Refusal(data.problem));
    else call?.resolve(data.result);
  };
  // One of its modules did not arrive: nothing that was asked, or is asked later, will ever be answered.
  worker.onerror = (event) => {
    event.preventDefault();
    broken = true;
    for (const {reject} of waiting.values()) reject(incomplete());
    waiting.clear();
  };
  return {
    call: (call, args = {}) =>
      new Promise((resolve, reject) => {
        last += 1;
        if (broken) reject(incomplete());
        else waiting.set(last, {resolve, reject});
        worker.postMessage({id: last, call, args});
      }),
    // What was asked before stays without an answer: there is no screen left for it.
    end: () => {
      worker.terminate();
      waiting.clear();
    },
  };
}

const incomplete = () => new Refusal({code: 'page-incomplete', detail: ''});
