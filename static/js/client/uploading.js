/**
 * The files that a person has chosen go up while that person writes (PROTOCOL 16): read, sealed and sent chunk by chunk, several
 * at once, and again for as long as it takes. No file is ever in memory.
 */
import {buildClaims} from '../crypto/claims.js';
import {DrempelError} from '../crypto/errors.js';
import {ClientProblem} from './connection.js';
import {Upload} from './upload.js';
import {UploadLine} from './upload_line.js';

/** @import {Attached} from './sending.js' */
/** @import {Sealing} from './upload.js' */
/** @import {Told} from './views.js' */
/** @typedef {{ids: number[], resolve: () => void, reject: (problem: Error) => void}} Waiting */

const FIRST_PAUSE = 0.2;
/** A server that loses again and again what it has confirmed will not get better by being asked. */
const MOST_REPAIRS = 3;

export class Uploads {
  /** @param {Sealing} sealing @param {(told: Told) => void} tell @param {number} [firstPause] seconds */
  constructor(sealing, tell, firstPause = FIRST_PAUSE) {
    this.sealing = sealing;
    this.tell = tell;
    /** @type {Map<number, Upload>} */
    this.files = new Map();
    /** @type {Set<Waiting>} */
    this.waiting = new Set();
    this.asking = sealing.beside(tell);
    this.line = new UploadLine((code, seconds) => tell({event: 'line', code, seconds}), () => this.pump(), firstPause);
  }

  /** @param {number} id @param {File} file */
  async add(id, file) {
    const upload = new Upload(id, file, this.sealing, (view) => {
      if (this.files.get(id) === upload) this.tell({event: 'file', file: view});
      this.look();
    });
    this.files.set(id, upload);
    await upload.begin();
    this.pump();
  }

  pump() {
    while (this.line.hasRoom) {
      const upload = [...this.files.values()].find(({ready}) => ready);
      if (!upload?.ready) return;
      void upload.send(upload.ready, this.line).finally(() => this.pump());
    }
  }

  /** @param {number} id */
  pause(id) {
    this.files.get(id)?.pause();
  }

  /** @param {number} id */
  async goOn(id) {
    await this.files.get(id)?.goOn();
    this.pump();
  }

  /** @param {number[]} ids files that are not wanted any more */
  remove(ids) {
    const gone = ids.map((id) => this.files.get(id));
    this.release(ids);
    for (const upload of gone) upload?.drop();
  }

  /** @param {number[]} ids files that are part of a message by now */
  release(ids) {
    for (const id of ids) this.files.delete(id);
    this.look();
  }

  /** @param {number[]} ids @returns {Promise<void>} resolves when all that are still wanted have arrived */
  settled(ids) {
    return new Promise((resolve, reject) => {
      this.waiting.add({ids, resolve, reject});
      this.look();
    });
  }

  look() {
    const isSettled = (/** @type {number} */ id) => (this.files.get(id)?.state ?? 'done') === 'done';
    for (const each of this.waiting) {
      if (!each.ids.every(isSettled)) continue;
      this.waiting.delete(each);
      each.resolve();
    }
  }

  /** Whoever waits for files waits no longer. The files go on. */
  stop() {
    for (const {reject} of this.waiting) reject(new ClientProblem('stopped'));
    this.waiting.clear();
    this.asking.stop();
  }

  hurry() {
    this.line.hurry();
    this.asking.hurry();
  }

  /**
   * What a message names its files by.
   * @param {number[]} ids @returns {{attached: Attached, isWhole: boolean}} not whole: of another length than this it will not be
   */
  attached(ids) {
    const uploads = ids.flatMap((id) => this.files.get(id) ?? []);
    const sealings = uploads.flatMap(({attempt}) => attempt?.sealing ?? []);
    return {
      attached: {meta: sealings.map((sealing) => sealing.json()), claims: buildClaims(sealings.map((sealing) => sealing.claim()))},
      isWhole: sealings.length === ids.length && uploads.every(({state}) => state === 'done'),
    };
  }

  /** For another message than the one that may have arrived with them. @param {number[]} ids */
  async renew(ids) {
    this.asking.begin();
    for (const id of ids) await this.files.get(id)?.renew(this.asking);
    this.pump();
  }

  /** What the server has lost of them is sent again. @param {number[]} ids @returns {Promise<boolean>} whether all are sealed as they were */
  async repair(ids) {
    const before = ids.map((id) => this.files.get(id)?.attempt);
    this.asking.begin();
    for (const id of ids) await this.files.get(id)?.repair(this.asking);
    this.pump();
    await this.settled(ids);
    return ids.every((id, place) => this.files.get(id)?.attempt === before[place]);
  }

  /**
   * Send a message that names these files; where the server has lost something of them, send that first.
   * @param {number[]} ids @param {() => Promise<void>} send
   */
  async deliver(ids, send) {
    for (let repairs = 0; ; repairs += 1) {
      try {
        await send();
        return this.release(ids);
      } catch (problem) {
        const isIncomplete = problem instanceof DrempelError && problem.code === 'attachments-incomplete';
        if (!isIncomplete || repairs === MOST_REPAIRS || !(await this.repair(ids))) throw problem;
      }
    }
  }
}
