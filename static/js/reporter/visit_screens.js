/**
 * The screens of a return visit: they ask for the receipt, show the conversation, take a reply, and delete it
 * all.
 */
import {el} from '../page/elements.js';
import {t} from '../page/words.js';
import {call, incomplete} from '../page/calls.js';
import {
  addScreens,
  isShown,
  leave,
  news,
  redraw,
  refusalWords,
  setProblem,
  showScreen,
} from '../page/frame.js';
import {textField} from '../page/text_field.js';
import {codeField} from '../parts/code_field.js';
import {areChosen, clearFiles} from './message_files.js';
import {filesPart} from './message_form.js';
import {filesToArrive, whileSending} from './sending.js';
import {state} from './state.js';
import {conversation, sentFiles} from './thread.js';

/** @import {CodeCheck, MessageView, Visit} from '../worker/views.js' */
/** @import {Refusal} from '../page/calls.js' */
/** @import {Child} from '../page/elements.js' */
/** @import {Key} from '../page/words.js' */
/** @import {Shown} from './state.js' */

function codeScreen() {
  const {typed} = state;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void open();
  };
  /** @returns {Promise<CodeCheck>} */
  const check = (/** @type {string} */ text) => call('checkCode', {text, kind: 'receipt'});
  return el(
    'form',
    {'data-screen': 'return', autocomplete: 'off', on: {submit}},
    el('h1', {}, t('return.title')),
    codeField({value: typed.code, changed: (text) => void (typed.code = text), check}),
    el(
      'div',
      {class: 'actions'},
      el('button', {type: 'submit', class: 'primary', id: 'open'}, t('return.open')),
      el('button', {type: 'button', id: 'back', on: {click: () => showScreen('start')}}, t('back')),
    ),
  );
}

async function open() {
  const {typed} = state;
  try {
    /** @type {Visit} */
    const visit = await whileSending({title: 'return.opening', stop: 'sending.back'}, () =>
      call('visit', {code: typed.code}),
    );
    typed.code = '';
    read(visit);
  } catch (refusal) {
    showScreen('return');
    const {problem} = /** @type {Refusal} */ (refusal);
    if (problem?.code !== 'stopped') setProblem(() => refusalWords(refusal));
    document.getElementById('code')?.focus();
  }
}

/**
 * Fetch the script that shows and downloads files, and name the files. It is fetched only on request: an
 * observer of the connection would see from it that there is an answer. A reporter who has gone on to another
 * screen stays there.
 * @param {Shown} shown @param {number} place of the message
 */
async function getFiles(shown, place) {
  if (shown.getting !== null) return;
  shown.getting = place;
  redraw();
  const isHere = () => isShown('thread') && state.shown === shown;
  try {
    const received = await import('./received_files.js').catch(() => {
      throw incomplete();
    });
    await received.fileWordsHere();
    /** @type {Visit} */
    const visit = await call('withFiles');
    Object.assign(state, {received});
    Object.assign(shown, {visit, getting: null});
    if (isHere()) showFiles(place);
  } catch (refusal) {
    shown.getting = null;
    if (isHere()) setProblem(() => refusalWords(refusal));
  }
}

/** Where they were asked for, and without taking anybody from a text. @param {number} place of the message */
function showFiles(place) {
  const isThere = document.activeElement?.id === `get-files-${place}`;
  redraw();
  if (isThere) document.getElementById(`files-${place}`)?.querySelector('button')?.focus();
}

/** @param {Shown} shown @returns {(message: MessageView, place: number) => Child} */
const filesOf = (shown) => (message, place) => {
  if (state.received?.areNamed(message)) return state.received.fileList(message, place);
  const get = () => void getFiles(shown, place);
  const isComing = shown.getting === place;
  const button = {
    type: 'button',
    id: `get-files-${place}`,
    'aria-disabled': isComing ? 'true' : null,
    on: {click: get},
  };
  return [
    sentFiles(message),
    message.attachments.length > 0 &&
      el('button', button, t(isComing ? 'thread.getting' : 'thread.get-files')),
  ];
};

/** @param {Visit} visit @param {Key} [first] what there is to tell first */
function read(visit, first) {
  state.shown = {visit, getting: null};
  showScreen('thread', {news: first ?? null});
}

/** @param {Shown} shown */
const threadScreen = (shown) => {
  const {visit} = shown;
  const done = news();
  return el(
    'section',
    {'data-screen': 'thread'},
    el('h1', {}, t('thread.title')),
    done && el('div', {class: 'done', role: 'status', id: 'done'}, el('p', {}, t(done))),
    conversation(visit, filesOf(shown)),
    el(
      'p',
      {},
      el('button', {type: 'button', id: 'refresh', on: {click: () => void refresh()}}, t('thread.refresh')),
    ),
    visit.canWrite
      ? replyForm()
      : el('div', {class: 'notice', id: 'closed'}, el('p', {}, t('thread.closed'))),
    el(
      'div',
      {class: 'actions apart'},
      el('button', {type: 'button', id: 'close', on: {click: finish}}, t('received.close')),
      el(
        'button',
        {type: 'button', class: 'danger', id: 'delete', on: {click: () => showScreen('delete')}},
        t('thread.delete'),
      ),
    ),
  );
};

