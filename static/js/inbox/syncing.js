/** Fetching what is new, and saying how far it is: the first time everything since the recipient began. */
import {el, t} from '../ui/screen.js';
import {inOwnWords, refusalWords, setProblem, show} from '../ui/page.js';
import {activityLine, during} from './activity.js';
import {ask, desk} from './desk.js';

/** @import {InboxList} from '../client/views.js' */

/** @returns {Promise<void>} rejects with why not; the list is then as it was */
export async function sync() {
  /** @type {InboxList} */
  const list = await during('sync', () => ask('sync'));
  desk.list = list;
}

/** @param {() => void} done shows the list */
export async function firstSync(done) {
  let failed = false;
  const draw = () =>
    el(
      'div',
      {'data-screen': 'syncing'},
      el('h1', {}, t(failed ? 'sync.failed' : 'sync.title')),
      desk.who && el('p', {}, t('signed-in-as'), ' ', inOwnWords('strong', desk.who.recipient.name)),
      activityLine('sync'),
      failed
        ? el('button', {type: 'button', class: 'primary', id: 'retry', on: {click: () => void firstSync(done)}}, t('retry'))
        : el('p', {class: 'hint'}, t('sync.why')),
    );
  const working = sync();
  show('title', draw);
  try {
    await working;
    done();
  } catch (refusal) {
    failed = true;
    setProblem(() => refusalWords(refusal));
  }
}
