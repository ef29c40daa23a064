/** One conversation: what was said, what is wrong with it, and answering. */
import {fileList} from '../received/files.js';
import {showPreview} from '../received/preview.js';
import {byId, el, t, wordsFor} from '../ui/screen.js';
import {dayElement, inOwnWords, redraw, refusalWords, say, setProblem, show} from '../ui/page.js';
import {activityLine, during} from './activity.js';
import {deadlineLine} from './deadline.js';
import {ask, desk} from './desk.js';
import {haveWords} from './receiving.js';

/** @import {InboxItem, MessageView, NoticeView} from '../client/views.js' */
/** @import {MessageWithFiles, NamedFile, VisitWithFiles} from '../client/fetching.js' */
/** @import {Child} from '../ui/screen.js' */

/** What can't be put right by trying again. */
const FINAL = ['conversation-gone', 'conversation-unknown'];

/** @type {{back: (from: InboxItem) => void, failed: string | null, empty: boolean}} nothing of what was said */
const screen = {back: () => undefined, failed: null, empty: false};

/** @param {InboxItem} item @param {(from: InboxItem) => void} back shows the list again */
export async function openConversation(item, back) {
  Object.assign(desk, {item, visit: null});
  Object.assign(screen, {back, failed: null, empty: false});
  const reading = async () => (await Promise.all([ask('read', {mailbox: item.mailbox}), haveWords()]))[0];
  const working = during('read', reading);
  show('title', draw);
  try {
    take(item, /** @type {VisitWithFiles} */ (await working));
  } catch (refusal) {
    if (desk.item !== item) return;
    Object.assign(screen, {failed: /** @type {{problem?: {code: string}}} */ (refusal).problem?.code ?? 'client-fault'});
    setProblem(() => refusalWords(refusal));
  }
}

/** @param {InboxItem} item @param {VisitWithFiles} visit */
function take(item, visit) {
  // The list may have been fetched anew meanwhile.
  for (const known of [item, desk.list?.items.find(({mailbox}) => mailbox === item.mailbox)]) {
    Object.assign(known ?? {}, {fresh: false, messages: visit.messages.length});
  }
  if (desk.item !== item) return;
  desk.visit = visit;
  redraw();
}

/** @returns {Child} */
function draw() {
  const {item, visit} = desk;
  if (!item) return null;
  return el(
    'div',
    {'data-screen': 'conversation'},
    backButton(item),
    el('h1', {}, item.report ? inOwnWords('bdi', item.report.name) : t('list.no-kind')),
    el('p', {class: 'soft'}, inOwnWords('span', item.channel.name), ', ', dayElement(item.day)),
    activityLine('read'),
    screen.failed !== null && (isOver() ? unsentDraft(item) : againButton(item)),
    visit && [noticeList(visit.notices), thread(visit), replyForm(item, visit)],
  );
}

/** Whoever sends waits for it, or stops it first. @param {InboxItem} item */
const backButton = (item) =>
  el('button', {type: 'button', class: 'link', id: 'back', disabled: desk.activity?.name === 'reply', on: {click: () => goBack(item)}}, t('read.back'));

/** @param {InboxItem} item */
function goBack(item) {
  // There is no way back to what was written there.
  if (isOver()) desk.drafts.delete(item.mailbox);
  screen.back(item);
}

const isOver = () => screen.failed !== null && FINAL.includes(screen.failed);

/** To copy it: it can't be sent any more. @param {InboxItem} item */
const unsentDraft = ({mailbox}) =>
  (desk.drafts.get(mailbox) ?? '').trim() !== '' &&
  el(
    'div',
    {class: 'card', id: 'unsent'},
    el('h2', {}, t('read.unsent')),
    el('p', {class: 'text', dir: 'auto'}, desk.drafts.get(mailbox)),
  );

/** @param {InboxItem} item */
const againButton = (item) =>
  el('button', {type: 'button', id: 'retry', on: {click: () => void openConversation(item, screen.back)}}, t('retry'));

