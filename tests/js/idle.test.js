/**
 * The inbox locks by itself, whatever the clock does meanwhile. No test waits: the time is the test's own.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {LOCK_AFTER, WARN_AFTER, watchIdle} from '../../static/js/recipient/idle.js';

const MINUTE = 60_000;

/** A desk with a clock that only the test moves; `told` is what the page was told, in order. */
function watching() {
  /** @type {(string | number)[]} */
  const reactions = [];
  let [time, ticking] = [1_800_000_000_000, true];
  let tick = () => undefined;
  const clock = {
    now: () => time,
    repeat: (/** @type {any} */ task) => {
      tick = task;
      return () => {
        ticking = false;
      };
    },
  };
  const watch = watchIdle(clock, {
    warn: (seconds) => reactions.push(seconds),
    calm: () => reactions.push('calm'),
    lock: () => reactions.push('lock'),
  });
  /** Time passes with a tick each second. @param {number} milliseconds */
  const wait = (milliseconds) => {
    for (const until = time + milliseconds; time < until && ticking;) {
      time += 1000;
      tick();
    }
  };
  /** Time passes without one: the device sleeps, or its clock is set. @param {number} milliseconds */
  const sleep = (milliseconds) => {
    time += milliseconds;
  };
  return {watch, reactions, wait, sleep, tick: () => tick(), isTicking: () => ticking};
}

test('a page that nobody touches warns for a minute, second by second, and locks once', () => {
  const {reactions, wait, isTicking} = watching();
  wait(WARN_AFTER - 1000);
  assert.deepEqual(reactions, []);
  wait(61_000);
  assert.deepEqual(reactions, [...Array.from({length: 60}, (_, second) => 60 - second), 'lock']);
  assert.equal(isTicking(), false);
  assert.equal(LOCK_AFTER, 15 * MINUTE);
});

test('whoever works is not warned', () => {
  const {watch, reactions, wait} = watching();
  for (let times = 0; times < 10; times += 1) {
    wait(13 * MINUTE);
    watch.active();
  }
  assert.deepEqual(reactions, []);
});

test('a warning ends by its answer, not by a mouse that is knocked against', () => {
  const {watch, reactions, wait} = watching();
  wait(WARN_AFTER);
  watch.active();
  wait(1000);
  assert.deepEqual(reactions, [60, 60, 59]);
  watch.stay();
  assert.equal(reactions.at(-1), 'calm');
  wait(WARN_AFTER - 1000);
  assert.equal(reactions.at(-1), 'calm');
  wait(1000);
  assert.equal(reactions.at(-1), 60);
  wait(MINUTE);
  assert.equal(reactions.at(-1), 'lock');
});

for (const [name, touch] of /** @type {const} */ ([
  ['timer', 'tick'],
  ['touch', 'active'],
  ['look', 'check'],
  ['press of "stay"', 'stay'],
])) {
  test(`a device that slept through it is locked by the first ${name} after`, () => {
    const {watch, reactions, sleep, tick} = watching();
    sleep(8 * 60 * MINUTE);
    if (touch === 'tick') tick();
    else watch[touch]();
    assert.deepEqual(reactions, ['lock']);
    watch.active();
    watch.stay();
    tick();
    assert.deepEqual(reactions, ['lock']);
  });
}

test('a device that wakes in the last minute shows the warning, and the touch that woke it does not end it', () => {
  const {watch, reactions, sleep, wait} = watching();
  sleep(14.5 * MINUTE);
  watch.active();
  assert.deepEqual(reactions, [30]);
  wait(30_000);
  assert.equal(reactions.at(-1), 'lock');
});

test('a clock that is set back gives fifteen minutes, not an hour more', () => {
  const {reactions, sleep, wait} = watching();
  wait(10 * MINUTE);
  sleep(-60 * MINUTE);
  wait(LOCK_AFTER + 1000);
  assert.equal(reactions.at(-1), 'lock');
});

test('after its end nothing is told', () => {
  const {watch, reactions, sleep, tick, isTicking} = watching();
  watch.end();
  assert.equal(isTicking(), false);
  sleep(LOCK_AFTER);
  tick();
  watch.active();
  assert.deepEqual(reactions, []);
});
