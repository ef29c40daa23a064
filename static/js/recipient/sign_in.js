/**
 * The screen for signing in. Its form stands in the document, so that a password manager finds it before any
 * script has run, and it is never rebuilt while there is a code in it.
 */
import {groupsOf} from '../crypto/public/code_text.js';
import {byId, el, fill} from '../page/elements.js';
import {listWords, t} from '../page/words.js';
import {call, onEnd, onEvent} from '../page/calls.js';
import {addScreens, refusalWords, setOrganisation, setProblem, translate} from '../page/frame.js';
import {drawActivity, during} from './activity.js';
import {hasLockedByItself, watchPage} from './lock.js';
import {haveOrganisation, state} from './state.js';
import {firstSync} from './sync.js';

/** @import {CodeCheck, SignedIn} from '../worker/views.js' */
/** @import {Child} from '../page/elements.js' */
/** @import {Key} from '../page/words.js' */
/** @typedef {CodeCheck['problem'] | {code: 'empty'}} Wrong */

/**
 * `screen` is in the document until a recipient signs in; `blank` makes the next one.
 * @type {{screen: HTMLElement | null, blank: HTMLElement | null, busy: boolean, wrong: Wrong}}
 */
const form = {screen: null, blank: null, busy: false, wrong: null};

const GROUPS = 8;
const LETTERS = 5;
/** Of PROTOCOL 3.3. */
const GROUP = /^[bdfghjklmnprstvz][aiou][bdfghjklmnprstvz][aiou][bdfghjklmnprstvz]$/u;

const field = () => byId('code', HTMLInputElement);

/** Take over the form that stands in the document. */
export function adoptForm() {
  const screen = byId('sign-in-screen', HTMLElement);
  const blank = /** @type {HTMLElement} */ (screen.cloneNode(true));
  // The clone has what a password manager may have filled in already.
  for (const input of blank.querySelectorAll('input')) input.value = '';
  for (const part of blank.querySelectorAll('#unscripted, #loading')) part.remove();
  Object.assign(form, {screen, blank});
  listenTo(screen);
}

/** @param {HTMLElement} screen */
function listenTo(screen) {
  const of = (/** @type {string} */ id) => /** @type {HTMLElement} */ (screen.querySelector(id));
  of('#sign-in').addEventListener('submit', (event) => void submit(event));
  of('#show-code').addEventListener('click', () => setShown(field().type === 'password'));
  of('#code').addEventListener('input', () => void help());
}

addScreens({'sign-in': draw});
// The form is kept apart from the document, and may hold a code.
onEnd(() => form.screen?.querySelectorAll('input').forEach((input) => (input.value = '')));

/** The form of a page that has locked. @returns {HTMLElement} */
function lockedForm() {
  const screen = /** @type {HTMLElement} */ (form.blank?.cloneNode(true));
  const setText = (/** @type {string} */ id, /** @type {Key} */ key) =>
    screen.querySelector(id)?.setAttribute('data-words', key);
  screen.setAttribute('data-screen', 'locked');
  setText('#sign-in-title', 'locked.title');
  setText('#sign-in-lead', hasLockedByItself() ? 'locked.idle' : 'locked.asked');
  Object.assign(form, {busy: false, wrong: null});
  listenTo(screen);
  return screen;
}

/** @returns {Child} */
function draw() {
  form.screen ??= lockedForm();
  translate(form.screen);
  refresh(form.screen);
  return form.screen;
}

/** Update the parts that change during typing and waiting. @param {HTMLElement} screen */
function refresh(screen) {
  const of = (/** @type {string} */ id) =>
    /** @type {HTMLInputElement & HTMLButtonElement} */ (screen.querySelector(id));
  // One entry for each organisation, and the same one for its inbox every time.
  of('#username').value = location.pathname.split('/').at(-2) ?? '';
  of('#code').readOnly = form.busy;
  of('#code').setAttribute('aria-invalid', String(form.wrong !== null));
  of('#show-code').textContent = t(of('#code').matches('[type=password]') ? 'sign-in.show' : 'sign-in.hide');
  of('#enter').disabled = form.busy;
  of('#loading')?.remove();
  fill(of('#code-help'), wrongWords());
  drawActivity();
}

