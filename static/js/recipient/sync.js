/**
 * This module syncs the inbox: after signing in everything since the recipient began, later only new
 * messages.
 */
import {call} from '../page/calls.js';
import {el} from '../page/elements.js';
import {t} from '../page/words.js';
import {addScreens, inOwnWords, refusalWords, setProblem, showScreen} from '../page/frame.js';
import {activityLine, during} from './activity.js';
import {state} from './state.js';

/** @import {InboxList} from '../worker/views.js' */

addScreens({
  syncing: () =>
    el(
      'div',
      {'data-screen': 'syncing'},
      el('h1', {}, t(state.syncFailed ? 'sync.failed' : 'sync.title')),
      state.who && el('p', {}, t('signed-in-as'), ' ', inOwnWords('strong', state.who.recipient.name)),
      activityLine('sync'),
      state.syncFailed
        ? el(
            'button',
            {type: 'button', class: 'primary', id: 'retry', on: {click: () => void firstSync()}},
            t('retry'),
          )
        : el('p', {class: 'hint'}, t('sync.why')),
    ),
});

/** @returns {Promise<void>} rejects with why not; the list is then as it was */
export async function sync() {
  /** @type {InboxList} */
  const list = await during('sync', () => call('sync'));
  state.list = list;
}

/** Shows the list once there is one. */
export async function firstSync() {
  state.syncFailed = false;
  const working = sync();
  showScreen('syncing');
  try {
    await working;
    showScreen('list');
  } catch (refusal) {
    state.syncFailed = true;
    setProblem(() => refusalWords(refusal));
  }
}
