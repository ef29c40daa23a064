/**
 * The frame around the screens of a document: language, organisation, problems, what is said aloud, leaving; and its line to
 * its Worker, in which all secrets and all traffic are. Ending that forgets them.
 */
import {LANGUAGES, byId, dayWords, el, fill, keepChoicesUnsaved, language, pick, preferred, remember, speak, t, wordsFor} from './screen.js';

/** @import {Overview} from '../client/views.js' */
/** @import {Child, Key, Language, PageName, Text} from './screen.js' */
/** Forgets all, at once. What it gives back is waited for, unless the page is gone: until nothing stays of half a file. @typedef {(isGone: boolean) => Promise<unknown> | null} Leaving */
/** @typedef {() => Child} Screen draws itself from what the page knows, in the language at hand; may be asked again at any time */

/**
 * `wrong` is the id of the field that the problem is about, if any.
 * @type {{name: PageName, screen: Screen, title: Key, overview: Overview | null, problem: (() => string) | null, wrong: string,
 *   said: (() => string) | null, leaving: Leaving}}
 */
const page = {name: 'reporter', screen: () => null, title: 'title', overview: null, problem: null, wrong: '', said: null, leaving: () => null};

const SECONDS_TO_NEXT_TRY = 3;
/** Milliseconds. Nothing is on the screen by then. */
const LEFT_WITHIN = 1000;

const main = () => byId('main', HTMLElement);

/**
 * Take over the document. Resolves once it speaks this person's language.
 * @param {PageName} name @param {Leaving} leaving
 * @param {Screen} [screen] what the document shows by itself
 */
export async function begin(name, leaving, screen = () => null) {
  Object.assign(page, {name, leaving, screen});
  for (const each of LANGUAGES) byId(each, HTMLButtonElement).addEventListener('click', () => void change(each));
  byId('leave', HTMLButtonElement).addEventListener('click', leave);
  keepChoicesUnsaved();
  // What a closed or left page showed must not come back with the back button.
  addEventListener('pagehide', () => {
    page.leaving(true);
    wipe();
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
  await speakAtLast(name);
  // A fault of our own must not leave anybody before a screen that neither goes on nor says why.
  const own = () => document.getElementById('status') && say(() => t('error.client-fault'));
  for (const fault of ['error', 'unhandledrejection']) addEventListener(fault, own);
  translate();
}

/** Without words nothing can be said about what is wrong; the document itself says what to do meanwhile. @param {PageName} name */
async function speakAtLast(name) {
  for (;;) {
    try {
      return await speak(name, preferred());
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, SECONDS_TO_NEXT_TRY * 1000);
      });
    }
  }
}

/** @param {Language} wanted */
async function change(wanted) {
  try {
    await speak(page.name, wanted);
  } catch {
    say(() => t('error.language'));
    return;
  }
  translate();
  redraw();
  sayAgain();
}

/**
 * Whether what a page gets and sends can be seen and changed on the way: plain http to neither this machine nor an onion.
 * @param {{protocol: string, hostname: string}} address
 */
export const isOverheard = ({protocol, hostname}) =>
  protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\]|.+\.(localhost|onion))$/.test(hostname);

/** The words that stand in the document itself. @param {ParentNode} [within] */
export function translate(within = document) {
  within.querySelector('#unencrypted')?.toggleAttribute('hidden', !isOverheard(location));
  for (const element of within.querySelectorAll('[data-words]')) {
    element.textContent = t(/** @type {Key} */ (element.getAttribute('data-words')));
  }
  for (const each of LANGUAGES) byId(each, HTMLButtonElement).setAttribute('aria-pressed', String(each === language()));
  drawOrganisation();
  document.title = t(page.title);
}

/** @param {Overview | null} overview of the organisation this page is for */
export function setOrganisation(overview) {
  page.overview = overview;
  drawOrganisation();
}

function drawOrganisation() {
  const {overview} = page;
  // Of what is asked for anew, nothing is verified.
  if (!overview) return fill(byId('organisation', HTMLElement));
  const sure = overview.verified;
  const place = byId('organisation', HTMLElement);
  const putBack = remember(place);
  fill(
    place,
    el('p', {class: 'organisation'}, inOwnWords('strong', overview.name)),
    el(
      'details',
      {class: sure ? 'badge sure' : 'badge unsure', id: 'verified'},
      el('summary', {}, t(sure ? 'verified' : 'unverified')),
      el('p', {}, t(sure ? 'verified.why' : 'unverified.why')),
      el('p', {}, t('fingerprint'), ' ', el('code', {id: 'fingerprint'}, overview.fingerprint)),
    ),
  );
  putBack();
}

/**
 * Words of the organisation or of a person: marked with their language, kept apart from what surrounds them.
 * @param {'p' | 'span' | 'strong' | 'h2' | 'li' | 'bdi'} tag @param {Text} text @param {string} [className]
 */
export function inOwnWords(tag, text, className) {
  const {lang, text: words} = pick(text);
  return el(tag, {lang, dir: 'auto', class: className}, words);
}

/**
 * Show a screen and begin reading at its heading.
 * @param {Key} title of the tab @param {Screen} screen
 */
export function show(title, screen) {
  Object.assign(page, {screen, title, problem: null, wrong: ''});
  say(null);
  redraw();
  document.title = t(title);
  scrollTo(0, 0);
  main().querySelector('h1')?.focus();
}

