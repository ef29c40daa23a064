/** This module shows the progress of sending, and waits for the files of a message before. */
import {Refusal, call, onEvent} from '../page/calls.js';
import {el} from '../page/elements.js';
import {addScreens, isShown, redraw, announce, showScreen} from '../page/frame.js';
import {waitingWords} from '../page/waiting.js';
import {t} from '../page/words.js';
import {areComing, haveArrived} from './message_files.js';
import {filesShown} from './message_form.js';
import {state} from './state.js';

/** @import {PageEvent} from '../page/calls.js' */
/** @import {WorkerEvent} from '../worker/views.js' */
/** @import {Item, Task, Words} from './state.js' */

/**
 * Wait for all of a message's files, before it is sealed: it names what they are sealed with.
 * @param {Item[]} files
 * @param {boolean} [tried] something may have been stored before
 */
export async function filesToArrive(files, tried = false) {
  if (haveArrived(files)) return;
  await whileWaiting({title: 'sending.files', stop: 'sending.stop', files}, tried, async () => {
    await until(() => haveArrived(files));
    // What the Worker knows counts: it seals. All may have been removed since.
    if (files.length > 0) await callUnlessStopped('settled', {files: files.map(({id}) => id)});
  });
}

/**
 * Wait for all that was chosen for a message, before anything is made of it.
 * @param {Item[]} files @param {boolean} tried something may have been stored before
 */
export async function filesToCome(files, tried) {
  if (!areComing(files)) return;
  const words = /** @type {const} */ ({
    title: 'sending.taking',
    stop: 'sending.stop',
    then: 'sending.open',
    files,
  });
  await whileWaiting(words, tried, () => until(() => !areComing(files)));
}

/**
 * Wait for files, and say after a stop that nothing was sent.
 * @param {Words} words
 * @param {boolean} tried
 * @param {() => Promise<void>} work
 */
async function whileWaiting(words, tried, work) {
  try {
    await whileSending(words, work);
  } catch (refusal) {
    const {problem} = /** @type {Refusal} */ (refusal);
    throw problem?.code === 'stopped' && !tried ? new Refusal({code: 'files-stopped', detail: ''}) : refusal;
  }
}

const stopped = () => new Refusal({code: 'stopped', detail: ''});

/**
 * Show the screen that says how it goes on, until the work is done; the person can hurry it, and stop it.
 * Where the server has lost something of the message's files, they are on their way again, and seen to be.
 * @template T
 * @param {Words} words @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function whileSending(words, work) {
  state.task = {words, event: null, isStopped: false, isWaiting: isWaitingFor(words), looks: []};
  showScreen('sending');
  return work();
}

/** Between two calls the Worker has nothing to stop. @param {string} name @param {object} [args] */
export async function callUnlessStopped(name, args) {
  if (state.task?.isStopped) throw stopped();
  return call(name, args);
}

/** @param {() => boolean} isSo @returns {Promise<void>} resolves once something is so of files */
const until = (isSo) =>
  new Promise((resolve, reject) => {
    const look = () => {
      if (state.task?.isStopped) reject(stopped());
      else if (isSo()) resolve();
    };
    state.task?.looks.push(look);
    look();
  });

/** @param {Words} words */
const isWaitingFor = ({files}) => files !== undefined && !haveArrived(files);

/** @param {PageEvent} event @returns {event is WorkerEvent} whether it says how the Worker's tries go */
export const isWaitingEvent = (event) => event.event === 'waiting' || event.event === 'slow';

onEvent((event) => {
  const {task} = state;
  if (!task || !isShown('sending')) return;
  if (isWaitingEvent(event)) show(task, event);
  if (event.event !== 'files') return;
  const isWaiting = isWaitingFor(task.words);
  if (isWaiting !== task.isWaiting) redraw();
  Object.assign(task, {isWaiting});
  task.looks.forEach((look) => look());
});

/** @param {Task} task @param {WorkerEvent | null} event */
function show(task, event) {
  Object.assign(task, {event});
  redraw();
  announce(event && (() => waitingWords(event)));
}

/** @param {Task} task */
function hurry(task) {
  show(task, null);
  void call('hurry');
}

/** @param {Task} task */
function stop(task) {
  Object.assign(task, {isStopped: true});
  void call('stop');
  task.looks.forEach((look) => look());
}

/** @param {Task} task */
function sendingScreen(task) {
  const {words, event} = task;
  const {title, stop: stopWords, then, files} = words;
  const awaited = files && !haveArrived(files) ? files : null;
  return el(
    'section',
    {'data-screen': 'sending'},
    el('h1', {}, t(awaited && !then ? 'sending.files' : title)),
    !awaited && el('progress', {'aria-labelledby': 'heading'}),
    (then || !event) &&
      el('p', {id: 'progress-words'}, t(then ?? (awaited ? 'sending.files.then' : 'sending.open'))),
    awaited && filesShown(awaited, true),
    el(
      'div',
      {class: 'actions'},
      event?.event === 'waiting' &&
        el(
          'button',
          {type: 'button', class: 'primary', id: 'hurry', on: {click: () => hurry(task)}},
          t('sending.hurry'),
        ),
      el('button', {type: 'button', id: 'stop', on: {click: () => stop(task)}}, t(stopWords)),
    ),
  );
}

addScreens({sending: () => state.task && sendingScreen(state.task)});
