/** What the page knows of whoever is signed in, and its line to the worker. All of it is forgotten at once. */
import {connect} from '../ui/page.js';

/** @import {InboxItem, InboxList, Overview, SignedIn, Told} from '../client/views.js' */
/** @import {VisitWithFiles} from '../client/fetching.js' */
/** @import {Link} from '../ui/page.js' */
/**
 * What goes on now. `waiting` is why the last try failed, `seconds` how long the next one is off; `done` and `total` are bytes.
 * @typedef {{name: 'enter' | 'sync' | 'read' | 'reply', done: number, total: number, waiting: string | null, seconds: number,
 *   slow: boolean}} Activity
 */
/**
 * `channel` is the one that the list is narrowed to; `shown` how many of it are on the page. `drafts` are answers not sent,
 * by mailbox.
 * @typedef {{who: SignedIn | null, list: InboxList | null, channel: string | null, shown: number, item: InboxItem | null,
 *   visit: VisitWithFiles | null, drafts: Map<string, string>, activity: Activity | null}} Kept
 */

export const PAGE_LENGTH = 50;

/** @returns {Kept} */
const nothing = () => ({
  who: null,
  list: null,
  channel: null,
  shown: PAGE_LENGTH,
  item: null,
  visit: null,
  drafts: new Map(),
  activity: null,
});

/**
 * The organisation is public, and stays. `heard`: the worker has answered something, so that all of it has arrived.
 * @type {{link: Link | null, heard: boolean, opening: Promise<Overview> | null, openedAt: number, overview: Overview | null} & Kept}
 */
export const desk = {link: null, heard: false, opening: null, openedAt: 0, overview: null, ...nothing()};

const HOUR = 3_600_000;

/** @type {(told: Told) => void} */
let listener = () => undefined;

/** @param {(told: Told) => void} onEvent hears what the worker tells unasked */
export function listen(onEvent) {
  listener = onEvent;
}

/** @returns {Link} */
function line() {
  if (desk.link) return desk.link;
  const link = connect('inbox', (told) => {
    if (desk.link === link) listener(/** @type {Told} */ (told));
  });
  Object.assign(desk, {link, heard: false});
  return link;
}

/**
 * Ask the worker. What comes back after the page has locked is nobody's: then this never settles.
 * @template T
 * @param {string} call @param {object} [args] @returns {Promise<T>}
 */
export function ask(call, args) {
  const link = line();
  return new Promise((resolve, reject) => {
    const answered = link.call(call, args).finally(() => desk.link === link && Object.assign(desk, {heard: true}));
    /** @type {Promise<T>} */ (answered).then(
      (result) => desk.link === link && resolve(result),
      (refusal) => desk.link === link && reject(refusal),
    );
  });
}

/** Have the organisation's directory, and have it again when the page has stood open for long. @returns {Promise<Overview>} */
export function haveOrganisation() {
  if (!desk.opening || Date.now() - desk.openedAt > HOUR) {
    const opening = open();
    Object.assign(desk, {opening, openedAt: Date.now()});
    // What failed is tried again by whoever asks next.
    opening.catch(() => desk.opening === opening && Object.assign(desk, {opening: null}));
  }
  return /** @type {Promise<Overview>} */ (desk.opening);
}

/** @returns {Promise<Overview>} */
async function open() {
  const {pathname, origin, hash} = location;
  const base = origin + pathname.slice(0, pathname.lastIndexOf('/') + 1);
  /** @type {Overview} */
  const overview = await ask('open', {base, pin: hash.slice(1)});
  desk.overview = overview;
  return overview;
}

/** @returns {boolean} whether a text would be lost that a person wrote */
export const isUnsent = () => [...desk.drafts.values()].some((text) => text.trim() !== '');

/** @type {(() => void)[]} */
const clearing = [];

/** @param {() => void} forget what a part of the page knows besides; is called each time the page locks, or is left */
export function whenCleared(forget) {
  clearing.push(forget);
}

/** Forget all but the organisation. @returns {Link | null} the line that was; whoever gets it ends it */
export function clearDesk() {
  const {link} = desk;
  Object.assign(desk, nothing(), {link: null, opening: null});
  for (const forget of clearing) forget();
  return link;
}
