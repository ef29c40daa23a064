/** This module prepares a chosen file for sealing. */
import {fromUtf8, utf8} from '../../crypto/public/bytes.js';
import {LONGEST_NAME, LONGEST_TYPE} from '../../crypto/public/limits.js';

/** @typedef {{file: Blob, name: string, type: string}} Chosen */

/**
 * Every file comes through here, between being chosen and being sealed: what is taken out of a file, or
 * changed in it, is done here and nowhere else.
 * @param {File} file @returns {Promise<Chosen>}
 */
export const asSent = async (file) => ({file, name: nameOf(file), type: typeOf(file)});

/**
 * A system may give a name that is no text, or longer than a message names a file by.
 * @param {File} file
 * @returns {string}
 */
function nameOf({name}) {
  const bytes = utf8(name);
  let end = Math.min(bytes.length, LONGEST_NAME);
  // Not in the middle of a character.
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return fromUtf8(bytes.subarray(0, end)) || 'file';
}

/** @param {File} file @returns {string} */
const typeOf = ({type}) => (type.length <= LONGEST_TYPE && /^[\x20-\x7e]*$/u.test(type) ? type : '');
