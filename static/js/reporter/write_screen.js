/** The second step of a report: its text, the kind it is of, and its files. */
import {call} from '../page/calls.js';
import {el} from '../page/elements.js';
import {t} from '../page/words.js';
import {
  addScreens,
  inOwnWords,
  redraw,
  refusalWords,
  announce,
  setProblem,
  showScreen,
} from '../page/frame.js';
import {textField} from '../page/text_field.js';
import {choose} from './channel_screen.js';
import {filesPart, remainingWords, unsendable} from './message_form.js';
import {filesToCome} from './sending.js';
import {chosenChannel, reopen, state} from './state.js';

/** @import {Refusal} from '../page/calls.js' */
/** @import {Read} from '../page/elements.js' */
/** @import {Key} from '../page/words.js' */

/** Refusals that another choice of channel, or another look at it, can mend. */
const OF_THE_CHANNEL = [
  'channel-changed',
  'channel-closed',
  'channel-unknown',
  'kind-unknown',
  'recipient-unreachable',
];

function draw() {
  const {draft} = state;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const wrong = unsendable(draft.text);
    if (wrong) setProblem(() => t(wrong), 'text');
    else if (chosenChannel()) void seal();
    else chooseFirst();
  };
  return el(
    'form',
    {'data-screen': 'write', on: {submit}},
    el('p', {class: 'step'}, t('step', {n: 2})),
    el('h1', {}, t('write.title')),
    kinds(),
    reportField(),
    filesPart(draft.files),
    el(
      'div',
      {class: 'choice'},
      el('input', {
        type: 'checkbox',
        id: 'rereadable',
        checked: draft.rereadable,
        'aria-describedby': 'about-rereadable',
        read: ({checked}) => void (draft.rereadable = checked),
      }),
      el(
        'div',
        {},
        el('label', {for: 'rereadable'}, t('write.rereadable')),
        el('p', {id: 'about-rereadable'}, t('write.rereadable.why')),
      ),
    ),
    actions('next', 'next', choose),
  );
}

function chooseFirst() {
  choose();
  setProblem(() => t('channel.none'));
}

/** @param {string} id of the one that goes on @param {Key} words @param {() => void} back */
export const actions = (id, words, back) =>
  el(
    'div',
    {class: 'actions'},
    el('button', {type: 'submit', class: 'primary', id}, t(words)),
    el('button', {type: 'button', id: 'back', on: {click: back}}, t('back')),
  );

function kinds() {
  const {overview, draft} = state;
  const taken = overview.kinds.filter(({id}) => chosenChannel()?.kinds.includes(id));
  if (taken.length === 0) return null;
  const choice = (
    /** @type {string} */ id,
    /** @type {string | null} */ kind,
    /** @type {Node | string} */ words,
  ) =>
    el(
      'div',
      {class: 'choice slim'},
      el('input', {
        type: 'radio',
        name: 'kind',
        id,
        checked: draft.kind === kind,
        read: ({checked}) => void (checked && (draft.kind = kind)),
      }),
      el('div', {}, el('label', {for: id}, words)),
    );
  return el(
    'fieldset',
    {},
    el('legend', {}, t('write.kind')),
    taken.map(({id, name}) => choice(`kind-${id}`, id, inOwnWords('bdi', name))),
    choice('no-kind', null, t('write.no-kind')),
  );
}

function reportField() {
  const {draft} = state;
  const remaining = el('p', {id: 'remaining', class: 'hint'}, remainingWords(draft.text));
  /** @type {Read} */
  const read = ({value}) => {
    if (value === draft.text) return;
    draft.text = value;
    remaining.textContent = remainingWords(draft.text);
  };
  return el(
    'div',
    {class: 'field'},
    el('label', {for: 'text'}, t('write.text')),
    el(
      'ul',
      {class: 'hint', id: 'about-text'},
      /** @type {const} */ (['what', 'who', 'known', 'fear']).map((each) => el('li', {}, t(`write.${each}`))),
    ),
    textField({id: 'text', value: draft.text, 'aria-describedby': 'about-text remaining', read}),
    remaining,
  );
}

/** Sealed before the receipt is shown: what can't be sent as it is must not cost anybody a code. */
async function seal() {
  const {draft} = state;
  try {
    // What is sealed without them would go without them.
    await filesToCome(draft.files, draft.tried || draft.maybeStored);
  } catch (refusal) {
    return refused(/** @type {Refusal} */ (refusal));
  }
  const turn = {};
  Object.assign(state, {making: turn});
  showScreen('receipt');
  try {
    await call('seal', asked());
    /** @type {string} */
    const made = await call('receipt');
    if (state.making === turn) present(made);
  } catch (refusal) {
    if (state.making === turn) await refused(/** @type {Refusal} */ (refusal));
  }
}

/** @param {string} made the receipt of what is sealed now */
function present(made) {
  const {draft} = state;
  draft.renewed &&= made !== draft.receipt;
  draft.receipt = made;
  state.making = null;
  announce(null);
  redraw();
}

/** What is to be sealed. */
export function asked() {
  const {channel, kind, text, files, rereadable, without} = state.draft;
  return {channel, kind, text, rereadable, without: [...without], files: files.map(({id}) => id)};
}

/**
 * Back to where it can be put right, with the text as it was.
 * @param {Refusal} refusal
 */
export async function refused(refusal) {
  const {making} = state;
  const code = refusal.problem?.code ?? '';
  if (OF_THE_CHANNEL.includes(code)) {
    state.draft.without = [];
    // Who can be reached has changed since this page asked. If asking fails as well, the old list stands.
    await reopen().catch(() => undefined);
    if (state.making !== making) return;
    choose();
  } else {
    showScreen('write');
  }
  Object.assign(state, {making: null});
  setProblem(() => refusalWords(refusal), code.startsWith('text-') ? 'text' : '');
}

addScreens({write: draw});
