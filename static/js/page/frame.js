/**
 * This module keeps the frame around the screens of a document: language, organisation, problems,
 * announcements and leaving.
 *
 * How a page holds its state. Each page has one `state.js` with one object, `state`: what was typed, what the
 * Worker has answered, which item is open. Its screens are functions without arguments that draw that object;
 * a module registers its own with `addScreens`, and `showScreen` shows one by its name. So a screen is left
 * by naming another, and no function is handed to a screen to come back by. Modules that keep something of
 * their own besides (a viewer, a queue) forget it by `onEnd` of `calls.js`, and hear of what happens by
 * `onEvent` there. Imports point one way: `main` to screens, screens to `parts`, all of them to `state` and
 * `page`.
 */
import {LEFT_WITHIN, endWorker} from './calls.js';
import {
  byId,
  el,
  fill,
  keepChoicesUnsaved,
  keepPresses,
  readBeforeActing,
  readFields,
  remember,
} from './elements.js';
import {LANGUAGES, dayWords, language, pick, preferred, speak, t, wordsFor} from './words.js';

/** @import {Overview} from '../worker/views.js' */
/** @import {Refusal} from './calls.js' */
/** @import {Child} from './elements.js' */
/** @import {Key, Language, PageName, Text} from './words.js' */

/**
 * @typedef {'start' | 'unusable' | 'channel' | 'write' | 'receipt' | 'confirm' | 'sending' | 'received'}
 *   OfReport
 */
/** @typedef {'return' | 'thread' | 'delete' | 'deleted'} OfVisit */
/** @typedef {'sign-in' | 'syncing' | 'list' | 'conversation'} OfInbox */
/** @typedef {OfReport | OfVisit | OfInbox | 'preview'} ScreenName */
/** @typedef {() => Child} Screen draws the state, in the language at hand; may be asked at any time */

/** @type {Partial<Record<ScreenName, Screen>>} */
const screens = {};

/**
 * `news` is told by the screen first, once; `wrong` is the id of the field that the problem is about, if any.
 * @type {{name: PageName, screen: ScreenName | null, news: Key | null, overview: Overview | null, problem:
 *   (() => string) | null, wrong: string, announced: (() => string) | null}}
 */
const page = {
  name: 'reporter',
  screen: null,
  news: null,
  overview: null,
  problem: null,
  wrong: '',
  announced: null,
};

const SECONDS_TO_NEXT_TRY = 3;

const main = () => byId('main', HTMLElement);

/**
 * Take over the document. Resolves once it speaks this person's language.
 * @param {PageName} name
 * @param {ScreenName} screen what the document shows by itself
 */
export async function begin(name, screen) {
  Object.assign(page, {name, screen});
  // Until here, the document itself has said what to do where no script runs, and no control was there that
  // would be dead.
  byId('unscripted', HTMLElement).remove();
  document.body.classList.add('running');
  for (const each of LANGUAGES)
    byId(each, HTMLButtonElement).addEventListener('click', () => void change(each));
  byId('leave', HTMLButtonElement).addEventListener('click', leave);
  keepChoicesUnsaved();
  readBeforeActing();
  keepPresses();
  // What a closed or left page showed must not come back with the back button.
  addEventListener('pagehide', () => {
    endWorker('gone');
    wipe();
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
  await speakAtLast(name);
  // A fault of our own must not leave anybody before a screen that neither goes on nor says why.
  const own = () => document.getElementById('status') && announce(() => t('error.client-fault'));
  for (const fault of ['error', 'unhandledrejection']) addEventListener(fault, own);
  translate();
}

/**
 * Fetch the page's texts, and retry until they are there: without them the page can't even show an error. The
 * document itself says what to do until then.
 * @param {PageName} name
 */
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
    announce(() => t('error.language'));
    return;
  }
  translate();
  redraw();
  announceAgain();
}

/**
 * Whether what a page gets and sends can be seen and changed on the way: plain http to neither this machine
 * nor an onion.
 * @param {{protocol: string, hostname: string}} address
 */
