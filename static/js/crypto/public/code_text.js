/**
 * The groups of a code in what a person typed, pasted or saved (PROTOCOL 3.4). It knows no key and no code.
 */

const LETTERS = 40;
/** What editors, messengers and web pages add without a trace on the screen. */
// eslint-disable-next-line no-misleading-character-class
const UNSEEN = /[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+/gu;
/** How East Asian keyboards write letters, hyphens and digits. */
const FULL_WIDTH = /[\uff01-\uff5e]/gu;
/** Spelt out, since languages differ on what their own class of white space holds. */
const SEPARATORS = new RegExp(
  `[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\-_.,:;*|<>()\\[\\]"'\`` +
    '\\u00ab\\u00b4\\u00b7\\u00bb\\u2010-\\u2015\\u2018-\\u201f\\u2022\\u2032\\u2033\\u2039\\u203a\\u2043\\u2212' +
    '\\u3001\\u3002\\u300c-\\u300f\\ufe58\\ufe63\\uff61-\\uff64]+',
  'u',
);
const NUMBER = /^0?([1-8])$/u;

/** @param {string} sign */
const narrow = (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0);

/**
 * @param {string} text
 * @returns {string[]} in lower case, as they stand there: well-formed or not, and however many
 */
export function groupsOf(text) {
  const seen = text.replace(UNSEEN, '').replace(FULL_WIDTH, narrow).toLowerCase();
  /** @type {string[]} */
  const groups = [];
  for (const piece of seen.split(SEPARATORS).filter(Boolean)) {
    // "3. lusab": the number says which group comes next, and is none itself.
    if (Number(NUMBER.exec(piece)?.[1]) !== groups.length + 1) groups.push(piece);
  }
  const letters = [...(groups[0] ?? '')];
  return groups.length === 1 && letters.length === LETTERS ? inFives(letters) : groups;
}

/** @param {string[]} letters forty @returns {string[]} */
export const inFives = (letters) =>
  Array.from({length: LETTERS / 5}, (_, at) => letters.slice(5 * at, 5 * at + 5).join(''));
