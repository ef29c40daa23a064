/** This module says why a Worker is waiting, and when it tries again. */
import {t, tn} from './words.js';

/** @import {WorkerEvent} from '../worker/views.js' */
/** @import {Key} from './words.js' */

/** @type {Readonly<Record<string, Key>>} */
const WHY = Object.freeze({
  'server-unreachable': 'waiting.unreachable',
  'server-busy': 'waiting.busy',
  'storage-full': 'waiting.full',
});

/** The text for a Worker's `waiting` or `slow`. @param {WorkerEvent} event */
export function waitingWords(event) {
  if (event.event !== 'waiting') return t('waiting.slow');
  const again = event.seconds > 0 ? tn('waiting.again', Math.ceil(event.seconds)) : t('waiting.now');
  return `${t(WHY[event.code] ?? 'waiting.unavailable')} ${again}`;
}
