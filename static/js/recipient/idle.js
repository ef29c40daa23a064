/** This module warns and locks when the page was not touched for long: a desk is left, a laptop is closed. */

export const WARN_AFTER = 14 * 60_000;
export const LOCK_AFTER = 15 * 60_000;
const CHECK_EVERY = 1_000;

/**
 * The clock on the wall and not one that counts: many devices count no time while they sleep.
 * @typedef {{now: () => number, repeat: (task: () => void, milliseconds: number) => () => void}} Clock
 *   `repeat` gives back what ends it
 */
/**
 * @typedef {{warn: (seconds: number) => void, calm: () => void, lock: () => void}} Reactions `warn` comes
 *   again each second
 */
/**
 * `active` is something a person did; `stay` is the answer to the warning, which only that ends: a mouse that
 * is knocked against does not mean that a person is reading. `check` looks at the clock at once.
 * @typedef {{active: () => void, stay: () => void, check: () => void, end: () => void}} Watch
 */

/** @param {Clock} clock @param {Reactions} reactions @returns {Watch} */
export function watchIdle({now, repeat}, {warn, calm, lock}) {
  let [last, warned, ended] = [now(), false, false];
  const stop = repeat(check, CHECK_EVERY);

  function end() {
    ended = true;
    stop();
  }

  function check() {
    if (ended) return;
    const time = now();
    // A clock set back must not give an hour more.
    if (time < last) last = time;
    const idle = time - last;
    if (idle >= LOCK_AFTER) {
      end();
      lock();
    } else if (idle >= WARN_AFTER) {
      warned = true;
      warn(Math.ceil((LOCK_AFTER - idle) / 1000));
    }
  }

  function active() {
    // The first touch after a night's sleep comes before any timer does.
    check();
    if (!ended && !warned) last = now();
  }

  function stay() {
    check();
    if (ended) return;
    [last, warned] = [now(), false];
    calm();
  }

  return {active, stay, check, end};
}
