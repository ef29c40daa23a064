/** The screen of one conversation: its messages, its notices and the reply. */
import {fileList, fileWordsHere} from '../parts/received_files.js';
import {call} from '../page/calls.js';
import {byId, el} from '../page/elements.js';
import {t, wordsFor} from '../page/words.js';
import {
  addScreens,
  dayElement,
  inOwnWords,
  redraw,
  refusalWords,
  announce,
  setProblem,
  showScreen,
} from '../page/frame.js';
import {textField} from '../page/text_field.js';
import {writtenText} from '../page/written_text.js';
import {activityLine, during} from './activity.js';
import {deadlineLine} from './deadline.js';
import {openItem, shownItems, state} from './state.js';
import {ABOUT_FILES} from './received_files.js';

/** @import {InboxItem, MessageView, NoticeView} from '../worker/views.js' */
/** @import {MessageWithFiles, VisitWithFiles} from '../worker/received_files.js' */
/** @import {Child} from '../page/elements.js' */

/** What can't be put right by trying again. */
const FINAL = ['conversation-gone', 'conversation-unknown'];

addScreens({conversation: draw});

/** @param {InboxItem} item */
export async function openConversation(item) {
  openItem(item);
  const reading = async () =>
    (await Promise.all([call('read', {mailbox: item.mailbox}), fileWordsHere()]))[0];
  const working = during('read', reading);
  showScreen('conversation');
  try {
    take(item, /** @type {VisitWithFiles} */ (await working));
  } catch (refusal) {
    if (state.item !== item) return;
    state.failed = /** @type {{problem?: {code: string}}} */ (refusal).problem?.code ?? 'client-fault';
    setProblem(() => refusalWords(refusal));
  }
}

/** @param {InboxItem} item @param {VisitWithFiles} visit */
function take(item, visit) {
  // The list may have been fetched again since.
  for (const known of [item, state.list?.items.find(({mailbox}) => mailbox === item.mailbox)]) {
    Object.assign(known ?? {}, {fresh: false, messages: visit.messages.length});
  }
  if (state.item !== item) return;
  state.visit = visit;
  redraw();
}

/** @returns {Child} */
function draw() {
  const {item, visit} = state;
  if (!item) return null;
  return el(
    'div',
    {'data-screen': 'conversation'},
    backButton(item),
    el('h1', {}, item.report ? inOwnWords('bdi', item.report.name) : t('list.no-kind')),
    el('p', {class: 'soft'}, inOwnWords('span', item.channel.name), ', ', dayElement(item.day)),
    activityLine('read'),
    state.failed !== null && (isOver() ? unsentDraft(item) : againButton(item)),
    visit && [noticeList(visit.notices), thread(visit), replyForm(item, visit)],
  );
}

/** A reply that is being sent must end or be stopped first. @param {InboxItem} item */
const backButton = (item) =>
  el(
    'button',
    {
      type: 'button',
      class: 'link',
      id: 'back',
      disabled: state.activity?.name === 'reply',
      on: {click: () => goBack(item)},
    },
    t('read.back'),
  );

/** @param {InboxItem} item */
function goBack(item) {
  // There is no way back to what was written there.
  if (isOver()) state.drafts.delete(item.mailbox);
  const place = shownItems().findIndex(({mailbox}) => mailbox === item.mailbox);
  openItem(null);
  showScreen('list', {focus: `conversation-${place}`});
}

const isOver = () => state.failed !== null && FINAL.includes(state.failed);

/** To copy it: it can't be sent any more. @param {InboxItem} item */
const unsentDraft = ({mailbox}) =>
  (state.drafts.get(mailbox) ?? '').trim() !== '' &&
  el(
    'div',
    {class: 'card', id: 'unsent'},
    el('h2', {}, t('read.unsent')),
    writtenText(state.drafts.get(mailbox) ?? ''),
  );

/** @param {InboxItem} item */
const againButton = (item) =>
  el('button', {type: 'button', id: 'retry', on: {click: () => void openConversation(item)}}, t('retry'));

