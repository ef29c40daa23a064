/**
 * This module fetches and checks an organisation: its directory, this week's keys and the server's day
 * (PROTOCOL 9, 10). The twin of `intake/client/organisation.py`.
 */
import {acceptDirectory, checkSeen, findChannel, quoteOf} from '../crypto/public/directory.js';
import {dayNumber, isNumber, unb64, weekOf} from '../crypto/public/encoding.js';
import {isObject, need, readAs} from '../crypto/public/bytes.js';
import {DrempelError} from '../crypto/public/errors.js';
import {LONGEST_FILE} from '../crypto/public/limits.js';
import {acceptStatement, checkKey} from '../crypto/public/statement.js';
import {isPublicKey} from '../crypto/secret/hpke_seal.js';

/** @import {Json} from '../crypto/public/encoding.js' */
/** @import {Directory, Quote, Served, Statement} from '../crypto/shapes.d.ts' */
/** @import {Connection, Followed, Organisation} from './shapes.d.ts' */

export const CLOCK_DAYS = 2;
const LONGEST_DOCUMENT = 8 * 1024 * 1024;
const OLD = 60 * 60 * 1000;
/** What a server takes that does not say. */
const LARGEST_FILE = 4 * 1024 ** 3;
/**
 * What an older directory than the writer's looks like: its number is not known, or neither is the writer.
 */
const OUTDATED = ['directory-unknown', 'forged'];

/**
 * Throws why it must not be used: the errors of PROTOCOL 9.4, `clock-wrong`, `answer-damaged`.
 * @param {Uint8Array} directoryBytes the answer to `GET directory`
 * @param {unknown} keysAnswer the parsed answer to `GET keys`
 * @param {number} today this device's day
 * @param {{pin?: Uint8Array | null, seen?: Quote[]}} [known] the link's organisation id; directories seen
 *   before
 * @returns {Organisation}
 */
export function openOrganisation(directoryBytes, keysAnswer, today, {pin = null, seen = []} = {}) {
  const directory = acceptDirectory(directoryBytes, today, {pin, seen});
  const {day, served} = readKeysAnswer(keysAnswer);
  if (Math.abs(day - today) > CLOCK_DAYS) throw new DrempelError('clock-wrong');
  // Two days of a wrong clock are allowed, so a message's week is the server's (PROTOCOL 10.5).
  const week = weekOf(day);
  const largestFile = largestFileOf(keysAnswer);
  return {
    directory,
    day,
    week,
    verifiedByLink: pin !== null,
    served: checkServed(directory, week, served),
    largestFile,
  };
}

/** @param {unknown} keysAnswer @returns {number} */
function largestFileOf(keysAnswer) {
  const {attachment_bytes: said} = /** @type {{attachment_bytes?: unknown}} */ (keysAnswer);
  return isNumber(said, 0, LONGEST_FILE) ? said : LARGEST_FILE;
}

/**
 * Who a report to a channel is sealed to. Throws `channel-unknown`; `channel-closed` if no recipient can be
 * reached; `recipient-unreachable` if it is fewer than the reporter agreed to.
 * @param {Organisation} organisation @param {string} channel
 * @param {string[]} [without] ids of recipients whose absence the reporter has accepted
 * @returns {{id: string, key: Uint8Array}[]}
 */
export function addressees({directory, served}, channel, without = []) {
  const {recipients, missing} = reachable(directory, channel, served);
  if (recipients.length === 0)
    throw new DrempelError('channel-closed', missing.map(({id, code}) => `${id}: ${code}`).join(', '));
  const unasked = missing.filter(({id}) => !without.includes(id));
  if (unasked.length > 0) {
    throw new DrempelError(
      'recipient-unreachable',
      `Without a valid key: ${unasked.map(({id}) => id).join(', ')}.`,
    );
  }
  return recipients;
}

/**
 * Throws `channel-unknown` or `kind-unknown`.
 * @param {Organisation} organisation
 * @param {string} channel
 * @param {string | null} kind
 */
export function checkKind({directory}, channel, kind) {
  const listed = findChannel(directory, channel);
  if (!listed) throw new DrempelError('channel-unknown');
  if (kind !== null && !listed.kinds.includes(kind))
    throw new DrempelError('kind-unknown', `It takes: ${listed.kinds.join(', ')}.`);
}

/** @param {number} time milliseconds since 1970 @returns {number} the UTC day */
export const dayAt = (time) => Math.floor(time / 86_400_000);

/**
 * The organisation at an address. Throws why it must not be used.
 * @param {Connection} connection @param {number} today this device's day
 * @param {{pin?: Uint8Array | null, seen?: Quote[]}} [known]
 * @returns {Promise<Organisation>}
 */
