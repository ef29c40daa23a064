/** A report until it is sent: its text, the receipt, and two groups of it typed back from the note. */
import {el, listWords, pick, t, tn} from '../ui/screen.js';
import {inOwnWords, redraw, refusalWords, say, setProblem, show} from '../ui/page.js';
import {filesPart, filesSummary, remainingWords, unsendable} from './composing.js';
import {filesToCome, groups, receiptInTheMaking, send, waitingWords} from './sending.js';

/** @import {ChannelView} from '../client/views.js' */
/** @import {Refusal} from '../ui/page.js' */
/** @import {Key} from '../ui/screen.js' */
/** @import {Session} from './main.js' */

const GROUPS = 8;
/** Refusals that another choice of channel, or another look at it, can mend. */
const OF_THE_CHANNEL = ['channel-changed', 'channel-closed', 'channel-unknown', 'kind-unknown', 'recipient-unreachable'];

/** The two groups that are asked back, from 0, and what was typed. @type {{places: number[], typed: string[], wrong: boolean[]}} */
const check = {places: [], typed: [], wrong: []};

/** The receipt that is being waited for; null when there is none, or the person went back meanwhile. @type {{turn: object | null}} */
const making = {turn: null};

/** @param {Session} session @returns {ChannelView | undefined} */
const channelOf = ({overview, draft}) => overview.channels.find(({id}) => id === draft.channel);

/** Who of a channel can read a report now. @param {Pick<ChannelView, 'recipients' | 'missing'>} channel */
export const reachedBy = ({recipients, missing}) => recipients.filter(({id}) => !missing.some((each) => each.id === id));

/** @param {Session} session */
export function write(session) {
  show('title', () => writeScreen(session));
}

/** @param {Session} session */
function writeScreen(session) {
  const {draft} = session;
  const rereadable = (/** @type {Event} */ {target}) => void (draft.rereadable = target instanceof HTMLInputElement && target.checked);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const wrong = unsendable(draft.text);
    if (wrong) setProblem(() => t(wrong), 'text');
    else if (channelOf(session)) void seal(session);
    else chooseFirst(session);
  };
  return el(
    'form',
    {'data-screen': 'write', on: {submit}},
    el('p', {class: 'step'}, t('step', {n: 2})),
    el('h1', {}, t('write.title')),
    kinds(session),
    textField(session),
    filesPart(session, draft.files),
    el(
      'div',
      {class: 'choice'},
      el('input', {type: 'checkbox', id: 'rereadable', checked: draft.rereadable, 'aria-describedby': 'about-rereadable', on: {change: rereadable}}),
      el('div', {}, el('label', {for: 'rereadable'}, t('write.rereadable')), el('p', {id: 'about-rereadable'}, t('write.rereadable.why'))),
    ),
    actions('next', 'next', () => session.choose()),
  );
}

/** @param {Session} session */
function chooseFirst(session) {
  session.choose();
  setProblem(() => t('channel.none'));
}

/** @param {string} id of the one that goes on @param {Key} words @param {() => void} back */
const actions = (id, words, back) =>
  el(
    'div',
    {class: 'actions'},
    el('button', {type: 'submit', class: 'primary', id}, t(words)),
    el('button', {type: 'button', id: 'back', on: {click: back}}, t('back')),
  );

