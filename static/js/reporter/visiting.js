/** A return visit: the receipt is asked for, the conversation read, written on, deleted. */
import {el, t} from '../ui/screen.js';
import {Refusal, leave, redraw, refusalWords, setProblem, show} from '../ui/page.js';
import {codeField} from './code_field.js';
import {areChosen, clearFiles, filesPart} from './composing.js';
import {filesToArrive, whileSending} from './sending.js';
import {conversation, sentFiles} from './thread.js';

/** @import {CodeCheck, MessageView, Visit} from '../client/views.js' */
/** @import {Child, Key} from '../ui/screen.js' */
/** @import {Session} from './main.js' */

/** @typedef {{visit: Visit, done?: Key | undefined, getting: number | null}} Shown `done` is told first; `getting` is the place of the message whose files are asked for */

/** Whether it was said that closing loses the text that stands there. */
const closing = {warned: false};

/** Whether something of what stands there may have arrived. */
const sending = {tried: false};

/** @param {Session} session */
export function askForReceipt(session) {
  show('title', () => codeScreen(session));
}

/** @param {Session} session */
function codeScreen(session) {
  const {typed, link} = session;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void open(session);
  };
  /** @returns {Promise<CodeCheck>} */
  const check = (/** @type {string} */ text) => link.call('checkCode', {text, kind: 'receipt'});
  return el(
    'form',
    {'data-screen': 'return', autocomplete: 'off', on: {submit}},
    el('h1', {}, t('return.title')),
    codeField({value: typed.code, changed: (text) => void (typed.code = text), check}),
    el(
      'div',
      {class: 'actions'},
      el('button', {type: 'submit', class: 'primary', id: 'open'}, t('return.open')),
      el('button', {type: 'button', id: 'back', on: {click: session.home}}, t('back')),
    ),
  );
}

/** @param {Session} session */
async function open(session) {
  const {typed, link} = session;
  try {
    /** @type {Visit} */
    const visit = await whileSending(session, {title: 'return.opening', stop: 'sending.back'}, () => link.call('visit', {code: typed.code}));
    typed.code = '';
    read(session, visit);
  } catch (refusal) {
    askForReceipt(session);
    const {problem} = /** @type {Refusal} */ (refusal);
    if (problem?.code !== 'stopped') setProblem(() => refusalWords(refusal));
    document.getElementById('code')?.focus();
  }
}

/**
 * What it takes to look at a file or to download it is fetched when somebody wants to: who watches the line would see from it
 * that there is an answer. Whoever has gone on to something else meanwhile stays there.
 * @param {Session} session @param {Shown} shown @param {number} place of the message
 */
