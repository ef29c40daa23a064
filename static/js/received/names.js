/** What is said of a file: what it calls itself, what it probably is. */
import {el, t} from '../ui/screen.js';
import {visibleName} from '../viewer/visible.js';

/** @import {Key} from '../ui/screen.js' */
/** @import {NamedFile} from '../client/fetching.js' */

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
  program: 'exe msi com bat cmd ps1 vbs vbe js jse wsf hta scr pif lnk jar app apk deb rpm sh py dll reg cpl chm appimage',
};

/** @param {NamedFile} file @returns {string} */
export function kindWords({safe}) {
  const extension = /\.([A-Za-z0-9]+)$/u.exec(safe)?.[1]?.toLowerCase() ?? '';
  const kind = Object.keys(KINDS).find((each) => KINDS[each]?.split(' ').includes(extension)) ?? 'other';
  return t(/** @type {Key} */ (`file.kind.${kind}`));
}

/** The name to save it under; and, where that is not what its author wrote, that too, with all that is in it. @param {NamedFile} file */
export const nameOf = ({safe, name, odd}) => [
  el('strong', {class: 'received-name'}, el('bdi', {lang: ''}, safe)),
  safe !== name && el('p', {class: 'hint received-called'}, t(odd ? 'file.called' : 'file.twin'), ' ', el('bdi', {lang: ''}, visibleName(name))),
];
