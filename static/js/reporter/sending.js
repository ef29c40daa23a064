/** Sending, until it is stored or refused, and what is said then. */
import {el, t, tn} from '../ui/screen.js';
import {Refusal, leave, redraw, say, show} from '../ui/page.js';
import {clearFiles, filesShown} from './composing.js';

/** @import {Told} from '../client/views.js' */
/** @import {Child, Key} from '../ui/screen.js' */
/** @import {Item} from './composing.js' */
/** @import {Session} from './main.js' */
/** @typedef {{title: Key, stop: Key, files?: Item[]}} Words `files` are those that it waits for */
/**
 * What is asked of the Worker, and the ways back: a refusal leads to where it can be put right, another receipt is shown first.
 * @typedef {{asked: () => object, refused: (session: Session, refusal: Refusal) => Promise<void>, renewed: (session: Session) => void}} Sending
 */

/** @param {Session} session @param {Sending} sending */
export async function send(session, {asked, refused, renewed}) {
  const {draft} = session;
  try {
    await filesToArrive(session, draft.files, draft.tried || draft.perhaps);
    await whileSending(session, {title: 'sending.title', stop: 'sending.stop'}, async (call) => {
      // The day may have changed meanwhile, and with it the keys. What may have arrived stays the same bytes.
      await call('seal', asked());
      const now = /** @type {string} */ (await call('receipt'));
      if (now !== draft.receipt) return Object.assign(draft, {receipt: now, renewed: true});
      draft.tried = true;
      await call('send');
      Object.assign(draft, {stored: true, text: '', arrived: draft.files.length});
      return clearFiles(session, draft.files);
    });
  } catch (refusal) {
    return refused(session, /** @type {Refusal} */ (refusal));
  }
  return draft.stored ? show('title', () => received(session)) : renewed(session);
}

/**
 * All of a message's files, before it is sealed: it names what they are sealed with.
 * @param {Session} session @param {Item[]} files @param {boolean} [tried] something may have been stored before
 */
export async function filesToArrive(session, files, tried = false) {
  if (files.every(({state}) => state === 'done')) return;
  const ids = files.map(({id}) => id);
  try {
    await whileSending(session, {title: 'sending.files', stop: 'sending.stop', files}, (call) => call('settled', {files: ids}));
  } catch (refusal) {
    const {problem} = /** @type {Refusal} */ (refusal);
    throw problem?.code === 'stopped' && !tried ? new Refusal({code: 'files-stopped', detail: ''}) : refusal;
  }
}

/**
 * A screen that says how it goes on, until the work is done; the person can hurry it, and stop it.
 * @template T
 * @param {Session} session @param {Words} words @param {(call: (name: string, args?: object) => Promise<unknown>) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function whileSending(session, words, work) {
  const {link} = session;
  /** @type {Told | null} */
  let told = null;
  const news = (/** @type {Told | null} */ event) => {
    told = event;
    redraw();
    say(event && (() => waitingWords(event)));
  };
  const hurry = () => {
    news(null);
    void link.call('hurry');
  };
  let stopped = false;
  const stop = () => {
    stopped = true;
    void link.call('stop');
  };
  /** Between two calls the Worker has nothing to stop. @param {string} name @param {object} [args] */
  const call = async (name, args) => {
    if (stopped) throw new Refusal({code: 'stopped', detail: ''});
    return link.call(name, args);
  };
  session.hear = news;
  show('title', () => sendingScreen(words, told, hurry, stop));
  try {
    return await work(call);
  } finally {
    session.hear = () => undefined;
  }
}

/** @param {Words} words @param {Told | null} told @param {() => void} hurry @param {() => void} stop */
const sendingScreen = ({title, stop: stopWords, files}, told, hurry, stop) =>
  el(
    'section',
    {'data-screen': 'sending'},
    el('h1', {}, t(title)),
    !files && el('progress', {'aria-labelledby': 'heading'}),
    !told && el('p', {id: 'progress-words'}, t(files ? 'sending.files.then' : 'sending.open')),
    files && filesShown(files, true),
    el(
      'div',
      {class: 'actions'},
      told?.event === 'waiting' && el('button', {type: 'button', class: 'primary', id: 'hurry', on: {click: hurry}}, t('sending.hurry')),
      el('button', {type: 'button', id: 'stop', on: {click: stop}}, t(stopWords)),
    ),
  );

/** @type {Readonly<Record<string, Key>>} */
const WHY = Object.freeze({
  'server-unreachable': 'waiting.unreachable',
  'server-busy': 'waiting.busy',
  'storage-full': 'waiting.full',
});

/** What a Worker says while it tries. @param {Told} told */
export function waitingWords(told) {
  if (told.event !== 'waiting') return t('waiting.slow');
  return `${t(WHY[told.code] ?? 'waiting.unavailable')} ${tn('waiting.again', Math.ceil(told.seconds))}`;
}

/** @param {() => void} back */
export const receiptInTheMaking = (back) =>
  el(
    'section',
    {'data-screen': 'receipt'},
    el('h1', {}, t('receipt.making')),
    el('p', {role: 'status'}, t('receipt.wait')),
    el('progress', {'aria-labelledby': 'heading'}),
    el('div', {class: 'actions'}, el('button', {type: 'button', id: 'back', on: {click: back}}, t('back'))),
  );

/** @param {string} code */
export const groups = (code) =>
  el('ol', {class: 'groups', id: 'receipt-groups', translate: 'no'}, code.split('-').map((group) => el('li', {}, group)));

/** @param {Session} session */
function received(session) {
  const {arrived} = session.draft;
  const {acknowledge_days: acknowledge, feedback_days: feedback, retention_days: retention} = session.overview.policy;
  return el(
    'section',
    {'data-screen': 'received'},
    el('div', {class: 'done'}, el('h1', {}, t('received.title')), el('p', {}, t('received.lead')), arrived > 0 && el('p', {id: 'received-files'}, tn('received.files', arrived))),
    el('h2', {}, t('received.next')),
    el(
      'ul',
      {},
      acknowledge > 0 && el('li', {}, tn('received.acknowledge', acknowledge)),
      feedback > 0 && el('li', {}, tn('received.feedback', feedback)),
      el('li', {}, t('received.return')),
      el('li', {}, tn('received.retention', retention)),
    ),
    el('details', {id: 'show-code'}, el('summary', {}, t('received.code')), groups(session.draft.receipt)),
    el('p', {}, t('received.leave')),
    el('div', {class: 'actions'}, el('button', {type: 'button', class: 'primary', id: 'close', on: {click: leave}}, t('received.close'))),
  );
}
