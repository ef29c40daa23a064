/**
 * This module holds the state of the reporter's page: what was typed and chosen, the organisation, and the
 * task that is going on.
 */
import {call, onEnd, setWorker} from '../page/calls.js';
import {setOrganisation} from '../page/frame.js';

/** @import {ChannelView, FileView, Overview, WorkerEvent, Visit} from '../worker/views.js' */
/** @import {Key} from '../page/words.js' */
/**
 * @typedef {FileView & {file: File, isUnknown: boolean}} Item a file that was chosen, and how far it is;
 *   `isUnknown`: the Worker does not have it
 */
/**
 * What the reporter chose and typed: kept whatever happens, until they leave. `channel` is '' before one is
 * chosen; `without` are the recipients whose absence was accepted; `renewed`: another receipt was shown
 * before this one; `tried`: something may be stored under this one, `maybeStored`: under one before;
 * `arrived` is how many files are stored with it.
 * @typedef {{channel: string, without: string[], kind: string | null, text: string, files: Item[],
 *   rereadable: boolean, receipt: string, renewed: boolean, tried: boolean, maybeStored: boolean, stored:
 *   boolean, arrived: number}} Draft
 */
/**
 * Typed on a return visit. `isWarned`: it was said that closing loses it; `tried`: something of it may have
 * arrived.
 * @typedef {{code: string, reply: string, files: Item[], isWarned: boolean, tried: boolean}} Typed
 */
/**
 * @typedef {{files: File[], folders: string[]}} Given what was picked, dropped or pasted; folders by name,
 *   since they can't be sent
 */
/**
 * Where files go now: to the message that is being written. `coming` was chosen, and is in no list yet, since
 * what shows and sends files is not there; `isLacking`: it did not come.
 * @typedef {{items: Item[], coming: {items: Item[], given: Given}[], isLacking: boolean}} Choosing
 */
/**
 * What the `sending` screen says. `files` are those of the message: it waits for them wherever one of them is
 * not there.
 * @typedef {{title: Key, stop: Key, then?: Key, files?: Item[]}} Words
 */
/**
 * What is being sent, or waited for. `event` is the Worker's last event; `looks` look again whether it can
 * go on.
 * @typedef {{words: Words, event: WorkerEvent | null, isStopped: boolean, isWaiting: boolean, looks: (() =>
 *   void)[]}} Task
 */
/**
 * The conversation that was shown last. `getting` is the place of the message whose files are asked for.
 * @typedef {{visit: Visit, getting: number | null}} Shown
 */
/**
 * `making` is the receipt that is being waited for; null when there is none, or the person went back.
 * `check`: the two groups of it that are asked back, from 0, and what was typed. `received` is there once a
 * recipient has sent files.
 * @typedef {{overview: Overview, draft: Draft, typed: Typed, choosing: Choosing, making: object | null,
 *   check: {places: number[], typed: string[], wrong: boolean[]}, task: Task | null, shown: Shown | null,
 *   received: typeof import('./received_files.js') | null}} State
 */

/** @type {Overview} */
const NONE = Object.freeze({
  name: {},
  fingerprint: '',
  verified: false,
  languages: [],
  policy: {retention_days: 0, acknowledge_days: 0, feedback_days: 0},
  kinds: [],
  channels: [],
  largestFile: 0,
});

/** @returns {Draft} */
const emptyDraft = () => ({
  channel: '',
  without: [],
  kind: null,
  text: '',
  files: [],
  rereadable: true,
  receipt: '',
  renewed: false,
  tried: false,
  maybeStored: false,
  stored: false,
  arrived: 0,
});

/** @returns {State} */
const nothing = () => ({
  overview: NONE,
  draft: emptyDraft(),
  typed: {code: '', reply: '', files: [], isWarned: false, tried: false},
  choosing: {items: [], coming: [], isLacking: false},
  making: null,
  check: {places: [], typed: [], wrong: []},
  task: null,
  shown: null,
  received: null,
});

export const state = nothing();

setWorker('reporter');
// Another Worker gets what was typed.
onEnd((why) => void (why !== 'again' && Object.assign(state, nothing())));

/** The address of the organisation: a page knows it from its own, whose last slash may be missing. */
const base = () => location.origin + location.pathname.replace(/\/?$/u, '/');

/** Ask for the organisation's directory and keys. @returns {Promise<Overview>} */
export const askOrganisation = () => call('open', {base: base(), pin: location.hash.slice(1)});

/** @param {Overview} overview */
export function know(overview) {
  state.overview = overview;
  setOrganisation(overview);
}

/** Ask again, where what was shown turned out to be old. */
export async function reopen() {
  know(await askOrganisation());
  keepKind();
}

/** @returns {ChannelView | undefined} the chosen one */
export const chosenChannel = () => state.overview.channels.find(({id}) => id === state.draft.channel);

/** Keep the chosen kind of report only if the chosen channel takes it. */
export function keepKind() {
  if (!chosenChannel()?.kinds.includes(state.draft.kind ?? '')) state.draft.kind = null;
}

/** Who of a channel can read a report now. @param {ChannelView} channel */
export const reachedBy = ({recipients, missing}) =>
  recipients.filter(({id}) => !missing.some((each) => each.id === id));

/**
 * The receipt that was shown is not that of what will be sent.
 * @param {boolean} maybeStored something may be stored under it
 */
export function renewReceipt(maybeStored) {
  const {draft} = state;
  Object.assign(draft, {renewed: true, tried: false, maybeStored: draft.maybeStored || maybeStored});
}
