/**
 * This module makes a field for a text of any length. It answers a paste of the longest text that can be sent
 * like a field without anything.
 */
import {el} from './elements.js';

/** @import {Props, Read} from './elements.js' */

const LETTER = /\p{L}/u;
/** Hebrew, Arabic and what else is written from right to left, by the blocks that Unicode keeps for it. */
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
/** Further on, the first letter is not looked for: until there is one, this is done at every key. */
const BEGINNING = 200;

/** @param {string} text @returns {'ltr' | 'rtl' | ''} by its first letter; nothing without one */
export function directionOf(text) {
  const [letter] = LETTER.exec(text.slice(0, BEGINNING)) ?? [];
  if (letter === undefined) return '';
  return RIGHT_TO_LEFT.test(letter) ? 'rtl' : 'ltr';
}

/** @param {HTMLTextAreaElement} field */
function direct(field) {
  const direction = directionOf(field.value);
  // Setting it again, even to the same value, lays out the whole text.
  if (field.dir !== direction) field.dir = direction;
}

/**
 * `dir="auto"` would give every line of the text a direction of its own, and look for all of them again at
 * every key: for a minute and more, in a text of many lines.
 * @param {Props & {value: string}} props
 */
export function textField(props) {
  const quiet = {autocomplete: 'off', autocapitalize: 'off', autocorrect: 'off', spellcheck: 'false'};
  const {read} = /** @type {{read?: Read}} */ (props);
  // With the reading, and not at each key: to read a long text takes longer than a key does.
  const readAndDirect = (/** @type {Parameters<Read>[0]} */ given) => {
    direct(field);
    read?.(given);
  };
  const field = el('textarea', {...quiet, ...props, read: readAndDirect});
  direct(field);
  // The first letter decides, at once.
  field.addEventListener('input', () => field.dir === '' && direct(field));
  return field;
}
