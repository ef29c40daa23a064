/** The members of a directory and what they may hold (PROTOCOL 9.1; 9.4 step 6). */
import {dayNumber, isId, isNumber, unb64} from './encoding.js';
import {isObject, need} from './bytes.js';
import {SLOT_COUNTS} from './limits.js';

/** @import {Json} from './encoding.js' */
/** @import {Content} from '../shapes.d.ts' */

export const MOST_VERSION = 2 ** 32 - 1;
const MOST_DAYS = 366;
const MOST_CHANNELS = 64;
const MOST_KINDS = 64;
const MOST_RECIPIENTS = 256;
const MOST_FORMER = 4096;
const MOST_ROUTES = 16;
const LONGEST_URL = 2048;
const MOST_RETENTION = 3650;
/**
 * A page makes a link of it, and following the link must not run a script. Visible ASCII only: RFC 3986 knows
 * no other, and white space or a letter that looks like another hides where a link leads.
 */
const ROUTE_URL = /^(?:https?:\/\/|mailto:|tel:)[!-~]+$/;

/** @param {unknown} value @returns {boolean} `{language: text}` with at least one language */
const isText = (value) =>
  isObject(value) &&
  Object.keys(value).length > 0 &&
  Object.entries(value).every(([language, text]) => isId(language) && typeof text === 'string');

/** @param {unknown} value @returns {boolean} */
const isUrl = (value) => typeof value === 'string' && value.length <= LONGEST_URL && ROUTE_URL.test(value);

/** @param {unknown} value @param {string} what @returns {unknown[]} */
function list(value, what) {
  need(Array.isArray(value), what);
  return value;
}

/** @param {unknown} value @param {string} what @param {number} most @returns {Json[]} */
function objects(value, what, most) {
  const items = list(value, what);
  need(items.length <= most && items.every(isObject), what);
  return /** @type {Json[]} */ (items);
}

/**
 * A list of ids, each once, each of those allowed.
 * @param {unknown} value
 * @param {string[]} allowed
 * @param {string} what
 */
function checkIds(value, allowed, what) {
  const items = list(value, what);
  need(
    items.every((item) => isId(item) && allowed.includes(item)) && new Set(items).size === items.length,
    what,
  );
}

/** @param {Json[]} items @param {string} what @returns {string[]} their ids */
function unique(items, what) {
  const ids = items.map((item) => item['id']);
  need(ids.every(isId) && new Set(ids).size === ids.length, what);
  return /** @type {string[]} */ (ids);
}

/** @param {Json} item @param {string[]} kinds @param {string[]} recipients @param {number} slots */
function checkChannel(item, kinds, recipients, slots) {
  need(isText(item['name']) && isText(item['description']), "a channel's name or description");
  checkIds(item['kinds'], kinds, "a channel's kinds");
  checkIds(item['recipients'], recipients, "a channel's recipients");
  need(list(item['recipients'], '').length <= slots, 'a channel has more recipients than slots');
  need(list(item['informed'], 'who else is informed').every(isText), 'who else is informed');
  for (const route of objects(item['routes'], "a channel's routes", MOST_ROUTES)) {
    need(isText(route['name']), "the name of a channel's route");
    need(isUrl(route['url']), "the url of a channel's route: https, http, mailto or tel, without spaces");
  }
}

/** @param {Json} content @returns {string[]} the recipients' ids */
function checkPeople(content) {
  const recipients = objects(content['recipients'], 'recipients', MOST_RECIPIENTS);
  for (const item of recipients) {
    need(isText(item['name']) && isText(item['role']), "a recipient's name or role");
    unb64(item['signing_key'], 32);
  }
  for (const item of objects(content['former'], 'former recipients', MOST_FORMER)) {
    need(isId(item['id']) && isNumber(item['until'], 1), 'former recipients');
    need(list(item['channels'], 'former recipients').every(isId), 'former recipients');
    unb64(item['signing_key'], 32);
  }
  const ids = unique(recipients, "recipients' ids");
  // A message's author is "reporter" or a recipient's id: one word must not mean both.
  need(!ids.includes('reporter'), "a recipient's id");
  return ids;
}

/** @param {Json} content */
function checkHead(content) {
  need(isNumber(content['version'], 1, MOST_VERSION), 'version');
  for (const item of list(content['history'], 'history')) unb64(item, 32);
  const days = dayNumber(content['expires']) - dayNumber(content['issued']);
  need(days >= 0 && days <= MOST_DAYS, 'validity');
  need(isId(content['slug']) && isText(content['name']), 'slug or name');
  const languages = list(content['languages'], 'languages');
  need(languages.length > 0 && languages.every(isId), 'languages');
  need(isNumber(content['slots']) && SLOT_COUNTS.includes(content['slots']), 'slots');
}

/** @param {Json} content @returns {Content} throws `request-malformed`, naming the member at fault */
export function checkForm(content) {
  checkHead(content);
  const kinds = objects(content['kinds'], 'kinds', MOST_KINDS);
  need(
    kinds.every((item) => isText(item['name'])),
    "kinds' names",
  );
  const kindIds = unique(kinds, "kinds' ids");
  const recipients = checkPeople(content);
  const channels = objects(content['channels'], 'channels', MOST_CHANNELS);
  unique(channels, "channels' ids");
  for (const item of channels) checkChannel(item, kindIds, recipients, Number(content['slots']));
  const {policy} = content;
  need(isObject(policy) && isNumber(policy['retention_days'], 1, MOST_RETENTION), 'policy');
  for (const name of ['acknowledge_days', 'feedback_days'])
    need(isNumber(policy[name], 0, MOST_RETENTION), 'policy');
  return /** @type {Content} */ (/** @type {unknown} */ (content));
}

/** Who writes first, as the author of a message. */
export const REPORTER = 'reporter';