/** The button at the top asks nothing; who is done may have forgotten a text. */
function finish() {
  const {typed, draft} = state;
  const unsent =
    typed.reply.trim() !== '' || draft.text.trim() !== '' || areChosen(typed.files) || areChosen(draft.files);
  if (!unsent || typed.isWarned) return leave();
  typed.isWarned = true;
  return setProblem(() => t('thread.unsent'), 'reply');
}

function replyForm() {
  const {typed} = state;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void reply();
  };
  const readReply = (/** @type {{value: string}} */ {value}) => {
    if (value !== typed.reply) typed.isWarned = false;
    typed.reply = value;
  };
  return el(
    'form',
    {autocomplete: 'off', on: {submit}},
    el(
      'div',
      {class: 'field'},
      el('label', {for: 'reply'}, t('thread.write')),
      textField({class: 'short', id: 'reply', value: typed.reply, read: readReply}),
    ),
    filesPart(typed.files),
    el(
      'div',
      {class: 'actions'},
      el('button', {type: 'submit', class: 'primary', id: 'send-reply'}, t('thread.send')),
    ),
  );
}

async function refresh() {
  try {
    /** @type {Visit} */
    const found = await whileSending({title: 'thread.refreshing', stop: 'sending.back'}, () =>
      call('refresh'),
    );
    if (hasArrived(found)) sent();
    read(found, 'thread.refreshed');
  } catch (refusal) {
    unchanged(/** @type {Refusal} */ (refusal));
  }
}

/**
 * Whether what was stopped is there after all: left in the field, it would be sent twice.
 * @param {Visit} found
 */
function hasArrived(found) {
  const {typed, shown} = state;
  const seen = new Set(shown?.visit.messages.map(({envelope}) => envelope));
  return found.messages.some(
    ({envelope, own, text, attachments}) =>
      own && !seen.has(envelope) && text === typed.reply && attachments.length === typed.files.length,
  );
}

function sent() {
  Object.assign(state.typed, {reply: '', tried: false});
  clearFiles(state.typed.files);
}

async function reply() {
  const {typed} = state;
  if (typed.reply.trim() === '') {
    setProblem(() => t('error.text-empty'), 'reply');
    return;
  }
  const {tried} = typed;
  try {
    await filesToArrive(typed.files, tried);
    await whileSending({title: 'thread.sending', stop: 'sending.stop', files: typed.files}, () => {
      typed.tried = true;
      return call('write', {text: typed.reply, files: typed.files.map(({id}) => id)});
    });
  } catch (refusal) {
    // Then nothing of it is stored.
    if (/** @type {Refusal} */ (refusal).problem?.code === 'attachments-incomplete')
      Object.assign(typed, {tried});
    unchanged(/** @type {Refusal} */ (refusal), 'thread.stopped');
    return;
  }
  sent();
  await see();
}

/** A message that is stored: what stood there is gone, whether it can be seen now or not. */
async function see() {
  try {
    const words = /** @type {const} */ ({
      title: 'thread.sent',
      stop: 'sending.back',
      then: 'thread.fetching',
    });
    read(/** @type {Visit} */ (await whileSending(words, () => call('refresh'))), 'thread.sent');
  } catch (refusal) {
    showScreen('thread', {news: 'thread.unseen'});
    const code = /** @type {Refusal} */ (refusal).problem?.code ?? '';
    // A bad connection has nothing to do with the message any more.
    if (code !== 'stopped' && !code.startsWith('server-')) setProblem(() => refusalWords(refusal));
  }
}

/**
 * The conversation as it was shown before, with the text as it was, and why.
 * @param {Refusal} refusal
 * @param {Key} [stopped]
 */
function unchanged(refusal, stopped) {
  showScreen('thread');
  const code = refusal.problem?.code ?? '';
  if (code !== 'stopped') setProblem(() => refusalWords(refusal), code.startsWith('text-') ? 'reply' : '');
  else if (stopped) setProblem(() => t(stopped));
}

const deleteScreen = () =>
  el(
    'section',
    {'data-screen': 'delete'},
    el('h1', {}, t('delete.title')),
    el(
      'ul',
      {},
      /** @type {const} */ (['what', 'final', 'honest']).map((each) => el('li', {}, t(`delete.${each}`))),
    ),
    el(
      'div',
      {class: 'actions'},
      el(
        'button',
        {type: 'button', class: 'danger', id: 'delete-now', on: {click: () => void remove()}},
        t('delete.now'),
      ),
      el('button', {type: 'button', id: 'keep', on: {click: () => showScreen('thread')}}, t('delete.keep')),
    ),
  );

async function remove() {
  try {
    await whileSending({title: 'delete.deleting', stop: 'sending.back'}, () => call('remove'));
    state.received?.forgetFiles();
    sent();
    state.shown = null;
    showScreen('deleted');
  } catch (refusal) {
    unchanged(/** @type {Refusal} */ (refusal), 'delete.stopped');
  }
}

const deletedScreen = () =>
  el(
    'section',
    {'data-screen': 'deleted'},
    el('div', {class: 'done'}, el('h1', {}, t('deleted.title')), el('p', {}, t('deleted.lead'))),
    el('p', {}, t('received.leave')),
    el(
      'div',
      {class: 'actions'},
      el('button', {type: 'button', class: 'primary', id: 'close', on: {click: leave}}, t('received.close')),
    ),
  );

addScreens({
  return: codeScreen,
  thread: () => state.shown && threadScreen(state.shown),
  delete: deleteScreen,
  deleted: deletedScreen,
});
