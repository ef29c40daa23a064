/** The conversations of a recipient, newest first. */
import {byId, el, number, pick, t, tn} from '../ui/screen.js';
import {dayElement, inOwnWords, refusalWords, say, setProblem, show, redraw} from '../ui/page.js';
import {activityLine} from './activity.js';
import {PAGE_LENGTH, desk} from './desk.js';
import {deadlineLine} from './deadline.js';
import {openConversation} from './reading.js';
import {sync} from './syncing.js';

/** @import {InboxItem, InboxList} from '../client/views.js' */
/** @import {Child} from '../ui/screen.js' */

/** @param {InboxItem | null} [from] the conversation that the person comes back from */
export function showList(from = null) {
  Object.assign(desk, {item: null, visit: null});
  show('title', draw);
  const at = from ? shownItems().findIndex(({mailbox}) => mailbox === from.mailbox) : -1;
  if (at >= 0) document.getElementById(`conversation-${at}`)?.focus();
}

/** @returns {InboxItem[]} those of the chosen channel */
const chosen = () => (desk.list?.items ?? []).filter(({channel}) => desk.channel === null || channel.id === desk.channel);

const shownItems = () => chosen().slice(0, desk.shown);

/** @returns {Child} */
function draw() {
  const {list, who} = desk;
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
  const items = chosen();
  if (items.length === 0) return t(desk.channel === null ? 'list.empty' : 'list.empty-channel');
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
  const channels = desk.who?.channels ?? [];
  if (channels.length < 2) return null;
  const option = (/** @type {string} */ value, /** @type {Child} */ words) => el('option', {value}, words);
  const choose = () => {
    Object.assign(desk, {channel: byId('channel', HTMLSelectElement).value || null, shown: PAGE_LENGTH});
    redraw();
    say(countWords, false);
  };
  return el(
    'div',
    {class: 'field'},
    el('label', {for: 'channel'}, t('list.channel')),
    el(
      'select',
      {id: 'channel', value: desk.channel ?? '', autocomplete: 'off', on: {change: choose}},
      option('', t('list.all-channels')),
      channels.map(({id, name}) => option(id, pick(name).text)),
    ),
  );
}

const refreshButton = () =>
  el('button', {type: 'button', id: 'refresh', 'aria-disabled': String(desk.activity?.name === 'sync'), on: {click: refresh}}, t('list.refresh'));

async function refresh() {
  if (desk.activity?.name === 'sync') return;
  say(null);
  const working = sync();
  setProblem(null);
  try {
    await working;
    redrawIfShown();
    say(() => t('list.refreshed', {counts: countWords()}));
  } catch (refusal) {
    if (desk.item === null) setProblem(() => refusalWords(refusal));
  }
}

/** Somebody may read a conversation by now. */
const redrawIfShown = () => desk.item === null && redraw();

/** @param {InboxItem} item @param {number} at */
function itemLine(item, at) {
  const {channel, report, day, messages, fresh} = item;
  const open = () => void openConversation(item, showList);
  return el(
    'li',
    {},
    el(
      'button',
      {type: 'button', class: fresh ? 'conversation fresh' : 'conversation', id: `conversation-${at}`, on: {click: open}},
      el(
        'span',
        {class: 'conversation-head'},
        report ? inOwnWords('strong', report.name) : el('strong', {}, t('list.no-kind')),
        fresh && el('span', {class: 'mark'}, t('list.new')),
      ),
      el('span', {class: 'conversation-facts'}, inOwnWords('span', channel.name), dayElement(day), el('span', {}, tn('list.messages', messages))),
      messages === 1 && deadlineLine(day),
    ),
  );
}

function moreButton() {
  const rest = chosen().length - desk.shown;
  const more = () => {
    const first = desk.shown;
    desk.shown += PAGE_LENGTH;
    redraw();
    document.getElementById(`conversation-${first}`)?.focus();
  };
  return rest > 0 && el('button', {type: 'button', id: 'more', on: {click: more}}, t('list.more', {n: number(Math.min(rest, PAGE_LENGTH)), rest: number(rest)}));
}
