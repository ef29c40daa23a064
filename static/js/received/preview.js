/** Looking at a file without opening it: a viewer draws it, and this screen shows what has been drawn. */
import {byId, el, number, t, wordsFor} from '../ui/screen.js';
import {redraw, say, show} from '../ui/page.js';
import {sizeWords} from '../ui/file_words.js';
import {lookingAt} from '../client/kind.js';
import {ask, warning} from './host.js';
import {kindWords, nameOf} from './names.js';
import {openViewer} from './viewing.js';

/** @import {Told} from '../client/views.js' */
/** @import {Child, Key} from '../ui/screen.js' */
/** @import {Looked, NamedFile} from '../client/fetching.js' */
/** @import {Kind} from '../client/kind.js' */
/** @import {Shown, Viewer} from './viewing.js' */
/**
 * `failed` is why there is nothing to be seen. Of a document, page `page` of `pages` is shown, in which `text` is written.
 * @typedef {{file: NamedFile | null, back: () => void, phase: 'asked' | 'coming' | 'opening' | 'shown' | 'failed',
 *   done: number, code: string, failed: string, kind: Kind | null, text: string, cut: boolean, canvas: HTMLCanvasElement | null,
 *   page: number, pages: number, turning: boolean, viewer: Viewer | null}} Preview
 */

/** CSS pixels, and those of the device. */
const MOST_ROOM = 1200;
const MOST_PIXELS = 3000;

/** @returns {Preview} */
const nothing = () => ({
  ...{file: null, back: () => undefined, phase: 'asked', done: 0, code: '', failed: '', kind: null, text: '', cut: false},
  ...{canvas: null, page: 0, pages: 0, turning: false, viewer: null},
});

/** Another one for each file: what comes late for one is nobody's then. */
let at = nothing();

/** Whatever a viewer has become, it ends here. */
function forget() {
  if (at.phase === 'coming' && at.file) ask('stopFile', {id: lookingAt(at.file.id)}).catch(() => undefined);
  forgetPreview();
}

/** The page forgets all, and its worker too. */
export function forgetPreview() {
  at.viewer?.end();
  at = nothing();
}

/** @param {NamedFile} file @param {() => void} back shows the conversation */
export function showPreview(file, back) {
  forget();
  Object.assign(at, {file, back});
  show('title', draw);
}

/** @param {Told} told */
export function hearPreview(told) {
  if (told.event !== 'download' || at.phase !== 'coming' || told.id !== lookingAt(at.file?.id ?? '')) return;
  Object.assign(at, {done: told.done, code: told.code});
  redraw();
}

/** @returns {Child} */
function draw() {
  const {file} = at;
  if (!file) return null;
  return el(
    'div',
    {'data-screen': 'preview', 'data-phase': at.phase},
    el('button', {type: 'button', class: 'link', id: 'back', on: {click: goBack}}, t('preview.back')),
    el('h1', {}, t('preview.title')),
    nameOf(file),
    el('p', {class: 'soft received-facts'}, el('span', {}, kindWords(file)), el('span', {}, sizeWords(file.size))),
    PHASES[at.phase](file),
  );
}

/** @type {Record<Preview['phase'], (file: NamedFile) => Child>} */
const PHASES = {
  asked: () => [
    warning('preview-warning'),
    el('p', {}, t('preview.how')),
    el('button', {type: 'button', class: 'primary', id: 'preview-start', on: {click: () => void start()}}, t('preview.start')),
  ],
  coming: (file) => [
    el('p', {class: 'activity'}, t('file.progress', {done: sizeWords(at.done), size: sizeWords(file.size)})),
    el('progress', {'aria-label': t('file.coming'), max: file.size, value: at.done}),
    at.code !== '' && el('p', {class: 'hint', 'data-code': at.code}, wordsFor('download', at.code), ' ', t('file.goes-on')),
  ],
  opening: () => [el('p', {class: 'activity'}, t('preview.opening')), el('progress', {'aria-label': t('preview.opening')})],
  failed: () => el('div', {class: 'notice', id: 'preview-failed', 'data-problem': at.failed}, el('p', {}, failedWords())),
  shown: () => (at.kind === 'text' ? written() : drawn()),
};

/** @returns {string} */
const failedWords = () =>
  ['kind', 'pixels', 'password', 'broken', 'slow'].includes(at.failed) ? t(/** @type {Key} */ (`preview.${at.failed}`)) : wordsFor('download', at.failed);

/** @returns {Child} */
const written = () => [
  at.cut && el('p', {class: 'hint', id: 'preview-cut'}, t('preview.cut')),
  el('pre', {class: 'text preview-text', id: 'preview-text', lang: '', tabindex: '0', role: 'region', 'aria-label': t('preview.text')}, at.text),
];

