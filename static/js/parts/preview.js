/**
 * The preview screen shows a file without opening it: a viewer draws the file, and this screen shows the
 * drawing.
 */
import {byId, el} from '../page/elements.js';
import {number, t, wordsFor} from '../page/words.js';
import {call, onEnd, onEvent} from '../page/calls.js';
import {addScreens, redraw, announce, showScreen, shownScreen} from '../page/frame.js';
import {writtenText} from '../page/written_text.js';
import {sizeWords} from '../page/file_words.js';
import {kindWords, nameOf} from './file_names.js';
import {openViewer} from './viewer.js';

/** @import {Child, Props} from '../page/elements.js' */
/** @import {ScreenName} from '../page/frame.js' */
/** @import {Key} from '../page/words.js' */
/** @import {Looked, NamedFile} from '../worker/received_files.js' */
/** @import {Kind} from '../client/files/preview_kind.js' */
/** @import {Shown, Viewer} from './viewer.js' */
/**
 * `from` is the screen to go back to, and `button` the one there that was pressed. `failed` is why there is
 * nothing to be seen. Of a document, page `page` of `pages` is shown, in which `text` is written.
 * @typedef {{file: NamedFile | null, from: ScreenName | null, button: string, warning: (id: string) => Child,
 *   phase: 'asked' | 'coming' | 'opening' | 'shown' | 'failed', done: number, code: string, failed: string,
 *   kind: Kind | null, text: string, cut: boolean, canvas: HTMLCanvasElement | null, page: number,
 *   pages: number, turning: boolean, viewer: Viewer | null}} Preview
 */

/** CSS pixels, and those of the device. */
const MOST_ROOM = 1200;
const MOST_PIXELS = 3000;

/** @returns {Preview} */
const nothing = () => ({
  ...{
    file: null,
    from: null,
    button: '',
    warning: () => null,
    phase: 'asked',
    done: 0,
    code: '',
    failed: '',
    kind: null,
    text: '',
    cut: false,
  },
  ...{canvas: null, page: 0, pages: 0, turning: false, viewer: null},
});

/**
 * A file may be saved and looked at at once.
 * @param {string} id of a file
 * @returns {string} of looking at it
 */
const lookingAt = (id) => `look ${id}`;

/** A new object for each file, so that a late answer for an earlier one is recognised. */
let preview = nothing();

/** Whatever a viewer has become, it ends here. */
function forget() {
  if (preview.phase === 'coming' && preview.file)
    call('stopFile', {id: lookingAt(preview.file.id)}).catch(() => undefined);
  end();
}

function end() {
  preview.viewer?.end();
  preview = nothing();
}

onEnd(end);
addScreens({preview: draw});

/** @param {NamedFile} file @param {string} button @param {Preview['warning']} warning */
export function showPreview(file, button, warning) {
  forget();
  Object.assign(preview, {file, from: shownScreen(), button, warning});
  showScreen('preview');
}

onEvent((event) => {
  if (
    event.event !== 'download' ||
    preview.phase !== 'coming' ||
    event.id !== lookingAt(preview.file?.id ?? '')
  )
    return;
  Object.assign(preview, {done: event.done, code: event.code});
  redraw();
});

/** @returns {Child} */
function draw() {
  const {file} = preview;
  if (!file) return null;
  return el(
    'div',
    {'data-screen': 'preview', 'data-phase': preview.phase},
    el('button', {type: 'button', class: 'link', id: 'back', on: {click: goBack}}, t('preview.back')),
    el('h1', {}, t('preview.title')),
    nameOf(file),
    el(
      'p',
      {class: 'soft received-facts'},
      el('span', {}, kindWords(file)),
      el('span', {}, sizeWords(file.size)),
    ),
    PHASES[preview.phase](file),
  );
}

/** @type {Record<Preview['phase'], (file: NamedFile) => Child>} */
const PHASES = {
  asked: () => [
    preview.warning('preview-warning'),
    el('p', {}, t('preview.how')),
    el(
      'button',
      {type: 'button', class: 'primary', id: 'preview-start', on: {click: () => void start()}},
      t('preview.start'),
    ),
  ],
  coming: (file) => [
    el(
      'p',
      {class: 'activity'},
      t('file.progress', {done: sizeWords(preview.done), size: sizeWords(file.size)}),
    ),
    el('progress', {'aria-label': t('file.coming'), max: file.size, value: preview.done}),
    preview.code !== '' &&
      el(
        'p',
        {class: 'hint', 'data-code': preview.code},
        wordsFor('download', preview.code),
        ' ',
        t('file.goes-on'),
      ),
  ],
  opening: () => [
    el('p', {class: 'activity'}, t('preview.opening')),
    el('progress', {'aria-label': t('preview.opening')}),
  ],
  failed: () =>
    el(
      'div',
      {class: 'notice', id: 'preview-failed', 'data-problem': preview.failed},
      el('p', {}, failedWords()),
    ),
  shown: () => (preview.kind === 'text' ? written() : drawn()),
};

