/**
 * What a message is made of, in a new report as on a return visit: its text, and its files. What it takes to show and send files
 * is fetched when there is one.
 */
import {el, fill, number, t, tn} from '../ui/screen.js';
import {say} from '../ui/page.js';

/** @import {FileView, Told} from '../client/views.js' */
/** @import {Key} from '../ui/screen.js' */
/** @import {Session} from './main.js' */
/**
 * What the reporter chose and typed: kept whatever happens, until they leave. `channel` is '' before one is chosen; `without`
 * are the recipients whose absence was accepted; `renewed`: another receipt was shown before this one; `tried`: something may be
 * stored under this one, `perhaps`: under one before; `arrived` is how many files are stored with it.
 * @typedef {{channel: string, without: string[], kind: string | null, text: string, files: Item[], rereadable: boolean,
 *   receipt: string, renewed: boolean, tried: boolean, perhaps: boolean, stored: boolean, arrived: number}} Draft
 */
/** @typedef {FileView & {file: File, isUnknown: boolean}} Item a file that was chosen, and how far it is; `isUnknown`: the Worker does not have it */
/** @typedef {{files: File[], folders: string[]}} Given what was picked, dropped or pasted; folders by name, since they can't be sent */

/** Bytes of UTF-8 (PROTOCOL 7.3). */
const LONGEST_TEXT = 1_044_480;
const NEARLY = 0.95 * LONGEST_TEXT;

/** @returns {Draft} */
export const nothing = () => ({
  channel: '',
  without: [],
  kind: null,
  text: '',
  files: [],
  rereadable: true,
  receipt: '',
  renewed: false,
  tried: false,
  perhaps: false,
  stored: false,
  arrived: 0,
});

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

/** Nothing, until the end comes near. @param {string} text */
export function remainingWords(text) {
  // No letter takes more than three bytes a code unit, so most texts need no counting.
  const length = 3 * text.length < NEARLY ? 0 : bytesOf(text);
  if (length < NEARLY) return '';
  const left = LONGEST_TEXT - length;
  return left < 0 ? t('write.over', {n: number(-left)}) : t('write.left', {n: number(left)});
}

/** What need not be asked of the Worker. @param {string} text @returns {Key | ''} */
export function unsendable(text) {
  if (text.trim() === '') return 'error.text-empty';
  return bytesOf(text) > LONGEST_TEXT ? 'error.text-too-long' : '';
}

/**
 * Where files go now: to the message that is being written. `coming` was chosen, and is in no list yet, since the parts are not
 * there; `isLacking`: they did not come. `moved` is the screen that waits for files.
 * @type {{session: Session | null, items: Item[], parts: typeof import('./files.js') | null, coming: {items: Item[], given: Given}[],
 *   isLacking: boolean, moved: () => void}}
 */
const at = {session: null, items: [], parts: null, coming: [], isLacking: false, moved: () => undefined};

/** @param {Session} session @param {Item[]} items @returns {HTMLElement} where files are chosen, and seen on their way */
export function filesPart(session, items) {
  Object.assign(at, {session, items});
  const change = (/** @type {Event} */ {target}) => {
    if (!(target instanceof HTMLInputElement)) return;
    take({files: [...(target.files ?? [])], folders: []});
    // Firefox would write their paths to disk; and the same file can be chosen again.
    target.value = '';
  };
  const input = {type: 'file', multiple: true, id: 'files-choose', class: 'for-ears', autocomplete: 'off', 'aria-describedby': 'about-files'};
  return el(
    'div',
    {class: 'field files', id: 'files', role: 'group', 'aria-labelledby': 'files-title'},
    el('p', {class: 'label', id: 'files-title'}, t('attach.title')),
    el('ul', {class: 'hint', id: 'about-files'}, /** @type {const} */ (['sealed', 'seen', 'metadata']).map((each) => el('li', {}, t(`attach.${each}`)))),
    el('p', {class: 'choosing'}, el('input', {...input, on: {change}}), el('label', {class: 'button', for: 'files-choose'}, t('attach.choose')), ' ', el('span', {class: 'hint'}, t('attach.or'))),
    filesShown(items),
  );
}

/** @param {Item[]} items @param {boolean} [sending] the message waits for them */
export const filesShown = (items, sending = false) => [
  el('div', {id: 'files-shown'}, at.parts?.filesShown(at.session, items, sending)),
  el('div', {id: 'files-coming', tabindex: '-1'}, comingShown(items)),
];

