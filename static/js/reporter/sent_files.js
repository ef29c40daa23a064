/**
 * This module lists the chosen files with the progress of each, and lets each be paused, tried again or
 * removed.
 */
import {MOST_CLAIMS} from '../crypto/public/limits.js';
import {call, emit, onEnd, onEvent} from '../page/calls.js';
import {el, fill, remember} from '../page/elements.js';
import {listWords, number, t, tn, wordsFor} from '../page/words.js';
import {announce} from '../page/frame.js';
import {fileNames, sizeWords} from '../page/file_words.js';
import {visibleName} from '../viewer/reveal_invisible.js';
import {waitingWords} from '../page/waiting.js';
import {state as page} from './state.js';

/** @import {FileView, WorkerEvent} from '../worker/views.js' */
/** @import {Child} from '../page/elements.js' */
/** @import {Key} from '../page/words.js' */
/** @import {Given, Item} from './state.js' */
/** @typedef {Extract<WorkerEvent, {event: 'connection'}>} ConnectionEvent */

/**
 * `lists` are those that files belong to; `connection` is what is wrong with the connection, if anything, and
 * `said` what was said of it last; `wrong` says why something was not taken.
 * @type {{
 *   last: number,
 *   lists: Set<Item[]>,
 *   connection: ConnectionEvent | null,
 *   said: string,
 *   wrong: (() => string) | null,
 *   sending: boolean,
 * }}
 */
const sent = {last: 0, lists: new Set(), connection: null, said: '', wrong: null, sending: false};

/** @param {Item[]} items @param {Given} given */
export function add(items, {files, folders}) {
  sent.lists.add(items);
  const {largestFile} = page.overview;
  const fitting = files.filter(({size}) => size <= largestFile);
  const large = files.filter((file) => !fitting.includes(file));
  const taken = fitting.flatMap((file) => put(items, file) ?? []);
  sent.wrong = refusal(folders, large, taken.length < fitting.length, largestFile);
  redrawList(items);
  for (const item of taken) attach(item);
  announce(sent.wrong ?? (() => tn('attach.added', taken.length)), false);
}

/** @param {File} file @returns {Item} */
function itemOf(file) {
  sent.last += 1;
  return {id: sent.last, file, state: 'waiting', share: 0, code: '', changed: false, isUnknown: false};
}

/**
 * What is chosen again because it could not be read takes its own place, and no other's of that name.
 * @param {Item[]} items
 * @param {File} file
 * @returns {Item | null} null if there is no room for it
 */
function put(items, file) {
  const failed = items.find((item) => item.state === 'failed' && item.file.name === file.name);
  const place = failed ? items.indexOf(failed) : items.length;
  if (failed) forget(items, failed);
  if (items.length === MOST_CLAIMS) return null;
  const item = itemOf(file);
  items.splice(place, 0, item);
  return item;
}

/** @param {Item} item */
function attach(item) {
  const {id, file} = item;
  call('attach', {id, file}).catch((refusal) => lose(item, refusal));
}

/** The Worker has nothing of it. @param {Item} item @param {any} refusal */
function lose(item, refusal) {
  item.isUnknown = true;
  change({...item, state: 'failed', code: refusal.problem?.code ?? 'client-fault'});
}

/** Where it failed before the Worker had it, it is given to it again. @param {Item} item */
function again(item) {
  if (!item.isUnknown)
    return void call('goOnWithFile', {id: item.id}).catch((refusal) => lose(item, refusal));
  item.isUnknown = false;
  change({...item, state: 'waiting', share: 0, code: ''});
  attach(item);
}

/** Another Worker knows nothing of them yet. */
export function attachAgain() {
  sent.connection = null;
  for (const item of [...sent.lists].flat()) {
    Object.assign(item, {state: 'waiting', share: 0, code: '', changed: false, isUnknown: false});
    attach(item);
  }
}

/**
 * @param {string[]} folders
 * @param {File[]} large
 * @param {boolean} tooMany
 * @param {number} largest
 * @returns {(() => string) | null}
 */
