/** What a person wrote, before it is sealed. The twin of `intake/client/text.py`. */
import {utf8} from '../crypto/encoding.js';
import {DrempelError} from '../crypto/errors.js';
import {TEXT_LIMIT} from '../crypto/message.js';

/** @param {string} text @returns {string} the same; throws `text-empty` or `text-too-long` */
export function checkText(text) {
  if (!text.trim()) throw new DrempelError('text-empty');
  if (utf8(text).length > TEXT_LIMIT) throw new DrempelError('text-too-long');
  return text;
}
