/**
 * This module locks the page: at the press of a button, and by itself when the page is not touched for long,
 * even during a download: an inbox must not stand open for hours because a file is large. Locking forgets
 * everything.
 */
import {isSaving} from '../parts/received_files.js';
import {emit, endWorker, onEnd} from '../page/calls.js';
import {byId, el, fill} from '../page/elements.js';
import {showScreen} from '../page/frame.js';
import {t, tn} from '../page/words.js';
import {isUnsent} from './state.js';
import {watchIdle} from './idle.js';

/** @import {Child} from '../page/elements.js' */
/** @import {Watch} from './idle.js' */

const SPOKEN_SECONDS = [60, 30, 10];
const ACTS = ['pointerdown', 'pointermove', 'keydown', 'input', 'wheel', 'scroll', 'touchstart'];
const LOOKS = ['focus', 'pageshow', 'visibilitychange'];

/** `isIdle`: the page locked by itself. @type {{watch: Watch | null, isIdle: boolean}} */
const locking = {watch: null, isIdle: false};

const clock = {
  now: () => Date.now(),
  repeat: (/** @type {() => void} */ task, /** @type {number} */ milliseconds) => {
    const timer = setInterval(task, milliseconds);
    return () => clearInterval(timer);
  },
};

for (const name of ACTS)
  addEventListener(name, () => locking.watch?.active(), {capture: true, passive: true});
for (const name of LOOKS) addEventListener(name, () => locking.watch?.check(), {capture: true});

onEnd(() => watch(null));

/** @param {Watch | null} next in place of the one that there is */
function watch(next) {
  locking.watch?.end();
  locking.watch = next;
}

/** @returns {boolean} */
export const hasLockedByItself = () => locking.isIdle;

/** Lock the page of a signed-in recipient when it is idle. */
export function watchPage() {
  watch(watchIdle(clock, {warn, calm: closeDialog, lock: () => lock(true)}));
  byId('lock', HTMLButtonElement).hidden = false;
}

/** Before signing in, forget a typed code when the page is idle. */
export function watchForm() {
  const again = () => {
    emit({event: 'idle'});
    watchForm();
  };
  watch(watchIdle(clock, {warn: again, calm: () => undefined, lock: again}));
}

function lock(isIdle = false) {
  closeDialog();
  locking.isIdle = isIdle;
  void endWorker('lock');
  byId('lock', HTMLButtonElement).hidden = true;
  showScreen('sign-in');
  watchForm();
}

/**
 * Lock, after a question if a text would be lost. Somebody may be looking over the recipient's shoulder, so
 * the dialog covers the screen first.
 */
export function askToLock() {
  if (!isUnsent()) return lock();
  openDialog('locking', [
    el('h2', {id: 'dialog-title'}, t('lock.unsent.title')),
    el('p', {id: 'dialog-words'}, t('lock.unsent')),
    el(
      'div',
      {class: 'actions'},
      button('lock-now', 'primary', 'lock.now', () => lock()),
      button('stay', '', 'lock.unsent.back', closeDialog),
    ),
  ]);
  byId('stay', HTMLButtonElement).focus();
}

/** @param {number} seconds */
function warn(seconds) {
  if (!document.getElementById('idle-seconds')) {
    openDialog('idle', [
      el('h2', {id: 'dialog-title'}, t('idle.title')),
      el(
        'p',
        {id: 'dialog-words'},
        el('span', {id: 'idle-seconds'}),
        ' ',
        t(isUnsent() ? 'idle.unsent' : 'idle.words'),
        isSaving() && ` ${t('idle.saving')}`,
      ),
      el('p', {id: 'idle-spoken', class: 'for-ears', 'aria-live': 'assertive'}),
      el(
        'div',
        {class: 'actions'},
        button('stay', 'primary', 'idle.stay', stay),
        button('lock-now', '', 'lock.now', () => lock()),
      ),
    ]);
    byId('stay', HTMLButtonElement).focus();
  }
  const words = tn('idle.seconds', seconds);
  byId('idle-seconds', HTMLElement).textContent = words;
  // Every second aloud would drown all else.
  if (SPOKEN_SECONDS.includes(seconds)) byId('idle-spoken', HTMLElement).textContent = words;
}

const stay = () => locking.watch?.stay();

/**
 * @param {string} id
 * @param {string} className
 * @param {import('../page/words.js').Key} key
 * @param {() => void} click
 */
const button = (id, className, key, click) =>
  el('button', {type: 'button', id, class: className || null, on: {click}}, t(key));

/** @param {'idle' | 'locking'} name @param {Child} content */
function openDialog(name, content) {
  closeDialog();
  const dialog = el('dialog', {
    id: 'dialog',
    class: name,
    role: 'alertdialog',
    'aria-labelledby': 'dialog-title',
    'aria-describedby': 'dialog-words',
    // Escape is the answer that loses nothing.
    on: {cancel: name === 'idle' ? stay : closeDialog},
  });
  fill(dialog, content);
  document.body.append(dialog);
  dialog.showModal();
}

function closeDialog() {
  const dialog = document.getElementById('dialog');
  if (!(dialog instanceof HTMLDialogElement)) return;
  dialog.close();
  dialog.remove();
}
