/** The progress line: current action, progress and retry countdown. */
import {call, hasWorkerAnswered, onEvent} from '../page/calls.js';
import {el, fill} from '../page/elements.js';
import {language, t, wordsFor} from '../page/words.js';
import {state} from './state.js';

/** @import {Child} from '../page/elements.js' */
/** @import {Activity} from './state.js' */

const MEGABYTE = 1_000_000;
/** A shorter pause is over before it is read. */
const SHORT_PAUSE = 2;

/**
 * Do some work, and show it in the progress line until it is done.
 * @template T
 * @param {Activity['name']} name @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function during(name, work) {
  /** @type {Activity} */
  const activity = {name, done: 0, total: 0, waiting: null, seconds: 0, slow: false};
  state.activity = activity;
  try {
    return await work();
  } finally {
    if (state.activity === activity) state.activity = null;
  }
}

onEvent((event) => {
  const {activity} = state;
  if (!activity) return;
  if (event.event === 'progress' && activity.name === 'sync')
    Object.assign(activity, {done: event.done, total: event.total, waiting: null, slow: false});
  if (event.event === 'slow') activity.slow = true;
  if (event.event === 'waiting')
    Object.assign(activity, {waiting: event.code, seconds: event.seconds, slow: false});
  drawActivity();
});

/**
 * The place of the progress line of one activity.
 * @param {Activity['name']} name
 */
export const activityLine = (name) => el('div', {'data-activity': name, 'aria-live': 'polite'}, lineOf(name));

/** Draw it where it stands, and touch nothing else: the list may have a thousand items. */
export function drawActivity() {
  for (const place of document.querySelectorAll('[data-activity]'))
    fill(place, lineOf(place.getAttribute('data-activity')));
}

/** @param {string | null} name @returns {Child} */
function lineOf(name) {
  const {activity} = state;
  if (activity?.name !== name) return null;
  const {waiting, slow} = activity;
  return [
    el('p', {class: 'activity'}, t(wordsOf(name)), amount(activity)),
    progress(activity),
    waiting !== null && retryWords(waiting, activity.seconds),
    waiting === null && slow && el('p', {class: 'hint', id: 'slow'}, t('activity.slow')),
  ];
}

/**
 * Firefox says nothing of a part of the worker that did not arrive, so this line has to.
 * @param {Activity['name']} name
 */
const wordsOf = (name) =>
  name === 'enter' && !hasWorkerAnswered() ? 'activity.load' : /** @type {const} */ (`activity.${name}`);

/** @param {Activity} activity */
const progress = ({name, done, total}) =>
  el('progress', {
    'aria-label': t(`activity.${name}`),
    ...(total > 0 && {max: total, value: Math.min(done, total)}),
  });

/** @param {Activity} activity */
function amount({done, total}) {
  if (total <= 0) return null;
  const megabytes = new Intl.NumberFormat(language(), {minimumFractionDigits: 1, maximumFractionDigits: 1});
  return ` ${t('activity.amount', {done: megabytes.format(done / MEGABYTE), total: megabytes.format(total / MEGABYTE)})}`;
}

function hurry() {
  if (state.activity) state.activity.waiting = null;
  drawActivity();
  void call('hurry');
}

/** @param {string} code @param {number} seconds */
const retryWords = (code, seconds) =>
  el(
    'div',
    {class: 'notice', id: 'waiting'},
    el('p', {}, wordsFor('error', code)),
    el(
      'p',
      {},
      seconds < SHORT_PAUSE ? t('activity.again') : t('activity.again-in', {seconds: Math.ceil(seconds)}),
    ),
    el('button', {type: 'button', id: 'hurry', on: {click: hurry}}, t('activity.hurry')),
  );
