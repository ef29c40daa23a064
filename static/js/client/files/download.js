/**
 * This module downloads a file chunk by chunk over a connection that breaks. It opens each chunk before it
 * passes any of it on, and resumes after the last one (PROTOCOL 16.6). The twin of
 * `intake/client/files/download.py`.
 */
import {CHUNK, CHUNK_LENGTH, chunkCount} from '../../crypto/public/blobs.js';
import {
  attachmentHash,
  attachmentKeys,
  chunkHash,
  openChunks,
  withoutPadding,
} from '../../crypto/secret/attachment.js';
import {b64} from '../../crypto/public/encoding.js';
import {equal} from '../../crypto/public/bytes.js';
import {DrempelError} from '../../crypto/public/errors.js';
import {BYTES, ClientProblem} from '../connection.js';
import {Retry, isTransient} from '../retry.js';

/** @import {Attachment} from '../../crypto/secret/attachment.js' */
/** @import {Connection, Sink} from '../shapes.d.ts' */
/**
 * How far a download is: `done` of the file's bytes have been given out; `code` is why the last try failed,
 * `seconds` how long the next one is off. '' where it goes well.
 * @typedef {{done: number, code: string, seconds: number}} Progress
 */
/**
 * `connection` is stopped by nothing else; `take` gets the file's bytes in their order, and nothing of them
 * is the file before `run` has returned.
 * @typedef {{organisation: Uint8Array, connection: Connection, take: Sink, progress: (how: Progress) => void,
 *   firstPause?: number}} Way
 */
/** @typedef {{run: () => Promise<void>, stop: () => void}} Download */

/**
 * @param {Sink} each gets whole sealed chunks, which it keeps no hold of
 * @returns {{take: Sink, isCut: () => boolean}}
 */
function inChunks(each) {
  const chunk = new Uint8Array(CHUNK_LENGTH);
  let filled = 0;
  const take = async (/** @type {Uint8Array} */ piece) => {
    for (let offset = 0; offset < piece.length;) {
      const part = piece.subarray(offset, offset + CHUNK_LENGTH - filled);
      chunk.set(part, filled);
      offset += part.length;
      filled = (filled + part.length) % CHUNK_LENGTH;
      if (filled === 0) await each(chunk);
    }
  };
  return {take, isCut: () => filled > 0};
}

/**
 * `run` throws `attachment-damaged`, `answer-damaged`, which says nothing of the file, `blob-unknown`,
 * `stopped`, and whatever `take` does; what may pass is tried again for ever.
 * @param {Attachment} attachment @param {Way} way
 * @returns {Download}
 */
export function openDownload(attachment, {organisation, connection, take, progress, firstPause}) {
  const {secret, size, hash} = attachment;
  const [keys, count] = [attachmentKeys(secret), chunkCount(size)];
  const opening = openChunks(organisation, keys, count);
  /** @type {{hashes: Uint8Array[], stopped: boolean}} */
  const state = {hashes: [], stopped: false};
  const done = () => Math.min(size, state.hashes.length * CHUNK);
  const retry = new Retry(Infinity, (code, seconds) => progress({done: done(), code, seconds}), firstPause);

  /** @param {Uint8Array} sealed */
  const open = async (sealed) => {
    const number = state.hashes.length;
    const chunk = await (await opening).open(number, sealed);
    const piece = withoutPadding(number, chunk, size);
    state.hashes.push(await chunkHash(sealed));
    if (state.stopped) throw new ClientProblem('stopped');
    await take(piece);
    progress({done: done(), code: '', seconds: 0});
  };

  const ask = async () => {
    const next = state.hashes.length;
    const coming = inChunks(open);
    // A chunk too many does not open: that is damage.
    const longest = (count - next + 1) * CHUNK_LENGTH;
    const options = {token: keys.token, retryFor: 0, media: BYTES, longest, begin: () => coming.take};
    await connection.request('GET', `blobs/${b64(keys.blob)}/chunks/${next}`, options);
    // A service sends whole chunks, and at least one: this answer came from a proxy in between.
    if (coming.isCut() || state.hashes.length === next) throw new DrempelError('answer-damaged');
    if (state.hashes.length < count) throw new DrempelError('attachment-damaged');
  };

  const run = async () => {
    while (state.hashes.length < count) {
      const before = state.hashes.length;
      try {
        await ask();
      } catch (problem) {
        if (!isTransient(problem)) throw problem;
        if (state.hashes.length > before) retry.progressed();
        await retry.pause(problem);
      }
      if (state.stopped) throw new ClientProblem('stopped');
    }
    if (!equal(attachmentHash(state.hashes), hash)) throw new DrempelError('attachment-damaged');
  };

  const stop = () => {
    state.stopped = true;
    connection.stop();
    retry.hurry();
  };
  return {run, stop};
}
