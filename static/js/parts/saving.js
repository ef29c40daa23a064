/**
 * This module saves files on this device: straight to disk where a browser can do that, else as one piece
 * that it saves by itself.
 */

/** @import {Handle} from '../client/files/save_target.js' */
/**
 * What Chromium offers a page in a secure context, and no compiler knows.
 * @typedef {{showSaveFilePicker?: (options: {suggestedName: string}) => Promise<Handle>,
 *   showDirectoryPicker?: (options: {mode: 'readwrite'}) => Promise<FileSystemDirectoryHandle>}} Pickers
 */

/**
 * Bytes. In one piece a file is in the browser's memory until it is saved: no file is larger, nor all that
 * are there together.
 */
export const LARGEST_PIECE = 512 * 1024 * 1024;
/** Milliseconds. A browser begins to read a moment after it was told to. */
const READ_WITHIN = 60_000;
/** Milliseconds. A browser that asks where a file goes does so a moment after it was handed it. */
const ASKED_WITHIN = 1000;
/**
 * Milliseconds. A browser may also keep the focus for its list of downloads: then it asks nothing, and
 * nothing else would end the wait.
 */
const ANSWERED_WITHIN = 8000;
const MOST_NAMES = 1000;

const pickers = () => /** @type {Pickers} */ (/** @type {unknown} */ (globalThis));

/** Bytes that the browser has been handed and may still read, by address. @type {Map<string, number>} */
const lent = new Map();
/** @type {Set<() => void>} */
const waiting = new Set();

/** @param {number} size @returns {boolean} */
export const canSave = (size) => pickers().showSaveFilePicker !== undefined || size <= LARGEST_PIECE;

/** @returns {boolean} whether many files can be put into one folder */
export const hasFolders = () => pickers().showDirectoryPicker !== undefined;

/**
 * @param {number} size
 * @returns {boolean} whether it can be saved together with others, by one choice of a place
 */
export const canSaveAlong = (size) => hasFolders() || size <= LARGEST_PIECE;

/**
 * @param {number} size of one that can be saved as a piece
 * @returns {boolean} whether there is room for it beside those that were handed over
 */
export const hasRoom = (size) => [...lent.values()].reduce((sum, each) => sum + each, size) <= LARGEST_PIECE;

/**
 * Resolves once there is room, which is soon: what was handed over is given back by a clock.
 * @param {number} size
 * @param {() => boolean} isWanted
 */
export async function roomFor(size, isWanted) {
  while (isWanted() && !hasRoom(size)) {
    await new Promise((resolve) => {
      waiting.add(() => resolve(null));
    });
  }
}

/** Something has been given back, or is no longer wanted. */
export function lookForRoom() {
  const those = [...waiting];
  waiting.clear();
  for (const look of those) look();
}

/**
 * @template T
 * @param {Promise<T>} picking
 * @returns {Promise<T | null>} null if the person thought better of it
 */
const picked = (picking) =>
  picking.catch((problem) => {
    if (problem instanceof DOMException && problem.name === 'AbortError') return null;
    throw problem;
  });

/**
 * @param {string} name
 * @param {() => boolean} isWanted whether there is still something to save when a place was chosen
 * @returns {Promise<{handle: Handle | null} | null>} where it goes: null if nowhere; without a handle as one
 *   piece
 */
export async function chooseFile(name, isWanted) {
  const pick = pickers().showSaveFilePicker;
  if (!pick) return {handle: null};
  const handle = await picked(pick({suggestedName: name}));
  if (handle && !isWanted()) return dropEmpty(handle);
  return handle && {handle};
}

/**
 * To choose a name makes an empty file of it. A file with content stays.
 * @param {Handle} handle
 * @returns {Promise<null>}
 */
export async function dropEmpty(handle) {
  const found = await handle.getFile().catch(() => null);
  if (found?.size === 0) await handle.remove?.().catch(() => {});
  return null;
}

/** @returns {Promise<FileSystemDirectoryHandle | null>} */
export const chooseFolder = async () =>
  picked(/** @type {Required<Pickers>} */ (pickers()).showDirectoryPicker({mode: 'readwrite'}));

/**
 * @param {FileSystemDirectoryHandle} folder
 * @param {string} name
 * @returns {Promise<Handle>} a new file: none that is there is touched
 */
export async function fileIn(folder, name) {
  const [, stem = name, extension = ''] = /^(.+?)(\.[A-Za-z0-9]+)?$/u.exec(name) ?? [];
  for (let number = 1; number < MOST_NAMES; number += 1) {
    const free = number === 1 ? name : `${stem} (${number})${extension}`;
    if (!(await isThere(folder, free))) return folder.getFileHandle(free, {create: true});
  }
  throw new RangeError('a folder full of files of one name');
}

/** @param {FileSystemDirectoryHandle} folder @param {string} name */
const isThere = (folder, name) =>
  folder.getFileHandle(name).then(
    () => true,
    // Anything else than a file of that name is there too.
    (problem) => problem.name !== 'NotFoundError',
  );

/** Have the browser save it. @param {Blob} blob @param {string} name */
export function hand(blob, name) {
  const address = URL.createObjectURL(blob);
  lent.set(address, blob.size);
  const link = document.createElement('a');
  Object.assign(link, {href: address, download: name});
  link.click();
  setTimeout(() => giveBack(address), READ_WITHIN);
}

/**
 * Resolves when the browser has most likely been answered where the file goes that it was handed: as long as
 * it asks, the page is not what the person types into. Else it would ask about all files at once, each before
 * the one it asked about first.
 * @param {() => boolean} isWanted
 */
export async function answered(isWanted) {
  if (!document.hasFocus()) return;
  await new Promise((resolve) => {
    setTimeout(resolve, ASKED_WITHIN);
  });
  let isLate = false;
  const clock = setTimeout(() => {
    isLate = true;
    lookForRoom();
  }, ANSWERED_WITHIN);
  while (isWanted() && !document.hasFocus() && !isLate) {
    await new Promise((resolve) => {
      waiting.add(() => resolve(null));
      addEventListener('focus', lookForRoom, {once: true});
    });
  }
  clearTimeout(clock);
}

/** @param {string} address */
function giveBack(address) {
  URL.revokeObjectURL(address);
  lent.delete(address);
  lookForRoom();
}

/** The page forgets all. */
export function giveBackAll() {
  for (const address of lent.keys()) giveBack(address);
  lookForRoom();
}
