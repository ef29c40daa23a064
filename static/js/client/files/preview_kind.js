/** This module tells the kind of a file by its first bytes: its name and type are its author's words. */

/** @typedef {'text' | 'picture' | 'pdf'} Kind that can be shown */

/** Bytes. To be looked at, a file is whole in memory, twice. */
export const LARGEST_PREVIEW = 32 * 1024 * 1024;

const PICTURES = ['\x89PNG\r\n\x1a\n', '\xff\xd8\xff', 'GIF87a', 'GIF89a'];
const LONGEST_BEGINNING = 16;

/** @param {Uint8Array} head the first chunk of it, or all @returns {Kind | null} */
export function kindOf(head) {
  const start = String.fromCharCode(...head.subarray(0, LONGEST_BEGINNING));
  if (start.startsWith('%PDF-')) return 'pdf';
  const isPicture =
    PICTURES.some((beginning) => start.startsWith(beginning)) || /^RIFF[^]{4}WEBP/u.test(start);
  if (isPicture) return 'picture';
  return isText(head) ? 'text' : null;
}

/** @param {Uint8Array} head */
function isText(head) {
  if (head.includes(0)) return false;
  try {
    // A sign may go on in the next chunk.
    new TextDecoder('utf-8', {fatal: true}).decode(head, {stream: true});
    return true;
  } catch {
    return false;
  }
}
