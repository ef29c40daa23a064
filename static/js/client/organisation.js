/**
 * An organisation as a client sees it: accepted directory, this week's keys, the server's day (PROTOCOL 9, 10). Like all of
 * this folder it is given what was fetched, and fetches nothing. The twin of `intake/client/organisation.py`.
 */
import {acceptDirectory, findChannel} from '../crypto/directory.js';
import {weekOf} from '../crypto/encoding.js';
import {DrempelError} from '../crypto/errors.js';
import {checkServed, reachable, readKeysAnswer} from '../crypto/statement.js';

/** @import {Directory, Quote} from '../crypto/directory.js' */
/** @import {Served} from '../crypto/statement.js' */
/**
 * `day` and `week` are the server's; `served` says for each recipient its key of the week, or why there is none.
 * @typedef {{directory: Directory, day: number, week: number, verifiedByLink: boolean, served: Served[]}} Organisation
 */

export const CLOCK_DAYS = 2;

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
  return {directory, day, week, verifiedByLink: pin !== null, served: checkServed(directory, week, served)};
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