function refusal(folders, large, tooMany, largest) {
  if (folders.length + large.length === 0 && !tooMany) return null;
  const names = (/** @type {string[]} */ all) => listWords(all.map((name) => `“${visibleName(name)}”`));
  return () =>
    [
      folders.length > 0 ? t('attach.folder', {names: names(folders)}) : '',
      large.length > 0
        ? t('attach.large', {names: names(large.map(({name}) => name)), size: sizeWords(largest)})
        : '',
      tooMany ? t('error.attachments-too-many') : '',
    ]
      .join(' ')
      .trim();
}

/**
 * @param {Item[]} items
 * @param {boolean} sending the message waits for them
 * @returns {Child}
 */
export function filesShown(items, sending) {
  Object.assign(sent, {sending});
  return [
    el('p', {class: 'wrong', id: 'files-wrong', role: 'alert'}, sent.wrong?.()),
    el('div', {id: 'files-connection'}, connectionWords(items)),
    el('p', {class: 'wrong', id: 'files-held'}, heldWords(items)),
    items.length > 0 &&
      el(
        'ul',
        {class: 'file-list', id: 'files-list', 'aria-label': t('attach.list')},
        items.map((item) => row(items, item)),
      ),
  ];
}

/** What is about to be sent. @param {Item[]} items */
export const filesSummary = (items) => [
  el('dt', {}, t('confirm.files')),
  el(
    'dd',
    {},
    tn('confirm.count', items.length, {size: sizeWords(items.reduce((sum, {file}) => sum + file.size, 0))}),
    fileNames(items.map(({file}) => file)),
  ),
];

/** @param {Item[]} items */
function redrawList(items) {
  const place = document.getElementById('files-shown');
  if (place) refill(place, filesShown(items, sent.sending));
}

/**
 * Draw it again, and keep the focus on its buttons.
 * @param {HTMLElement} place
 * @param {Child} child
 */
function refill(place, child) {
  const isHere = place.contains(document.activeElement);
  const putBack = remember(place);
  fill(place, child);
  putBack();
  if (isHere && !place.contains(document.activeElement)) goNear();
}

/** To what is next to the files, on the screen that shows them. */
const goNear = () =>
  ['files-choose', 'stop', 'heading']
    .map((id) => document.getElementById(id))
    .find((found) => found)
    ?.focus();

/** @param {Item[]} items @returns {Child} */
function connectionWords(items) {
  const {connection} = sent;
  if (!connection || items.every(({state}) => state !== 'waiting' && state !== 'uploading')) return null;
  const hurry = () => void call('hurry');
  return el(
    'div',
    {class: 'notice'},
    el('p', {}, connectionSays(connection)),
    el('button', {type: 'button', id: 'files-hurry', on: {click: hurry}}, t('sending.hurry')),
  );
}

/** @param {ConnectionEvent} connection */
const connectionSays = (connection) =>
  waitingWords(connection.code === 'slow' ? {event: 'slow'} : {...connection, event: 'waiting'});

/** What keeps a message from being sent. @param {Item[]} items */
function heldWords(items) {
  const held = sent.sending ? items.filter(({state}) => state === 'paused' || state === 'failed') : [];
  return held.length > 0
    ? tn('attach.held', held.length, {names: listWords(held.map(({file}) => `“${visibleName(file.name)}”`))})
    : '';
}

/** @param {Item} item */
const stateOf = ({state, changed}) =>
  changed && (state === 'waiting' || state === 'uploading') ? 'changed' : state;

/** @param {Item[]} items @param {Item} item */
function row(items, item) {
  const {id, file, state} = item;
  const isGoing = state === 'waiting' || state === 'uploading';
  const button = (/** @type {string} */ what, /** @type {Key} */ words, /** @type {() => void} */ click) =>
    el(
      'button',
      {
        type: 'button',
        id: `file-${id}-${what}`,
        'aria-labelledby': `file-${id}-${what} file-${id}-name`,
        on: {click},
      },
      t(words),
    );
  const pause = () => void call('pauseFile', {id}).catch(() => undefined);
  return el(
    'li',
    {class: 'file', id: `file-${id}`, 'data-state': stateOf(item)},
    el(
      'p',
      {class: 'file-name'},
      el('bdi', {id: `file-${id}-name`}, visibleName(file.name)),
      ' ',
      el('span', {class: 'soft'}, sizeWords(file.size)),
    ),
    (isGoing || state === 'paused') &&
      el('progress', {
        id: `file-${id}-progress`,
        max: 1,
        value: item.share,
        'aria-labelledby': `file-${id}-name`,
      }),
    el('p', {class: state === 'failed' ? 'wrong' : 'hint', id: `file-${id}-words`}, stateWords(item)),
    el(
      'div',
      {class: 'file-actions'},
      isGoing && item.share < 1 && button('pause', 'attach.pause', pause),
      state === 'paused' && button('go', 'attach.go', () => again(item)),
      state === 'failed' &&
        item.code !== 'attachment-too-large' &&
        button('go', 'attach.again', () => again(item)),
      button('remove', 'attach.remove', () => remove(items, item)),
    ),
  );
}

