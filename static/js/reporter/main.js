/** The reporter's page: its first screen, the organisation behind it, and the choice whom to tell. */
import {byId, el, listWords, pick, speakOf, t, wordsFor} from '../ui/screen.js';
import {begin, connect, inOwnWords, refusalWords, setOrganisation, setProblem, show, translate} from '../ui/page.js';
import {areChosen, attachAgain, forgetFiles, hearOfFiles, nothing} from './composing.js';
import {reachedBy, write} from './reporting.js';
import {waitingWords} from './sending.js';

/** @import {ChannelView, Overview, Person, Text, Told} from '../client/views.js' */
/** @import {Link, Refusal} from '../ui/page.js' */
/** @import {Draft, Item} from './composing.js' */
/** @typedef {{code: string, reply: string, files: Item[]}} Typed on a return visit */
/**
 * `hear` is told what the Worker tells, by the screen that waits for it; `received` is there once a recipient has sent files.
 * @typedef {{link: Link, overview: Overview, draft: Draft, typed: Typed, hear: (told: Told) => void, home: () => void,
 *   choose: () => void, reopen: () => Promise<void>, received: typeof import('./receiving.js') | null}} Session
 */

/** @type {Overview} */
const NONE = Object.freeze({
  name: {},
  fingerprint: '',
  verified: false,
  languages: [],
  policy: {retention_days: 0, acknowledge_days: 0, feedback_days: 0},
  kinds: [],
  channels: [],
  largestFile: 0,
});

/** @type {Session} */
const session = {
  link: connect('reporter', hear),
  overview: NONE,
  draft: nothing(),
  typed: {code: '', reply: '', files: []},
  hear: () => undefined,
  home,
  choose,
  reopen,
  received: null,
};

/** @param {{event: string} & Record<string, unknown>} told */
function hear(told) {
  if (told.event === 'renewed') renew(told['perhaps'] === true);
  if (told.event === 'file' || told.event === 'line') hearOfFiles(/** @type {Told} */ (told));
  else if (told.event === 'download') session.received?.hear(/** @type {Told} */ (told));
  else session.hear(/** @type {Told} */ (told));
}

/** The receipt that was shown is not that of what will be sent. @param {boolean} perhaps something may be stored under it */
function renew(perhaps) {
  const {draft} = session;
  Object.assign(draft, {renewed: true, tried: false, perhaps: draft.perhaps || perhaps});
}

/** The document's own first screen, which is there before this script is. */
const first = byId('start', HTMLElement);

const firstScreen = () => {
  translate(first);
  return first;
};

function home() {
  show('title', firstScreen);
}

/** @param {boolean} ready */
function setReady(ready) {
  first.querySelectorAll('button').forEach((button) => (button.disabled = !ready));
  first.querySelector('#loading')?.toggleAttribute('hidden', ready);
}

/** The address of the organisation: a page knows it from its own. */
const base = () => `${location.origin}/${location.pathname.split('/')[1] ?? ''}/`;

/** Ask for the organisation's directory and keys. @returns {Promise<Overview>} */
const ask = () => session.link.call('open', {base: base(), pin: location.hash.slice(1)});

/** Ask again, where what was shown turned out to be old. */
async function reopen() {
  know(await ask());
  const {draft, overview} = session;
  const kinds = overview.channels.find(({id}) => id === draft.channel)?.kinds ?? [];
  if (!kinds.includes(draft.kind ?? '')) draft.kind = null;
}

/** @param {Overview} overview */
function know(overview) {
  session.overview = overview;
  setOrganisation(overview);
}

/** @param {Promise<Overview>} asked */
async function arrive(asked) {
  const {link} = session;
  const loading = first.querySelector('#loading');
  session.hear = (told) => told.event === 'waiting' && loading && (loading.textContent = waitingWords(told));
  setReady(false);
  try {
    const overview = await asked;
    if (session.link !== link) return;
    know(overview);
    attachAgain(session);
    setReady(true);
  } catch (refusal) {
    if (session.link === link) show('title', () => unusable(/** @type {Refusal} */ (refusal)));
  }
}