/**
 * Each once: a person needs to know what happened, not to which envelope.
 * @param {NoticeView[]} notices
 * @returns {Child}
 */
const noticeList = (notices) =>
  [...new Set(notices.map(({code}) => code))].map((code) =>
    el('div', {class: 'notice', 'data-notice': code}, el('p', {}, wordsFor('notice', code))),
  );

/** @param {VisitWithFiles} visit @returns {Child} */
const thread = ({messages, lastDay}) => [
  el('ol', {class: 'thread', id: 'thread'}, messages.map(messageItem)),
  lastDay !== null &&
    el(
      'p',
      {class: 'hint', id: 'last-seen'},
      t('read.last'),
      ' ',
      dayElement(lastDay),
      '. ',
      t('read.newest'),
    ),
];

/** @param {MessageWithFiles} message @param {number} place */
const messageItem = (message, place) =>
  el(
    'li',
    {},
    el(
      'article',
      {class: message.own ? 'message own' : 'message'},
      el(
        'header',
        {},
        message.own ? el('strong', {}, t('read.you')) : writer(message.author),
        dayElement(message.day),
      ),
      writtenText(message.text),
      fileList(message, place, ABOUT_FILES),
    ),
  );

/** @param {MessageView['author']} author @returns {Child} */
const writer = (author) =>
  author
    ? el('span', {}, inOwnWords('strong', author.name), ' (', inOwnWords('span', author.role), ')')
    : el('strong', {}, t('read.reporter'));

/** @param {InboxItem} item @param {VisitWithFiles} visit @returns {Child} */
function replyForm(item, visit) {
  if (!visit.canWrite)
    return el('div', {class: 'notice', id: 'cannot-write'}, el('p', {}, t('reply.cannot')));
  const sending = state.activity?.name === 'reply';
  return el(
    'form',
    {id: 'reply', novalidate: true, on: {submit: (event) => void send(event, item)}},
    !visit.messages.some(({author}) => author !== null) && el('p', {}, deadlineLine(item.day)),
    el(
      'div',
      {class: 'field'},
      el('label', {for: 'text'}, t('reply.label')),
      el('p', {class: 'hint', id: 'text-hint'}, t('reply.hint')),
      replyField(item, sending),
      state.isEmpty && el('p', {class: 'wrong', id: 'text-wrong'}, t('error.text-empty')),
    ),
    activityLine('reply'),
    sending ? stopButton() : el('button', {class: 'primary', id: 'send'}, t('reply.send')),
  );
}

/** @param {InboxItem} item @param {boolean} sending */
const replyField = ({mailbox}, sending) =>
  textField({
    id: 'text',
    class: 'short',
    value: state.drafts.get(mailbox) ?? '',
    readOnly: sending,
    'aria-describedby': state.isEmpty ? 'text-hint text-wrong' : 'text-hint',
    'aria-invalid': String(state.isEmpty),
    // A field that is still there when the page has locked says nothing any more.
    read: ({value}) => void (state.item?.mailbox === mailbox && state.drafts.set(mailbox, value)),
  });

const stopButton = () =>
  el('button', {type: 'button', id: 'stop', on: {click: () => void call('stop')}}, t('reply.stop'));

/** @param {Event} event @param {InboxItem} item */
async function send(event, item) {
  event.preventDefault();
  const {mailbox} = item;
  const text = state.drafts.get(mailbox) ?? '';
  state.isEmpty = text.trim() === '';
  if (state.isEmpty) {
    redraw();
    byId('text', HTMLTextAreaElement).focus();
    return;
  }
  if (state.activity?.name === 'reply') return;
  const working = during('reply', () => call('reply', {mailbox, text}));
  setProblem(null);
  try {
    const visit = /** @type {VisitWithFiles} */ (await working);
    state.drafts.delete(mailbox);
    take(item, visit);
    announce(() => t('reply.sent'));
  } catch (refusal) {
    if (state.item === item) setProblem(() => refusalWords(refusal));
  }
}
