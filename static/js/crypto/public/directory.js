/** The directory: who may be told, under which keys, signed by the custodian (PROTOCOL 9). */
import {MOST_VERSION, checkForm} from './directory_schema.js';
import {compare, concat, equal, isObject, need, readAs, u8} from './bytes.js';
import {b64, dayNumber, dayText, hashLabelled, isNumber, parseObject, unb64} from './encoding.js';
import {DrempelError} from './errors.js';
import {TYPES, isNewer, parseDsse, readDsse, signersOf} from './signatures.js';

/** @import {Json} from './encoding.js' */
/** @import {Channel, Content, Directory, Dsse, Quote, Recipient, Signers} from '../shapes.d.ts' */

const CLOCK_DAYS = 2;
const MOST_SIGNERS = 16;
const MOST_ROTATIONS = 64;

/**
 * @param {Signers} signers
 * @returns {Uint8Array} PROTOCOL 9.2; that of the first set is the organisation id
 */
export const signersHash = ({threshold, keys}) =>
  hashLabelled('signers', concat(u8(threshold), u8(keys.length), ...[...keys].sort(compare)));

/** @param {Uint8Array} organisation @returns {string} as it stands in a link */
export const fingerprint = (organisation) => b64(organisation);

/** @param {unknown} value @returns {Signers} throws `request-malformed` */
export function readSigners(value) {
  need(isObject(value) && Array.isArray(value['keys']), 'signers');
  const keys = value['keys'].map((key) => unb64(key, 32));
  const {threshold} = value;
  need(keys.length <= MOST_SIGNERS && new Set(keys.map(b64)).size === keys.length, 'signers');
  need(isNumber(threshold, 1, keys.length), 'signers');
  return {threshold, keys};
}

/** @param {unknown} value @returns {Quote} throws `request-malformed` */
export function readQuote(value) {
  need(isObject(value) && isNumber(value['version'], 1, MOST_VERSION), 'directory');
  return {version: value['version'], hash: unb64(value['hash'], 32)};
}

/** @param {Quote} quote @returns {Json} */
export const quoteJson = ({version, hash}) => ({version, hash: b64(hash)});

/** @param {Directory} directory @returns {Quote} */
export const quoteOf = ({version, hash}) => ({version, hash});

/** @param {Directory} directory @param {string} id @returns {Channel | undefined} */
export const findChannel = ({content}, id) => content.channels.find((item) => item.id === id);

/** @param {Directory} directory @param {string} id @returns {Recipient | undefined} */
export const findRecipient = ({content}, id) => content.recipients.find((item) => item.id === id);

/**
 * The keys under which a recipient may speak in a channel, at the version quoted (PROTOCOL 9.6).
 * @param {Directory} directory @param {string} id @param {string} channel @param {number} version
 * @returns {Uint8Array[]}
 */
export function authorKeysOf(directory, id, channel, version) {
  const isListed = findChannel(directory, channel)?.recipients.includes(id);
  const present = isListed ? [findRecipient(directory, id)?.signing_key] : [];
  // Who came back under a new key has not unsaid what was said under the old one.
  const former = directory.content.former
    .filter((item) => item.id === id && item.channels.includes(channel) && item.until >= version)
    .map((item) => item.signing_key);
  return [...present, ...former].map((key) => unb64(key, 32));
}

/**
 * @param {Directory} directory
 * @param {Quote} quote
 * @returns {boolean} whether it is this version or one in its history
 */
export const knows = (directory, quote) =>
  quote.version === directory.version
    ? equal(quote.hash, directory.hash)
    : directory.content.history[quote.version - 1] === b64(quote.hash);

/**
 * PROTOCOL 9.4 step 9, for versions seen elsewhere.
 * @param {Directory} directory @param {Quote[]} quotes
 */
export function checkSeen(directory, quotes) {
  const newest = Math.max(0, ...quotes.map(({version}) => version));
  if (newest > directory.version) {
    throw new DrempelError('directory-rolled-back', `It is version ${directory.version}; seen: ${newest}.`);
  }
  const other = quotes.find((quote) => !knows(directory, quote));
  if (other)
    throw new DrempelError('directory-chain', `Version ${other.version} is not the one seen before.`);
}