/** From the start, with another line: what was typed stays, and gets another receipt than the one that was shown. */
function again() {
  const {draft} = session;
  void endLine(false);
  setOrganisation(null);
  if (draft.receipt !== '') renew(draft.tried);
  draft.receipt = '';
  session.link = connect('reporter', hear);
  home();
  void arrive(ask());
}

/** Another link was opened in this tab: its pin counts from now on. What is on its way is not given up for it. */
function anotherPin() {
  if (!document.querySelector('[data-screen="sending"], [data-screen="received"]')) again();
}

/** @param {Refusal} refusal */
const unusable = (refusal) => [
  el(
    'section',
    {'data-screen': 'unusable'},
    el('h1', {}, t('unusable.title')),
    el('div', {class: 'problem', role: 'alert'}, el('p', {}, refusalWords(refusal))),
    !session.draft.perhaps && el('p', {}, t('unusable.nothing')),
    session.draft.text !== '' && [el('p', {}, t('unusable.kept')), el('p', {class: 'card text', id: 'kept', dir: 'auto'}, session.draft.text)],
    el('p', {class: 'hint'}, t('unusable.code'), ' ', el('code', {}, refusal.problem.code)),
    el('div', {class: 'actions'}, el('button', {type: 'button', class: 'primary', id: 'retry', on: {click: again}}, t('unusable.retry'))),
  ),
];

function choose() {
  const {overview, draft, link} = session;
  const [only, ...others] = overview.channels;
  if (only && others.length === 0 && !only.closed) draft.channel ||= only.id;
  // Slow on some devices, and done before it is needed: a failure shows where the receipt is asked for.
  link.call('prepare').catch(() => undefined);
  show('title', channelScreen);
}

/** @param {Draft} draft */
const hasBegun = ({text, files}) => text !== '' || areChosen(files);

const channelScreen = () =>
  el(
    'form',
    {'data-screen': 'channel', on: {submit: chosen}},
    el('p', {class: 'step'}, t('step', {n: 1})),
    el('h1', {}, t('channel.title')),
    el('p', {}, t('channel.lead')),
    el('fieldset', {'aria-labelledby': 'heading'}, session.overview.channels.map(card)),
    el(
      'div',
      {class: 'actions'},
      el('button', {type: 'submit', class: 'primary', id: 'next'}, t('next')),
      hasBegun(session.draft) && el('button', {type: 'button', id: 'to-text', on: {click: () => write(session)}}, t('channel.text')),
      el('button', {type: 'button', id: 'back', on: {click: home}}, t('back')),
    ),
  );

/** @param {ChannelView} channel */
function card(channel) {
  const {id, name, closed, missing} = channel;
  const checked = session.draft.channel === id;
  const input = {type: 'radio', name: 'channel', id: `channel-${id}`, value: id, checked, disabled: closed, 'aria-describedby': `about-${id}`};
  return el(
    'div',
    {class: closed ? 'choice closed' : 'choice'},
    el('input', {...input, on: {change: () => take(id)}}),
    el(
      'div',
      {},
      el('label', {for: `channel-${id}`}, inOwnWords('bdi', name)),
      el('div', {id: `about-${id}`}, about(channel)),
      checked && !closed && missing.length > 0 && agreement(channel),
    ),
  );
}

/** @param {string} id */
function take(id) {
  const {draft, overview} = session;
  const kinds = overview.channels.find((channel) => channel.id === id)?.kinds ?? [];
  if (!kinds.includes(draft.kind ?? '')) draft.kind = null;
  Object.assign(draft, {channel: id, without: []});
  setProblem(null);
}

