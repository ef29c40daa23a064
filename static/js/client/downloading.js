/**
 * Fetching a file chunk by chunk over a line that breaks: each chunk is opened before any of it is given out, and a new try goes
 * on behind the last that was (PROTOCOL 16.6). The twin of `intake/client/downloading.py`.
 */
import {CHUNK, CHUNK_LENGTH, attachmentHash, attachmentKeys, chunkCount, chunkHash, openChunks, withoutPadding} from '../crypto/attachment.js';
import {b64, equal} from '../crypto/encoding.js';
import {DrempelError} from '../crypto/errors.js';
import {BYTES, ClientProblem} from './connection.js';

/** @import {Attachment} from '../crypto/message.js' */
/** @import {Connection, Sink} from './shapes.d.ts' */
/**
 * How far a download is: `done` of the file's bytes have been given out; `code` is why the last try failed, `seconds` how long
 * the next one is off. '' where it goes well.
 * @typedef {{done: number, code: string, seconds: number}} Progress
 */
/**
 * `connection` is one that nobody else stops; `take` gets the file's bytes in their order, and nothing of them is the file before
 * `run` has returned.
 * @typedef {{organisation: Uint8Array, connection: Connection, take: Sink, progress: (how: Progress) => void, firstPause?: number}} Way
 */
/** @typedef {{run: () => Promise<void>, stop: () => void, hurry: () => void}} Download */

const FIRST_PAUSE = 0.5;
const LONGEST_PAUSE = 30;
/** What a new try may get past. */
export const PASSING = ['server-unreachable', 'server-busy', 'server-unavailable', 'server-fault'];

/** @param {Sink} each gets whole sealed chunks, which it keeps no hold of @returns {{take: Sink, isCut: () => boolean}} */
function inChunks(each) {
  const chunk = new Uint8Array(CHUNK_LENGTH);
  let filled = 0;
  const take = async (/** @type {Uint8Array} */ piece) => {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + CHUNK_LENGTH - filled);
      chunk.set(part, filled);
      at += part.length;
      filled = (filled + part.length) % CHUNK_LENGTH;
      if (filled === 0) await each(chunk);
    }
  };
  return {take, isCut: () => filled > 0};
}

/** A pause that can be ended. @returns {{rest: (seconds: number) => Promise<void>, end: () => void}} */
function resting() {
  let end = () => {};
  return {
    rest: (seconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, 1000 * seconds);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: () => end(),
  };
}

/** @param {unknown} problem @returns {string} the code of what may pass; throws what may not */
function passing(problem) {
  if (problem instanceof DrempelError && PASSING.includes(problem.code)) return problem.code;
  throw problem;
}

/**
 * `run` throws `attachment-damaged`, `answer-damaged`, which says nothing of the file, `blob-unknown`, `stopped`, and whatever `take` does; what may pass is tried again for ever.
 * @param {Attachment} attachment @param {Way} way
 * @returns {Download}
 */
export function openDownload(attachment, {organisation, connection, take, progress, firstPause = FIRST_PAUSE}) {
  const {secret, size, hash} = attachment;
  const [keys, count, pause] = [attachmentKeys(secret), chunkCount(size), resting()];
  const opening = openChunks(organisation, keys, count);
  /** @type {{hashes: Uint8Array[], stopped: boolean}} */
  const at = {hashes: [], stopped: false};

  /** @param {Uint8Array} sealed */
  const open = async (sealed) => {
    const number = at.hashes.length;
    const chunk = await (await opening).open(number, sealed);
    const piece = withoutPadding(number, chunk, size);
    at.hashes.push(await chunkHash(sealed));
    if (at.stopped) throw new ClientProblem('stopped');
    await take(piece);
    progress({done: Math.min(size, at.hashes.length * CHUNK), code: '', seconds: 0});
  };

  const ask = async () => {
    const next = at.hashes.length;
    const coming = inChunks(open);
    // A chunk too many does not open: that is damage.
    const longest = (count - next + 1) * CHUNK_LENGTH;
    const options = {token: keys.token, patience: 0, media: BYTES, longest, begin: () => coming.take};
    await connection.request('GET', `blobs/${b64(keys.blob)}/chunks/${next}`, options);
    // A service gives whole chunks, and one at least: that was somebody else.
    if (coming.isCut() || at.hashes.length === next) throw new DrempelError('answer-damaged');
    if (at.hashes.length < count) throw new DrempelError('attachment-damaged');
  };

  const run = async () => {
    for (let seconds = firstPause; at.hashes.length < count; ) {
      const before = at.hashes.length;
      try {
        await ask();
      } catch (problem) {
        const code = passing(problem);
        if (at.hashes.length > before) seconds = firstPause;
        progress({done: Math.min(size, at.hashes.length * CHUNK), code, seconds});
        await pause.rest(seconds);
        seconds = Math.min(2 * seconds, LONGEST_PAUSE);
      }
      if (at.stopped) throw new ClientProblem('stopped');
    }
    if (!equal(attachmentHash(at.hashes), hash)) throw new DrempelError('attachment-damaged');
  };

  const stop = () => {
    at.stopped = true;
    connection.stop();
    pause.end();
  };
  return {run, stop, hurry: pause.end};
}
