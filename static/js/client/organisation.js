/**
 * An organisation as a client sees it: accepted directory, this week's keys, the server's day (PROTOCOL 9, 10). The twin of
 * `intake/client/organisation.py`.
 */
import {acceptDirectory, findChannel, fingerprint, quoteOf} from '../crypto/directory.js';
import {isNumber, weekOf} from '../crypto/encoding.js';
import {DrempelError} from '../crypto/errors.js';
import {LONGEST_FILE} from '../crypto/wire.js';
import {checkServed, reachable, readKeysAnswer} from '../crypto/statement.js';

/** @import {Channel, Quote, Recipient} from '../crypto/shapes.d.ts' */
/** @import {Connection, Followed, Organisation} from './shapes.d.ts' */
/** @import {ChannelView, Overview} from './views.js' */

export const CLOCK_DAYS = 2;
const LONGEST_DOCUMENT = 8 * 1024 * 1024;
const OLD = 60 * 60 * 1000;
/** What a server takes that does not say. */
const LARGEST_FILE = 4 * 1024 ** 3;
/** What an older directory than the writer's looks like: its number is not known, or neither is the writer. */
const OUTDATED = ['directory-unknown', 'forged'];

/**
 * Throws why it must not be used: the errors of PROTOCOL 9.4, `clock-wrong`, `answer-damaged`.
 * @param {Uint8Array} directoryBytes the answer to `GET directory`
 * @param {unknown} keysAnswer the parsed answer to `GET keys`
 * @param {number} today this device's day
 * @param {{pin?: Uint8Array | null, seen?: Quote[]}} [known] the link's organisation id; directories seen before
 * @returns {Organisation}
 */
export function openOrganisation(directoryBytes, keysAnswer, today, {pin = null, seen = []} = {}) {
  const directory = acceptDirectory(directoryBytes, today, {pin, seen});
  const {day, served} = readKeysAnswer(keysAnswer);
  if (Math.abs(day - today) > CLOCK_DAYS) throw new DrempelError('clock-wrong');
  // Two days of a wrong clock are allowed, so a message's week is the server's (PROTOCOL 10.5).
  const week = weekOf(day);
  const largestFile = largestFileOf(keysAnswer);
  return {directory, day, week, verifiedByLink: pin !== null, served: checkServed(directory, week, served), largestFile};
}

/** @param {unknown} keysAnswer @returns {number} */
function largestFileOf(keysAnswer) {
  const {attachment_bytes: said} = /** @type {{attachment_bytes?: unknown}} */ (keysAnswer);
  return isNumber(said, 0, LONGEST_FILE) ? said : LARGEST_FILE;
}

/**
 * Who a report to a channel is sealed to. Throws `channel-unknown`; `channel-closed` if that is nobody;
 * `recipient-unreachable` if it is fewer than the reporter agreed to.
 * @param {Organisation} organisation @param {string} channel
 * @param {string[]} [without] ids of recipients whose absence the reporter has accepted
 * @returns {{id: string, key: Uint8Array}[]}
 */
export function addressees({directory, served}, channel, without = []) {
  const {recipients, missing} = reachable(directory, channel, served);
  if (recipients.length === 0) throw new DrempelError('channel-closed', missing.map(({id, code}) => `${id}: ${code}`).join(', '));
  const unasked = missing.filter(({id}) => !without.includes(id));
  if (unasked.length > 0) {
    throw new DrempelError('recipient-unreachable', `Without a valid key: ${unasked.map(({id}) => id).join(', ')}.`);
  }
  return recipients;
}

/** Throws `channel-unknown` or `kind-unknown`. @param {Organisation} organisation @param {string} channel @param {string | null} kind */
export function checkKind({directory}, channel, kind) {
  const listed = findChannel(directory, channel);
  if (!listed) throw new DrempelError('channel-unknown');
  if (kind !== null && !listed.kinds.includes(kind)) throw new DrempelError('kind-unknown', `It takes: ${listed.kinds.join(', ')}.`);
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
  // Together: over Tor each round costs a second. Both are waited for, so that nothing goes on behind a failure.
  const [directory, keys] = await Promise.allSettled([
    connection.request('GET', 'directory', options),
    connection.json('GET', 'keys', options),
  ]);
  if (directory.status === 'rejected') throw directory.reason;
  if (keys.status === 'rejected') throw keys.reason;
  return openOrganisation(directory.value.content, keys.value, today, known);
}

/**
 * @param {Connection} connection @param {Uint8Array | null} pin @param {() => number} now milliseconds since 1970
 * @returns {Promise<Followed>}
 */
export async function follow(connection, pin, now) {
  const state = {organisation: await fetchOrganisation(connection, dayAt(now()), {pin}), fetched: now()};
  const again = async () => {
    const {directory, verifiedByLink} = state.organisation;
    // Whoever came without a link trusts what was shown at first, and no other organisation after it.
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

/** @param {Organisation} organisation @returns {Overview} */
export function overviewOf(organisation) {
  const {directory, verifiedByLink, largestFile} = organisation;
  const {name, languages, policy, kinds, channels} = directory.content;
  const {retention_days, acknowledge_days, feedback_days} = policy;
  return {
    name,
    fingerprint: fingerprint(directory.organisation),
    verified: verifiedByLink,
    languages,
    policy: {retention_days, acknowledge_days, feedback_days},
    kinds: kinds.map((kind) => ({id: kind.id, name: kind.name})),
    channels: channels.map((channel) => channelView(organisation, channel)),
    largestFile,
  };
}

/**
 * Whether a channel is as a page has shown it: nobody but those named there may get to read a report, whatever has been
 * published since, or whoever can be reached again.
 * @param {Overview} shown @param {Organisation} organisation @param {string} channel id
 */
export function isAsShown(shown, organisation, channel) {
  const of = (/** @type {Overview} */ {channels}) => JSON.stringify(channels.find(({id}) => id === channel));
  return of(shown) === of(overviewOf(organisation));
}

/** @param {Organisation} organisation @param {Channel} channel @returns {ChannelView} */
function channelView({directory, served}, {id, name, description, kinds, recipients, informed, routes}) {
  const listed = directory.content.recipients;
  const people = recipients.map((person) => /** @type {Recipient} */ (listed.find((item) => item.id === person)));
  const {recipients: reached, missing} = reachable(directory, id, served);
  const nameOf = (/** @type {string} */ person) => people.find((item) => item.id === person)?.name ?? {};
  return {
    id,
    name,
    description,
    kinds,
    recipients: people.map((person) => ({id: person.id, name: person.name, role: person.role})),
    missing: missing.map(({id: person, code}) => ({id: person, name: nameOf(person), code})),
    closed: reached.length === 0,
    informed,
    routes: routes.map((route) => ({name: route.name, url: route.url})),
  };
}
