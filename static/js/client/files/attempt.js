/**
 * An attempt uploads a file sealed under one secret, and knows which chunks the server has (PROTOCOL 16.1,
 * 12).
 */
import {CHUNK_LENGTH} from '../../crypto/public/blobs.js';
import {b64, isNumber} from '../../crypto/public/encoding.js';
import {need, readAs} from '../../crypto/public/bytes.js';
import {DrempelError} from '../../crypto/public/errors.js';

/** @import {Connection} from '../shapes.d.ts' */
/** @import {FileSealing} from './file_sealer.js' */
/** @typedef {[from: number, to: number]} Range of chunks, the second no longer in it */

/** Bytes a second: as slowly as the service lets a body come, one chunk may go up. */
const SLOWEST = 2048;
/** Seconds for the body of any longer request: the connection has proved to be fast before. */
const UPLOADING = 64;
/** Seconds to go on telling the server that something is not wanted: it goes after a day anyway. */
const RETRY_SECONDS = 10;
const LONGEST_RANGES = 4 * 1024 * 1024;

export class Attempt {
  /** @param {FileSealing} sealing */
  constructor(sealing) {
    this.sealing = sealing;
    /** @type {Range[]} what is neither stored nor on its way */
    this.todo = [[0, sealing.count]];
    this.flying = 0;
    this.stored = 0;
    this.isStarted = false;
    this.checked = false;
    /** Part of a message by now. */
    this.isClaimed = false;
    this.path = `blobs/${b64(sealing.keys.blob)}`;
  }

  get share() {
    return this.stored / this.sealing.count;
  }

  get isWhole() {
    return this.stored === this.sealing.count;
  }

  /**
   * @param {number} width the most chunks
   * @returns {Range} the next ones, which are on their way from now on
   */
  take(width) {
    const [[from, to], ...rest] = /** @type {[Range, ...Range[]]} */ (this.todo);
    const end = Math.min(to, from + width);
    this.todo = end < to ? [[end, to], ...rest] : rest;
    return [from, end];
  }

  /**
   * Read, seal and store these chunks, or leave them to be done again. Sealed chunks are not kept for that:
   * what is read and sealed again is the same bytes, or the file has changed.
   * @param {Connection} connection @param {Range} range
   */
  async send(connection, range) {
    const [from, to] = range;
    this.flying += 1;
    try {
      const chunks = [];
      for (let number = from; number < to; number += 1) chunks.push(await this.sealing.seal(number));
      this.isStarted = true;
      // Chromium sends megabytes that are no Blob twenty times slower.
      const body = new Blob(/** @type {BlobPart[]} */ (chunks));
      const uploading = to - from === 1 ? CHUNK_LENGTH / SLOWEST : UPLOADING;
      const options = {token: this.sealing.keys.token, body, expected: [204], retryFor: 0, uploading};
      await connection.request('PUT', `${this.path}/chunks/${from}`, options);
      this.stored += to - from;
    } catch (problem) {
      this.todo.unshift(range);
      throw problem;
    } finally {
      this.flying -= 1;
    }
  }

  /** What the server does not have is to be done again. @param {Connection} connection */
  async ask(connection) {
    const {sealing, path} = this;
    const options = {token: sealing.keys.token, longest: LONGEST_RANGES, retryFor: Infinity};
    const {stored} = await connection.json('GET', `${path}/chunks`, options);
    this.todo = readAs('answer-damaged', () => missing(stored, sealing.count));
    this.checked = false;
    this.stored = sealing.count - this.todo.reduce((sum, [from, to]) => sum + to - from, 0);
  }

  /**
   * Whether it is part of a message by now: only then a server gives any of it.
   * @param {Connection} connection
   * @returns {Promise<boolean>}
   */
  async seeIfClaimed(connection) {
    if (this.isClaimed) return true;
    try {
      const options = {token: this.sealing.keys.token, longest: CHUNK_LENGTH};
      const {content} = await connection.request(
        'GET',
        `${this.path}/chunks/${this.sealing.count - 1}`,
        options,
      );
      // Otherwise a proxy in between has answered.
      if (content.length !== CHUNK_LENGTH) throw new DrempelError('answer-damaged');
      this.isClaimed = true;
      return true;
    } catch (problem) {
      if (problem instanceof DrempelError && problem.code === 'blob-unknown') return false;
      throw problem;
    }
  }

  /** It will be part of no message. @param {Connection} connection */
  async erase(connection) {
    if (!this.isStarted || this.isClaimed) return;
    try {
      await connection.request('DELETE', this.path, {
        token: this.sealing.keys.token,
        expected: [204],
        retryFor: RETRY_SECONDS,
      });
    } catch (problem) {
      // The server deletes unclaimed chunks by itself, only later.
      if (!(problem instanceof DrempelError)) throw problem;
    }
  }
}

/**
 * @param {unknown} stored as the server says it
 * @param {number} count
 * @returns {Range[]} the rest of so many chunks
 */
function missing(stored, count) {
  need(Array.isArray(stored), 'stored');
  /** @type {Range[]} */
  const found = [];
  let end = 0;
  for (const range of [...stored, [count, count]]) {
    need(
      Array.isArray(range) && isNumber(range[0], end, count) && isNumber(range[1], range[0], count),
      'range',
    );
    if (range[0] > end) found.push([end, range[0]]);
    end = range[1];
  }
  return found;
}
