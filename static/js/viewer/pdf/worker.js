/**
 * Shows PDF files page by page: gives the page of the inbox a picture and the words in it. Both halves of
 * PDF.js run here, in the one thread that can reach nothing. No script of a file is run, no link followed, no
 * form filled in: they are not even read.
 */
import {AnnotationMode, VerbosityLevel, getDocument} from '../../../vendor/pdf.js';
import {answerWith, confine} from '../sandbox.js';
import {visibleText} from '../reveal_invisible.js';
import {Canvases, NoFiles, NoFilters} from './canvases.js';

/** @import {Reply} from '../sandbox.js' */
/** @typedef {Awaited<ReturnType<typeof getDocument>['promise']>} Document */
/** @typedef {Awaited<ReturnType<Document['getPage']>>} DocumentPage */
/**
 * @typedef {{bytes: Uint8Array} | {page: number, width: number}} Asked the file first, then its pages from 1,
 *   for so many pixels
 */

const MOST_PIXELS = 50_000_000;
const LONGEST_SIDE = 8192;
/** A page of a millimetre is not blown up to a wall. */
const LARGEST_SCALE = 6;
const LONGEST_TEXT = 100_000;

const OPTIONS = Object.freeze({
  verbosity: VerbosityLevel.ERRORS,
  CanvasFactory: Canvases,
  FilterFactory: NoFilters,
  BinaryDataFactory: NoFiles,
  disableFontFace: true,
  useSystemFonts: false,
  useWasm: false,
  useWorkerFetch: false,
  enableXfa: false,
  disableWorkerRendering: true,
  isImageDecoderSupported: false,
  isOffscreenCanvasSupported: false,
  maxImageSize: MOST_PIXELS,
});

/** @type {{document: Document | null}} */
const at = {document: null};

confine();
answerWith((/** @type {Asked} */ asked) =>
  'bytes' in asked ? open(asked.bytes) : draw(asked.page, asked.width),
);

/** @param {Uint8Array} data @returns {Promise<Reply>} */
async function open(data) {
  try {
    at.document = await getDocument({...OPTIONS, data}).promise;
  } catch (problem) {
    return {
      problem: /** @type {{name?: string}} */ (problem).name === 'PasswordException' ? 'password' : 'broken',
    };
  }
  return {pages: at.document.numPages};
}

/** @param {number} number @param {number} room @returns {Promise<Reply>} */
async function draw(number, room) {
  const page = await /** @type {Document} */ (at.document).getPage(number);
  const {width, height} = page.getViewport({scale: 1});
  const viewport = page.getViewport({scale: Math.min(LARGEST_SCALE, room / width, LONGEST_SIDE / height)});
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(viewport.width)),
    Math.max(1, Math.round(viewport.height)),
  );
  const context = /** @type {CanvasRenderingContext2D} */ (/** @type {unknown} */ (canvas.getContext('2d')));
  await page.render({canvas: null, canvasContext: context, viewport, annotationMode: AnnotationMode.DISABLE})
    .promise;
  const text = await wordsOf(page);
  page.cleanup();
  const bitmap = canvas.transferToImageBitmap();
  return {bitmap, text, transfer: [bitmap]};
}

/**
 * The text of a page, for screen readers and for copying.
 * @param {DocumentPage} page @returns {Promise<string>}
 */
async function wordsOf(page) {
  const {items} = await page.getTextContent();
  const lines = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : ''));
  return visibleText(lines.join('').slice(0, LONGEST_TEXT));
}
