/**
 * This module reads a file piece by piece, seals it under one secret (PROTOCOL 16.1 to 16.4), and checks that
 * it has not changed in between.
 */
import {CHUNK, chunkCount} from '../../crypto/public/blobs.js';
import {
  attachmentHash,
  attachmentJson,
  attachmentKeys,
  chunkHash,
  openChunks,
} from '../../crypto/secret/attachment.js';
import {equal} from '../../crypto/public/bytes.js';
import {DrempelError} from '../../crypto/public/errors.js';
import {digest} from '../../crypto/secret/platform.js';

/** @import {AttachmentKeys, Chunks} from '../../crypto/secret/attachment.js' */
/** @import {Json, Random} from '../../crypto/public/encoding.js' */
/** @import {Claim} from '../../crypto/public/blobs.js' */
/** @import {Chosen} from './chosen_file.js' */
/**
 * One attempt at a file. `seal` gives a sealed chunk; asked for again it gives the same bytes, since it seals
 * nothing that was read differently before. `check` reads all of it once more. Both throw
 * `attachment-unreadable` or `attachment-changed`.
 * @typedef {object} FileSealing
 * @property {AttachmentKeys} keys
 * @property {number} count of its chunks
 * @property {(number: number) => Promise<Uint8Array>} seal
 * @property {(isWanted: () => boolean) => Promise<void>} check
 * @property {() => Json} json the member of `attachments`, once all of it is sealed
 * @property {() => Claim} claim
 */

const HASH_LENGTH = 32;

/**
 * A file whose length is another than when it was chosen can't be sealed again: its new length is not to be
 * had.
 */
export class Resized extends DrempelError {
  constructor() {
    super('attachment-changed');
  }
}

/** @template T @param {Promise<T>} read @returns {Promise<T>} */
async function readable(read) {
  try {
    return await read;
  } catch {
    // Gone, a folder, not allowed; or it has changed, of which Chromium says no more than this.
    throw new DrempelError('attachment-unreadable');
  }
}

/**
 * @param {Chosen['file']} file
 * @param {number} number
 * @returns {Promise<Uint8Array>} what of it goes into a chunk
 */
async function readPiece(file, number) {
  const [from, to] = [number * CHUNK, (number + 1) * CHUNK].map((at) => Math.min(at, file.size));
  const piece = new Uint8Array(await readable(file.slice(from, to).arrayBuffer()));
  if (piece.length !== Number(to) - Number(from)) throw new Resized();
  return piece;
}

/**
 * The pieces of a stream, each as long as a chunk but for the last.
 * @param {ReadableStream<Uint8Array>} stream
 */
async function* pieces(stream) {
  const reader = stream.getReader();
  let [piece, length] = [new Uint8Array(CHUNK), 0];
  try {
    for (;;) {
      const {done, value} = await readable(reader.read());
      if (done) break;
      for (let at = 0; at < value.length;) {
        const part = value.subarray(at, at + CHUNK - length);
        piece.set(part, length);
        [at, length] = [at + part.length, length + part.length];
        if (length < CHUNK) continue;
        yield piece;
        [piece, length] = [new Uint8Array(CHUNK), 0];
      }
    }
    if (length > 0) yield piece.subarray(0, length);
  } finally {
    // Also when the reader stops before the end.
    await reader.cancel().catch(() => {});
  }
}

/**
 * Firefox tells of no change at all, so a file is read twice. As a stream it is all that is there now,
 * however much was there when it was chosen.
 * @param {Chosen['file']} file @param {Hashes} before of its pieces @param {() => boolean} isWanted
 */
async function checkUnchanged(file, before, isWanted) {
  let [number, length] = [0, 0];
  for await (const piece of pieces(file.stream())) {
    if (!isWanted()) return;
    length += piece.length;
    if (length > file.size) throw new Resized();
    if (!equal(before.get(number), await digest(piece))) throw new DrempelError('attachment-changed');
    number += 1;
  }
  if (length !== file.size) throw new Resized();
}

/** Sixteen thousand hashes of a large file, as the few bytes that they are. */
class Hashes {
  /** @param {number} count */
  constructor(count) {
    this.bytes = new Uint8Array(count * HASH_LENGTH);
    this.known = new Uint8Array(count);
  }

  /** @param {number} number */
  get(number) {
    return this.bytes.subarray(number * HASH_LENGTH, (number + 1) * HASH_LENGTH);
  }

  /**
   * @param {number} number
   * @param {Uint8Array} hash
   * @returns {boolean} whether it is the first, or the same again
   */
  put(number, hash) {
    if (this.known[number]) return equal(this.get(number), hash);
    this.bytes.set(hash, number * HASH_LENGTH);
    this.known[number] = 1;
    return true;
  }
}

/**
 * @param {Chosen} chosen @param {Uint8Array} organisation id @param {Random} random
 * @returns {Promise<FileSealing>}
 */
export async function openFileSealing({file, name, type}, organisation, random) {
  const secret = random(32);
  const [keys, count] = [attachmentKeys(secret), chunkCount(file.size)];
  const chunks = await openChunks(organisation, keys, count);
  const [read, sealed] = [new Hashes(count), new Hashes(count)];
  return {
    keys,
    count,
    seal: (number) => sealPiece(file, number, {chunks, read, sealed}),
    check: (isWanted) => checkUnchanged(file, read, isWanted),
    json: () => attachmentJson({name, type, size: file.size, secret, hash: attachmentHash([sealed.bytes])}),
    claim: () => ({token: keys.token, chunks: count}),
  };
}

/**
 * @param {Chosen['file']} file
 * @param {number} number
 * @param {{chunks: Chunks, read: Hashes, sealed: Hashes}} under
 */
async function sealPiece(file, number, {chunks, read, sealed}) {
  const piece = await readPiece(file, number);
  // Two contents under one nonce would give both away.
  if (!read.put(number, await digest(piece))) throw new DrempelError('attachment-changed');
  const chunk = await chunks.seal(number, piece);
  sealed.put(number, await chunkHash(chunk));
  return chunk;
}