/** @returns {string} */
const failedWords = () =>
  ['kind', 'pixels', 'password', 'broken', 'slow'].includes(preview.failed)
    ? t(/** @type {Key} */ (`preview.${preview.failed}`))
    : wordsFor('download', preview.failed);

/** @param {string} label @param {Props} [props] @returns {Child} */
const fileText = (label, props) =>
  writtenText(preview.text, {
    class: 'preview-text',
    lang: '',
    tabindex: '0',
    role: 'region',
    'aria-label': label,
    ...props,
  });

/** @returns {Child} */
const written = () => [
  preview.cut && el('p', {class: 'hint', id: 'preview-cut'}, t('preview.cut')),
  fileText(t('preview.text'), {id: 'preview-text'}),
];

/** @returns {Child} */
const drawn = () => {
  const {canvas, kind} = preview;
  canvas?.setAttribute(
    'aria-label',
    kind === 'pdf' ? t('preview.page', pageNumbers()) : t('preview.picture'),
  );
  return [
    kind === 'pdf' && turner(),
    el('div', {class: 'preview-sheet'}, canvas),
    kind === 'pdf' &&
      el(
        'details',
        {id: 'preview-words'},
        el('summary', {}, t('preview.words')),
        preview.text.trim() === ''
          ? el('p', {class: 'hint'}, t('preview.no-words'))
          : fileText(t('preview.words')),
      ),
  ];
};

const pageNumbers = () => ({page: number(preview.page), pages: number(preview.pages)});

/** @returns {Child} */
const turner = () =>
  el(
    'div',
    {class: 'actions preview-turner'},
    turn('preview-previous', 'preview.previous', preview.page - 1),
    el('span', {id: 'preview-page'}, t('preview.page', pageNumbers())),
    turn('preview-next', 'preview.next', preview.page + 1),
  );

/**
 * Not disabled: the keyboard would lose its place at the last page.
 * @param {string} id
 * @param {Key} key
 * @param {number} page
 */
const turn = (id, key, page) => {
  const canTurn = page >= 1 && page <= preview.pages && !preview.turning;
  return el(
    'button',
    {type: 'button', id, 'aria-disabled': String(!canTurn), on: {click: () => canTurn && void turnTo(page)}},
    t(key),
  );
};

function goBack() {
  const {from, button} = preview;
  forget();
  if (from) showScreen(from, {focus: button});
}

/** @param {Partial<Preview>} how */
function goOn(how) {
  const moves = how.phase !== undefined && how.phase !== preview.phase;
  Object.assign(preview, how);
  redraw();
  // The button that was pressed is gone.
  if (moves) byId('heading', HTMLElement).focus();
}

/** @param {string} failed */
function fail(failed) {
  preview.viewer?.end();
  goOn({phase: 'failed', failed, viewer: null, canvas: null, text: ''});
}

async function start() {
  const mine = preview;
  const {file} = preview;
  if (!file || preview.phase !== 'asked') return;
  goOn({phase: 'coming'});
  const {end: ended, kind, bytes} = await looked(file.id);
  if (preview !== mine) return;
  if (!kind || !bytes) return fail(ended);
  const viewer = openViewer(kind === 'pdf' ? 'pdf' : 'plain');
  goOn({phase: 'opening', kind, viewer});
  const ready = await viewer.ready;
  if (preview !== mine) return;
  if (ready.problem) return fail(ready.problem);
  const shown = await viewer.ask({kind, bytes, width: room()}, [bytes.buffer]);
  if (preview !== mine) return;
  if (shown.problem) return fail(shown.problem);
  if (kind !== 'pdf') return take(shown);
  Object.assign(preview, {pages: shown.pages ?? 0});
  await turnTo(1);
}

/** @param {string} id @returns {Promise<Looked>} */
async function looked(id) {
  try {
    return await call('lookAtFile', {id, as: lookingAt(id)});
  } catch (problem) {
    return {
      end: /** @type {{problem?: {code: string}}} */ (problem).problem?.code ?? 'client-fault',
      kind: null,
      bytes: null,
    };
  }
}

/** @returns {number} the pixels that there is room for */
const room = () =>
  Math.round(
    Math.min(MOST_PIXELS, Math.min(MOST_ROOM, byId('main', HTMLElement).clientWidth) * devicePixelRatio),
  );

/** @param {number} page */
async function turnTo(page) {
  const mine = preview;
  if (!preview.viewer || preview.turning) return;
  preview.turning = true;
  const shown = await preview.viewer.ask({page, width: room()});
  if (preview !== mine) return;
  preview.turning = false;
  if (shown.problem) return fail(shown.problem);
  preview.page = page;
  take(shown);
  announce(() => t('preview.page', pageNumbers()), false);
}

/** @param {Shown} shown */
function take({bitmap, text = '', cut = false}) {
  // There is nothing more to come but of a document.
  if (preview.kind !== 'pdf') preview.viewer?.end();
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
