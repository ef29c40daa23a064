/**
 * Statements: a recipient's signed announcement of coming week keys (PROTOCOL 10). With `announcing.js`, which makes them, the twin of
 * `crypto/statement.py`.
 */
import {checkSeen, findChannel, findRecipient, readQuote} from './directory.js';
import {dayNumber, equal, hashLabelled, isId, isNumber, isObject, need, parseJson, readAs, unb64} from './encoding.js';
import {DrempelError} from './errors.js';
import {PUBLIC_KEY_LENGTH, isPublicKey} from './hpke.js';
import {TYPES, isNewer, readDsse, signersOf} from './signatures.js';

/** @import {Json} from './encoding.js' */
/** @import {Directory, Dsse, Served, Statement} from './shapes.d.ts' */

export const WEEKS = 26;
const LARGEST = 2 ** 32 - 1;

/** @param {Uint8Array} key 1,216 bytes @returns {Uint8Array} the hash by which a statement announces it */
export const weekKeyHash = (key) => hashLabelled('week-key', key);

/** @param {unknown} value @returns {{dsse: Dsse, organisation: Uint8Array, statement: Statement}} none of it verified yet */
function read(value) {
  const dsse = readDsse(value);
  if (isNewer(dsse.type, TYPES.statement)) throw new DrempelError('directory-newer');
  need(dsse.type === TYPES.statement, 'statement');
  const content = parseJson(dsse.payload);
  const {recipient, counter, first_week: firstWeek} = content;
  const hashes = unb64(content['keys'], 32 * WEEKS);
  need(isId(recipient) && isNumber(counter, 0, LARGEST) && isNumber(firstWeek, 0, LARGEST), 'statement');
  const keys = Array.from({length: WEEKS}, (_, week) => hashes.slice(32 * week, 32 * week + 32));
  const organisation = unb64(content['organisation'], 32);
  return {dsse, organisation, statement: {recipient, counter, directory: readQuote(content['directory']), firstWeek, keys}};
}

/**
 * The statement in a parsed DSSE envelope, if it is that recipient's (PROTOCOL 10.3). Throws `statement-format`,
 * `statement-signature`, or `directory-newer`.
 * @param {unknown} value @param {Directory} directory @param {string} recipient
 * @returns {Statement}
 */
export function acceptStatement(value, directory, recipient) {
  const {dsse, organisation, statement} = readAs('statement-format', () => read(value));
  const listed = findRecipient(directory, recipient);
  const keys = listed ? [unb64(listed.signing_key, 32)] : [];
  const fits = statement.recipient === recipient && equal(organisation, directory.organisation);
  if (!fits || signersOf(dsse, TYPES.statement, keys).size === 0) throw new DrempelError('statement-signature');
  return statement;
}

/**
 * The week's public key, if it is the one announced; throws `statement-expired` or `statement-key`.
 * @param {Statement} statement @param {number} week @param {Uint8Array | null} key
 * @returns {Uint8Array}
 */
export function checkWeekKey({firstWeek, keys}, week, key) {
  const announced = keys[week - firstWeek];
  if (!announced) throw new DrempelError('statement-expired');
  if (!key || key.length !== PUBLIC_KEY_LENGTH || !equal(weekKeyHash(key), announced)) throw new DrempelError('statement-key');
  return key;
}

/**
 * The answer to `GET keys` (PROTOCOL 12.2), of the whole organisation; throws `answer-damaged`.
 * @param {unknown} answer a parsed JSON object
 * @returns {{day: number, served: Map<string, Json>}}
 */
export function readKeysAnswer(answer) {
  return readAs('answer-damaged', () => {
    need(isObject(answer) && Array.isArray(answer['recipients']) && answer['recipients'].every(isObject), 'keys');
    const items = /** @type {Json[]} */ (answer['recipients']);
    return {day: dayNumber(answer['day']), served: new Map(items.map((item) => [String(item['recipient']), item]))};
  });
}

/**
 * PROTOCOL 10.3 and 10.4 for each recipient of the directory; then 9.4 step 9 with the witnesses found.
 * @param {Directory} directory @param {number} week @param {Map<string, Json>} served what the server says, by recipient
 * @returns {Served[]}
 */
export function checkServed(directory, week, served) {
  const found = directory.content.recipients.map(({id}) => checkOne(directory, week, id, served.get(id)));
  checkSeen(directory, found.flatMap(({statement}) => (statement ? [statement.directory] : [])));
  return found;
}

/** @param {Directory} directory @param {number} week @param {string} id @param {Json | undefined} item @returns {Served} */
function checkOne(directory, week, id, item) {
  /** @type {Statement | null} */
  let statement = null;
  try {
    if (!item) throw new DrempelError('statement-expired');
    statement = acceptStatement(item['statement'], directory, id);
    const key = readAs('statement-format', () => (item['key'] === null ? null : unb64(item['key'])));
    return {id, key: checkWeekKey(statement, week, key), code: '', statement};
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
  const found = listed.recipients.map((id) => served.find((item) => item.id === id) ?? {id, key: null, code: 'statement-expired'});
  const of = found.map((item) => (item.key && !isPublicKey(item.key) ? {...item, key: null, code: 'statement-key'} : item));
  return {
    recipients: of.flatMap(({id, key}) => (key ? [{id, key}] : [])),
    missing: of.flatMap(({id, key, code}) => (key ? [] : [{id, code}])),
  };
}
