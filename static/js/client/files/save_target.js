/**
 * This module writes a download to disk, or into a blob that the browser saves at the end. Nothing stays of
 * half a file.
 */

/** @import {Sink} from '../shapes.d.ts' */
/**
 * A file of the device that a person has chosen. `remove` is not everywhere.
 * @typedef {FileSystemFileHandle & {remove?: () => Promise<void>}} Handle
 */
/**
 * @typedef {{take: Sink, done: () => Promise<Blob | null>, drop: () => Promise<void>}} Keep `done` keeps it,
 *   `drop` leaves nothing
 */

/** The file's place could not be written to: it is full, or gone. */
export class Unsaved extends Error {}

/** @template T @param {Promise<T>} work @returns {Promise<T>} */
async function onDisk(work) {
  try {
    return await work;
  } catch {
    throw new Unsaved();
  }
}

/**
 * Written aside by the browser, and put in its place when it is closed.
 * @param {Handle} handle
 * @returns {Promise<Keep>}
 */
export async function keepInFile(handle) {
  const writing = await onDisk(handle.createWritable());
  return {
    take: (piece) => onDisk(writing.write(/** @type {FileSystemWriteChunkType} */ (piece))),
    done: async () => {
      await onDisk(writing.close());
      return null;
    },
    drop: async () => {
      await writing.abort().catch(() => {});
      // To choose a name makes an empty file of it.
      await handle.remove?.().catch(() => {});
    },
  };
}

/** Of no kind at all, so that no browser opens it by itself. @returns {Keep} */
export function keepInBlob() {
  /** @type {Blob[]} */
  const parts = [];
  return {
    // The browser holds blobs, not this Worker.
    take: (piece) => void parts.push(new Blob([/** @type {BlobPart} */ (piece)])),
    done: async () => new Blob(parts, {type: 'application/octet-stream'}),
    drop: async () => void parts.splice(0),
  };
}
