/**
 * This module sets the pace of uploads: how many requests at once, how many chunks in each, when to retry
 * after a failure, and when a request hangs.
 */

import {DrempelError} from '../../crypto/public/errors.js';
import {Retry} from '../retry.js';

/** @import {Connection, Limits} from '../shapes.d.ts' */
/**
 * A request on its way, since when in milliseconds; `finds`: whether it tests the connection after a failure.
 * @typedef {{connection: Connection, since: number, finds: boolean}} Flight
 */

/**
 * Requests at a time where the connection is fast; on a slow one they would all time out. A browser has six
 * for a host, and the text must find one free.
 */
const LANES = 3;
/** Chunks in a request. */
const WIDEST = 16;
/**
 * Seconds that a request may take for the next to be larger, over Tor as well; and after which it is smaller.
 */
const FAST = 4;
const SLOW = 10;

export class UploadPace {
  /**
   * @param {(code: string, seconds: number) => void} emit what is wrong, and in how many seconds it is tried
   *   again, or 0 if it is being tried; `slow` if nothing is answered; no code when it is well
   * @param {() => void} go there is room again
   * @param {Pick<Limits, 'slow' | 'firstPause'>} limits
   */
  constructor(emit, go, {slow, firstPause}) {
    this.emit = emit;
    this.go = go;
    this.slow = slow;
    this.retry = new Retry(Infinity, emit, firstPause);
    this.retry.progressed();
    /** @type {Set<Flight>} */
    this.flights = new Set();
    this.width = 1;
    this.widest = WIDEST;
    this.lanes = 1;
    /** What is wrong, if anything. */
    this.code = '';
    this.isSilent = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.listening = undefined;
  }

  /**
   * Whether another request may start. After a failure a single one tests the connection: an earlier one may
   * hang for minutes.
   */
  get hasRoom() {
    if (this.retry.isPausing) return false;
    return this.code ? [...this.flights].every(({finds}) => !finds) : this.flights.size < this.lanes;
  }

  /**
   * @template T
   * @param {Connection} connection that nothing else goes over
   * @param {() => Promise<T>} request
   * @returns {Promise<T>}
   */
  async carry(connection, request) {
    const flight = {connection, since: performance.now(), finds: this.code !== ''};
    this.flights.add(flight);
    if (flight.finds) this.emit(this.code, 0);
    if (flight.finds || this.flights.size === 1) this.listen();
    try {
      return await request();
    } finally {
      this.flights.delete(flight);
      this.listen();
    }
  }

  /**
   * Emit `slow` if no answer comes for some seconds: with so much on its way, that means a hanging
   * connection.
   */
  listen() {
    clearTimeout(this.listening);
    const silent = () => {
      this.isSilent = true;
      this.emit('slow', 0);
    };
    if (this.flights.size > 0) this.listening = setTimeout(silent, 1000 * this.slow);
  }

  /** @param {number} chunks that arrived in one request @param {number} seconds that it took */
  arrived(chunks, seconds) {
    if (seconds < FAST) {
      this.lanes = Math.min(LANES, this.lanes + 1);
      if (chunks === this.width) this.width = Math.min(this.widest, 2 * this.width);
    }
    if (seconds > SLOW) this.narrow();
    if (this.code || this.isSilent) this.emit('', 0);
    Object.assign(this, {code: '', isSilent: false});
    this.retry.progressed();
  }

  narrow() {
    this.width = Math.max(1, Math.floor(this.width / 2));
    this.lanes = Math.max(1, this.lanes - 1);
  }

  /**
   * A proxy does not let so many chunks through at once, and never will: from now on fewer go together.
   * @param {number} chunks
   */
  refused(chunks) {
    this.widest = Math.min(this.widest, Math.max(1, Math.floor(chunks / 2)));
    this.width = Math.min(this.width, this.widest);
  }

  /** @param {string} code of a failure that may pass */
  failed(code) {
    this.narrow();
    // Several requests fail of one cause.
    if (this.retry.isPausing) return;
    Object.assign(this, {code, isSilent: false});
    void this.retry.pause(new DrempelError(code)).then(() => this.go());
  }

  /**
   * End the present pause, and break off what hangs: a chunk that is sent twice is stored once.
   * @param {boolean} all whatever is on its way hangs, since it set out over another network
   */
  hurry(all) {
    const hang = [...this.flights].filter(({since}) => all || performance.now() - since > 1000 * this.slow);
    if (hang.length > 0) {
      Object.assign(this, {code: this.code || 'server-unreachable', isSilent: false});
      this.narrow();
    }
    for (const {connection} of hang) connection.stop();
    // The end of a pause goes on by itself.
    if (this.retry.isPausing) this.retry.hurry();
    else this.go();
  }
}
