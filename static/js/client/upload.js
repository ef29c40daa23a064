/** A chosen file on its way to the server, from the first attempt to the one that arrives. */
import {DrempelError} from '../crypto/errors.js';
import {Attempt} from './attempt.js';
import {asSent} from './chosen.js';
import {ClientProblem} from './connection.js';
import {Resized, openFileSealing} from './file_sealing.js';

/** @import {Random} from '../crypto/encoding.js' */
/** @import {Chosen} from './chosen.js' */
/** @import {Connection} from './shapes.d.ts' */
/** @import {UploadLine} from './upload_line.js' */
/** @import {FileView, Told} from './views.js' */
/** @typedef {{organisation: Uint8Array, beside: (tell?: (told: Told) => void) => Connection, random: Random}} Sealing what all files are sealed and sent with */

/** A file that never stays the same is not worth an endless reading. */
const MOST_CHANGES = 3;
/** Milliseconds between two words about how far it is. */
const TELLING = 200;
const PASSING = ['server-unreachable', 'server-busy', 'server-unavailable', 'server-fault', 'storage-full'];
/** After these, what was sealed is of no use. */
const OF_THE_FILE = ['attachment-changed', 'attachment-unreadable', 'conflict'];

export class Upload {
  /** @param {number} id the page's @param {File} file @param {Sealing} sealing @param {(view: FileView) => void} tell */
  constructor(id, file, sealing, tell) {
    this.id = id;
    this.file = file;
    this.sealing = sealing;
    this.tell = tell;
    /** One for each request on its way. @type {Set<Connection>} */
    this.connections = new Set();
    /** @type {FileView['state']} */
    this.state = 'waiting';
    this.code = '';
    this.changes = 0;
    this.told = 0;
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
    Object.assign(this, news, {told: performance.now()});
    const {id, state, code, changes, attempt} = this;
    this.tell({id, state, code, changed: changes > 0, share: attempt?.share ?? 0});
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

  /** One request. @param {Attempt} attempt @param {UploadLine} line */
  async send(attempt, line) {
    if (this.state === 'waiting') this.show({state: 'uploading'});
    const range = attempt.take(line.width);
    const began = performance.now();
    const connection = this.sealing.beside();
    this.connections.add(connection);
    try {
      await line.carry(connection, () => attempt.send(connection, range));
      line.arrived(range[1] - range[0], (performance.now() - began) / 1000);
      if (attempt === this.attempt && attempt.isWhole) await this.finish(attempt);
      else if (performance.now() - this.told > TELLING) this.show();
    } catch (problem) {
      await this.trouble(attempt, problem, line);
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

  /** @param {Attempt} attempt @param {unknown} problem @param {UploadLine} line */
  async trouble(attempt, problem, line) {
    if (attempt !== this.attempt || (problem instanceof ClientProblem && problem.code === 'stopped')) return;
    const code = problem instanceof DrempelError ? problem.code : '';
    if (PASSING.includes(code)) return line.failed(code);
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

  /** What is part of one message can't be part of another, but under another secret. @param {Connection} connection */
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