export async function fetchOrganisation(connection, today, known) {
  const options = {longest: LONGEST_DOCUMENT};
  // Together: over Tor each round costs a second. Both are waited for, so that nothing goes on behind a
  // failure.
  const [directory, keys] = await Promise.allSettled([
    connection.request('GET', 'directory', options),
    connection.json('GET', 'keys', options),
  ]);
  if (directory.status === 'rejected') throw directory.reason;
  if (keys.status === 'rejected') throw keys.reason;
  return openOrganisation(directory.value.content, keys.value, today, known);
}

/**
 * @param {Connection} connection
 * @param {Uint8Array | null} pin
 * @param {() => number} now milliseconds since 1970
 * @returns {Promise<Followed>}
 */
export async function follow(connection, pin, now) {
  const state = {organisation: await fetchOrganisation(connection, dayAt(now()), {pin}), fetched: now()};
  const again = async () => {
    const {directory, verifiedByLink} = state.organisation;
    // Without a link, the first organisation shown is trusted, and no other after it.
    const known = {pin: directory.organisation, seen: [quoteOf(directory)]};
    const organisation = {...(await fetchOrganisation(connection, dayAt(now()), known)), verifiedByLink};
    Object.assign(state, {organisation, fetched: now()});
    return organisation;
  };
  const isOld = () => dayAt(now()) !== dayAt(state.fetched) || Math.abs(now() - state.fetched) > OLD;
  return {
    again,
    current: async () => (isOld() ? again() : state.organisation),
    reading: async (read) => {
      try {
        const found = await read(state.organisation);
        if (!found.thread.notices.some(({code}) => OUTDATED.includes(code))) return found;
      } catch (problem) {
        if (!(problem instanceof DrempelError) || problem.code !== 'directory-rolled-back') throw problem;
      }
      return read(await again());
    },
  };
}

/**
 * The answer to `GET keys` (PROTOCOL 12.2), of the whole organisation; throws `answer-damaged`.
 * @param {unknown} answer a parsed JSON object
 * @returns {{day: number, served: Map<string, Json>}}
 */
export function readKeysAnswer(answer) {
  return readAs('answer-damaged', () => {
    need(
      isObject(answer) && Array.isArray(answer['recipients']) && answer['recipients'].every(isObject),
      'keys',
    );
    const items = /** @type {Json[]} */ (answer['recipients']);
    return {
      day: dayNumber(answer['day']),
      served: new Map(items.map((item) => [String(item['recipient']), item])),
    };
  });
}

/**
 * PROTOCOL 10.3 and 10.4 for each recipient of the directory; then 9.4 step 9 with the witnesses found.
 * @param {Directory} directory
 * @param {number} week
 * @param {Map<string, Json>} served what the server says, by recipient
 * @returns {Served[]}
 */
export function checkServed(directory, week, served) {
  const found = directory.content.recipients.map(({id}) => checkOne(directory, week, id, served.get(id)));
  checkSeen(
    directory,
    found.flatMap(({statement}) => (statement ? [statement.directory] : [])),
  );
  return found;
}

/**
 * @param {Directory} directory
 * @param {number} week
 * @param {string} id
 * @param {Json | undefined} item
 * @returns {Served}
 */
function checkOne(directory, week, id, item) {
  /** @type {Statement | null} */
  let statement = null;
  try {
    if (!item) throw new DrempelError('statement-expired');
    statement = acceptStatement(item['statement'], directory, id);
    const key = readAs('statement-format', () => (item['key'] === null ? null : unb64(item['key'])));
    return {id, key: checkKey(statement, week, key), code: '', statement};
  } catch (problem) {
    if (!(problem instanceof DrempelError)) throw problem;
    return {id, key: null, code: problem.code, statement};
  }
}

/**
 * Who of a channel can be sealed to, and who can't and why (PROTOCOL 10.4). Throws `channel-unknown`.
 * @param {Directory} directory @param {string} channel @param {Served[]} served
 * @returns {{recipients: {id: string, key: Uint8Array}[], missing: {id: string, code: string}[]}}
 */
export function reachable(directory, channel, served) {
  const listed = findChannel(directory, channel);
  if (!listed) throw new DrempelError('channel-unknown');
  const found = listed.recipients.map(
    (id) => served.find((item) => item.id === id) ?? {id, key: null, code: 'statement-expired'},
  );
  const of = found.map((item) =>
    item.key && !isPublicKey(item.key) ? {...item, key: null, code: 'statement-key'} : item,
  );
  return {
    recipients: of.flatMap(({id, key}) => (key ? [{id, key}] : [])),
    missing: of.flatMap(({id, key, code}) => (key ? [] : [{id, code}])),
  };
}
