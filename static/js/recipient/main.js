/** The recipient's inbox. It shows and asks; every secret but the text on the screen is in the worker. */
import {byId} from '../page/elements.js';
import {begin, refusalWords, setOrganisation, setProblem, showScreen} from '../page/frame.js';
import {haveOrganisation, isUnsent} from './state.js';
import {askToLock, watchForm} from './lock.js';
import {adoptForm} from './sign_in.js';
import './list.js';

/**
 * A tab closed by mistake takes the text along; one that was told to forget asks nothing.
 * @param {BeforeUnloadEvent} event
 */
function guard(event) {
  if (isUnsent()) event.preventDefault();
}

async function start() {
  adoptForm();
  await begin('inbox', 'sign-in');
  addEventListener('beforeunload', guard);
  // Another link was opened in this tab: what its fingerprint says counts, and nothing of what stood here
  // does.
  addEventListener('hashchange', () => location.reload());
  byId('lock', HTMLButtonElement).addEventListener('click', askToLock);
  showScreen('sign-in', {focus: 'code'});
  watchForm();
  try {
    setOrganisation(await haveOrganisation());
  } catch (refusal) {
    setProblem(() => refusalWords(refusal));
  }
}

start().catch(() => document.getElementById('loading')?.setAttribute('class', 'problem'));
