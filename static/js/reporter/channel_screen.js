/** The first step of a report: the screen on which a channel is chosen. */
import {el} from '../page/elements.js';
import {listWords, pick, t, wordsFor} from '../page/words.js';
import {addScreens, inOwnWords, setProblem, showScreen} from '../page/frame.js';
import {areChosen} from './message_files.js';
import {chosenChannel, keepKind, reachedBy, state} from './state.js';

/** @import {ChannelView, Person, Text} from '../worker/views.js' */

/** Show the channels; where there is one only, it is chosen. */
export function choose() {
  const {overview, draft} = state;
  const [only, ...others] = overview.channels;
  if (only && others.length === 0 && !only.closed) draft.channel ||= only.id;
  showScreen('channel');
}

/** @returns {boolean} whether there is something of a report */
export const hasBegun = () => state.draft.text !== '' || areChosen(state.draft.files);

const draw = () =>
  el(
    'form',
    {'data-screen': 'channel', on: {submit: chosen}},
    el('p', {class: 'step'}, t('step', {n: 1})),
    el('h1', {}, t('channel.title')),
    el('p', {}, t('channel.lead')),
    el('fieldset', {'aria-labelledby': 'heading'}, state.overview.channels.map(card)),
    el(
      'div',
      {class: 'actions'},
      el('button', {type: 'submit', class: 'primary', id: 'next'}, t('next')),
      hasBegun() &&
        el(
          'button',
          {type: 'button', id: 'to-text', on: {click: () => showScreen('write')}},
          t('channel.text'),
        ),
      el('button', {type: 'button', id: 'back', on: {click: () => showScreen('start')}}, t('back')),
    ),
  );

/** @param {ChannelView} channel */
function card(channel) {
  const {id, name, closed, missing} = channel;
  const checked = state.draft.channel === id;
  const input = {
    type: 'radio',
    name: 'channel',
    id: `channel-${id}`,
    value: id,
    checked,
    disabled: closed,
    'aria-describedby': `about-${id}`,
  };
  return el(
    'div',
    {class: closed ? 'choice closed' : 'choice'},
    el('input', {
      ...input,
      read: ({checked: taken}) => void (taken && take(id)),
      on: {change: () => setProblem(null)},
    }),
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
  const {draft} = state;
  if (draft.channel === id) return;
  Object.assign(draft, {channel: id, without: []});
  keepKind();
}

/** @param {ChannelView} channel */
function about(channel) {
  const {description, missing, closed, informed, kinds, routes} = channel;
  const taken = state.overview.kinds.filter(({id}) => kinds.includes(id)).map(({name}) => pick(name).text);
  return [
    inOwnWords('p', description),
    closed && el('p', {class: 'wrong'}, t('channel.closed')),
    !closed && [
      el('p', {}, t('channel.readers')),
      el('ul', {class: 'people'}, reachedBy(channel).map(person)),
    ],
    missing.length > 0 && [
      !closed && el('p', {class: 'wrong'}, t('channel.missing')),
      el(
        'ul',
        {},
        missing.map(({name, code}) =>
          el('li', {}, inOwnWords('strong', name), `: ${wordsFor('error', code)}`),
        ),
      ),
    ],
    informed.length > 0 && [
      el('p', {}, t('channel.informed')),
      el(
        'ul',
        {},
        informed.map((text) => inOwnWords('li', text)),
      ),
    ],
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
  const {draft} = state;
  const read = (/** @type {{checked: boolean}} */ {checked}) => {
    // Another channel was chosen since it was drawn: for that one nothing was agreed to.
    if (draft.channel === id) draft.without = checked ? missing.map((each) => each.id) : [];
  };
  const names = listWords(missing.map(({name}) => pick(name).text));
  return el(
    'div',
    {class: 'choice agree'},
    el('input', {
      type: 'checkbox',
      id: `agree-${id}`,
      checked: agreed(missing),
      read,
      on: {change: () => setProblem(null)},
    }),
    el('div', {}, el('label', {for: `agree-${id}`}, t('channel.agree', {names}))),
  );
}

/** @param {{id: string}[]} missing */
const agreed = (missing) => missing.every(({id}) => state.draft.without.includes(id));

/** @param {Event} event */
function chosen(event) {
  event.preventDefault();
  const channel = chosenChannel();
  if (!channel || channel.closed) return setProblem(() => t('channel.none'));
  if (!agreed(channel.missing)) return setProblem(() => t('channel.agree-first'));
  return showScreen('write');
}

addScreens({channel: draw});