export const isOverheard = ({protocol, hostname}) =>
  protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\]|.+\.(localhost|onion))$/.test(hostname);

/** Translate the texts that stand in the document itself. @param {ParentNode} [within] */
export function translate(within = document) {
  within.querySelector('#unencrypted')?.toggleAttribute('hidden', !isOverheard(location));
  for (const element of within.querySelectorAll('[data-words]')) {
    element.textContent = t(/** @type {Key} */ (element.getAttribute('data-words')));
  }
  for (const each of LANGUAGES)
    byId(each, HTMLButtonElement).setAttribute('aria-pressed', String(each === language()));
  drawOrganisation();
  document.title = t('title');
}

/** @param {Overview | null} overview of the organisation this page is for */
export function setOrganisation(overview) {
  page.overview = overview;
  drawOrganisation();
}

function drawOrganisation() {
  const {overview} = page;
  // While the organisation is fetched again, nothing of it is verified.
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

/** Name the screens of a module. @param {Partial<Record<ScreenName, Screen>>} more */
export const addScreens = (more) => void Object.assign(screens, more);

/** @param {...ScreenName} names */
export const isShown = (...names) => page.screen !== null && names.includes(page.screen);

/** @returns {ScreenName | null} */
export const shownScreen = () => page.screen;

/** @returns {Key | null} what there is to tell first */
export const news = () => page.news;

/**
 * Show a screen and begin reading at its heading, or at the element that is named.
 * @param {ScreenName} screen @param {{focus?: string, news?: Key | null}} [how]
 */
export function showScreen(screen, {focus = '', news: first = null} = {}) {
  Object.assign(page, {screen, news: first, problem: null, wrong: ''});
  announce(null);
  redraw();
  scrollTo(0, 0);
  (document.getElementById(focus) ?? main().querySelector('h1'))?.focus();
}

/** Draw the screen again, and keep the focus, the carets and the scroll position. */
export function redraw() {
  readFields();
  const putBack = remember(main());
  fill(main(), problemBox(), page.screen && screens[page.screen]?.());
  markWrong();
  const heading = main().querySelector('h1');
  if (heading) Object.assign(heading, {id: 'heading', tabIndex: -1});
  putBack();
}

const problemBox = () =>
  page.problem &&
  el('div', {class: 'problem', id: 'problem', role: 'alert', tabindex: '-1'}, el('p', {}, page.problem()));

/**
 * The field that a problem is about says so too: who has come down to it no longer sees what stands above.
 */
function markWrong() {
  const field = page.problem && document.getElementById(page.wrong);
  if (!page.problem || !field) return;
  const id = `${page.wrong}-wrong`;
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-describedby', [field.getAttribute('aria-describedby') ?? '', id].join(' ').trim());
  field.after(el('p', {class: 'wrong', id}, page.problem()));
}

/**
 * Show a problem above the screen, which stays as it is.
 * @param {(() => string) | null} words null when it is right again
 * @param {string} [wrong] id of the field to put it right in
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
 * Announce what is going on, without moving the focus.
 * @param {(() => string) | null} words null when it is over
 * @param {boolean} [seen] false if the screen shows it anyway
 */
export function announce(words, seen = true) {
  page.announced = words;
  byId('status', HTMLElement).classList.toggle('for-ears', !seen);
  announceAgain();
}

const announceAgain = () => {
  byId('status', HTMLElement).textContent = page.announced?.() ?? '';
};

/** A day, in words. @param {string} day `YYYY-MM-DD` */
export const dayElement = (day) => el('time', {datetime: day}, dayWords(day));

function wipe() {
  // A screen that can be drawn again holds what it shows.
  Object.assign(page, {screen: null, news: null, problem: null, announced: null, overview: null});
  document.title = '';
  fill(document.body);
}

/** Forget everything and show an empty page; the back button does not bring it back. */
export function leave() {
  const last = endWorker('leave');
  wipe();
  const go = () => location.replace('about:blank');
  if (!last) return go();
  last.then(go, go);
  setTimeout(go, LEFT_WITHIN);
}
