/** How files are called, and how large they are, in words. */
import {el, number, tn} from '../ui/screen.js';

const UNITS = Object.freeze(['kB', 'MB', 'GB']);
/** What changes how the letters around it are shown, or shows nothing itself. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** @param {number} bytes */
export function sizeWords(bytes) {
  if (bytes < 1000) return tn('files.bytes', bytes);
  let [size, unit] = [bytes / 1000, 0];
  // What would be rounded to a thousand is one of the next.
  for (; size >= 999.5 && unit < UNITS.length - 1; unit += 1) size /= 1000;
  const rounded = size < 9.95 ? Math.round(10 * size) / 10 : Math.round(size);
  return `${number(rounded)}\u00a0${UNITS[unit]}`;
}

/** A name may try to pass for another. @param {string} name @returns {string} with all that is in it to be seen */
export const visibleName = (name) => name.replace(UNSEEN, (sign) => `⟨${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);

/** @param {{name: string, size: number}[]} files */
export const fileNames = (files) =>
  el('ul', {class: 'file-names'}, files.map(({name, size}) => el('li', {}, el('bdi', {}, visibleName(name)), ' ', el('span', {class: 'soft'}, `(${sizeWords(size)})`))));
