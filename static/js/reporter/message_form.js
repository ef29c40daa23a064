/**
 * The form of a message, in a new report and on a return visit: its text and its files. The script that shows
 * and sends files is fetched with its words when the first file is chosen.
 */
import {TEXT_LIMIT} from '../crypto/public/limits.js';
import {emit} from '../page/calls.js';
import {el, fill} from '../page/elements.js';
import {announce} from '../page/frame.js';
import {number, speakOf, t, tn} from '../page/words.js';
import {numberComing} from './message_files.js';
import {state} from './state.js';

/** @import {Key} from '../page/words.js' */
/** @import {Given, Item} from './state.js' */

/** What shows and sends files, once it is here. @type {{parts: typeof import('./sent_files.js') | null}} */
const later = {parts: null};

const NEARLY = 0.95 * TEXT_LIMIT;

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

/** Nothing, until the end comes near. @param {string} text */
export function remainingWords(text) {
  // No letter takes more than three bytes a code unit, so most texts need no counting.
  const length = 3 * text.length < NEARLY ? 0 : bytesOf(text);
  if (length < NEARLY) return '';
  const left = TEXT_LIMIT - length;
  return left < 0 ? t('write.over', {n: number(-left)}) : t('write.left', {n: number(left)});
}

/** What need not be asked of the Worker. @param {string} text @returns {Key | ''} */
export function unsendable(text) {
  if (text.trim() === '') return 'error.text-empty';
  return bytesOf(text) > TEXT_LIMIT ? 'error.text-too-long' : '';
}

/**
 * @param {Item[]} items
 * @returns {HTMLElement} where files are chosen, and seen on their way
 */
export function filesPart(items) {
  Object.assign(state.choosing, {items});
  const change = (/** @type {Event} */ {target}) => {
    if (!(target instanceof HTMLInputElement)) return;
    take({files: [...(target.files ?? [])], folders: []});
    // Firefox would write their paths to disk; and the same file can be chosen again.
    target.value = '';
  };
  const input = {
    type: 'file',
    multiple: true,
    id: 'files-choose',
    class: 'for-ears',
    autocomplete: 'off',
    'aria-describedby': 'about-files',
  };
  return el(
    'div',
    {class: 'field files', id: 'files', role: 'group', 'aria-labelledby': 'files-title'},
    el('p', {class: 'label', id: 'files-title'}, t('attach.title')),
    el(
      'ul',
      {class: 'hint', id: 'about-files'},
      /** @type {const} */ (['sealed', 'seen', 'metadata']).map((each) => el('li', {}, t(`attach.${each}`))),
    ),
    el(
      'p',
      {class: 'choosing'},
      el('input', {...input, on: {change}}),
      el('label', {class: 'button', for: 'files-choose'}, t('attach.choose')),
      ' ',
      el('span', {class: 'hint'}, t('attach.or')),
    ),
    filesShown(items),
  );
}

/** @param {Item[]} items @param {boolean} [sending] the message waits for them */
export const filesShown = (items, sending = false) => [
  el('div', {id: 'files-shown'}, later.parts?.filesShown(items, sending)),
  el('div', {id: 'files-coming', tabindex: '-1'}, comingShown(items)),
];

/** @param {Item[]} items */
export const filesSummary = (items) => items.length > 0 && later.parts?.filesSummary(items);

/** @param {Given} given */
function take(given) {
  const {coming, items} = state.choosing;
  if (given.files.length + given.folders.length === 0) return;
  coming.push({items, given});
  void bring();
}

async function fileParts() {
  const [parts] = await Promise.all([
    import('./sent_files.js'),
    import('../page/file_words.js'), // of which it is made: in the same round
    speakOf('attaching'),
  ]);
  return parts;
}

/**
 * What it takes to show and send files. Once it is here, all that was chosen is taken, in the order in which
 * it was given.
 */
async function bring() {
  state.choosing.isLacking = false;
  if (!later.parts) showComing();
  const parts = later.parts ?? (await fileParts().catch(() => null));
  Object.assign(later, {parts});
  state.choosing.isLacking = !parts;
  const taken = parts ? state.choosing.coming.splice(0) : [];
  showComing();
  for (const {items, given} of taken) parts?.add(items, given);
  emit({event: 'files'});
}

/** @param {Item[]} items */
function comingShown(items) {
  const n = numberComing(items);
  if (n === 0) return null;
  if (!state.choosing.isLacking) return el('p', {class: 'hint'}, tn('attach.coming', n));
  const remove = () => {
    state.choosing.coming = state.choosing.coming.filter((each) => each.items !== items);
    showComing();
    emit({event: 'files'});
  };
  return el(
    'div',
    {class: 'notice'},
    el('p', {}, tn('attach.lost', n)),
    el(
      'div',
      {class: 'file-actions'},
      el('button', {type: 'button', id: 'files-bring', on: {click: () => void bring()}}, t('attach.again')),
      el('button', {type: 'button', id: 'files-drop', on: {click: remove}}, t('attach.remove')),
    ),
  );
}

function showComing() {
  const {items, isLacking} = state.choosing;
  const place = document.getElementById('files-coming');
  const n = numberComing(items);
  if (n > 0) announce(() => tn(isLacking ? 'attach.lost' : 'attach.coming', n), false);
  if (!place) return;
  const isHere = place.contains(document.activeElement);
  fill(place, comingShown(items));
  // The focus was on a button that is gone: keep it at that place.
  if (isHere) place.focus();
}

/** Another Worker knows nothing of the files yet. */
export const attachAgain = () => later.parts?.attachAgain();

/** @param {DataTransfer | null} data @returns {data is DataTransfer} */
const hasFiles = (data) => data?.types.includes('Files') ?? false;

/** Whether what is written now takes files. */
const isTaking = () => document.getElementById('files') !== null;

/** @param {DataTransfer} data @returns {Given} */
function givenBy({items}) {
  const entries = [...items]
    .filter(({kind}) => kind === 'file')
    .map((item) => ({entry: item.webkitGetAsEntry(), file: item.getAsFile()}));
  return {
    files: entries.flatMap(({entry, file}) => (file && !entry?.isDirectory ? [file] : [])),
    folders: entries.flatMap(({entry}) => (entry?.isDirectory ? [entry.name] : [])),
  };
}

// A file that is let fall on a page would otherwise take its place, and the text with it.
addEventListener('dragover', (event) => {
  const {dataTransfer: data} = event;
  if (!hasFiles(data)) return;
  event.preventDefault();
  data.dropEffect = isTaking() ? 'copy' : 'none';
  document.getElementById('files')?.classList.add('over');
});
addEventListener('dragleave', ({relatedTarget}) => {
  if (!relatedTarget) document.getElementById('files')?.classList.remove('over');
});
addEventListener('drop', (event) => {
  const {dataTransfer: data} = event;
  if (!hasFiles(data)) return;
  event.preventDefault();
  document.getElementById('files')?.classList.remove('over');
  if (isTaking()) take(givenBy(data));
});
addEventListener('paste', (event) => {
  const {clipboardData: data} = event;
  // What is copied out of a text or a table is there as a picture as well, and is meant as text.
  if (!isTaking() || !hasFiles(data) || data.types.includes('text/plain')) return;
  event.preventDefault();
  take(givenBy(data));
});
