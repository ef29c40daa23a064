/**
 * What recipients sign to be reached: the statements of PROTOCOL 10.1, and the DSSE envelopes (PROTOCOL 2.7) they travel in. Apart
 * from what reads them, which every page fetches.
 */
import {quoteJson} from './directory.js';
import {b64, concat, writeJson} from './encoding.js';
import {TYPES, publicKey, sign} from './signatures.js';
import {WEEKS, weekKeyHash} from './statement.js';

/** @import {Json} from './encoding.js' */
/** @import {Quote} from './shapes.d.ts' */

/**
 * A signed DSSE envelope (PROTOCOL 2.7), as it travels inside other JSON.
 * @param {string} type @param {Uint8Array} payload @param {Iterable<Uint8Array>} seeds @returns {Json}
 */
export const dsseObject = (type, payload, seeds) => ({
  payloadType: type,
  payload: b64(payload),
  signatures: Array.from(seeds, (seed) => ({keyid: b64(publicKey(seed)), sig: b64(sign(seed, type, payload))})),
});

/**
 * @param {Uint8Array} organisation @param {string} recipient @param {number} counter @param {Quote} directory
 * @param {number} firstWeek @param {Uint8Array[]} keys the 26 public keys @param {Uint8Array} signingSeed
 * @returns {Json} the DSSE envelope, as it travels inside other JSON
 */
export function makeStatement(organisation, recipient, counter, directory, firstWeek, keys, signingSeed) {
  if (keys.length !== WEEKS) throw new RangeError('a statement announces 26 weeks');
  const payload = {
    organisation: b64(organisation),
    recipient,
    counter,
    directory: quoteJson(directory),
    first_week: firstWeek,
    keys: b64(concat(...keys.map(weekKeyHash))),
  };
  return dsseObject(TYPES.statement, writeJson(payload), [signingSeed]);
}