/** @param {Item} item */
function stateWords({state, share, code, changed, file}) {
  const percent = number(Math.floor(100 * share));
  if (state === 'failed' && code === 'page-incomplete') return tn('attach.lost', 1);
  if (state === 'failed') return code === 'proxy-limit' ? t('attach.proxy-limit') : wordsFor('error', code);
  if (state === 'paused') return t('attach.paused', {n: percent});
  if (state === 'done')
    return t(changed ? 'attach.done.changed' : file.size === 0 ? 'attach.done.empty' : 'attach.done');
  if (share === 1) return t('attach.checking');
  if (changed) return t('attach.changed', {n: percent});
  return state === 'waiting' ? t('attach.waiting') : t('attach.uploading', {n: percent});
}

/** @param {Item[]} items @param {Item} item */
function remove(items, item) {
  const place = items.indexOf(item);
  forget(items, item);
  sent.wrong = null;
  redrawList(items);
  const next = items[place] ?? items[place - 1];
  if (next) document.getElementById(`file-${next.id}-remove`)?.focus();
  else goNear();
  emit({event: 'files'});
}

/** @param {Item[]} items @param {Item} item */
function forget(items, item) {
  items.splice(items.indexOf(item), 1);
  call('removeFiles', {ids: [item.id]}).catch(() => undefined);
}

onEnd((why) => {
  if (why === 'again') return;
  sent.lists.clear();
  Object.assign(sent, {connection: null, said: '', wrong: null});
});

onEvent((event) => {
  if (event.event === 'file') change(event.file);
  if (event.event === 'connection') changeConnection(event);
});

/** @param {FileView} view */
function change(view) {
  const items = [...sent.lists].find((each) => each.some(({id}) => id === view.id));
  const item = items?.find(({id}) => id === view.id);
  if (!items || !item) return;
  const before = {...item};
  Object.assign(item, view);
  const {state, share, changed} = item;
  if (state === before.state && changed === before.changed && (share === 1) === (before.share === 1))
    return progress(item);
  redrawRow(items, item);
  announceFile(items, item, changed && !before.changed && state !== 'done');
  emit({event: 'files'});
}

/** Change the progress alone: a button that is about to be pressed must stay. @param {Item} item */
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
  const [connection, held] = ['files-connection', 'files-held'].map((id) => document.getElementById(id));
  if (connection) refill(connection, connectionWords(items));
  if (held) held.textContent = heldWords(items);
}

/**
 * Announce only the changes that matter to a person who does not see the list.
 * @param {Item[]} items
 * @param {Item} item
 * @param {boolean} isAnew
 */
function announceFile(items, item, isAnew) {
  const name = visibleName(item.file.name);
  if (item.state === 'failed' || isAnew) announce(() => `${name}: ${stateWords(item)}`, false);
  else if (item.state === 'done' && items.every(({state}) => state === 'done'))
    announce(() => tn('attach.all', items.length), false);
}

/** @param {ConnectionEvent} event */
function changeConnection(event) {
  const {said} = sent;
  sent.connection = event.code ? event : null;
  // A connection that is slow again and again is announced once.
  if (event.code || said !== 'slow') sent.said = event.code;
  const shown = [...sent.lists].find((items) => items.some(({id}) => document.getElementById(`file-${id}`)));
  if (!shown) return;
  redrawAround(shown);
  if (event.code && event.code !== said) announce(() => connectionSays(event), false);
}

// What set out over the network of before hangs, and would be noticed only after minutes.
addEventListener(
  'online',
  () => void (sent.lists.size > 0 && call('hurry', {all: true}).catch(() => undefined)),
);
