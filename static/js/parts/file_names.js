/** This module describes a file: the name to save it under, its author's name for it, and its likely kind. */
import {el} from '../page/elements.js';
import {t} from '../page/words.js';
import {visibleName} from '../viewer/reveal_invisible.js';

/** @import {Key} from '../page/words.js' */
/** @import {NamedFile} from '../worker/received_files.js' */

/** By the end of its name, which is all that the device will go by too. @type {Record<string, string>} */
const KINDS = {
  text: 'txt text md csv tsv log json xml ini eml srt yaml yml',
  picture: 'png jpg jpeg jpe gif webp bmp tif tiff heic heif avif svg ico',
  pdf: 'pdf',
  document: 'doc docx docm odt rtf pages dot dotx wpd epub',
  sheet: 'xls xlsx xlsm xlsb ods numbers',
  slides: 'ppt pptx pptm odp key pps ppsx',
  mail: 'msg pst mbox mht mhtml',
  sound: 'mp3 m4a wav ogg oga opus flac aac wma amr aiff',
  film: 'mp4 m4v mov avi mkv webm wmv mpg mpeg 3gp',
  archive: 'zip 7z rar tar gz tgz bz2 xz zst iso img dmg',
  page: 'htm html xhtml url webloc',
  program:
    'exe msi com bat cmd ps1 vbs vbe js jse wsf hta scr pif lnk jar app apk deb rpm sh py dll reg cpl chm appimage',
};

/** @param {string} extension @returns {string} */
const kindOf = (extension) =>
  Object.keys(KINDS).find((each) => KINDS[each]?.split(' ').includes(extension.toLowerCase())) ?? 'other';

/** @param {NamedFile} file @returns {string} */
export const kindWords = ({safe}) =>
  t(/** @type {Key} */ (`file.kind.${kindOf(/\.([A-Za-z0-9]+)$/u.exec(safe)?.[1] ?? '')}`));

/** Persian and emoji need these: they stand in honest names, and move nothing. */
const JOINERS = /\u200C|\u200D|[\uFE00-\uFE0F]/gu;
/** So many that what follows them may be out of sight. */
const HEAP_OF_BLANKS = /[\s\u2800]{5,}/u;

/**
 * Whether a reader may take a name for another: for what it turns or hides, or for a second extension that
 * one of a program hides behind. Not for accents in parts, dots and signs, which a name to save under has not
 * got either: a warning that honest names get is a warning that nobody reads.
 * @param {string} name as its author wrote it
 */
export function misleads(name) {
  const joined = name.replace(JOINERS, '');
  return visibleName(joined) !== joined || HEAP_OF_BLANKS.test(joined) || hidesProgram(joined);
}

/** @param {string} name */
function hidesProgram(name) {
  const ended = name.replace(/[\s.]+$/u, '');
  const [last = '', before = ''] = ended
    .split('.')
    .slice(1)
    .map((each) => each.trim())
    .reverse();
  const kinds = [kindOf(last), kindOf(before)];
  // Windows leaves out what a name ends with. `.com` before another extension is the end of an address.
  if (kinds[0] === 'program') return ended !== name || !['other', 'program'].includes(kinds[1] ?? '');
  return kinds[0] !== 'other' && kinds[1] === 'program' && before.toLowerCase() !== 'com';
}

/**
 * The name to save it under; and what its author wrote, with all that is in it, where that may mislead or
 * others are called so.
 * @param {NamedFile} file
 */
export const nameOf = ({safe, name, twin}) => [
  el('strong', {class: 'received-name'}, el('bdi', {lang: ''}, safe)),
  (misleads(name) || twin) &&
    el(
      'p',
      {class: 'hint received-called'},
      t(misleads(name) ? 'file.called' : 'file.twin'),
      ' ',
      el('bdi', {lang: ''}, visibleName(name)),
    ),
];
