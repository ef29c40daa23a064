/** Safe names to save files under, made from whatever their authors call them (PROTOCOL 16.8). */
import {utf8} from './bytes.js';

/** Bytes of UTF-8, which leaves every file system room for a number and a name in use while it is written. */
export const LONGEST_NAME = 120;

/**
 * @param {string} ranges of code points in hexadecimal, as PROTOCOL 16.8 lists them: versions of Unicode
 *   differ in their categories
 */
const among = (ranges) => `[${ranges.replace(/[0-9A-F]+/g, '\\u{$&}').replaceAll(' ', '')}]`;

const DROPPED = new RegExp(
  among(
    '0000-001F 007F-009F 00AD 034F 0600-0605 061C 06DD 070F 0890-0891 08E2 115F-1160 17B4-17B5 ' +
      '180B-180F 200B-200F 2028-202E 2060-206F 3164 D800-F8FF FDD0-FDEF FE00-FE0F FEFF FFA0 FFF0-FFFB ' +
      'FFFE-FFFF 110BD 110CD 13430-1345F 1BCA0-1BCA3 1D173-1D17A E0000-10FFFF',
  ),
  'gu',
);
const BLANKS = new RegExp(`${among('0020 00A0 1680 2000-200A 202F 205F 2800 3000')}+`, 'gu');
const FORBIDDEN = /[<>:"|?*]/g;
const EXTENSION = /\.[A-Za-z0-9]{1,10}$/;
const DEVICE = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])$/i;

/**
 * A name that harms no file system and no reader, and that no other file of the folder has.
 * @param {string} name
 * @param {Map<string, number>} taken empty at first and kept for one folder; only this function looks into it
 * @returns {string}
 */
export function safeName(name, taken) {
  const [whole, extension] = split(clean(name));
  const stem = cut(harmless(whole), LONGEST_NAME - extension.length);
  const first = compared(stem + extension);
  // From the number before, not from 2: else a thousand files of one name would cost a million looks.
  let number = taken.get(first) ?? 0;
  let safe = stem + extension;
  while (taken.has(compared(safe))) {
    number += 1;
    safe = `${stem} (${number})${extension}`;
  }
  taken.set(compared(safe), 1);
  taken.set(first, Math.max(1, number));
  return safe;
}

/** @param {string} name */
function clean(name) {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  const spaced = base.replace(DROPPED, '').replace(BLANKS, ' ');
  // Last, since what was dropped can have stood between a letter and its accent.
  return spaced.replace(FORBIDDEN, '_').normalize('NFC');
}

/** @param {string} name @returns {[string, string]} stem and extension */
function split(name) {
  const trimmed = name.replace(/^[ .]+/, '').replace(/[ .]+$/, '');
  const extension = EXTENSION.exec(trimmed)?.[0] ?? '';
  const stem = trimmed.slice(0, trimmed.length - extension.length);
  // Only one dot is left: a second extension would hide the one that counts.
  return [stem.replaceAll('.', '_').replace(/ +$/, ''), extension];
}

/** @param {string} stem */
function harmless(stem) {
  if (!stem) return 'file';
  return stem.startsWith('-') || DEVICE.test(stem) ? `_${stem}` : stem;
}

/** @param {string} stem @param {number} length in bytes */
function cut(stem, length) {
  const bytes = utf8(stem);
  if (bytes.length <= length) return stem;
  let end = length;
  while ((Number(bytes[end]) & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(bytes.subarray(0, end)).replace(/ +$/, '');
}

/** The same for all names that some file system takes for one. @param {string} name */
const compared = (name) => name.normalize('NFKC').toLowerCase().toUpperCase().normalize('NFKC');
