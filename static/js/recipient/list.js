/** The conversations of a recipient, newest first. */
import {byId, el} from '../page/elements.js';
import {number, pick, t, tn} from '../page/words.js';
import {
  dayElement,
  inOwnWords,
  refusalWords,
  announce,
  setProblem,
  redraw,
  addScreens,
  isShown,
} from '../page/frame.js';
import {activityLine} from './activity.js';
import {PAGE_LENGTH, chosenItems, shownItems, state} from './state.js';
import {deadlineLine} from './deadline.js';
import {openConversation} from './conversation.js';
import {sync} from './sync.js';

/** @import {InboxItem, InboxList} from '../worker/views.js' */
/** @import {Child} from '../page/elements.js' */

addScreens({list: draw});

/** @returns {Child} */
function draw() {
  const {list, who} = state;
  if (!list || !who) return null;
  return el(
    'div',
    {'data-screen': 'list'},
    el('h1', {}, t('list.title')),
    el('p', {class: 'soft'}, t('signed-in-as'), ' ', inOwnWords('strong', who.recipient.name)),
    listNotices(list),
    el('div', {class: 'inbox-tools'}, channelChoice(), refreshButton()),
    activityLine('sync'),
    el('p', {id: 'counts'}, countWords()),
    el('ul', {class: 'list', id: 'conversations'}, shownItems().map(itemLine)),
    moreButton(),
  );
}

function countWords() {
  const items = chosenItems();
  if (items.length === 0) return t(state.channel === null ? 'list.empty' : 'list.empty-channel');
  const fresh = items.filter((item) => item.fresh).length;
  return `${tn('list.count', items.length)} ${fresh > 0 ? tn('list.fresh', fresh) : t('list.none-fresh')}`;
}

/** @param {InboxList} list @returns {Child} */
const listNotices = ({damaged, gone, full}) => [
  damaged > 0 && el('div', {class: 'notice', id: 'damaged'}, el('p', {}, tn('list.damaged', damaged))),
  gone > 0 && el('div', {class: 'notice', id: 'gone'}, el('p', {}, tn('list.gone', gone))),
  full && el('div', {class: 'notice', id: 'full'}, el('p', {}, t('list.full'))),
];

/** @returns {Child} */
function channelChoice() {
  const channels = state.who?.channels ?? [];
  if (channels.length < 2) return null;
  const option = (/** @type {string} */ value, /** @type {Child} */ words) => el('option', {value}, words);
  const choose = () => {
    Object.assign(state, {channel: byId('channel', HTMLSelectElement).value || null, shown: PAGE_LENGTH});
    redraw();
    announce(countWords, false);
  };
  return el(
    'div',
    {class: 'field'},
    el('label', {for: 'channel'}, t('list.channel')),
    el(
      'select',
      {id: 'channel', value: state.channel ?? '', autocomplete: 'off', on: {change: choose}},
      option('', t('list.all-channels')),
      channels.map(({id, name}) => option(id, pick(name).text)),
    ),
  );
}

const refreshButton = () =>
  el(
    'button',
    {
      type: 'button',
      id: 'refresh',
      'aria-disabled': String(state.activity?.name === 'sync'),
      on: {click: refresh},
    },
    t('list.refresh'),
  );

async function refresh() {
  if (state.activity?.name === 'sync') return;
  announce(null);
  const working = sync();
  setProblem(null);
  try {
    await working;
    // The recipient may have opened a conversation.
    if (isShown('list')) redraw();
    announce(() => t('list.refreshed', {counts: countWords()}));
  } catch (refusal) {
    if (isShown('list')) setProblem(() => refusalWords(refusal));
  }
}

/** @param {InboxItem} item @param {number} index */
function itemLine(item, index) {
  const {channel, report, day, messages, fresh} = item;
  const open = () => void openConversation(item);
  return el(
    'li',
    {},
    el(
      'button',
      {
        type: 'button',
        class: fresh ? 'conversation fresh' : 'conversation',
        id: `conversation-${index}`,
        on: {click: open},
      },
      el(
        'span',
        {class: 'conversation-head'},
        report ? inOwnWords('strong', report.name) : el('strong', {}, t('list.no-kind')),
        fresh && el('span', {class: 'mark'}, t('list.new')),
      ),
      el(
        'span',
        {class: 'conversation-facts'},
        inOwnWords('span', channel.name),
        dayElement(day),
        el('span', {}, tn('list.messages', messages)),
      ),
      messages === 1 && deadlineLine(day),
    ),
  );
}

function moreButton() {
  const rest = chosenItems().length - state.shown;
  const more = () => {
    const first = state.shown;
    state.shown += PAGE_LENGTH;
    redraw();
    document.getElementById(`conversation-${first}`)?.focus();
  };
  return (
    rest > 0 &&
    el(
      'button',
      {type: 'button', id: 'more', on: {click: more}},
      t('list.more', {n: number(Math.min(rest, PAGE_LENGTH)), rest: number(rest)}),
    )
  );
}
