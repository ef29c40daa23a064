/**
 * This module lays a written text out in pieces. One paragraph of a megabyte of heaped accents, or of letters
 * from right to left without a break, keeps a browser at its layout for minutes, and then nothing on the page
 * answers: the time grows with the square of what is laid out as one. What is out of sight is hardly laid out
 * at all (`.text > *` in the style sheet).
 */
import {el} from './elements.js';

import {number, t} from './words.js';

/** @import {Child, Props} from './elements.js' */

/** Units of UTF-16. */
export const LONGEST_PIECE = 2000;

/**
 * More than any real message needs. The rest is shown on request: Firefox takes a second for what is out of
 * sight too, where directions change at every letter.
 */
export const MOST_PIECES = 50;

/** What ends a line, once (PROTOCOL 7.1), so that all readers see the same lines. */
const LINE_END = /\r\n|[\r\u0085\u2028\u2029]/gu;

/** Where a piece ends best: after a line, else between two words. */
const ENDS = ['\n', ' '];

/**
 * @param {string} text
 * @returns {string[]} the same text, in pieces none of which is longer than LONGEST_PIECE
 */
export function piecesOf(text) {
  const pieces = [];
  let at = 0;
  while (text.length - at > LONGEST_PIECE) {
    const end = at + lengthOfPiece(text.slice(at, at + LONGEST_PIECE));
    pieces.push(text.slice(at, end));
    at = end;
  }
  return [...pieces, text.slice(at)];
}

/** @param {string} most as much as a piece can take */
function lengthOfPiece(most) {
  const [line = 0, word = 0] = ENDS.map((end) => most.lastIndexOf(end) + 1);
  const found = [line, word].find((length) => length > LONGEST_PIECE / 2);
  if (found !== undefined) return found;
  // Half a sign is none.
  return /[\uD800-\uDBFF]$/u.test(most) ? LONGEST_PIECE - 1 : LONGEST_PIECE;
}

/** @param {string} text @returns {string} for showing: whatever ends a line is one line feed */
export const withLineEnds = (text) => text.replace(LINE_END, '\n');

/** @param {string} text @param {Props} [props] @returns {Child} */
export function writtenText(text, props = {}) {
  const left = piecesOf(withLineEnds(text));
  const next = () => left.splice(0, MOST_PIECES).map((piece) => el('div', {dir: 'auto'}, piece));
  const place = el('div', {...props, class: `text ${props['class'] ?? ''}`.trim()}, next());
  return [place, left.length > 0 && moreButton(place, left, next)];
}

/** @param {HTMLElement} place @param {string[]} left @param {() => HTMLElement[]} next */
function moreButton(place, left, next) {
  const words = () => t('text.more', {n: number(left.reduce((length, piece) => length + piece.length, 0))});
  const show = () => {
    const [first, ...others] = next();
    if (!first) return;
    place.append(first, ...others);
    // A screen reader goes on where it was.
    first.tabIndex = -1;
    first.focus({preventScroll: true});
    if (left.length > 0) button.textContent = words();
    else button.remove();
  };
  const button = el('button', {type: 'button', class: 'more-text', on: {click: show}}, words());
  return button;
}
