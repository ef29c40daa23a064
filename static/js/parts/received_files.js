/** This module lists the files of a message, saves them and shows the progress. */
import {el, fill} from '../page/elements.js';
import {speakOf, t, tn, wordsFor} from '../page/words.js';
import {call, incomplete, onEnd, onEvent} from '../page/calls.js';
import {announce} from '../page/frame.js';
import {sizeWords} from '../page/file_words.js';
import {kindWords, nameOf} from './file_names.js';
import {showPreview} from './preview.js';
import {
  LARGEST_PIECE,
  answered,
  canSave,
  canSaveAlong,
  chooseFile,
  chooseFolder,
  dropEmpty,
  fileIn,
  giveBackAll,
  hand,
  hasFolders,
  hasRoom,
  lookForRoom,
  roomFor,
} from './saving.js';

/** @import {Child} from '../page/elements.js' */
/** @import {Key} from '../page/words.js' */
/** @import {MessageWithFiles, NamedFile, Saved} from '../worker/received_files.js' */
/** @import {Handle} from '../client/files/save_target.js' */
/**
 * A file that is being saved, or was. `held`: it is next, and there is no room for it yet. `end` is how it
 * ended: `saved`; `handed` to the browser, of which a page hears no more; `stopped`, `unsaved`, or the code
 * of what is wrong with it.
 * @typedef {{file: NamedFile, state: 'queued' | 'held' | 'coming' | 'ended', done: number, code: string,
 *   seconds: number, end: string}} Saving
 */
/**
 * What a page says of files: `warning` stands before other people's files, with an id of its own; `command`
 * is what brings a file that is too large for a browser.
 * @typedef {{warning: (id: string) => Child, command: () => Child}} AboutFiles
 */
/**
 * In a folder it gets a place when its turn has come; without either it is saved as one piece.
 * @typedef {{file: NamedFile, handle: Handle | null, folder: FileSystemDirectoryHandle | null}} Queued
 */

/** @type {{savings: Map<string, Saving>, queue: Queued[], going: boolean}} */
const files = {savings: new Map(), queue: [], going: false};

/** @returns {Promise<unknown> | null} settles once nothing is left of half a file, where one is coming */
export function forgetFiles() {
  const {queue, going} = files;
  Object.assign(files, {savings: new Map(), queue: [], going: false});
  giveBackAll();
  // Of those whose turn had not come, an empty file may be left.
  const dropped = dropAll(queue);
  return going ? dropped : null;
}

onEnd(forgetFiles);

/** The words of files are fetched with the first of them. */
export async function fileWordsHere() {
  await speakOf('files').catch(() => {
    throw incomplete();
  });
}

/** @param {Queued[]} queued */
const dropAll = (queued) => Promise.all(queued.map(({handle}) => handle && dropEmpty(handle)));

/** @returns {boolean} whether locking would break something off */
export const isSaving = () => files.going;

onEvent((event) => {
  const saving = event.event === 'download' ? files.savings.get(event.id) : undefined;
  if (event.event !== 'download' || saving?.state !== 'coming') return;
  Object.assign(saving, {done: event.done, code: event.code, seconds: event.seconds});
  drawSaving(saving.file);
});

/** @param {NamedFile} file @param {Partial<Saving>} how */
function note(file, how) {
  files.savings.set(file.id, {file, state: 'queued', done: 0, code: '', seconds: 0, end: '', ...how});
  drawSaving(file, true);
}

/**
 * The list of a message's files, with what to mind about strangers' files.
 * @param {MessageWithFiles} message @param {number} place of the message in the conversation
 * @param {AboutFiles} about
 * @returns {Child}
 */
