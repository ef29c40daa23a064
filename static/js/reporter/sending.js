/** Sending, until it is stored or refused, and what is said then. */
import {el, t, tn} from '../ui/screen.js';
import {Refusal, leave, redraw, say, show} from '../ui/page.js';
import {areComing, clearFiles, filesShown, haveArrived, watchFiles} from './composing.js';

/** @import {Told} from '../client/views.js' */
/** @import {Child, Key} from '../ui/screen.js' */
/** @import {Item} from './composing.js' */
/** @import {Session} from './main.js' */
/** @typedef {{title: Key, stop: Key, then?: Key, files?: Item[]}} Words `files` are those of the message: it waits for them wherever one of them is not there */
/** @typedef {(name: string, args?: object) => Promise<unknown>} Call */
/** @typedef {(isSo: () => boolean) => Promise<void>} Until waits until something is so of files */
/**
 * What is asked of the Worker, and the ways back: a refusal leads to where it can be put right, another receipt is shown first.
 * @typedef {{asked: () => object, refused: (session: Session, refusal: Refusal) => Promise<void>, renewed: (session: Session) => void}} Sending
 */

/** @param {Session} session @param {Sending} sending */
export async function send(session, {asked, refused, renewed}) {
  const {draft} = session;
  try {
    await filesToArrive(session, draft.files, draft.tried || draft.perhaps);
    await whileSending(session, {title: 'sending.title', stop: 'sending.stop', files: draft.files}, async (call) => {
      // The day may have changed meanwhile, and with it the keys. What may have arrived stays the same bytes.
      await call('seal', asked());
      const now = /** @type {string} */ (await call('receipt'));
      if (now !== draft.receipt) return Object.assign(draft, {receipt: now, renewed: true});
      draft.tried = true;
      await call('send').catch((/** @type {Refusal} */ refusal) => {
        // Then nothing of it is stored.
        if (refusal.problem?.code === 'attachments-incomplete') draft.tried = false;
        throw refusal;
      });
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
  if (haveArrived(files)) return;
  await whileWaiting(session, {title: 'sending.files', stop: 'sending.stop', files}, tried, async (call, until) => {
    await until(() => haveArrived(files));
    // What the Worker knows counts: it seals. All may have been removed meanwhile.
    if (files.length > 0) await call('settled', {files: files.map(({id}) => id)});
  });
}

/**
 * All that was chosen for a message, before anything is made of it.
 * @param {Session} session @param {Item[]} files @param {boolean} tried something may have been stored before
 */
export async function filesToCome(session, files, tried) {
  if (!areComing(files)) return;
  const words = /** @type {const} */ ({title: 'sending.taking', stop: 'sending.stop', then: 'sending.open', files});
  await whileWaiting(session, words, tried, (_, until) => until(() => !areComing(files)));
}

/** Nothing is sent meanwhile, and whoever stops is told so. @param {Session} session @param {Words} words @param {boolean} tried @param {(call: Call, until: Until) => Promise<void>} work */
async function whileWaiting(session, words, tried, work) {
  try {
    await whileSending(session, words, work);
  } catch (refusal) {
    const {problem} = /** @type {Refusal} */ (refusal);
    throw problem?.code === 'stopped' && !tried ? new Refusal({code: 'files-stopped', detail: ''}) : refusal;
  }
}

const stoppedBefore = () => new Refusal({code: 'stopped', detail: ''});

/**
 * A screen that says how it goes on, until the work is done; the person can hurry it, and stop it. Where the server has lost
 * something of the message's files, they are on their way again, and seen to be.
 * @template T
 * @param {Session} session @param {Words} words @param {(call: Call, until: Until) => Promise<T>} work
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
    looks.forEach((look) => look());
  };
  /** Between two calls the Worker has nothing to stop. @param {string} name @param {object} [args] */
  const call = async (name, args) => {
    if (stopped) throw stoppedBefore();
    return link.call(name, args);
  };
  /** @type {(() => void)[]} */
  const looks = [];
  /** @type {Until} */
  const until = (isSo) =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (stopped) reject(stoppedBefore());
        else if (isSo()) resolve();
      };
      looks.push(look);
      look();
    });
  const isWaiting = () => words.files !== undefined && !haveArrived(words.files);
  let waited = isWaiting();
  const moved = () => {
    if (isWaiting() !== waited) redraw();
    waited = isWaiting();
    looks.forEach((look) => look());
  };
  session.hear = news;
  watchFiles(moved);
  show('title', () => sendingScreen(words, told, hurry, stop));
  try {
    return await work(call, until);
  } finally {
    session.hear = () => undefined;
    watchFiles(() => undefined);
  }
}

/** @param {Words} words @param {Told | null} told @param {() => void} hurry @param {() => void} stop */
function sendingScreen({title, stop: stopWords, then, files}, told, hurry, stop) {
  const awaited = files && !haveArrived(files) ? files : null;
  return el(
    'section',
    {'data-screen': 'sending'},
    el('h1', {}, t(awaited && !then ? 'sending.files' : title)),
    !awaited && el('progress', {'aria-labelledby': 'heading'}),
    (then || !told) && el('p', {id: 'progress-words'}, t(then ?? (awaited ? 'sending.files.then' : 'sending.open'))),
    awaited && filesShown(awaited, true),
    el(
      'div',
      {class: 'actions'},
      told?.event === 'waiting' && el('button', {type: 'button', class: 'primary', id: 'hurry', on: {click: hurry}}, t('sending.hurry')),
      el('button', {type: 'button', id: 'stop', on: {click: stop}}, t(stopWords)),
    ),
  );
}

/** @type {Readonly<Record<string, Key>>} */
const WHY = Object.freeze({
  'server-unreachable': 'waiting.unreachable',
  'server-busy': 'waiting.busy',
  'storage-full': 'waiting.full',
});

/** What a Worker says while it tries. @param {Told} told */
export function waitingWords(told) {
  if (told.event !== 'waiting') return t('waiting.slow');
  const again = told.seconds > 0 ? tn('waiting.again', Math.ceil(told.seconds)) : t('waiting.now');
  return `${t(WHY[told.code] ?? 'waiting.unavailable')} ${again}`;
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
