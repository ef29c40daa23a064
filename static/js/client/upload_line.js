/** How the line to the server is: how many requests it takes at once, how much in each, and when to try again after a failure. */

/** Requests at a time. A browser has six for a host, and the text must find one free. */
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
   * @param {(code: string, seconds: number) => void} tell what is wrong, and in how many seconds it is tried again; no code when it is well
   * @param {() => void} go there is room again
   * @param {number} firstPause seconds
   */
  constructor(tell, go, firstPause) {
    this.tell = tell;
    this.go = go;
    this.firstPause = firstPause;
    this.flying = 0;
    this.width = 1;
    /** What is wrong, if anything. */
    this.code = '';
    this.pause = firstPause;
    this.since = 0;
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.rest = null;
  }

  /** After a failure one request finds out how it is now. */
  get hasRoom() {
    return this.rest === null && this.flying < (this.code ? 1 : LANES);
  }

  /** @template T @param {() => Promise<T>} request @returns {Promise<T>} */
  async carry(request) {
    this.flying += 1;
    try {
      return await request();
    } finally {
      this.flying -= 1;
    }
  }

  /** @param {number} chunks that arrived in one request @param {number} seconds that it took */
  arrived(chunks, seconds) {
    if (seconds < FAST && chunks === this.width) this.width = Math.min(WIDEST, 2 * this.width);
    if (seconds > SLOW) this.width = Math.max(1, Math.floor(this.width / 2));
    if (this.code) this.tell('', 0);
    Object.assign(this, {code: '', pause: this.firstPause});
  }

  /** @param {string} code of a failure that may pass */
  failed(code) {
    this.width = Math.max(1, Math.floor(this.width / 2));
    // Several requests fail of one cause.
    if (this.rest !== null) return;
    if (!this.code) this.since = performance.now();
    this.code = code;
    // Spreads clients, and guards nothing.
    const seconds = this.pause * (0.5 + Math.random() / 2);
    const isLong = performance.now() - this.since > 1000 * LONG;
    this.pause = Math.min(2 * this.pause, isLong ? LONGEST_PAUSE_FOR_EVER : LONGEST_PAUSE);
    this.rest = setTimeout(() => this.hurry(), 1000 * seconds);
    this.tell(code, seconds);
  }

  /** End the present pause. */
  hurry() {
    if (this.rest === null) return;
    clearTimeout(this.rest);
    this.rest = null;
    this.go();
  }
}