export function fileList({own, attachments}, place, about) {
  if (attachments.length === 0) return null;
  const id = `files-${place}`;
  const savable = attachments.filter(({size}) => canSaveAlong(size));
  return el(
    'section',
    {class: 'received', id, 'aria-labelledby': `${id}-title`},
    el('h2', {id: `${id}-title`}, tn('files.title', attachments.length)),
    !own && about.warning(`${id}-warning`),
    el(
      'ul',
      {class: 'list'},
      attachments.map((file) => fileItem(file, `file-${place}-${file.index}`, about)),
    ),
    savable.length > 1 &&
      el(
        'button',
        {type: 'button', id: `${id}-save`, on: {click: () => void saveAll(savable)}},
        t('files.save-all'),
      ),
  );
}

/** @param {NamedFile} file @param {string} id @param {AboutFiles} about */
const fileItem = (file, id, {warning, command}) =>
  el(
    'li',
    {class: 'received-file', id},
    nameOf(file),
    el(
      'p',
      {class: 'soft received-facts'},
      el('span', {}, kindWords(file)),
      el('span', {}, sizeWords(file.size)),
    ),
    canSave(file.size)
      ? null
      : el(
          'p',
          {class: 'hint', id: `${id}-large`},
          t('file.too-large', {size: sizeWords(LARGEST_PIECE)}),
          ' ',
          command(),
        ),
    el('div', {'data-file': file.id, 'data-within': id}, savingOf(file)),
    el(
      'div',
      {class: 'actions received-actions'},
      // First what leaves nothing behind.
      file.canShow &&
        button(`${id}-preview`, 'file.preview', file, () => showPreview(file, `${id}-preview`, warning)),
      el('span', {'data-button': id}, saveButton(file, id)),
    ),
  );

/** What can be done about saving it now. @param {NamedFile} file @param {string} id @returns {Child} */
function saveButton(file, id) {
  if (isWaitedFor(file.id)) return button(`${id}-stop`, 'file.stop', file, () => stop(file.id));
  return canSave(file.size) && button(`${id}-save`, 'file.save', file, () => void save(file));
}

/**
 * A screen reader may read the button alone, so the button's name includes the file's.
 * @param {string} id
 * @param {Key} key
 * @param {NamedFile} file
 * @param {() => void} click
 */
const button = (id, key, {safe}, click) =>
  el(
    'button',
    {type: 'button', id, on: {click}},
    t(key),
    el('span', {class: 'for-ears'}, ' ', el('bdi', {lang: ''}, safe)),
  );

/**
 * Draw it where it stands, and touch nothing else.
 * @param {NamedFile} file
 * @param {boolean} [turned] it has begun, or ended
 */
function drawSaving(file, turned = false) {
  for (const place of document.querySelectorAll('[data-file]')) {
    if (place.getAttribute('data-file') !== file.id) continue;
    fill(place, savingOf(file));
    const id = String(place.getAttribute('data-within'));
    if (turned) drawButton(file, id);
  }
}

/**
 * Where the keyboard was at the one button, it is at the other then.
 * @param {NamedFile} file
 * @param {string} id
 */
function drawButton(file, id) {
  const place = document.querySelector(`[data-button="${id}"]`);
  const held = place?.contains(document.activeElement);
  if (!place) return;
  fill(place, saveButton(file, id));
  if (held) place.querySelector('button')?.focus();
}

/** @param {NamedFile} file @returns {Child} */
function savingOf({id, size}) {
  const saving = files.savings.get(id);
  if (!saving) return null;
  if (saving.state === 'ended')
    return el('p', {class: ENDS[saving.end] ?? 'wrong', 'data-end': saving.end}, endWords(saving.end));
  return [
    el('progress', {'aria-label': t('file.coming'), max: 1, value: size > 0 ? saving.done / size : 0}),
    el('p', {class: 'hint'}, savingWords(saving)),
    saving.code !== '' &&
      el(
        'p',
        {class: 'hint', 'data-code': saving.code},
        wordsFor('download', saving.code),
        ' ',
        t('file.goes-on'),
      ),
  ];
}

/** @param {Saving} saving @returns {string} */
function savingWords({state, done, file}) {
  if (state === 'coming') return t('file.progress', {done: sizeWords(done), size: sizeWords(file.size)});
  return state === 'held' ? t('file.held', {size: sizeWords(LARGEST_PIECE)}) : t('file.queued');
}

