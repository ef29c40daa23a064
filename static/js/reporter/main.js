/** The reporter's page: its first screen, and the organisation behind it. */
import {call, endWorker, onEvent} from '../page/calls.js';
import {byId, el, readFields} from '../page/elements.js';
import {speakOf, t} from '../page/words.js';
import {
  addScreens,
  begin,
  isShown,
  refusalWords,
  setOrganisation,
  setProblem,
  showScreen,
  translate,
} from '../page/frame.js';
import {writtenText} from '../page/written_text.js';
import {waitingWords} from '../page/waiting.js';
import {choose, hasBegun} from './channel_screen.js';
import {areChosen} from './message_files.js';
import {attachAgain} from './message_form.js';
import {askOrganisation, know, renewReceipt, state} from './state.js';
import './receipt_screens.js';

/** @import {Overview} from '../worker/views.js' */
/** @import {Refusal} from '../page/calls.js' */

/** The document's own first screen, which is there before this script is. */
const first = byId('start', HTMLElement);

/**
 * The organisation that was asked for last, and why it can't be used.
 * @type {{asked: Promise<Overview>, refusal: Refusal | null}}
 */
const arrival = {asked: askOrganisation(), refusal: null};

addScreens({
  start: () => {
    translate(first);
    return first;
  },
  unusable: () => arrival.refusal && unusable(arrival.refusal),
});

/** @param {boolean} ready */
function setReady(ready) {
  first.querySelectorAll('button').forEach((button) => (button.disabled = !ready));
  first.querySelector('#loading')?.toggleAttribute('hidden', ready);
}

async function arrive() {
  const {asked} = arrival;
  setReady(false);
  try {
    const overview = await asked;
    // Another link may have been opened in the meantime: then this is an organisation that is not meant.
    if (arrival.asked !== asked) return;
    know(overview);
    attachAgain();
    setReady(true);
  } catch (refusal) {
    if (arrival.asked !== asked) return;
    arrival.refusal = /** @type {Refusal} */ (refusal);
    showScreen('unusable');
  }
}

/**
 * From the start, with another Worker: what was typed stays, and gets another receipt than the one that was
 * shown.
 */
function again() {
  const {draft} = state;
  void endWorker('again');
  setOrganisation(null);
  if (draft.receipt !== '') renewReceipt(draft.tried);
  draft.receipt = '';
  showScreen('start');
  arrival.asked = askOrganisation();
  void arrive();
}

/**
 * Another link was opened in this tab: its pin counts from now on. What is on its way is not given up for it.
 */
function anotherPin() {
  if (!isShown('sending', 'received')) again();
}

/** @param {Refusal} refusal */
const unusable = (refusal) => [
  el(
    'section',
    {'data-screen': 'unusable'},
    el('h1', {}, t('unusable.title')),
    el('div', {class: 'problem', role: 'alert'}, el('p', {}, refusalWords(refusal))),
    !state.draft.maybeStored && el('p', {}, t('unusable.nothing')),
    state.draft.text !== '' && [
      el('p', {}, t('unusable.kept')),
      writtenText(state.draft.text, {class: 'card', id: 'kept'}),
    ],
    el('p', {class: 'hint'}, t('unusable.code'), ' ', el('code', {}, refusal.problem.code)),
    el(
      'div',
      {class: 'actions'},
      el('button', {type: 'button', class: 'primary', id: 'retry', on: {click: again}}, t('unusable.retry')),
    ),
  ),
];

/** What only a return visit needs, all of it at once: each round over Tor costs a second. */
const visitingParts = () =>
  Promise.all([import('./visit_screens.js'), import('../page/file_words.js'), speakOf('returning')]);

async function comeBack() {
  try {
    await visitingParts();
  } catch {
    setProblem(() => t('error.page-incomplete'));
    return;
  }
  showScreen('return');
}

function unsent() {
  readFields();
  const {draft, typed} = state;
  return (hasBegun() && !draft.stored) || typed.reply !== '' || areChosen(typed.files);
}

/** @param {import('../page/calls.js').PageEvent} event */
function follow(event) {
  if (event.event === 'renewed') renewReceipt(event.maybeStored);
  if (event.event !== 'waiting' || !isShown('start')) return;
  byId('loading', HTMLElement).textContent = waitingWords(event);
}

addEventListener('beforeunload', (event) => {
  if (unsent()) event.preventDefault();
});
addEventListener('hashchange', anotherPin);
byId('begin', HTMLButtonElement).addEventListener('click', () => {
  // Slow on some devices, and done before it is needed: a failure shows where the receipt is asked for.
  call('prepare').catch(() => undefined);
  choose();
});
byId('return', HTMLButtonElement).addEventListener('click', () => void comeBack());
// Its organisation was asked for at once, beside the texts: each round over Tor costs a second.
arrival.asked.catch(() => undefined);
void begin('reporter', 'start').then(() => {
  onEvent(follow);
  return arrive();
});
