/**
 * Locking: by hand at once, and by itself when nobody touches the page, whatever is being downloaded meanwhile: an inbox must not
 * stand open for hours because a file is large. All that was here is gone then.
 */
import {isSaving} from '../received/files.js';
import {byId, el, fill, t, tn} from '../ui/screen.js';
import {clearDesk, isUnsent} from './desk.js';
import {watchIdle} from './idle.js';

/** @import {Child} from '../ui/screen.js' */
/** @import {Watch} from './idle.js' */
/** @typedef {'asked' | 'idle'} Reason */

/** The worker still writes the keyring; a server that is slow must not keep what it knows alive. */
const LAST_WRITE = 10_000;
const SPOKEN_SECONDS = [60, 30, 10];
const ACTS = ['pointerdown', 'pointermove', 'keydown', 'input', 'wheel', 'scroll', 'touchstart'];
const LOOKS = ['focus', 'pageshow', 'visibilitychange'];

/** @type {{watch: Watch | null, after: (reason: Reason) => void}} */
const locking = {watch: null, after: () => undefined};

const clock = {
  now: () => Date.now(),
  repeat: (/** @type {() => void} */ task, /** @type {number} */ milliseconds) => {
    const timer = setInterval(task, milliseconds);
    return () => clearInterval(timer);
  },
};

for (const name of ACTS) addEventListener(name, () => locking.watch?.active(), {capture: true, passive: true});
for (const name of LOOKS) addEventListener(name, () => locking.watch?.check(), {capture: true});

/** Somebody is signed in. @param {(reason: Reason) => void} after shows that the page is locked */
export function watch(after) {
  locking.watch?.end();
  locking.after = after;
  locking.watch = watchIdle(clock, {warn, calm: closeDialog, lock: () => lock('idle')});
  byId('lock', HTMLButtonElement).hidden = false;
}

/** A code that was typed and not sent is forgotten too. @param {() => void} forgetCode */
export function watchForm(forgetCode) {
  const again = () => {
    forgetCode();
    watchForm(forgetCode);
  };
  locking.watch?.end();
  locking.watch = watchIdle(clock, {warn: again, calm: () => undefined, lock: again});
}

/** The page is left. */
export function forgetWatch() {
  locking.watch?.end();
  locking.watch = null;
}

/** @param {Reason} reason */
function lock(reason) {
  forgetWatch();
  closeDialog();
  const link = clearDesk();
  byId('lock', HTMLButtonElement).hidden = true;
  locking.after(reason);
  void link?.endAfter('lock', LAST_WRITE);
}

/** Whoever presses the button may have somebody behind them: what is on the screen is covered before anything is asked. */
export function askToLock() {
  if (!isUnsent()) return lock('asked');
  openDialog('locking', [
    el('h2', {id: 'dialog-title'}, t('lock.unsent.title')),
    el('p', {id: 'dialog-words'}, t('lock.unsent')),
    el('div', {class: 'actions'}, button('lock-now', 'primary', 'lock.now', () => lock('asked')), button('stay', '', 'lock.unsent.back', closeDialog)),
  ]);
  byId('stay', HTMLButtonElement).focus();
}

/** @param {number} seconds */
function warn(seconds) {
  if (!document.getElementById('idle-seconds')) {
    openDialog('idle', [
      el('h2', {id: 'dialog-title'}, t('idle.title')),
      el('p', {id: 'dialog-words'}, el('span', {id: 'idle-seconds'}), ' ', t(isUnsent() ? 'idle.unsent' : 'idle.words'), isSaving() && ` ${t('idle.saving')}`),
      el('p', {id: 'idle-spoken', class: 'for-ears', 'aria-live': 'assertive'}),
      el('div', {class: 'actions'}, button('stay', 'primary', 'idle.stay', stay), button('lock-now', '', 'lock.now', () => lock('asked'))),
    ]);
    byId('stay', HTMLButtonElement).focus();
  }
  const words = tn('idle.seconds', seconds);
  byId('idle-seconds', HTMLElement).textContent = words;
  // Every second aloud would drown all else.
  if (SPOKEN_SECONDS.includes(seconds)) byId('idle-spoken', HTMLElement).textContent = words;
}

const stay = () => locking.watch?.stay();

/** @param {string} id @param {string} className @param {import('../ui/screen.js').Key} key @param {() => void} click */
const button = (id, className, key, click) => el('button', {type: 'button', id, class: className || null, on: {click}}, t(key));

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
