/**
 * This module uploads chosen files while the person writes (PROTOCOL 16): it reads, seals and sends them
 * chunk by chunk, several at once, and retries for as long as it takes. No file is ever in memory.
 */
import {buildClaims} from '../../crypto/public/blobs.js';
import {DrempelError} from '../../crypto/public/errors.js';
import {ClientProblem, LIMITS} from '../connection.js';
import {Upload} from './upload.js';
import {UploadPace} from './upload_pace.js';

/** @import {Attached} from '../message.js' */
/** @import {Limits, WorkerEvent} from '../shapes.d.ts' */
/** @import {Sealing} from './upload.js' */
/**
 * `isRepair`: that one of them fails is not to be waited out.
 * @typedef {{ids: number[], isRepair: boolean, resolve: () => void, reject: (problem: Error) => void}}
 *   Waiting
 */

/** A server that loses again and again what it has confirmed will not get better by being asked. */
const MOST_REPAIRS = 3;

export class Uploads {
  /**
   * @param {Sealing} sealing
   * @param {(event: WorkerEvent) => void} emit
   * @param {Pick<Limits, 'slow' | 'firstPause'>} [limits]
   */
  constructor(sealing, emit, limits = LIMITS) {
    this.sealing = sealing;
    this.emit = emit;
    /** @type {Map<number, Upload>} */
    this.files = new Map();
    /**
     * Those that are not wanted any more: whatever else is not among the files was never given.
     * @type {Set<number>}
     */
    this.removed = new Set();
    /** @type {Set<Waiting>} */
    this.waiting = new Set();
    this.asking = sealing.beside(emit);
    this.pace = new UploadPace(
      (code, seconds) => emit({event: 'connection', code, seconds}),
      () => this.pump(),
      limits,
    );
  }

  /** @param {number} id @param {File} file */
  async add(id, file) {
    const upload = new Upload(id, file, this.sealing, (view) => {
      if (this.files.get(id) === upload) this.emit({event: 'file', file: view});
      this.look();
    });
    this.files.set(id, upload);
    await upload.begin();
    this.pump();
  }

  pump() {
    while (this.pace.hasRoom) {
      const upload = [...this.files.values()].find(({ready}) => ready);
      if (!upload?.ready) return;
      void upload.send(upload.ready, this.pace).finally(() => this.pump());
    }
  }

  /** @param {number} id */
  pause(id) {
    this.files.get(id)?.pause();
  }

  /** @param {number} id */
  async goOn(id) {
    const upload = this.files.get(id);
    if (!upload) throw new TypeError('it was never given, or is not wanted any more');
    await upload.goOn();
    this.pump();
  }

  /** @param {number[]} ids files that are not wanted any more, or are part of a message that is done with */
  remove(ids) {
    const gone = ids.flatMap((id) => this.files.get(id) ?? []);
    for (const id of ids) {
      this.files.delete(id);
      this.removed.add(id);
    }
    this.look();
    for (const upload of gone) upload.drop();
  }

  /**
   * Resolves when all that are still wanted have arrived. Throws `attachments-incomplete` if one of them was
   * never given.
   * @param {number[]} ids @param {boolean} [isRepair] @returns {Promise<void>}
   */
  settled(ids, isRepair = false) {
    return new Promise((resolve, reject) => {
      this.waiting.add({ids, isRepair, resolve, reject});
      this.look();
    });
  }

  look() {
    for (const each of this.waiting) {
      const states = each.ids.map(
        (id) => this.files.get(id)?.state ?? (this.removed.has(id) ? 'removed' : 'unknown'),
      );
      const isVain = states.includes('unknown') || (each.isRepair && states.includes('failed'));
      if (!isVain && !states.every((state) => state === 'done' || state === 'removed')) continue;
      this.waiting.delete(each);
      if (isVain) each.reject(new DrempelError('attachments-incomplete'));
      else each.resolve();
    }
  }

  /** Stop waiting for files. The uploads go on. */
  stop() {
    for (const {reject} of this.waiting) reject(new ClientProblem('stopped'));
    this.waiting.clear();
    this.asking.stop();
  }

  /**
   * @param {{all?: boolean}} [options] `all`: the network is another one, so nothing that is on its way will
   *   arrive
   */
  hurry({all = false} = {}) {
    this.pace.hurry(all);
    this.asking.hurry();
  }

  /**
   * What a message names its files by.
   * @param {number[]} ids
   * @returns {{attached?: Attached, isWhole: boolean}} not whole: of another length than this it will not be,
   *   but it can't be sent. Without any file there is nothing to name, since no message names none of its
   *   files.
   */
  attached(ids) {
    const uploads = ids.map((id) => this.files.get(id));
    const sealings = uploads.flatMap((upload) => upload?.attempt?.sealing ?? []);
    const isWhole = sealings.length === ids.length && uploads.every((upload) => upload?.state === 'done');
    if (sealings.length === 0) return {isWhole};
    const attached = {
      meta: sealings.map((sealing) => sealing.json()),
      claims: buildClaims(sealings.map((sealing) => sealing.claim())),
    };
    return {attached, isWhole};
  }

  /** For another message than the one that may have arrived with them. @param {number[]} ids */
  async renew(ids) {
    this.asking.begin();
    for (const id of ids) await this.files.get(id)?.renew(this.asking);
    this.pump();
  }

  /**
   * What the server has lost of them is sent again.
   * @param {number[]} ids
   * @returns {Promise<boolean>} whether all are there, sealed as they were
   */
  async repair(ids) {
    const before = ids.map((id) => this.files.get(id)?.attempt);
    this.asking.begin();
    try {
      for (const id of ids) await this.files.get(id)?.repair(this.asking);
      this.pump();
      await this.settled(ids, true);
    } catch (problem) {
      if (problem instanceof DrempelError || problem instanceof ClientProblem) return false;
      throw problem;
    }
    return ids.every((id, place) => this.files.get(id)?.attempt === before[place]);
  }

  /**
   * Send a message that names these files; where the server has lost something of them, send that first. If
   * that can't be, or is not waited for, it is `attachments-incomplete`: then nothing of the message is
   * stored. The files stay until they are removed, since the same conversation may name them once more.
   * @param {number[]} ids @param {() => Promise<void>} send
   */
  async deliver(ids, send) {
    for (let repairs = 0; ; repairs += 1) {
      try {
        await send();
        for (const id of ids) Object.assign(this.files.get(id)?.attempt ?? {}, {isClaimed: true});
        return;
      } catch (problem) {
        const isIncomplete = problem instanceof DrempelError && problem.code === 'attachments-incomplete';
        if (!isIncomplete || repairs === MOST_REPAIRS || !(await this.repair(ids))) throw problem;
      }
    }
  }
}
