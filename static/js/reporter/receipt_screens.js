/**
 * The last steps of a report: the screens that show the receipt, ask two of its groups back from the note,
 * send the report and confirm it.
 */
import {call, onEvent} from '../page/calls.js';
import {byId, el} from '../page/elements.js';
import {listWords, pick, t, tn} from '../page/words.js';
import {addScreens, inOwnWords, isShown, leave, announce, setProblem, showScreen} from '../page/frame.js';
import {waitingWords} from '../page/waiting.js';
import {clearFiles} from './message_files.js';
import {filesSummary} from './message_form.js';
import {callUnlessStopped, filesToArrive, isWaitingEvent, whileSending} from './sending.js';
import {chosenChannel, reachedBy, state} from './state.js';
import {actions, asked, refused} from './write_screen.js';

/** @import {Refusal} from '../page/calls.js' */

const GROUPS = 8;

onEvent((event) => {
  if (state.making && isShown('receipt') && isWaitingEvent(event)) announce(() => waitingWords(event));
});

function receipt() {
  const {draft} = state;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    confirm();
  };
  if (state.making) return inTheMaking();
  return el(
    'form',
    {'data-screen': 'receipt', on: {submit}},
    el('p', {class: 'step'}, t('step', {n: 3})),
    el('h1', {}, t('receipt.title')),
    draft.renewed &&
      el(
        'div',
        {class: 'notice', id: 'renewed'},
        el('p', {}, t(draft.maybeStored ? 'receipt.renewed.perhaps' : 'receipt.renewed')),
      ),
    el('p', {}, t('receipt.lead')),
    groups(draft.receipt),
    el(
      'ul',
      {},
      /** @type {const} */ (['keep', 'only', 'power']).map((each) => el('li', {}, t(`receipt.${each}`))),
    ),
    actions('next', 'receipt.next', () => showScreen('write')),
  );
}

/** A server that never ends its answer must not keep anybody from the text. */
function giveUp() {
  state.making = null;
  void call('stop');
  showScreen('write');
}

function confirm() {
  state.check = {places: twoPlaces(), typed: ['', ''], wrong: [false, false]};
  showScreen('confirm');
}

/** Two of the eight places, in their order, each pair as likely. @returns {number[]} */
function twoPlaces() {
  const draw = () => (crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % GROUPS;
  const first = draw();
  let second = draw();
  while (second === first) second = draw();
  return [first, second].sort();
}

function confirmScreen() {
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!rightlyTyped(state.draft.receipt)) return;
    forgetTyped();
    void send();
  };
  return el(
    'form',
    {'data-screen': 'confirm', autocomplete: 'off', on: {submit}},
    el('p', {class: 'step'}, t('step', {n: 4})),
    el('h1', {}, t('confirm.title')),
    el('p', {}, t('confirm.lead')),
    [0, 1].map(groupField),
    el(
      'p',
      {},
      el(
        'button',
        {type: 'button', class: 'link', id: 'show-again', on: {click: () => showScreen('receipt')}},
        t('confirm.again'),
      ),
    ),
    summary(),
    actions('send', 'confirm.send', () => showScreen('receipt')),
  );
}

/**
 * They were asked for to be compared. From the fields too, which are read once more when the next screen is
 * drawn.
 */
function forgetTyped() {
  const {check} = state;
  check.typed = ['', ''];
  for (const nth of check.places.keys()) byId(`group-${nth + 1}`, HTMLInputElement).value = '';
}

/** @param {number} nth 0 or 1 */
function groupField(nth) {
  const {places, typed, wrong} = state.check;
  const place = (places[nth] ?? 0) + 1;
  const id = `group-${nth + 1}`;
  const read = (/** @type {{value: string}} */ {value}) => void (typed[nth] = value);
  const field = {autocomplete: 'off', autocorrect: 'off', autocapitalize: 'off', spellcheck: 'false'};
  const problem = {
    'aria-invalid': wrong[nth] ? 'true' : null,
    'aria-describedby': wrong[nth] ? `${id}-wrong` : null,
  };
  return el(
    'div',
    {class: 'field'},
    el('label', {for: id}, t('confirm.group', {n: place})),
    el('input', {
      type: 'text',
      class: 'code short',
      id,
      'data-group': place,
      value: typed[nth],
      ...field,
      ...problem,
      read,
    }),
    wrong[nth] && el('p', {class: 'wrong', id: `${id}-wrong`}, t('confirm.wrong', {n: place})),
  );
}

