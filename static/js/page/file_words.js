/** This module writes the names and sizes of files. */
import {el} from './elements.js';
import {language, number} from './words.js';
import {visibleName} from '../viewer/reveal_invisible.js';

const UNITS = Object.freeze(['kB', 'MB', 'GB']);

/** @param {number} bytes */
export function sizeWords(bytes) {
  if (bytes < 1000)
    return new Intl.NumberFormat(language(), {style: 'unit', unit: 'byte', unitDisplay: 'long'}).format(
      bytes,
    );
  let [size, unit] = [bytes / 1000, 0];
  // What would be rounded to a thousand is one of the next.
  for (; size >= 999.5 && unit < UNITS.length - 1; unit += 1) size /= 1000;
  const rounded = size < 9.95 ? Math.round(10 * size) / 10 : Math.round(size);
  return `${number(rounded)}\u00a0${UNITS[unit]}`;
}

/** @param {{name: string, size: number}[]} files */
export const fileNames = (files) =>
  el(
    'ul',
    {class: 'file-names'},
    files.map(({name, size}) =>
      el(
        'li',
        {},
        el('bdi', {}, visibleName(name)),
        ' ',
        el('span', {class: 'soft'}, `(${sizeWords(size)})`),
      ),
    ),
  );
