/** Chosen files on their way: a list that says how far each is, and lets it be paused, tried again or removed. */
import {el, fill, listWords, number, remember, t, tn, wordsFor} from '../ui/screen.js';
import {say} from '../ui/page.js';
import {fileNames, sizeWords} from '../ui/file_words.js';
import {visibleName} from '../viewer/visible.js';
import {filesMoved} from './composing.js';
import {waitingWords} from './sending.js';

/** @import {FileView, Told} from '../client/views.js' */
/** @import {Child, Key} from '../ui/screen.js' */
/** @import {Given, Item} from './composing.js' */
/** @import {Session} from './main.js' */
/** @typedef {Extract<Told, {event: 'line'}>} LineTold */

/** Of one message (PROTOCOL 16.5). */
const MOST_FILES = 64;

/**
 * `lists` are those that files belong to; `line` is what is wrong with the line, if anything, and `said` what was said of it last;
 * `wrong` says why something was not taken.
 * @type {{last: number, lists: Set<Item[]>, line: LineTold | null, said: string, wrong: (() => string) | null, sending: boolean,
 *   session: Session | null}}
 */
const at = {last: 0, lists: new Set(), line: null, said: '', wrong: null, sending: false, session: null};

/** @param {Session} session @param {Item[]} items @param {Given} given */
export function add(session, items, {files, folders}) {
  at.lists.add(items);
  at.session = session;
  const {largestFile} = session.overview;
  const fitting = files.filter(({size}) => size <= largestFile);
  const large = files.filter((file) => !fitting.includes(file));
  const taken = fitting.flatMap((file) => put(session, items, file) ?? []);
  at.wrong = refusal(folders, large, taken.length < fitting.length, largestFile);
  redrawList(items);
  for (const item of taken) attach(session, item);
  say(at.wrong ?? (() => tn('attach.added', taken.length)), false);
}

/** @param {File} file @returns {Item} */
function itemOf(file) {
  at.last += 1;
  return {id: at.last, file, state: 'waiting', share: 0, code: '', changed: false, isUnknown: false};
}

/**
 * What is chosen again because it could not be read takes its own place, and no other's of that name.
 * @param {Session} session @param {Item[]} items @param {File} file @returns {Item | null} null if there is no room for it
 */
function put(session, items, file) {
  const failed = items.find((item) => item.state === 'failed' && item.file.name === file.name);
  const place = failed ? items.indexOf(failed) : items.length;
  if (failed) forget(session, items, failed);
  if (items.length === MOST_FILES) return null;
  const item = itemOf(file);
  items.splice(place, 0, item);
  return item;
}

/** @param {Session} session @param {Item} item */
function attach({link}, item) {
  const {id, file} = item;
  link.call('attach', {id, file}).catch((refusal) => lose(item, refusal));
}

/** The Worker has nothing of it. @param {Item} item @param {any} refusal */
function lose(item, refusal) {
  item.isUnknown = true;
  change({...item, state: 'failed', code: refusal.problem?.code ?? 'client-fault'});
}

/** Where it failed before the Worker had it, it is given to it again. @param {Item} item */
function again(item) {
  const {session} = at;
  if (!session) return;
  if (!item.isUnknown) return void session.link.call('goOnWithFile', {id: item.id}).catch((refusal) => lose(item, refusal));
  item.isUnknown = false;
  change({...item, state: 'waiting', share: 0, code: ''});
  attach(session, item);
}

/** @param {Session} session */
export function attachAgain(session) {
  at.line = null;
  for (const item of [...at.lists].flat()) {
    Object.assign(item, {state: 'waiting', share: 0, code: '', changed: false, isUnknown: false});
    attach(session, item);
  }
}

/** @param {string[]} folders @param {File[]} large @param {boolean} tooMany @param {number} largest @returns {(() => string) | null} */
function refusal(folders, large, tooMany, largest) {
  if (folders.length + large.length === 0 && !tooMany) return null;
  const names = (/** @type {string[]} */ all) => listWords(all.map((name) => `“${visibleName(name)}”`));
  return () =>
    [
      folders.length > 0 ? t('attach.folder', {names: names(folders)}) : '',
      large.length > 0 ? t('attach.large', {names: names(large.map(({name}) => name)), size: sizeWords(largest)}) : '',
      tooMany ? t('error.attachments-too-many') : '',
    ].join(' ').trim();
}

