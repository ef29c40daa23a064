/** The recipient's inbox. It shows and asks; every secret but the text on the screen is in the worker. */
import {forgetFiles, hearFiles, isSaving} from '../received/files.js';
import {hearPreview} from '../received/preview.js';
import {byId} from '../ui/screen.js';
import {begin, refusalWords, setOrganisation, setProblem} from '../ui/page.js';
import {hear} from './activity.js';
import {clearDesk, haveOrganisation, isUnsent, listen} from './desk.js';
import {showList} from './list.js';
import {askToLock, forgetWatch, watch, watchForm} from './locking.js';
import {adoptForm, forgetCode, ready, showLocked} from './signing_in.js';
import {firstSync} from './syncing.js';

/** A tab closed by mistake takes the text along; one that was told to forget asks nothing. @param {BeforeUnloadEvent} event */
function guard(event) {
  if (isUnsent()) event.preventDefault();
}

function enter() {
  watch((reason) => {
    showLocked(reason);
    watchForm(forgetCode);
  });
  void firstSync(showList);
}

/** @type {import('../ui/page.js').Leaving} */
function forget(isGone) {
  forgetWatch();
  const half = isSaving() && !isGone;
  const dropped = forgetFiles();
  const link = clearDesk();
  if (half && link) return Promise.all([dropped, link.endAfter('leave')]);
  link?.end();
  return null;
}

async function start() {
  adoptForm(enter);
  listen((told) => [hear, hearFiles, hearPreview].forEach((each) => each(told)));
  await begin('inbox', forget);
  addEventListener('beforeunload', guard);
  // Another link was opened in this tab: what its fingerprint says counts, and nothing of what stood here does.
  addEventListener('hashchange', () => location.reload());
  byId('lock', HTMLButtonElement).addEventListener('click', askToLock);
  ready();
  watchForm(forgetCode);
  try {
    setOrganisation(await haveOrganisation());
  } catch (refusal) {
    setProblem(() => refusalWords(refusal));
  }
}

start().catch(() => document.getElementById('loading')?.setAttribute('class', 'problem'));