/** Capitals, spaces and hyphens do not count. @param {string} code */
function rightlyTyped(code) {
  const {check} = state;
  const parts = code.split('-');
  const letters = (/** @type {string} */ text) => text.toLowerCase().replace(/[\s\-.,_]/gu, '');
  check.wrong = check.places.map((place, nth) => letters(check.typed[nth] ?? '') !== parts[place]);
  const first = check.wrong.indexOf(true);
  if (first < 0) return true;
  setProblem(() => t('confirm.not-yet'));
  document.getElementById(`group-${first + 1}`)?.focus();
  return false;
}

/** What is about to be sent, and to whom. */
function summary() {
  const {draft, overview} = state;
  const channel = chosenChannel();
  const kind = overview.kinds.find(({id}) => id === draft.kind);
  const readers = channel && reachedBy(channel).map(({name}) => pick(name).text);
  return el(
    'dl',
    {class: 'card summary'},
    el('dt', {}, t('confirm.to')),
    el('dd', {}, channel && inOwnWords('bdi', channel.name)),
    el('dt', {}, t('confirm.readers')),
    el('dd', {}, el('bdi', {}, listWords(readers ?? []))),
    kind && [el('dt', {}, t('confirm.kind')), el('dd', {}, inOwnWords('bdi', kind.name))],
    el('dt', {}, t('confirm.length')),
    el('dd', {}, tn('confirm.letters', [...draft.text].length)),
    el('dt', {}, t('confirm.rereadable')),
    el(
      'dd',
      {id: 'will-be-rereadable'},
      t(draft.rereadable ? 'confirm.rereadable.yes' : 'confirm.rereadable.no'),
    ),
    filesSummary(draft.files),
  );
}

/** Send the report, until it is stored or refused; another receipt is shown first. */
async function send() {
  const {draft} = state;
  try {
    await filesToArrive(draft.files, draft.tried || draft.maybeStored);
    await whileSending({title: 'sending.title', stop: 'sending.stop', files: draft.files}, async () => {
      // The day may have changed since, and with it the keys. What may have arrived stays the same bytes.
      await callUnlessStopped('seal', asked());
      const now = /** @type {string} */ (await callUnlessStopped('receipt'));
      if (now !== draft.receipt) return Object.assign(draft, {receipt: now, renewed: true});
      draft.tried = true;
      await callUnlessStopped('send').catch((/** @type {Refusal} */ refusal) => {
        // Then nothing of it is stored.
        if (refusal.problem?.code === 'attachments-incomplete') draft.tried = false;
        throw refusal;
      });
      Object.assign(draft, {stored: true, text: '', arrived: draft.files.length});
      return clearFiles(draft.files);
    });
  } catch (refusal) {
    await refused(/** @type {Refusal} */ (refusal));
    return;
  }
  showScreen(draft.stored ? 'received' : 'receipt');
}

const inTheMaking = () =>
  el(
    'section',
    {'data-screen': 'receipt'},
    el('h1', {}, t('receipt.making')),
    el('p', {role: 'status'}, t('receipt.wait')),
    el('progress', {'aria-labelledby': 'heading'}),
    el('div', {class: 'actions'}, el('button', {type: 'button', id: 'back', on: {click: giveUp}}, t('back'))),
  );

/** @param {string} code */
const groups = (code) =>
  el(
    'ol',
    {class: 'groups', id: 'receipt-groups', translate: 'no'},
    code.split('-').map((group) => el('li', {}, group)),
  );

function received() {
  const {arrived} = state.draft;
  const {
    acknowledge_days: acknowledge,
    feedback_days: feedback,
    retention_days: retention,
  } = state.overview.policy;
  return el(
    'section',
    {'data-screen': 'received'},
    el(
      'div',
      {class: 'done'},
      el('h1', {}, t('received.title')),
      el('p', {}, t('received.lead')),
      arrived > 0 && el('p', {id: 'received-files'}, tn('received.files', arrived)),
    ),
    el('h2', {}, t('received.next')),
    el(
      'ul',
      {},
      acknowledge > 0 && el('li', {}, tn('received.acknowledge', acknowledge)),
      feedback > 0 && el('li', {}, tn('received.feedback', feedback)),
      el('li', {}, t('received.return')),
      el('li', {}, tn('received.retention', retention)),
    ),
    el('details', {id: 'show-code'}, el('summary', {}, t('received.code')), groups(state.draft.receipt)),
    el('p', {}, t('received.leave')),
    el(
      'div',
      {class: 'actions'},
      el('button', {type: 'button', class: 'primary', id: 'close', on: {click: leave}}, t('received.close')),
    ),
  );
}

addScreens({receipt, confirm: confirmScreen, received});
