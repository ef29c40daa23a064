/** How large a picture says it is, before anything is made of it: a few bytes can ask for a terabyte. */

/** @typedef {{type: string, width: number, height: number}} Picture `type` is its media type */

/** @param {Uint8Array} bytes @param {number} at @param {string} text */
const says = (bytes, at, text) =>
  [...text].every((letter, place) => bytes[at + place] === letter.charCodeAt(0));

/**
 * @param {Uint8Array} bytes
 * @returns {DataView} with room behind it: a file may end where a number is to be read
 */
function numbers(bytes) {
  const head = new Uint8Array(64);
  head.set(bytes.subarray(0, 64));
  return new DataView(head.buffer);
}

/** @param {Uint8Array} bytes @returns {Picture | null} null if it is none that can be shown */
export function measure(bytes) {
  const view = numbers(bytes);
  if (says(bytes, 0, '\x89PNG\r\n\x1a\n'))
    return {type: 'image/png', width: view.getUint32(16), height: view.getUint32(20)};
  if (says(bytes, 0, 'GIF8')) return gif(bytes, view);
  if (says(bytes, 0, 'RIFF') && says(bytes, 8, 'WEBP')) return webp(bytes, view);
  return says(bytes, 0, '\xff\xd8\xff') ? jpeg(bytes) : null;
}

/**
 * Browsers make room for its first frame, whatever its head says.
 * @param {Uint8Array} bytes
 * @param {DataView} head
 * @returns {Picture | null}
 */
function gif(bytes, head) {
  const colours = (/** @type {number} */ packed) => (packed & 0x80 ? 3 * 2 ** (1 + (packed & 7)) : 0);
  let at = 13 + colours(Number(bytes[10]));
  for (; bytes[at] === 0x21; at += 1) {
    for (at += 2; Number(bytes[at]) > 0;) at += 1 + Number(bytes[at]);
  }
  if (bytes[at] !== 0x2c) return null;
  const frame = numbers(bytes.subarray(at));
  const [left, top, width, height] = [1, 3, 5, 7].map((place) => frame.getUint16(place, true));
  const most = (/** @type {number} */ place, /** @type {number} */ end) =>
    Math.max(head.getUint16(place, true), end);
  return {
    type: 'image/gif',
    width: most(6, Number(left) + Number(width)),
    height: most(8, Number(top) + Number(height)),
  };
}

/** @param {Uint8Array} bytes @param {DataView} view @returns {Picture | null} */
function webp(bytes, view) {
  const type = 'image/webp';
  if (says(bytes, 12, 'VP8X'))
    return {
      type,
      width: 1 + (view.getUint32(24, true) & 0xffffff),
      height: 1 + (view.getUint32(27, true) & 0xffffff),
    };
  if (says(bytes, 12, 'VP8L')) {
    const packed = view.getUint32(21, true);
    return {type, width: 1 + (packed & 0x3fff), height: 1 + ((packed >>> 14) & 0x3fff)};
  }
  return says(bytes, 12, 'VP8 ')
    ? {type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff}
    : null;
}

/** Its frame may stand behind pages of other things. @param {Uint8Array} bytes @returns {Picture | null} */
function jpeg(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 9 < bytes.length;) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) at += 1;
    else if (isFrame(marker))
      return {type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5)};
    else if (marker < 0xffc0 || marker === 0xffda) return null;
    else at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** Of all numbers there, three have other uses. @param {number} marker */
const isFrame = (marker) =>
  marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