/** Draw the screen anew, and leave the person where they were. */
export function redraw() {
  const putBack = remember(main());
  fill(main(), problemBox(), page.screen());
  markWrong();
  const heading = main().querySelector('h1');
  if (heading) Object.assign(heading, {id: 'heading', tabIndex: -1});
  putBack();
}

const problemBox = () => page.problem && el('div', {class: 'problem', id: 'problem', role: 'alert', tabindex: '-1'}, el('p', {}, page.problem()));

/** The field that a problem is about says so too: who has come down to it no longer sees what stands above. */
function markWrong() {
  const field = page.problem && document.getElementById(page.wrong);
  if (!page.problem || !field) return;
  const id = `${page.wrong}-wrong`;
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-describedby', [field.getAttribute('aria-describedby') ?? '', id].join(' ').trim());
  field.after(el('p', {class: 'wrong', id}, page.problem()));
}

/**
 * Say what is wrong, above the screen, which stays as it is.
 * @param {(() => string) | null} words null when it is right again @param {string} [wrong] id of the field to put it right in
 */
export function setProblem(words, wrong = '') {
  Object.assign(page, {problem: words, wrong});
  redraw();
  if (!words) return;
  scrollTo(0, 0);
  document.getElementById(wrong || 'problem')?.focus();
}

/** @param {Refusal | unknown} refusal @returns {string} its words in the language at hand */
export function refusalWords(refusal) {
  const {problem} = /** @type {Refusal} */ (refusal);
  return wordsFor('error', problem?.code ?? 'client-fault');
}

/**
 * Say what happens meanwhile, without moving anybody.
 * @param {(() => string) | null} words null when it is over @param {boolean} [seen] false if the screen shows it anyway
 */
export function say(words, seen = true) {
  page.said = words;
  byId('status', HTMLElement).classList.toggle('for-ears', !seen);
  sayAgain();
}

const sayAgain = () => {
  byId('status', HTMLElement).textContent = page.said?.() ?? '';
};

/** A day, in words. @param {string} day `YYYY-MM-DD` */
export const dayElement = (day) => el('time', {datetime: day}, dayWords(day));

function wipe() {
  // A screen that can be drawn again holds what it shows.
  Object.assign(page, {screen: () => null, problem: null, said: null, overview: null});
  document.title = '';
  fill(document.body);
}

/** Forget everything and show an empty page; the back button does not bring it back. */
export function leave() {
  const last = page.leaving(false);
  wipe();
  const go = () => location.replace('about:blank');
  if (!last) return go();
  last.then(go, go);
  setTimeout(go, LEFT_WITHIN);
}

/** @typedef {{code: string, detail: string, group?: number, correction?: string, kind?: string}} Problem */
/** @typedef {{event: string} & Record<string, unknown>} Told */
/** `endAfter` hears nothing more, and ends it once a last call was answered, so many milliseconds later, or with the page. @typedef {{call: <T>(name: string, args?: object) => Promise<T>, end: () => void, endAfter: (last: string, within?: number) => Promise<void>}} Link */

/** What a call is refused with: a code of PROTOCOL 15.2 or of the page's own, never a text to show as it is. */
export class Refusal extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.code);
    this.problem = problem;
  }
}

/** Trusted Types let a script be named only by one policy, and this one knows no other than these. */
const WORKERS = Object.freeze({
  reporter: '/static/js/reporter/worker.js',
  inbox: '/static/js/inbox/worker.js',
  plain: '/static/js/viewer/plain/worker.js',
  pdf: '/static/js/viewer/pdf/worker.js',
});

/** @typedef {{createPolicy: (name: string, rules: {createScriptURL: (name: string) => string}) => {createScriptURL: (name: string) => string}}} TrustedTypes */
const trustedTypes = /** @type {{trustedTypes?: TrustedTypes}} */ (/** @type {unknown} */ (globalThis)).trustedTypes;
const rules = {createScriptURL: (/** @type {string} */ name) => WORKERS[/** @type {keyof typeof WORKERS} */ (name)]};
const policy = trustedTypes?.createPolicy('drempel', rules) ?? rules;

/** @param {keyof typeof WORKERS} name */
export const startWorker = (name) => new Worker(policy.createScriptURL(name), {type: 'module'});

/**
 * @param {'reporter' | 'inbox'} name
 * @param {(told: Told) => void} onEvent
 * @returns {Link}
 */
export function connect(name, onEvent) {
  const worker = startWorker(name);
  /** @type {Map<number, {resolve: (value: any) => void, reject: (problem: Refusal) => void}>} */
  const waiting = new Map();
  let [broken, last, hear] = [false, 0, onEvent];
  worker.onmessage = ({data}) => {
    if (data.event) return hear(data);
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
  /** @type {Link['call']} */
  const ask = (call, args = {}) =>
    new Promise((resolve, reject) => {
      last += 1;
      if (broken) reject(incomplete());
      else waiting.set(last, {resolve, reject});
      worker.postMessage({id: last, call, args});
    });
  // What was asked before stays without an answer: there is no screen left for it.
  const end = () => {
    worker.terminate();
    waiting.clear();
  };
  const endAfter = async (/** @type {string} */ call, within = LEFT_WITHIN) => {
    waiting.clear();
    hear = () => undefined;
    // A page that the browser keeps for the way back would keep its Worker too.
    addEventListener('pagehide', end);
    const late = new Promise((resolve) => {
      setTimeout(resolve, within);
    });
    await Promise.race([late, ask(call).catch(() => undefined)]);
    end();
  };
  return {call: ask, end, endAfter};
}

const incomplete = () => new Refusal({code: 'page-incomplete', detail: ''});
