/**
 * Shows texts and pictures: gives the page signs to read, or a picture that is already drawn, and nothing
 * else.
 */
import {answerWith, confine} from '../sandbox.js';
import {measure} from '../pictures.js';
import {visibleText} from '../reveal_invisible.js';

/** @import {Reply} from '../sandbox.js' */
/**
 * @typedef {{kind: 'text' | 'picture', bytes: Uint8Array, width: number}} Asked `width` in pixels is what
 *   there is room for
 */

const MOST_PIXELS = 50_000_000;
const LONGEST_SIDE = 8192;
/** Bytes. */
const LONGEST_TEXT = 256 * 1024;

confine();
answerWith((/** @type {Asked} */ {kind, bytes, width}) =>
  kind === 'text' ? text(bytes) : picture(bytes, width),
);

/** @param {Uint8Array} bytes @returns {Promise<Reply>} */
async function text(bytes) {
  const read = (/** @type {Uint8Array} */ part, /** @type {boolean} */ stream) =>
    new TextDecoder('utf-8', {fatal: true}).decode(part, {stream});
  const shown = read(bytes.subarray(0, LONGEST_TEXT), true);
  // All of it has to be text: what is only so at its beginning is something else.
  if (read(bytes, false).includes('\0')) return {problem: 'kind'};
  return {text: visibleText(shown), cut: bytes.length > LONGEST_TEXT};
}

/** @param {Uint8Array} bytes @param {number} room @returns {Promise<Reply>} */
async function picture(bytes, room) {
  const found = measure(bytes);
  if (!found) return {problem: 'kind'};
  if (found.width * found.height > MOST_PIXELS) return {problem: 'pixels'};
  const whole = await createImageBitmap(new Blob([/** @type {BlobPart} */ (bytes)], {type: found.type}));
  const scale = Math.min(1, room / whole.width, LONGEST_SIDE / whole.height);
  const [width, height] = [whole.width, whole.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = new OffscreenCanvas(Number(width), Number(height));
  canvas.getContext('2d')?.drawImage(whole, 0, 0, canvas.width, canvas.height);
  whole.close();
  const bitmap = canvas.transferToImageBitmap();
  return {bitmap, transfer: [bitmap]};
}