/** @param {Session | null} session @param {Item[]} items @param {boolean} sending the message waits for them @returns {Child} */
export function filesShown(session, items, sending) {
  Object.assign(at, {session, sending});
  return [
    el('p', {class: 'wrong', id: 'files-wrong', role: 'alert'}, at.wrong?.()),
    el('div', {id: 'files-line'}, lineWords(items)),
    el('p', {class: 'wrong', id: 'files-held'}, heldWords(items)),
    items.length > 0 && el('ul', {class: 'file-list', id: 'files-list', 'aria-label': t('attach.list')}, items.map((item) => row(items, item))),
  ];
}

/** What is about to be sent. @param {Item[]} items */
export const filesSummary = (items) => [
  el('dt', {}, t('confirm.files')),
  el('dd', {}, tn('confirm.count', items.length, {size: sizeWords(items.reduce((sum, {file}) => sum + file.size, 0))}), fileNames(items.map(({file}) => file))),
];

/** @param {Item[]} items */
function redrawList(items) {
  const place = document.getElementById('files-shown');
  if (place) refill(place, filesShown(at.session, items, at.sending));
}

/** Nobody who is at one of its buttons is to be thrown off. @param {HTMLElement} place @param {Child} child */
function refill(place, child) {
  const isHere = place.contains(document.activeElement);
  const putBack = remember(place);
  fill(place, child);
  putBack();
  if (isHere && !place.contains(document.activeElement)) goNear();
}

/** To what is next to the files, on the screen that shows them. */
const goNear = () => ['files-choose', 'stop', 'heading'].map((id) => document.getElementById(id)).find((found) => found)?.focus();

/** @param {Item[]} items @returns {Child} */
function lineWords(items) {
  const {line} = at;
  if (!line || items.every(({state}) => state !== 'waiting' && state !== 'uploading')) return null;
  const hurry = () => void at.session?.link.call('hurry');
  return el(
    'div',
    {class: 'notice'},
    el('p', {}, lineSays(line)),
    el('button', {type: 'button', id: 'files-hurry', on: {click: hurry}}, t('sending.hurry')),
  );
}

/** @param {LineTold} line */
const lineSays = (line) => waitingWords(line.code === 'slow' ? {event: 'slow'} : {...line, event: 'waiting'});

/** What keeps a message from being sent. @param {Item[]} items */
function heldWords(items) {
  const held = at.sending ? items.filter(({state}) => state === 'paused' || state === 'failed') : [];
  return held.length > 0 ? tn('attach.held', held.length, {names: listWords(held.map(({file}) => `“${visibleName(file.name)}”`))}) : '';
}

/** @param {Item} item */
const stateOf = ({state, changed}) => (changed && (state === 'waiting' || state === 'uploading') ? 'changed' : state);

/** @param {Item[]} items @param {Item} item */
function row(items, item) {
  const {id, file, state} = item;
  const isGoing = state === 'waiting' || state === 'uploading';
  const button = (/** @type {string} */ what, /** @type {Key} */ words, /** @type {() => void} */ click) =>
    el('button', {type: 'button', id: `file-${id}-${what}`, 'aria-labelledby': `file-${id}-${what} file-${id}-name`, on: {click}}, t(words));
  const pause = () => void at.session?.link.call('pauseFile', {id}).catch(() => undefined);
  return el(
    'li',
    {class: 'file', id: `file-${id}`, 'data-state': stateOf(item)},
    el('p', {class: 'file-name'}, el('bdi', {id: `file-${id}-name`}, visibleName(file.name)), ' ', el('span', {class: 'soft'}, sizeWords(file.size))),
    (isGoing || state === 'paused') && el('progress', {id: `file-${id}-progress`, max: 1, value: item.share, 'aria-labelledby': `file-${id}-name`}),
    el('p', {class: state === 'failed' ? 'wrong' : 'hint', id: `file-${id}-words`}, stateWords(item)),
    el(
      'div',
      {class: 'file-actions'},
      isGoing && item.share < 1 && button('pause', 'attach.pause', pause),
      state === 'paused' && button('go', 'attach.go', () => again(item)),
      state === 'failed' && item.code !== 'attachment-too-large' && button('go', 'attach.again', () => again(item)),
      button('remove', 'attach.remove', () => remove(items, item)),
    ),
  );
}

