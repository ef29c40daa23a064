/** Making statements, which recipients sign to be reached (PROTOCOL 10.1). */
import {quoteJson} from '../public/directory.js';
import {b64, writeObject} from '../public/encoding.js';
import {concat} from '../public/bytes.js';
import {TYPES, dsseObject} from '../public/signatures.js';
import {WEEKS, weekKeyHash} from '../public/statement.js';

/** @import {Json} from '../public/encoding.js' */
/** @import {Quote} from '../shapes.d.ts' */

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
  return dsseObject(TYPES.statement, writeObject(payload), [signingSeed]);
}
