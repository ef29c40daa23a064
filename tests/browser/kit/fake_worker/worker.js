/**
 * A worker that knows no protocol: it answers each call with what the test has named, at once, so that every
 * state a screen can show is a moment away. The line to the page and the check of codes are the real ones,
 * and the compiler holds the answers to the types that the real workers promise.
 */
import {checkCode, serve} from '../../../../static/js/worker/calls.js';
import {give} from './answers.js';

/** @import {WorkerEvent} from '../../../../static/js/worker/views.js' */

const CALLS = [
  ...[
    'open',
    'prepare',
    'receipt',
    'seal',
    'send',
    'visit',
    'refresh',
    'write',
    'remove',
    'leave',
    'withFiles',
  ],
  ...['attach', 'pauseFile', 'goOnWithFile', 'removeFiles', 'settled'],
  ...['signIn', 'sync', 'read', 'reply', 'saveFile', 'lookAtFile', 'lock'],
];

/** @type {() => void} */
let end = () => undefined;

/** @param {string} call @param {unknown} args */
async function with_fake_worker(call, args) {
  /** @type {Promise<void>} */
  const stopped = new Promise((resolve) => {
    end = resolve;
  });
  const asked = await fetch(`/fake_worker/${call}`, {cache: 'no-store'});
  return give(call, await asked.text(), {
    emit: (/** @type {WorkerEvent} */ event) => globalThis.postMessage(event),
    stopped,
    args,
  });
}

const calls = Object.fromEntries(
  CALLS.map((call) => [call, (/** @type {unknown} */ args) => with_fake_worker(call, args)]),
);
serve({...calls, checkCode, stop: () => end(), stopFile: () => end(), hurry: () => undefined}, globalThis);