/** @param {Item[]} items */
export const filesSummary = (items) => items.length > 0 && at.parts?.filesSummary(items);

/** @param {Given} given */
function take(given) {
  if (!at.session || given.files.length + given.folders.length === 0) return;
  at.coming.push({items: at.items, given});
  void bring(at.session);
}

/** What it takes to show and send files. Once it is here, all that was chosen is taken, in the order in which it was given. @param {Session} session */
async function bring(session) {
  at.isLacking = false;
  if (!at.parts) showComing();
  const [parts] = at.parts ? [at.parts] : await Promise.all([import('./files.js'), import('../ui/file_words.js'), import('../viewer/visible.js')]).catch(() => []);
  Object.assign(at, {parts: parts ?? null, isLacking: !parts});
  const taken = parts ? at.coming.splice(0) : [];
  showComing();
  for (const {items, given} of taken) parts?.add(session, items, given);
  filesMoved();
}

/** @param {Item[]} items @returns {number} how many were chosen for this message that are not in its list yet: it must not go without them */
const numberComing = (items) => at.coming.reduce((sum, {items: of, given}) => sum + (of === items ? given.files.length + given.folders.length : 0), 0);

/** @param {Item[]} items */
export const areComing = (items) => numberComing(items) > 0;

/** @param {Item[]} items */
export const areChosen = (items) => items.length > 0 || areComing(items);

/** Whether nothing that was chosen for this message is still to arrive. @param {Item[]} items */
export const haveArrived = (items) => items.every(({state}) => state === 'done') && !areComing(items);

/** @param {Item[]} items */
function comingShown(items) {
  const n = numberComing(items);
  if (n === 0) return null;
  if (!at.isLacking) return el('p', {class: 'hint'}, tn('attach.coming', n));
  const again = () => void (at.session && bring(at.session));
  const remove = () => {
    at.coming = at.coming.filter((each) => each.items !== items);
    showComing();
    filesMoved();
  };
  return el(
    'div',
    {class: 'notice'},
    el('p', {}, tn('attach.lost', n)),
    el(
      'div',
      {class: 'file-actions'},
      el('button', {type: 'button', id: 'files-bring', on: {click: again}}, t('attach.again')),
      el('button', {type: 'button', id: 'files-drop', on: {click: remove}}, t('attach.remove')),
    ),
  );
}

function showComing() {
  const {items, isLacking} = at;
  const place = document.getElementById('files-coming');
  const n = numberComing(items);
  if (n > 0) say(() => tn(isLacking ? 'attach.lost' : 'attach.coming', n), false);
  if (!place) return;
  const isHere = place.contains(document.activeElement);
  fill(place, comingShown(items));
  // Whoever pressed a button that is gone goes on from where it was.
  if (isHere) place.focus();
}

/** Something became of chosen files. */
export const filesMoved = () => at.moved();

/** @param {() => void} moved is told whenever something becomes of them, in place of who was told before */
export const watchFiles = (moved) => void Object.assign(at, {moved});

/** @param {Told} told what the Worker tells of files */
export const hearOfFiles = (told) => at.parts?.hear(told);

/** The page is left. */
export function forgetFiles() {
  at.parts?.forgetAll();
  Object.assign(at, {session: null, items: [], coming: [], moved: () => undefined});
}

/** With another line, whose Worker knows nothing of them yet. @param {Session} session */
export const attachAgain = (session) => at.parts?.attachAgain(session);

/** @param {Session} session @param {Item[]} items that are part of a message by now, or of none */
export function clearFiles(session, items) {
  if (items.length > 0) session.link.call('removeFiles', {ids: items.map(({id}) => id)}).catch(() => undefined);
  items.length = 0;
}

/** @param {DataTransfer | null} data @returns {data is DataTransfer} */
const hasFiles = (data) => data?.types.includes('Files') ?? false;

/** Whether what is written now takes files. */
const isTaking = () => document.getElementById('files') !== null;

/** @param {DataTransfer} data @returns {Given} */
function givenBy({items}) {
  const entries = [...items].filter(({kind}) => kind === 'file').map((item) => ({entry: item.webkitGetAsEntry(), file: item.getAsFile()}));
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
