/** An upload brings a chosen file to the server, from the first attempt to the one that arrives. */
import {DrempelError} from '../../crypto/public/errors.js';
import {Attempt} from './attempt.js';
import {asSent} from './chosen_file.js';
import {ClientProblem} from '../connection.js';
import {TRANSIENT} from '../retry.js';
import {Resized, openFileSealing} from './file_sealer.js';

/** @import {Random} from '../../crypto/public/encoding.js' */
/** @import {Chosen} from './chosen_file.js' */
/** @import {Connection, FileView, WorkerEvent} from '../shapes.d.ts' */
/** @import {UploadPace} from './upload_pace.js' */
/**
 * @typedef {{organisation: Uint8Array, beside: (emit?: (event: WorkerEvent) => void) => Connection, random:
 *   Random}} Sealing what all files are sealed and sent with
 */

/** A file that never stays the same is not worth an endless reading. */
const MOST_CHANGES = 3;
/** Milliseconds between two events about its progress. */
const EMITTED_EVERY = 200;
/** For a file the server may have room again. */
const TRANSIENT_HERE = [...TRANSIENT, 'storage-full'];
/** After these, what was sealed is of no use. */
const OF_THE_FILE = ['attachment-changed', 'attachment-unreadable', 'conflict'];

export class Upload {
  /**
   * @param {number} id the page's
   * @param {File} file
   * @param {Sealing} sealing
   * @param {(view: FileView) => void} emit
   */
  constructor(id, file, sealing, emit) {
    this.id = id;
    this.file = file;
    this.sealing = sealing;
    this.emit = emit;
    /** One for each request on its way. @type {Set<Connection>} */
    this.connections = new Set();
    /** @type {FileView['state']} */
    this.state = 'waiting';
    this.code = '';
    this.changes = 0;
    this.emittedAt = 0;
    /** @type {Chosen | null} */
    this.chosen = null;
    /** @type {Attempt | null} */
    this.attempt = null;
  }

  /** What of it can be sent now. @returns {Attempt | null} */
  get ready() {
    const isGoing = this.state === 'waiting' || this.state === 'uploading';
    return isGoing && this.attempt && this.attempt.todo.length > 0 ? this.attempt : null;
  }

  /** @param {Partial<Pick<Upload, 'state' | 'code' | 'attempt'>>} [news] */
  show(news = {}) {
    Object.assign(this, news, {emittedAt: performance.now()});
    const {id, state, code, changes, attempt} = this;
    this.emit({id, state, code, changed: changes > 0, share: attempt?.share ?? 0});
  }

  /** Under a secret of its own, from the first byte. */
  async begin() {
    this.drop();
    try {
      this.chosen ??= await asSent(this.file);
      const {organisation, random} = this.sealing;
      this.show({attempt: new Attempt(await openFileSealing(this.chosen, organisation, random))});
    } catch (problem) {
      this.fail(problem);
    }
  }

  /** One request. @param {Attempt} attempt @param {UploadPace} pace */
  async send(attempt, pace) {
    if (this.state === 'waiting') this.show({state: 'uploading'});
    const range = attempt.take(pace.width);
    const began = performance.now();
    const connection = this.sealing.beside();
    this.connections.add(connection);
    try {
      await pace.carry(connection, () => attempt.send(connection, range));
      pace.arrived(range[1] - range[0], (performance.now() - began) / 1000);
      if (attempt === this.attempt && attempt.isWhole) await this.finish(attempt);
      else if (performance.now() - this.emittedAt > EMITTED_EVERY) this.show();
    } catch (problem) {
      await this.trouble(attempt, problem, pace, range[1] - range[0]);
    } finally {
      this.connections.delete(connection);
    }
    // Only now nothing of it is on its way any more.
    if (attempt !== this.attempt && attempt.flying === 0) await attempt.erase(this.sealing.beside());
  }

  /** @param {Attempt} attempt of which all is stored */
  async finish(attempt) {
    // Several requests may find out together that they were the last.
    if (attempt.checked) return;
    attempt.checked = true;
    this.show();
    await attempt.sealing.check(() => this.attempt === attempt);
    if (this.attempt === attempt && attempt.isWhole) this.show({state: 'done'});
  }

  /**
   * @param {Attempt} attempt
   * @param {unknown} problem
   * @param {UploadPace} pace
   * @param {number} chunks that were sent
   */
  async trouble(attempt, problem, pace, chunks) {
    if (attempt !== this.attempt || (problem instanceof ClientProblem && problem.code === 'stopped')) return;
    const code = problem instanceof DrempelError ? problem.code : '';
    if (TRANSIENT_HERE.includes(code)) return pace.failed(code);
    if (code === 'proxy-limit' && chunks > 1) return pace.refused(chunks);
    const canChange = code === 'attachment-changed' && !(problem instanceof Resized);
    if (!canChange || this.changes === MOST_CHANGES) return this.fail(problem);
    this.changes += 1;
    return this.begin();
  }

  /** @param {unknown} problem */
  fail(problem) {
    const isKnown = problem instanceof DrempelError || problem instanceof ClientProblem;
    this.show({state: 'failed', code: isKnown ? problem.code : 'client-fault'});
  }

  pause() {
    if (this.state === 'done' || this.state === 'failed' || this.attempt?.isWhole) return;
    this.breakOff();
    this.show({state: 'paused'});
  }

  breakOff() {
    for (const connection of this.connections) connection.stop();
  }

  /** After a pause, or a failure. */
  async goOn() {
    if (this.state !== 'paused' && this.state !== 'failed') return;
    const isUseless = OF_THE_FILE.includes(this.code) || !this.attempt;
    if (isUseless) this.changes = 0;
    this.show({state: 'waiting', code: ''});
    if (isUseless) await this.begin();
  }

  /** What the server has lost is sent again. @param {Connection} connection */
  async repair(connection) {
    await this.attempt?.ask(connection);
    if (this.attempt?.isWhole === false) this.show({state: 'waiting'});
  }

  /**
   * What is part of one message can't be part of another, but under another secret.
   * @param {Connection} connection
   */
  async renew(connection) {
    const {attempt} = this;
    if (!attempt?.isWhole || !(await attempt.seeIfClaimed(connection)) || attempt !== this.attempt) return;
    this.show({state: 'waiting'});
    await this.begin();
  }

  /** Nothing of it is wanted any more. */
  drop() {
    const {attempt} = this;
    this.attempt = null;
    this.breakOff();
    if (attempt?.flying === 0) void attempt.erase(this.sealing.beside());
  }
}