const redrawForm = () => form.screen && refresh(form.screen);

/** @param {boolean} shown */
function setShown(shown) {
  field().type = shown ? 'text' : 'password';
  redrawForm();
  if (shown) void help();
}

/** Say of a code that can be seen which group can't be right, as soon as the next one is begun. */
async function help() {
  const {value, type} = field();
  if (!form.wrong && type === 'password') return;
  const groups = type === 'text' ? groupsOf(value) : [];
  // The last one may not be whole yet.
  const bad = groups.slice(0, -1).findIndex((group) => !GROUP.test(group)) + 1;
  form.wrong = bad > 0 ? {code: 'code-malformed', group: bad, correction: '', kind: ''} : null;
  redrawForm();
  if (groups.length < GROUPS || groups.at(-1)?.length !== LETTERS) return;
  const {problem} = await call(...checking(value));
  if (field().value !== value) return;
  Object.assign(form, {wrong: problem});
  redrawForm();
}

/** @param {string} text @returns {['checkCode', {text: string, kind: 'access'}]} */
const checking = (text) => ['checkCode', {text, kind: 'access'}];

/** @param {Event} event */
async function submit(event) {
  // The policy forbids every form to be sent anywhere; this one is for the browser's eyes.
  event.preventDefault();
  if (form.busy) return;
  const {value} = field();
  Object.assign(form, {busy: true, wrong: null});
  // Browsers keep what was typed into a field of text.
  field().type = 'password';
  setProblem(null);
  try {
    const wrong = await during('enter', () => signIn(value));
    if (wrong) refuse(wrong);
    else leaveForm();
  } catch (refusal) {
    Object.assign(form, {busy: false});
    setProblem(() => refusalWords(refusal));
  }
}

/** @param {string} code as typed @returns {Promise<Wrong>} what is wrong with it, before anything is sent */
async function signIn(code) {
  redrawForm();
  if (code.trim() === '') return {code: 'empty'};
  /** @type {CodeCheck} */
  const {problem} = await call(...checking(code));
  redrawForm();
  if (problem) return problem;
  setOrganisation(await haveOrganisation());
  /** @type {SignedIn} */
  const who = await call('signIn', {code});
  state.who = who;
  return null;
}

/** @param {Wrong} wrong */
function refuse(wrong) {
  Object.assign(form, {busy: false, wrong});
  redrawForm();
  field().focus();
}

function leaveForm() {
  field().value = '';
  Object.assign(form, {screen: null, busy: false});
  watchPage();
  void firstSync();
  // No page follows: Chromium's password manager takes this, with the form gone, as the sign that signing in
  // succeeded (Firefox needs none). The address and the length of the history stay the same.
  history.replaceState(null, '', location.href);
}

onEvent(({event}) => {
  // The code was typed and never sent.
  if (event !== 'idle' || !form.screen || form.busy) return;
  field().value = '';
  form.wrong = null;
  setShown(false);
});

/** @returns {Child} */
function wrongWords() {
  const {wrong} = form;
  if (!wrong) return null;
  const {group, kind, correction} = {group: 0, kind: '', correction: '', ...wrong};
  const key = /** @type {Key} */ (
    `code.${wrong.code}${wrong.code === 'code-wrong-kind' ? `.${kind}` : group > 0 ? '.group' : ''}`
  );
  return [
    el('p', {class: 'wrong', id: 'code-wrong'}, t(key, {group})),
    correction !== '' && offer(correction),
  ];
}

/** Shows no more of the code than what would change. @param {string} correction */
function offer(correction) {
  const typed = groupsOf(field().value);
  const changed = correction
    .split('-')
    .flatMap((group, place) => (group === typed[place] ? [] : t('code.place', {place: place + 1, group})));
  const take = () => {
    field().value = correction;
    form.wrong = null;
    byId('sign-in', HTMLFormElement).requestSubmit();
  };
  return el(
    'div',
    {class: 'notice', id: 'correction'},
    el('p', {}, t('code.offer', {groups: listWords(changed)})),
    el('button', {type: 'button', id: 'accept-correction', on: {click: take}}, t('code.accept')),
  );
}