/** @returns {Child} */
const drawn = () => {
  const {canvas, kind} = at;
  canvas?.setAttribute('aria-label', kind === 'pdf' ? t('preview.page', pageNumbers()) : t('preview.picture'));
  return [
    kind === 'pdf' && turner(),
    el('div', {class: 'preview-sheet'}, canvas),
    kind === 'pdf' &&
      el(
        'details',
        {id: 'preview-words'},
        el('summary', {}, t('preview.words')),
        at.text.trim() === '' ? el('p', {class: 'hint'}, t('preview.no-words')) : el('pre', {class: 'text preview-text', lang: '', tabindex: '0', role: 'region', 'aria-label': t('preview.words')}, at.text),
      ),
  ];
};

const pageNumbers = () => ({page: number(at.page), pages: number(at.pages)});

/** @returns {Child} */
const turner = () =>
  el(
    'div',
    {class: 'actions preview-turner'},
    turn('preview-previous', 'preview.previous', at.page - 1),
    el('span', {id: 'preview-page'}, t('preview.page', pageNumbers())),
    turn('preview-next', 'preview.next', at.page + 1),
  );

/** Not disabled: the keyboard would lose its place at the last page. @param {string} id @param {Key} key @param {number} page */
const turn = (id, key, page) => {
  const there = page >= 1 && page <= at.pages && !at.turning;
  return el('button', {type: 'button', id, 'aria-disabled': String(!there), on: {click: () => there && void turnTo(page)}}, t(key));
};

function goBack() {
  const {back} = at;
  forget();
  back();
}

/** @param {Partial<Preview>} how */
function goOn(how) {
  const moves = how.phase !== undefined && how.phase !== at.phase;
  Object.assign(at, how);
  redraw();
  // The button that was pressed is gone.
  if (moves) byId('heading', HTMLElement).focus();
}

/** @param {string} failed */
function fail(failed) {
  at.viewer?.end();
  goOn({phase: 'failed', failed, viewer: null, canvas: null, text: ''});
}

async function start() {
  const mine = at;
  const {file} = at;
  if (!file || at.phase !== 'asked') return;
  goOn({phase: 'coming'});
  const {end: ended, kind, bytes} = await looked(file.id);
  if (at !== mine) return;
  if (!kind || !bytes) return fail(ended);
  const viewer = openViewer(kind === 'pdf' ? 'pdf' : 'plain');
  goOn({phase: 'opening', kind, viewer});
  const ready = await viewer.ready;
  if (at !== mine) return;
  if (ready.problem) return fail(ready.problem);
  const shown = await viewer.ask({kind, bytes, width: room()}, [bytes.buffer]);
  if (at !== mine) return;
  if (shown.problem) return fail(shown.problem);
  if (kind !== 'pdf') return take(shown);
  Object.assign(at, {pages: shown.pages ?? 0});
  await turnTo(1);
}

/** @param {string} id @returns {Promise<Looked>} */
async function looked(id) {
  try {
    return await ask('lookAtFile', {id});
  } catch (problem) {
    return {end: /** @type {{problem?: {code: string}}} */ (problem).problem?.code ?? 'client-fault', kind: null, bytes: null};
  }
}

/** @returns {number} the pixels that there is room for */
const room = () => Math.round(Math.min(MOST_PIXELS, Math.min(MOST_ROOM, byId('main', HTMLElement).clientWidth) * devicePixelRatio));

/** @param {number} page */
async function turnTo(page) {
  const mine = at;
  if (!at.viewer || at.turning) return;
  at.turning = true;
  const shown = await at.viewer.ask({page, width: room()});
  if (at !== mine) return;
  at.turning = false;
  if (shown.problem) return fail(shown.problem);
  at.page = page;
  take(shown);
  say(() => t('preview.page', pageNumbers()), false);
}

/** @param {Shown} shown */
function take({bitmap, text = '', cut = false}) {
  // There is nothing more to come but of a document.
  if (at.kind !== 'pdf') at.viewer?.end();
  goOn({phase: 'shown', text, cut, canvas: bitmap ? canvasOf(bitmap) : null});
}

/** @param {ImageBitmap} bitmap moved there, without being read @returns {HTMLCanvasElement} */
function canvasOf(bitmap) {
  const {width, height} = bitmap;
  const canvas = el('canvas', {width, height, role: 'img', class: 'preview-canvas', id: 'preview-canvas'});
  canvas.style.width = `${width / devicePixelRatio}px`;
  canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(bitmap);
  return canvas;
}
