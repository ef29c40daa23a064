/** Signs that are not seen, and turn what is read: shown by their numbers. */

const BIDI = '061C 200E-200F 202A-202E 2066-2069';
const CONTROLS = '0000-0008 000B-000C 000E-001F 007F-009F';
/**
 * Of no width, of another plane, halves of signs. In texts some of them have their work, such as in Persian
 * and in flags.
 */
const UNSEEN =
  '0009-000D 00AD 034F 115F-1160 17B4-17B5 180B-180F 200B-200D 2028-2029 2060-2065 206A-206F 3164 D800-DFFF FE00-FE0E FEFF FFA0 FFF9-FFFB E0000-E0FFF';

/** @param {string} ranges of code points in hexadecimal */
const among = (ranges) =>
  new RegExp(`[${ranges.replace(/[0-9A-F]+/gu, '\\u{$&}').replaceAll(' ', '')}]`, 'gu');
const IN_TEXTS = among(`${BIDI} ${CONTROLS}`);
const IN_NAMES = among(`${BIDI} ${CONTROLS} ${UNSEEN}`);

/** @param {string} sign */
const numbered = (sign) => `[U+${Number(sign.codePointAt(0)).toString(16).toUpperCase().padStart(4, '0')}]`;

/** @param {string} text @returns {string} to be read in the order it is written in */
export const visibleText = (text) => text.replace(IN_TEXTS, numbered);

/** @param {string} name @returns {string} of one line, with nothing in it that is not seen */
export const visibleName = (name) => name.replace(IN_NAMES, numbered);