/** @param {ChannelView} channel */
function about({description, recipients, missing, closed, informed, kinds, routes}) {
  const taken = session.overview.kinds.filter(({id}) => kinds.includes(id)).map(({name}) => pick(name).text);
  return [
    inOwnWords('p', description),
    closed && el('p', {class: 'wrong'}, t('channel.closed')),
    !closed && [el('p', {}, t('channel.readers')), el('ul', {class: 'people'}, reachedBy({recipients, missing}).map(person))],
    missing.length > 0 && [
      !closed && el('p', {class: 'wrong'}, t('channel.missing')),
      el('ul', {}, missing.map(({name, code}) => el('li', {}, inOwnWords('strong', name), `: ${wordsFor('error', code)}`))),
    ],
    informed.length > 0 && [el('p', {}, t('channel.informed')), el('ul', {}, informed.map((text) => inOwnWords('li', text)))],
    taken.length > 0 && el('p', {class: 'hint'}, t('channel.kinds', {kinds: listWords(taken)})),
    routes.length > 0 && [el('p', {}, t('channel.routes')), el('ul', {}, routes.map(route))],
  ];
}

/** @param {Person} person */
const person = ({name, role}) => el('li', {}, inOwnWords('strong', name), ', ', inOwnWords('span', role));

/**
 * A way outside, with its address in sight. In a tab of its own: this one holds what was typed.
 * @param {{name: Text, url: string}} route
 */
function route({name, url}) {
  const address = /^(https?:\/\/|mailto:|tel:)/i.test(url)
    ? el('a', {href: url, target: '_blank', rel: 'noreferrer noopener'}, url)
    : el('bdi', {}, url);
  return el('li', {}, inOwnWords('span', name), ': ', address);
}

/** @param {ChannelView} channel */
function agreement({id, missing}) {
  const {draft} = session;
  const agree = (/** @type {Event} */ {target}) => {
    draft.without = target instanceof HTMLInputElement && target.checked ? missing.map((each) => each.id) : [];
    setProblem(null);
  };
  const names = listWords(missing.map(({name}) => pick(name).text));
  return el(
    'div',
    {class: 'choice agree'},
    el('input', {type: 'checkbox', id: `agree-${id}`, checked: agreed(missing), on: {change: agree}}),
    el('div', {}, el('label', {for: `agree-${id}`}, t('channel.agree', {names}))),
  );
}

/** @param {{id: string}[]} missing */
const agreed = (missing) => missing.every(({id}) => session.draft.without.includes(id));

/** @param {Event} event */
function chosen(event) {
  event.preventDefault();
  const channel = session.overview.channels.find(({id}) => id === session.draft.channel);
  if (!channel || channel.closed) return setProblem(() => t('channel.none'));
  if (!agreed(channel.missing)) return setProblem(() => t('channel.agree-first'));
  return write(session);
}

/** What only a return visit needs, all of it at once: each round over Tor costs a second. */
const visitingParts = () =>
  Promise.all([import('./visiting.js'), import('./thread.js'), import('./code_field.js'), import('../ui/file_words.js'), import('../viewer/visible.js'), speakOf('returning')]);

async function comeBack() {
  const [visiting] = await visitingParts().catch(() => []);
  if (visiting) visiting.askForReceipt(session);
  else setProblem(() => t('error.page-incomplete'));
}

function unsent() {
  const {draft, typed} = session;
  return (hasBegun(draft) && !draft.stored) || typed.reply !== '' || areChosen(typed.files);
}

/** @type {import('../ui/page.js').Leaving} */
function endLine(isGone) {
  const {link, received} = session;
  if (received?.isSaving() && !isGone) return Promise.all([received.forget(), link.endAfter('leave')]);
  received?.forget();
  link.end();
  return null;
}

/** @type {import('../ui/page.js').Leaving} */
function forget(isGone) {
  forgetFiles();
  Object.assign(session, {draft: nothing(), typed: {code: '', reply: '', files: []}, overview: NONE});
  return endLine(isGone);
}

addEventListener('beforeunload', (event) => {
  if (unsent()) event.preventDefault();
});
addEventListener('hashchange', anotherPin);
byId('begin', HTMLButtonElement).addEventListener('click', choose);
byId('return', HTMLButtonElement).addEventListener('click', () => void comeBack());
// Asked for at once: the words come meanwhile, and each round over Tor costs a second.
const asked = ask();
asked.catch(() => undefined);
void begin('reporter', forget, firstScreen).then(() => arrive(asked));