/** @param {Session} session */
function kinds(session) {
  const {overview, draft} = session;
  const taken = overview.kinds.filter(({id}) => channelOf(session)?.kinds.includes(id));
  if (taken.length === 0) return null;
  const choice = (/** @type {string} */ id, /** @type {string | null} */ kind, /** @type {Node | string} */ words) =>
    el(
      'div',
      {class: 'choice slim'},
      el('input', {type: 'radio', name: 'kind', id, checked: draft.kind === kind, on: {change: () => void (draft.kind = kind)}}),
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

/** @param {Session} session */
function textField({draft}) {
  const remaining = el('p', {id: 'remaining', class: 'hint'}, remainingWords(draft.text));
  const typed = (/** @type {Event} */ {target}) => {
    draft.text = target instanceof HTMLTextAreaElement ? target.value : '';
    remaining.textContent = remainingWords(draft.text);
  };
  const field = {id: 'text', value: draft.text, autocomplete: 'off', autocorrect: 'off', autocapitalize: 'off', spellcheck: 'false'};
  return el(
    'div',
    {class: 'field'},
    el('label', {for: 'text'}, t('write.text')),
    el('ul', {class: 'hint', id: 'about-text'}, /** @type {const} */ (['what', 'who', 'known', 'fear']).map((each) => el('li', {}, t(`write.${each}`)))),
    el('textarea', {...field, dir: 'auto', 'aria-describedby': 'about-text remaining', on: {input: typed}}),
    remaining,
  );
}

/** Sealed before the receipt is shown: what can't be sent as it is must not cost anybody a code. @param {Session} session */
async function seal(session) {
  const {link, draft} = session;
  try {
    // What is sealed without them would go without them.
    await filesToCome(session, draft.files, draft.tried || draft.perhaps);
  } catch (refusal) {
    return refused(session, /** @type {Refusal} */ (refusal));
  }
  const turn = {};
  making.turn = turn;
  receipt(session);
  try {
    await link.call('seal', asked(session));
    /** @type {string} */
    const made = await link.call('receipt');
    if (making.turn === turn) present(session, made);
  } catch (refusal) {
    if (making.turn === turn) await refused(session, /** @type {Refusal} */ (refusal));
  }
}

/** @param {Session} session @param {string} made the receipt of what is sealed now */
function present(session, made) {
  const {draft} = session;
  draft.renewed &&= made !== draft.receipt;
  draft.receipt = made;
  making.turn = null;
  session.hear = () => undefined;
  say(null);
  redraw();
}

/** @param {Session} session */
function asked({draft: {channel, kind, text, files, rereadable, without}}) {
  return {channel, kind, text, rereadable, without: [...without], files: files.map(({id}) => id)};
}

/** Back to where it can be put right, with the text as it was. @param {Session} session @param {Refusal} refusal */
async function refused(session, refusal) {
  const {turn} = making;
  const code = refusal.problem?.code ?? '';
  if (OF_THE_CHANNEL.includes(code)) {
    session.draft.without = [];
    // Who can be reached has changed since this page asked. If asking fails as well, the old list stands.
    await session.reopen().catch(() => undefined);
    if (making.turn !== turn) return;
    session.choose();
  } else {
    write(session);
  }
  making.turn = null;
  setProblem(() => refusalWords(refusal), code.startsWith('text-') ? 'text' : '');
}

/** @param {Session} session */
function receipt(session) {
  session.hear = (told) => say(() => waitingWords(told));
  show('title', () => receiptScreen(session));
}

/** @param {Session} session */
function receiptScreen(session) {
  const {draft} = session;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    confirm(session);
  };
  if (making.turn) return receiptInTheMaking(() => giveUp(session));
  return el(
    'form',
    {'data-screen': 'receipt', on: {submit}},
    el('p', {class: 'step'}, t('step', {n: 3})),
    el('h1', {}, t('receipt.title')),
    draft.renewed && el('div', {class: 'notice', id: 'renewed'}, el('p', {}, t(draft.perhaps ? 'receipt.renewed.perhaps' : 'receipt.renewed'))),
    el('p', {}, t('receipt.lead')),
    groups(draft.receipt),
    el('ul', {}, /** @type {const} */ (['keep', 'only', 'power']).map((each) => el('li', {}, t(`receipt.${each}`)))),
    actions('next', 'receipt.next', () => write(session)),
  );
}

/** A server that never ends its answer must not keep anybody from the text. @param {Session} session */
function giveUp(session) {
  making.turn = null;
  void session.link.call('stop');
  write(session);
}

/** @param {Session} session */
function confirm(session) {
  Object.assign(check, {places: twoPlaces(), typed: ['', ''], wrong: [false, false]});
  show('title', () => confirmScreen(session));
}

/** Two of the eight places, in their order, each pair as likely. @returns {number[]} */
function twoPlaces() {
  const draw = () => (crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % GROUPS;
  const first = draw();
  let second = draw();
  while (second === first) second = draw();
  return [first, second].sort();
}

/** @param {Session} session */
function confirmScreen(session) {
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!rightlyTyped(session.draft.receipt)) return;
    check.typed = ['', ''];
    void send(session, {asked: () => asked(session), refused, renewed: receipt});
  };
  return el(
    'form',
    {'data-screen': 'confirm', autocomplete: 'off', on: {submit}},
    el('p', {class: 'step'}, t('step', {n: 4})),
    el('h1', {}, t('confirm.title')),
    el('p', {}, t('confirm.lead')),
    [0, 1].map(groupField),
    el('p', {}, el('button', {type: 'button', class: 'link', id: 'show-again', on: {click: () => receipt(session)}}, t('confirm.again'))),
    summary(session),
    actions('send', 'confirm.send', () => receipt(session)),
  );
}

/** @param {number} nth 0 or 1 */
function groupField(nth) {
  const {places, typed, wrong} = check;
  const place = (places[nth] ?? 0) + 1;
  const id = `group-${nth + 1}`;
  const input = (/** @type {Event} */ {target}) => void (typed[nth] = target instanceof HTMLInputElement ? target.value : '');
  const field = {autocomplete: 'off', autocorrect: 'off', autocapitalize: 'off', spellcheck: 'false'};
  const state = {'aria-invalid': wrong[nth] ? 'true' : null, 'aria-describedby': wrong[nth] ? `${id}-wrong` : null};
  return el(
    'div',
    {class: 'field'},
    el('label', {for: id}, t('confirm.group', {n: place})),
    el('input', {type: 'text', class: 'code short', id, 'data-group': place, value: typed[nth], ...field, ...state, on: {input}}),
    wrong[nth] && el('p', {class: 'wrong', id: `${id}-wrong`}, t('confirm.wrong', {n: place})),
  );
}

/** Capitals, spaces and hyphens do not count. @param {string} code */
function rightlyTyped(code) {
  const parts = code.split('-');
  const letters = (/** @type {string} */ text) => text.toLowerCase().replace(/[\s\-.,_]/gu, '');
  check.wrong = check.places.map((place, nth) => letters(check.typed[nth] ?? '') !== parts[place]);
  const first = check.wrong.indexOf(true);
  if (first < 0) return true;
  setProblem(() => t('confirm.not-yet'));
  document.getElementById(`group-${first + 1}`)?.focus();
  return false;
}

/** @param {Session} session what is about to be sent, and to whom */
function summary(session) {
  const {draft, overview} = session;
  const channel = channelOf(session);
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
    filesSummary(draft.files),
  );
}