/** @param {Item} item */
function stateWords({state, share, code, changed, file}) {
  const percent = number(Math.floor(100 * share));
  if (state === 'failed') return code === 'page-incomplete' ? tn('attach.lost', 1) : wordsFor('error', code);
  if (state === 'paused') return t('attach.paused', {n: percent});
  if (state === 'done') return t(changed ? 'attach.done.changed' : file.size === 0 ? 'attach.done.empty' : 'attach.done');
  if (share === 1) return t('attach.checking');
  if (changed) return t('attach.changed', {n: percent});
  return state === 'waiting' ? t('attach.waiting') : t('attach.uploading', {n: percent});
}

/** @param {Item[]} items @param {Item} item */
function remove(items, item) {
  const place = items.indexOf(item);
  if (at.session) forget(at.session, items, item);
  at.wrong = null;
  redrawList(items);
  const next = items[place] ?? items[place - 1];
  if (next) document.getElementById(`file-${next.id}-remove`)?.focus();
  else goNear();
  filesMoved();
}

/** @param {Session} session @param {Item[]} items @param {Item} item */
function forget({link}, items, item) {
  items.splice(items.indexOf(item), 1);
  link.call('removeFiles', {ids: [item.id]}).catch(() => undefined);
}

/** The page is left. */
export function forgetAll() {
  at.lists.clear();
  Object.assign(at, {line: null, said: '', wrong: null, session: null});
}

/** @param {Told} told */
export function hear(told) {
  if (told.event === 'file') change(told.file);
  if (told.event === 'line') changeLine(told);
}

/** @param {FileView} view */
function change(view) {
  const items = [...at.lists].find((each) => each.some(({id}) => id === view.id));
  const item = items?.find(({id}) => id === view.id);
  if (!items || !item) return;
  const before = {...item};
  Object.assign(item, view);
  const {state, share, changed} = item;
  if (state === before.state && changed === before.changed && (share === 1) === (before.share === 1)) return progress(item);
  redrawRow(items, item);
  announce(items, item, changed && !before.changed && state !== 'done');
  filesMoved();
}

/** No more than what moves: whoever is about to press a button must find it. @param {Item} item */
function progress(item) {
  const bar = document.getElementById(`file-${item.id}-progress`);
  const words = document.getElementById(`file-${item.id}-words`);
  if (bar instanceof HTMLProgressElement) bar.value = item.share;
  if (words) words.textContent = stateWords(item);
}

/** @param {Item[]} items @param {Item} item */
function redrawRow(items, item) {
  const before = document.getElementById(`file-${item.id}`);
  if (!before) return;
  const focused = before.contains(document.activeElement) ? document.activeElement?.id : null;
  const after = row(items, item);
  before.replaceWith(after);
  if (focused !== null) (document.getElementById(focused ?? '') ?? after.querySelector('button'))?.focus();
  redrawAround(items);
}

/** @param {Item[]} items */
function redrawAround(items) {
  const [line, held] = ['files-line', 'files-held'].map((id) => document.getElementById(id));
  if (line) refill(line, lineWords(items));
  if (held) held.textContent = heldWords(items);
}

/** Only what somebody who does not see it would want to be told. @param {Item[]} items @param {Item} item @param {boolean} isAnew */
function announce(items, item, isAnew) {
  const name = visibleName(item.file.name);
  if (item.state === 'failed' || isAnew) say(() => `${name}: ${stateWords(item)}`, false);
  else if (item.state === 'done' && items.every(({state}) => state === 'done')) say(() => tn('attach.all', items.length), false);
}

/** @param {LineTold} told */
function changeLine(told) {
  const {said} = at;
  at.line = told.code ? told : null;
  // A line that is slow again and again is not worth saying so each time.
  if (told.code || said !== 'slow') at.said = told.code;
  const shown = [...at.lists].find((items) => items.some(({id}) => document.getElementById(`file-${id}`)));
  if (!shown) return;
  redrawAround(shown);
  if (told.code && told.code !== said) say(() => lineSays(told), false);
}

// What set out over the network of before hangs, and would be noticed only after minutes.
addEventListener('online', () => void at.session?.link.call('hurry', {all: true}).catch(() => undefined));

