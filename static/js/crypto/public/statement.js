/**
 * Statements: a recipient's signed announcement of coming week keys (PROTOCOL 10). `statement_sign.js` makes
 * them.
 */
import {findRecipient, readQuote} from './directory.js';
import {equal, need, readAs} from './bytes.js';
import {hashLabelled, isId, isNumber, parseObject, unb64} from './encoding.js';
import {DrempelError} from './errors.js';
import {PUBLIC_KEY_LENGTH} from './limits.js';
import {TYPES, isNewer, readDsse, signersOf} from './signatures.js';

/** @import {Directory, Dsse, Statement} from '../shapes.d.ts' */

export const WEEKS = 26;
const LARGEST = 2 ** 32 - 1;

/** @param {Uint8Array} key 1,216 bytes @returns {Uint8Array} the hash by which a statement announces it */
export const weekKeyHash = (key) => hashLabelled('week-key', key);

/**
 * @param {unknown} value
 * @returns {{dsse: Dsse, organisation: Uint8Array, statement: Statement}} none of it verified yet
 */
function read(value) {
  const dsse = readDsse(value);
  if (isNewer(dsse.type, TYPES.statement)) throw new DrempelError('directory-newer');
  need(dsse.type === TYPES.statement, 'statement');
  const content = parseObject(dsse.payload);
  const {recipient, counter, first_week: firstWeek} = content;
  const hashes = unb64(content['keys'], 32 * WEEKS);
  need(isId(recipient) && isNumber(counter, 0, LARGEST) && isNumber(firstWeek, 0, LARGEST), 'statement');
  const keys = Array.from({length: WEEKS}, (_, week) => hashes.slice(32 * week, 32 * week + 32));
  const organisation = unb64(content['organisation'], 32);
  return {
    dsse,
    organisation,
    statement: {recipient, counter, directory: readQuote(content['directory']), firstWeek, keys},
  };
}

/**
 * The statement in a parsed DSSE envelope, if it is that recipient's (PROTOCOL 10.3). Throws
 * `statement-format`, `statement-signature`, or `directory-newer`.
 * @param {unknown} value @param {Directory} directory @param {string} recipient
 * @returns {Statement}
 */
export function acceptStatement(value, directory, recipient) {
  const {dsse, organisation, statement} = readAs('statement-format', () => read(value));
  const listed = findRecipient(directory, recipient);
  const keys = listed ? [unb64(listed.signing_key, 32)] : [];
  const fits = statement.recipient === recipient && equal(organisation, directory.organisation);
  if (!fits || signersOf(dsse, TYPES.statement, keys).size === 0)
    throw new DrempelError('statement-signature');
  return statement;
}

/**
 * The week's public key, if it is the one announced; throws `statement-expired` or `statement-key`.
 * @param {Statement} statement @param {number} week @param {Uint8Array | null} key
 * @returns {Uint8Array}
 */
export function checkKey({firstWeek, keys}, week, key) {
  const announced = keys[week - firstWeek];
  if (!announced) throw new DrempelError('statement-expired');
  if (!key || key.length !== PUBLIC_KEY_LENGTH || !equal(weekKeyHash(key), announced))
    throw new DrempelError('statement-key');
  return key;
}
