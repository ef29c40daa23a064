/**
 * How the line to the server is: how many requests it takes at once, how much in each, when to try again after a failure, and
 * whether it hangs.
 */

/** @import {Connection, Limits} from './shapes.d.ts' */
/** A request on its way, since when in milliseconds; `finds`: whether it finds out how the line is after a failure. @typedef {{connection: Connection, since: number, finds: boolean}} Flight */

/**
 * Requests at a time where the line is fast; on a slow one they would all run out of time. A browser has six for a host, and the
 * text must find one free.
 */
const LANES = 3;
/** Chunks in a request. */
const WIDEST = 16;
/** Seconds that a request may take for the next to be larger, over Tor as well; and after which it is smaller. */
const FAST = 4;
const SLOW = 10;
/** Seconds. */
const LONGEST_PAUSE = 5;
const LONGEST_PAUSE_FOR_EVER = 30;
const LONG = 30;

export class UploadLine {
  /**
   * @param {(code: string, seconds: number) => void} tell what is wrong, and in how many seconds it is tried again, or 0 if it is
   *   being tried; `slow` if nothing is answered; no code when it is well
   * @param {() => void} go there is room again
   * @param {Pick<Limits, 'slow' | 'firstPause'>} limits
   */
  constructor(tell, go, {slow, firstPause}) {
    this.tell = tell;
    this.go = go;
    this.slow = slow;
    this.firstPause = firstPause;
    /** @type {Set<Flight>} */
    this.flights = new Set();
    this.width = 1;
    this.lanes = 1;
    /** What is wrong, if anything. */
    this.code = '';
    this.isSilent = false;
    this.pause = firstPause;
    this.since = 0;
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.rest = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.listening = undefined;
  }

  /** After a failure one request finds out how it is now: one of before may hang for minutes. */
  get hasRoom() {
    if (this.rest !== null) return false;
    return this.code ? [...this.flights].every(({finds}) => !finds) : this.flights.size < this.lanes;
  }

  /** @template T @param {Connection} connection that nothing else goes over @param {() => Promise<T>} request @returns {Promise<T>} */
  async carry(connection, request) {
    const flight = {connection, since: performance.now(), finds: this.code !== ''};
    this.flights.add(flight);
    if (flight.finds) this.tell(this.code, 0);
    if (flight.finds || this.flights.size === 1) this.listen();
    try {
      return await request();
    } finally {
      this.flights.delete(flight);
      this.listen();
    }
  }

  /** Where so much is on its way, an answer comes every few seconds, or it hangs. */
  listen() {
    clearTimeout(this.listening);
    const silent = () => {
      this.isSilent = true;
      this.tell('slow', 0);
    };
    if (this.flights.size > 0) this.listening = setTimeout(silent, 1000 * this.slow);
  }

  /** @param {number} chunks that arrived in one request @param {number} seconds that it took */
  arrived(chunks, seconds) {
    if (seconds < FAST) {
      this.lanes = Math.min(LANES, this.lanes + 1);
      if (chunks === this.width) this.width = Math.min(WIDEST, 2 * this.width);
    }
    if (seconds > SLOW) this.narrow();
    if (this.code || this.isSilent) this.tell('', 0);
    Object.assign(this, {code: '', isSilent: false, pause: this.firstPause});
  }

  narrow() {
    this.width = Math.max(1, Math.floor(this.width / 2));
    this.lanes = Math.max(1, this.lanes - 1);
  }

  /** @param {string} code of a failure that may pass */
  failed(code) {
    this.narrow();
    // Several requests fail of one cause.
    if (this.rest !== null) return;
    if (!this.code) this.since = performance.now();
    this.code = code;
    // Spreads clients, and guards nothing.
    const seconds = this.pause * (0.5 + Math.random() / 2);
    const isLong = performance.now() - this.since > 1000 * LONG;
    this.pause = Math.min(2 * this.pause, isLong ? LONGEST_PAUSE_FOR_EVER : LONGEST_PAUSE);
    this.rest = setTimeout(() => this.goOn(), 1000 * seconds);
    this.isSilent = false;
    this.tell(code, seconds);
  }

  /** End the present pause. */
  goOn() {
    if (this.rest !== null) clearTimeout(this.rest);
    this.rest = null;
    this.go();
  }

  /**
   * End the present pause, and break off what hangs: a chunk that is sent twice is stored once.
   * @param {boolean} all whatever is on its way hangs, since it set out over another network
   */
  hurry(all) {
    const hang = [...this.flights].filter(({since}) => all || performance.now() - since > 1000 * this.slow);
    if (hang.length > 0) {
      if (!this.code) Object.assign(this, {code: 'server-unreachable', since: performance.now()});
      this.isSilent = false;
      this.narrow();
    }
    for (const {connection} of hang) connection.stop();
    this.goOn();
  }
}