async function getFiles(session, shown, place) {
  if (shown.getting !== null) return;
  shown.getting = place;
  redraw();
  const isHere = () => document.querySelector('[data-screen="thread"]') !== null && screen.shown === shown;
  try {
    const received = await import('./receiving.js').catch(() => {
      throw new Refusal({code: 'page-incomplete', detail: ''});
    });
    await received.begin(session.link);
    /** @type {Visit} */
    const visit = await session.link.call('withFiles');
    Object.assign(session, {received});
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

/** @param {Session} session @param {Shown} shown @returns {(message: MessageView, place: number) => Child} */
const filesOf = (session, shown) => (message, place) => {
  if (session.received?.areNamed(message)) return session.received.fileList(message, place, () => read(session, shown.visit));
  const get = () => void getFiles(session, shown, place);
  const isComing = shown.getting === place;
  const button = {type: 'button', id: `get-files-${place}`, 'aria-disabled': isComing ? 'true' : null, on: {click: get}};
  return [sentFiles(message), message.attachments.length > 0 && el('button', button, t(isComing ? 'thread.getting' : 'thread.get-files'))];
};

/** The conversation that was shown last. @type {{shown: Shown | null}} */
const screen = {shown: null};

/** @param {Session} session @param {Visit} visit @param {Key} [done] what there is to tell first */
function read(session, visit, done) {
  const shown = {visit, done, getting: null};
  screen.shown = shown;
  show('title', () => threadScreen(session, shown));
}

/** @param {Session} session @param {Shown} shown */
const threadScreen = (session, shown) => {
  const {visit, done} = shown;
  return el(
    'section',
    {'data-screen': 'thread'},
    el('h1', {}, t('thread.title')),
    done && el('div', {class: 'done', role: 'status', id: 'done'}, el('p', {}, t(done))),
    conversation(visit, filesOf(session, shown)),
    el('p', {}, el('button', {type: 'button', id: 'refresh', on: {click: () => void refresh(session, visit)}}, t('thread.refresh'))),
    visit.canWrite ? replyForm(session, visit) : el('div', {class: 'notice', id: 'closed'}, el('p', {}, t('thread.closed'))),
    el(
      'div',
      {class: 'actions apart'},
      el('button', {type: 'button', id: 'close', on: {click: () => finish(session)}}, t('received.close')),
      el('button', {type: 'button', class: 'danger', id: 'delete', on: {click: () => sure(session, visit)}}, t('thread.delete')),
    ),
  );
};

/** The button at the top asks nothing; who is done may have forgotten a text. @param {Session} session */
function finish({typed, draft}) {
  const unsent = typed.reply.trim() !== '' || draft.text.trim() !== '' || areChosen(typed.files) || areChosen(draft.files);
  if (!unsent || closing.warned) return leave();
  closing.warned = true;
  return setProblem(() => t('thread.unsent'), 'reply');
}

/** @param {Session} session @param {Visit} visit */
function replyForm(session, visit) {
  const {typed} = session;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void reply(session, visit);
  };
  const input = (/** @type {Event} */ {target}) => {
    closing.warned = false;
    typed.reply = target instanceof HTMLTextAreaElement ? target.value : '';
  };
  const field = {autocomplete: 'off', autocorrect: 'off', autocapitalize: 'off', spellcheck: 'false', dir: 'auto'};
  return el(
    'form',
    {autocomplete: 'off', on: {submit}},
    el(
      'div',
      {class: 'field'},
      el('label', {for: 'reply'}, t('thread.write')),
      el('textarea', {class: 'short', id: 'reply', value: typed.reply, ...field, on: {input}}),
    ),
    filesPart(session, typed.files),
    el('div', {class: 'actions'}, el('button', {type: 'submit', class: 'primary', id: 'send-reply'}, t('thread.send'))),
  );
}

/** @param {Session} session @param {Visit} visit as it is shown, and will be again if the server can't be asked */
async function refresh(session, visit) {
  try {
    const work = () => session.link.call('refresh');
    /** @type {Visit} */
    const found = await whileSending(session, {title: 'thread.refreshing', stop: 'sending.back'}, work);
    if (arrived(session, visit, found)) sent(session);
    read(session, found, 'thread.refreshed');
  } catch (refusal) {
    unchanged(session, visit, /** @type {Refusal} */ (refusal));
  }
}

/** Whether what was stopped is there after all: left in the field, it would be sent twice. @param {Session} session @param {Visit} before @param {Visit} found */
function arrived({typed}, before, found) {
  const seen = new Set(before.messages.map(({envelope}) => envelope));
  return found.messages.some(({envelope, own, text, attachments}) => own && !seen.has(envelope) && text === typed.reply && attachments.length === typed.files.length);
}

/** @param {Session} session */
function sent(session) {
  session.typed.reply = '';
  sending.tried = false;
  clearFiles(session, session.typed.files);
}

/** @param {Session} session @param {Visit} visit */
async function reply(session, visit) {
  const {typed} = session;
  if (typed.reply.trim() === '') {
    setProblem(() => t('error.text-empty'), 'reply');
    return;
  }
  const {tried} = sending;
  try {
    await filesToArrive(session, typed.files, tried);
    await whileSending(session, {title: 'thread.sending', stop: 'sending.stop', files: typed.files}, (call) => {
      sending.tried = true;
      return call('write', {text: typed.reply, files: typed.files.map(({id}) => id)});
    });
  } catch (refusal) {
    // Then nothing of it is stored.
    if (/** @type {Refusal} */ (refusal).problem?.code === 'attachments-incomplete') Object.assign(sending, {tried});
    unchanged(session, visit, /** @type {Refusal} */ (refusal), 'thread.stopped');
    return;
  }
  sent(session);
  await see(session, visit);
}

/** A message that is stored: what stood there is gone, whether it can be seen now or not. @param {Session} session @param {Visit} before */
async function see(session, before) {
  try {
    const words = /** @type {const} */ ({title: 'thread.sent', stop: 'sending.back', then: 'thread.fetching'});
    const found = /** @type {Visit} */ (await whileSending(session, words, (call) => call('refresh')));
    read(session, found, 'thread.sent');
  } catch (refusal) {
    read(session, before, 'thread.unseen');
    const code = /** @type {Refusal} */ (refusal).problem?.code ?? '';
    // That the line is bad has nothing to do with the message any more.
    if (code !== 'stopped' && !code.startsWith('server-')) setProblem(() => refusalWords(refusal));
  }
}

/** The conversation as it was shown before, with the text as it was, and why. @param {Session} session @param {Visit} visit @param {Refusal} refusal @param {Key} [stopped] */
function unchanged(session, visit, refusal, stopped) {
  read(session, visit);
  const code = refusal.problem?.code ?? '';
  if (code !== 'stopped') setProblem(() => refusalWords(refusal), code.startsWith('text-') ? 'reply' : '');
  else if (stopped) setProblem(() => t(stopped));
}

/** @param {Session} session @param {Visit} visit */
function sure(session, visit) {
  show('title', () => deleteScreen(session, visit));
}

/** @param {Session} session @param {Visit} visit */
const deleteScreen = (session, visit) =>
  el(
    'section',
    {'data-screen': 'delete'},
    el('h1', {}, t('delete.title')),
    el('ul', {}, /** @type {const} */ (['what', 'final', 'honest']).map((each) => el('li', {}, t(`delete.${each}`)))),
    el(
      'div',
      {class: 'actions'},
      el('button', {type: 'button', class: 'danger', id: 'delete-now', on: {click: () => void remove(session, visit)}}, t('delete.now')),
      el('button', {type: 'button', id: 'keep', on: {click: () => read(session, visit)}}, t('delete.keep')),
    ),
  );

/** @param {Session} session @param {Visit} visit */
async function remove(session, visit) {
  try {
    await whileSending(session, {title: 'delete.deleting', stop: 'sending.back'}, () => session.link.call('remove'));
    session.received?.forget();
    sent(session);
    show('title', deletedScreen);
  } catch (refusal) {
    unchanged(session, visit, /** @type {Refusal} */ (refusal), 'delete.stopped');
  }
}

const deletedScreen = () =>
  el(
    'section',
    {'data-screen': 'deleted'},
    el('div', {class: 'done'}, el('h1', {}, t('deleted.title')), el('p', {}, t('deleted.lead'))),
    el('p', {}, t('received.leave')),
    el('div', {class: 'actions'}, el('button', {type: 'button', class: 'primary', id: 'close', on: {click: leave}}, t('received.close'))),
  );