/** @type {Record<string, string>} */
const ENDS = {saved: 'right', handed: 'right', stopped: 'hint'};

/** @param {string} end @returns {string} */
const endWords = (end) =>
  ['saved', 'handed', 'stopped', 'unsaved'].includes(end)
    ? t(/** @type {Key} */ (`file.${end}`))
    : wordsFor('download', end);

/** @param {NamedFile} file */
async function save(file) {
  if (isWaitedFor(file.id)) return;
  const {savings} = files;
  // The page may have locked while a place was looked for.
  const chosen = await chooseFile(file.safe, () => files.savings === savings);
  if (chosen) enqueue([{file, handle: chosen.handle, folder: null}]);
}

/** @param {string} id */
const isWaitedFor = (id) => ['queued', 'held', 'coming'].includes(files.savings.get(id)?.state ?? '');

/** @param {NamedFile[]} wanted */
async function saveAll(wanted) {
  const {savings} = files;
  const streams = hasFolders();
  const folder = streams ? await chooseFolder() : null;
  if ((streams && !folder) || files.savings !== savings) return;
  enqueue(wanted.filter(({id}) => !isWaitedFor(id)).map((file) => ({file, handle: null, folder})));
}

/** One after the other: two at once come no sooner, and take twice the room. @param {Queued[]} more */
function enqueue(more) {
  for (const {file} of more) note(file, {state: 'queued'});
  files.queue.push(...more);
  if (!files.going) void saveQueued();
}

async function saveQueued() {
  const {savings} = files;
  files.going = true;
  for (let next = files.queue.shift(); next; next = files.queue.shift()) {
    if (!next.handle && !next.folder) await haveRoom(next.file);
    const isHanded =
      files.savings === savings && isWaitedFor(next.file.id) && (await saveOne(next)) === 'handed';
    if (isHanded && files.queue.length > 0) await answered(() => files.savings === savings);
    // The page has locked since: the files are those of another session now.
    if (files.savings !== savings) return;
  }
  files.going = false;
}

/** What the browser was handed before is in its memory until it has saved it. @param {NamedFile} file */
async function haveRoom(file) {
  if (!isWaitedFor(file.id) || hasRoom(file.size)) return;
  note(file, {state: 'held'});
  await roomFor(file.size, () => isWaitedFor(file.id));
}

/** @param {Queued} queued @returns {Promise<string>} how it ended */
async function saveOne(queued) {
  const {savings} = files;
  const {file} = queued;
  note(file, {state: 'coming'});
  const {end: ended, blob} = await saved(queued);
  if (files.savings !== savings) return 'stopped';
  const end = blob ? 'handed' : ended;
  if (blob) hand(blob, file.safe);
  note(file, {state: 'ended', end});
  announce(() => `${file.safe}: ${endWords(end)}`, false);
  return end;
}

/** @param {Queued} queued @returns {Promise<Saved>} */
async function saved({file, handle, folder}) {
  const {savings} = files;
  try {
    const place = folder ? await fileIn(folder, file.safe) : handle;
    if (files.savings === savings) return await call('saveFile', {id: file.id, handle: place});
    // The page has locked since.
    if (place) await dropEmpty(place);
    return {end: 'stopped', blob: null};
  } catch (problem) {
    const code = /** @type {{problem?: {code: string}}} */ (problem).problem?.code;
    return {end: code ?? 'unsaved', blob: null};
  }
}

/** @param {string} id */
function stop(id) {
  const saving = files.savings.get(id);
  if (saving?.state === 'coming') void call('stopFile', {id});
  else if (saving) void drop(saving.file);
}

/** Its turn has not come. @param {NamedFile} file */
async function drop(file) {
  const dropped = files.queue.filter((each) => each.file.id === file.id);
  files.queue = files.queue.filter((each) => each.file.id !== file.id);
  note(file, {state: 'ended', end: 'stopped'});
  lookForRoom();
  await dropAll(dropped);
}
