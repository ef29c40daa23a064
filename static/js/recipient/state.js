/** This module holds the state of the inbox. Locking forgets all of it at once, except the organisation. */
import {call, onEnd, setWorker} from '../page/calls.js';
import {readFields} from '../page/elements.js';

/** @import {InboxItem, InboxList, Overview, SignedIn} from '../worker/views.js' */
/** @import {VisitWithFiles} from '../worker/received_files.js' */
/**
 * What goes on now. `waiting` is why the last try failed, `seconds` how long the next one is off; `done` and
 * `total` are bytes.
 * @typedef {{name: 'enter' | 'sync' | 'read' | 'reply', done: number, total: number, waiting: string | null,
 *   seconds: number, slow: boolean}} Activity
 */
/**
 * `channel` is the one that the list is narrowed to; `shown` how many of it are on the page. `item` is the
 * open conversation: `visit` is what was read of it, `failed` why nothing was; `isEmpty`: an answer without
 * text was to be sent. `drafts` are answers not sent, by mailbox. `syncFailed`: so that there is no list.
 * @typedef {{who: SignedIn | null, list: InboxList | null, syncFailed: boolean, channel: string | null,
 *   shown: number, item: InboxItem | null, visit: VisitWithFiles | null, failed: string | null, isEmpty:
 *   boolean, drafts: Map<string, string>, activity: Activity | null, opening: Promise<Overview> | null}} Kept
 */

export const PAGE_LENGTH = 50;
const HOUR = 3_600_000;

/** @returns {Kept} */
const nothing = () => ({
  who: null,
  list: null,
  syncFailed: false,
  channel: null,
  shown: PAGE_LENGTH,
  item: null,
  visit: null,
  failed: null,
  isEmpty: false,
  drafts: new Map(),
  activity: null,
  opening: null,
});

/** @type {{overview: Overview | null, openedAt: number} & Kept} */
export const state = {overview: null, openedAt: 0, ...nothing()};

setWorker('recipient');
onEnd(() => void Object.assign(state, nothing()));

/**
 * Have the organisation's directory, and have it again when the page has stood open for long.
 * @returns {Promise<Overview>}
 */
export function haveOrganisation() {
  if (!state.opening || Date.now() - state.openedAt > HOUR) {
    const opening = open();
    Object.assign(state, {opening, openedAt: Date.now()});
    // After a failure, the next caller tries again.
    opening.catch(() => state.opening === opening && Object.assign(state, {opening: null}));
  }
  return /** @type {Promise<Overview>} */ (state.opening);
}

/** @returns {Promise<Overview>} */
async function open() {
  const {pathname, origin, hash} = location;
  const base = origin + pathname.slice(0, pathname.lastIndexOf('/') + 1);
  /** @type {Overview} */
  const overview = await call('open', {base, pin: hash.slice(1)});
  state.overview = overview;
  return overview;
}

/** @returns {boolean} whether a text would be lost that a person wrote */
export function isUnsent() {
  readFields();
  return [...state.drafts.values()].some((text) => text.trim() !== '');
}

/** @returns {InboxItem[]} those of the chosen channel */
export const chosenItems = () =>
  (state.list?.items ?? []).filter(({channel}) => state.channel === null || channel.id === state.channel);

/** @returns {InboxItem[]} those of them that are on the page */
export const shownItems = () => chosenItems().slice(0, state.shown);

/** Open a conversation, or none. @param {InboxItem | null} item */
export const openItem = (item) =>
  void Object.assign(state, {item, visit: null, failed: null, isEmpty: false});