/**
 * `directory-newer` if only the number of the type differs (PROTOCOL 14.3).
 * @param {string} type
 * @param {string} wanted
 * @param {string} otherwise
 */
function checkType(type, wanted, otherwise) {
  if (type !== wanted) throw new DrempelError(isNewer(type, wanted) ? 'directory-newer' : otherwise);
}

/** PROTOCOL 9.4 steps 1 and 2. @param {Uint8Array} bytes @returns {{dsse: Dsse, content: Json}} */
function parse(bytes) {
  const dsse = readAs('directory-format', () => parseDsse(bytes));
  checkType(dsse.type, TYPES.directory, 'directory-format');
  const content = readAs('directory-format', () => parseObject(dsse.payload));
  if (dsse.signatures.length === 0) throw new DrempelError('directory-unsigned');
  return {dsse, content};
}

/**
 * PROTOCOL 9.4 step 4: the sets of signers from the first, which the organisation id names, to today's.
 * @param {Json} content
 * @returns {{first: Signers, sets: Signers[], signers: Signers}}
 */
function followSigners(content) {
  const signers = readSigners(content['signers']);
  need(Array.isArray(content['rotations']) && content['rotations'].length <= MOST_ROTATIONS, 'rotations');
  const rotations = content['rotations'].map(readDsse);
  const first = 'first_signers' in content ? readSigners(content['first_signers']) : signers;
  const organisation = signersHash(first);
  need(content['organisation'] === b64(organisation), 'organisation');
  const sets = [first];
  let current = first;
  for (const [index, rotation] of rotations.entries()) {
    current = rotated(rotation, index + 1, organisation, current);
    sets.push(current);
  }
  need(equal(signersHash(current), signersHash(signers)), 'signers');
  return {first, sets, signers};
}

/**
 * @param {Dsse} rotation
 * @param {number} sequence
 * @param {Uint8Array} organisation
 * @param {Signers} current
 * @returns {Signers}
 */
function rotated(rotation, sequence, organisation, current) {
  checkType(rotation.type, TYPES.rotation, 'directory-signers');
  const body = parseObject(rotation.payload);
  need(signersOf(rotation, TYPES.rotation, current.keys).size >= current.threshold, 'rotation');
  need(body['sequence'] === sequence && body['organisation'] === b64(organisation), 'rotation');
  return readSigners(body['signers']);
}

/** PROTOCOL 9.4 step 8. @param {Content} content @param {number} today */
function checkDates({issued, expires}, today) {
  const device = `This device says that it is ${dayText(today)}.`;
  if (dayNumber(expires) < today)
    throw new DrempelError('directory-expired', `It was valid until ${expires}. ${device}`);
  if (dayNumber(issued) > today + CLOCK_DAYS)
    throw new DrempelError('directory-clock', `It is dated ${issued}. ${device}`);
}

/**
 * The directory in `bytes`, if it may be used today (PROTOCOL 9.4); the error says why not.
 * @param {Uint8Array} bytes
 * @param {number} today a day number
 * @param {{pin?: Uint8Array | null, seen?: Quote[]}} [known] organisation id of the link; what was seen of it
 *   before
 * @returns {Directory}
 */
export function acceptDirectory(bytes, today, {pin = null, seen = []} = {}) {
  const {dsse, content: stated} = parse(bytes);
  if (pin && stated['organisation'] !== b64(pin)) throw new DrempelError('directory-pin');
  const {first, sets, signers} = readAs('directory-signers', () => followSigners(stated));
  if (signersOf(dsse, TYPES.directory, signers.keys).size < signers.threshold)
    throw new DrempelError('directory-signature');
  const content = readAs('directory-format', () => checkForm(stated));
  if (content.history.length !== content.version - 1) throw new DrempelError('directory-chain');
  checkDates(content, today);
  const directory = {
    organisation: signersHash(first),
    version: content.version,
    hash: hashLabelled('directory', dsse.payload),
    signers,
    signerHashes: new Set(sets.map((set) => b64(signersHash(set)))),
    content,
  };
  checkSeen(directory, seen);
  return directory;
}
