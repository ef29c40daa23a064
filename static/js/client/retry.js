/**
 * This module retries transient failures, with growing pauses and a time-out: the one place of a client that
 * pauses and repeats. The twin of `intake/client/retry.py`, whose time-out counts from the first failure.
 */
import {DrempelError} from '../crypto/public/errors.js';

/** Seconds. */
export const FIRST_PAUSE = 0.2;
const LONGEST_PAUSE = 5;
/** Seconds. After the second, what is tried for ever pauses for as long as the first. */
const LONGEST_PAUSE_FOR_EVER = 30;
const LONG = 30;

/** Codes of failures that the same request may not meet in a while. */
export const TRANSIENT = Object.freeze([
  'server-unreachable',
  'server-busy',
  'server-unavailable',
  'server-fault',
]);

/** @param {unknown} problem @returns {problem is DrempelError} */
export const isTransient = (problem) => problem instanceof DrempelError && TRANSIENT.includes(problem.code);

/**
 * The pauses and the time-out of something that is repeated while its failure is transient. The time-out
 * counts from when this is made, and after progress from the next failure.
 */
export class Retry {
  /**
   * @param {number} retryFor seconds until the time-out; Infinity is for ever
   * @param {(code: string, seconds: number) => void} onRetry gets the problem's code and the pause, before it
   * @param {number} [firstPause]
   */
  constructor(retryFor, onRetry, firstPause = FIRST_PAUSE) {
    this.retryFor = retryFor;
    this.onRetry = onRetry;
    this.firstPause = firstPause;
    this.next = firstPause;
    /** @type {number | null} */
    this.since = performance.now();
    /** Ends the present pause. @type {(() => void) | null} */
    this.end = null;
  }

  get isPausing() {
    return this.end !== null;
  }

  /** Start over: something has arrived. */
  progressed() {
    Object.assign(this, {since: null, next: this.firstPause});
  }

  /** Wait before the next try. @param {DrempelError} problem is thrown once the time-out has come */
  async pause(problem) {
    this.since ??= performance.now();
    const elapsed = (performance.now() - this.since) / 1000;
    if (elapsed + this.next > this.retryFor) throw problem;
    // Spreads clients, and guards nothing.
    const seconds = this.next * (0.5 + Math.random() / 2);
    const isLong = this.retryFor === Infinity && elapsed > LONG;
    this.next = Math.min(2 * this.next, isLong ? LONGEST_PAUSE_FOR_EVER : LONGEST_PAUSE);
    const over = this.rest(seconds);
    this.onRetry(problem.code, seconds);
    await over;
  }

  /** @param {number} seconds @returns {Promise<void>} */
  rest(seconds) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.end = null;
        resolve();
      };
      const timer = setTimeout(end, 1000 * seconds);
      this.end = end;
    });
  }

  /** End the present pause. */
  hurry() {
    this.end?.();
  }
}
