/** Pauses between tries: how they grow, how they end, and when it is tried no more. */
import assert from 'node:assert/strict';
import {afterEach, beforeEach, mock, test} from 'node:test';
import {setImmediate} from 'node:timers/promises';
import {DrempelError} from '../../static/js/crypto/public/errors.js';
import {Retry, TRANSIENT, isTransient} from '../../static/js/client/retry.js';

const PROBLEM = new DrempelError('server-busy');
const clock = {now: 0};

beforeEach(() => {
  mock.timers.enable({apis: ['setTimeout']});
  mock.method(performance, 'now', () => clock.now);
  // The longest of what spreads clients.
  mock.method(Math, 'random', () => 1);
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

/** @param {number} seconds */
async function pass(seconds) {
  clock.now += 1000 * seconds;
  mock.timers.tick(1000 * seconds);
  await setImmediate();
}

/** The pauses of so many failures, one after the other. @param {Retry} retry @param {number} count */
async function pauses(retry, count) {
  const found = [];
  for (let nth = 0; nth < count; nth += 1) {
    const paused = retry.pause(PROBLEM);
    const {arguments: [, seconds = 0] = []} = /** @type {any} */ (retry.onRetry).mock.calls.at(-1);
    found.push(seconds);
    await pass(seconds);
    await paused;
  }
  return found;
}

test('pauses double up to five seconds, and to thirty where it is tried for ever and has failed for long', async () => {
  const retry = new Retry(Infinity, mock.fn());
  assert.deepEqual(await pauses(retry, 8), [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5]);
  assert.deepEqual(await pauses(retry, 8), [5, 5, 5, 10, 20, 30, 30, 30]);
});

test('progress begins anew', async () => {
  const retry = new Retry(Infinity, mock.fn());
  await pauses(retry, 20);
  retry.progressed();
  assert.deepEqual(await pauses(retry, 2), [0.2, 0.4]);
});

test('the time-out counts from the beginning, and after progress from the next failure', async () => {
  const retry = new Retry(10, mock.fn());
  await pass(9.9);
  await assert.rejects(retry.pause(PROBLEM), PROBLEM);
  retry.progressed();
  await pass(100);
  const [first] = await pauses(retry, 1);
  assert.equal(first, 0.2);
  await pass(10);
  await assert.rejects(retry.pause(PROBLEM), PROBLEM);
});

test('a pause can be ended', async () => {
  const onRetry = mock.fn();
  const retry = new Retry(Infinity, onRetry, 600);
  retry.hurry();
  const paused = retry.pause(PROBLEM);
  assert.equal(retry.isPausing, true);
  retry.hurry();
  await paused;
  assert.equal(retry.isPausing, false);
  assert.deepEqual(onRetry.mock.calls[0]?.arguments, ['server-busy', 600]);
});

test('what the same request would meet again is not transient', () => {
  assert.deepEqual(
    TRANSIENT.map((code) => isTransient(new DrempelError(code))),
    TRANSIENT.map(() => true),
  );
  assert.equal(isTransient(new DrempelError('blob-unknown')), false);
  assert.equal(isTransient(new TypeError('server-busy')), false);
});