/** Each once: a person needs to know what happened, not to which envelope. @param {NoticeView[]} notices @returns {Child} */
const noticeList = (notices) =>
  [...new Set(notices.map(({code}) => code))].map((code) =>
    el('div', {class: 'notice', 'data-notice': code}, el('p', {}, wordsFor('notice', code))),
  );

/** @param {VisitWithFiles} visit @returns {Child} */
const thread = ({messages, lastDay}) => [
  el('ol', {class: 'thread', id: 'thread'}, messages.map(messageItem)),
  lastDay !== null && el('p', {class: 'hint', id: 'last-seen'}, t('read.last'), ' ', dayElement(lastDay), '. ', t('read.newest')),
];

/** @param {MessageWithFiles} message @param {number} place */
const messageItem = (message, place) =>
  el(
    'li',
    {},
    el(
      'article',
      {class: message.own ? 'message own' : 'message'},
      el('header', {}, message.own ? el('strong', {}, t('read.you')) : writer(message.author), dayElement(message.day)),
      el('p', {class: 'text', dir: 'auto'}, message.text),
      fileList(message, place, preview),
    ),
  );

/** @param {NamedFile} file @param {string} button to come back to */
function preview(file, button) {
  showPreview(file, () => {
    show('title', draw);
    document.getElementById(button)?.focus();
  });
}

/** @param {MessageView['author']} author @returns {Child} */
const writer = (author) =>
  author ? el('span', {}, inOwnWords('strong', author.name), ' (', inOwnWords('span', author.role), ')') : el('strong', {}, t('read.reporter'));

/** @param {InboxItem} item @param {VisitWithFiles} visit @returns {Child} */
function replyForm(item, visit) {
  if (!visit.canWrite) return el('div', {class: 'notice', id: 'cannot-write'}, el('p', {}, t('reply.cannot')));
  const sending = desk.activity?.name === 'reply';
  return el(
    'form',
    {id: 'reply', novalidate: true, on: {submit: (event) => void send(event, item)}},
    !visit.messages.some(({author}) => author !== null) && el('p', {}, deadlineLine(item.day)),
    el(
      'div',
      {class: 'field'},
      el('label', {for: 'text'}, t('reply.label')),
      el('p', {class: 'hint', id: 'text-hint'}, t('reply.hint')),
      textField(item, sending),
      screen.empty && el('p', {class: 'wrong', id: 'text-wrong'}, t('error.text-empty')),
    ),
    activityLine('reply'),
    sending ? stopButton() : el('button', {class: 'primary', id: 'send'}, t('reply.send')),
  );
}

/** @param {InboxItem} item @param {boolean} sending */
const textField = ({mailbox}, sending) =>
  el('textarea', {
    id: 'text',
    class: 'short',
    value: desk.drafts.get(mailbox) ?? '',
    readOnly: sending,
    dir: 'auto',
    autocomplete: 'off',
    autocapitalize: 'off',
    autocorrect: 'off',
    spellcheck: 'false',
    'aria-describedby': screen.empty ? 'text-hint text-wrong' : 'text-hint',
    'aria-invalid': String(screen.empty),
    on: {input: ({target}) => void desk.drafts.set(mailbox, /** @type {HTMLTextAreaElement} */ (target).value)},
  });

const stopButton = () => el('button', {type: 'button', id: 'stop', on: {click: () => void ask('stop')}}, t('reply.stop'));

/** @param {Event} event @param {InboxItem} item */
async function send(event, item) {
  event.preventDefault();
  const {mailbox} = item;
  const text = desk.drafts.get(mailbox) ?? '';
  screen.empty = text.trim() === '';
  if (screen.empty) {
    redraw();
    byId('text', HTMLTextAreaElement).focus();
    return;
  }
  if (desk.activity?.name === 'reply') return;
  const working = during('reply', () => ask('reply', {mailbox, text}));
  setProblem(null);
  try {
    const visit = /** @type {VisitWithFiles} */ (await working);
    desk.drafts.delete(mailbox);
    take(item, visit);
    say(() => t('reply.sent'));
  } catch (refusal) {
    if (desk.item === item) setProblem(() => refusalWords(refusal));
  }
}
