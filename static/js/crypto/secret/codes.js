/**
 * Receipts, access codes and custodian's codes: eight words to keep (PROTOCOL 3), and all that follows from
 * them (PROTOCOL 4), save what follows from a custodian's code, which no page needs.
 */
import {groupsOf, inFives} from '../public/code_text.js';
import {concat, readU16, u16} from '../public/bytes.js';
import {CodeError} from '../public/errors.js';
import {mailboxId, verifier} from '../public/mailbox.js';
import {publicKey} from '../public/signatures.js';
import {argon2id, derive} from './primitives.js';

/** @import {Kind, ReporterKeys} from '../shapes.d.ts' */

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';
/** @type {Readonly<Record<Kind, number>>} */
const CONSTANTS = Object.freeze({receipt: 0x5245, access: 0x4143, custodian: 0x4355});
/** @type {Readonly<Record<Kind, string>>} */
const NAMES = Object.freeze({
  receipt: 'a receipt',
  access: 'an access code',
  custodian: "a custodian's code",
});
const KINDS = /** @type {Kind[]} */ (Object.keys(CONSTANTS));
const POLYNOMIAL = 0x10021;
const SECRET_LENGTH = 14;
const GROUPS = 8;
const GROUP = new RegExp(`^[${CONSONANTS}][${VOWELS}][${CONSONANTS}][${VOWELS}][${CONSONANTS}]$`, 'u');

/** @param {Uint8Array} secret @returns {number} the remainder of PROTOCOL 3.2, 16 bits */
export function crc(secret) {
  let remainder = 0;
  for (const byte of secret) {
    remainder ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder <<= 1;
      if (remainder & 0x10000) remainder ^= POLYNOMIAL;
    }
  }
  return remainder;
}

/** @param {number} place @returns {string} the letters that may stand there */
const alphabet = (place) => ((place % 5) % 2 ? VOWELS : CONSONANTS);

/** @param {number} number 16 bits */
const word = (number) =>
  CONSONANTS.charAt(number >> 12) +
  VOWELS.charAt((number >> 10) & 3) +
  CONSONANTS.charAt((number >> 6) & 15) +
  VOWELS.charAt((number >> 4) & 3) +
  CONSONANTS.charAt(number & 15);

/** @param {string} group well-formed */
const numberOf = (group) =>
  [...group].reduce(
    (number, letter, place) => (number << (place % 2 ? 2 : 4)) | alphabet(place).indexOf(letter),
    0,
  );

/** @param {string[]} groups well-formed @returns {Uint8Array} 16 bytes */
const bytesOf = (groups) => concat(...groups.map((group) => u16(numberOf(group))));

/** @param {Uint8Array} secret 14 bytes @param {Kind} kind @returns {string} the code: eight words */
export function formatCode(secret, kind) {
  if (secret.length !== SECRET_LENGTH) throw new RangeError('a code has 14 secret bytes');
  const code = concat(secret, u16(crc(secret) ^ CONSTANTS[kind]));
  return Array.from({length: GROUPS}, (_, group) => word(readU16(code, 2 * group))).join('-');
}

/**
 * @param {Kind} kind
 * @param {import('../public/encoding.js').Random} random
 * @returns {string} a fresh code: 112 random bits
 */
export const newCode = (kind, random) => formatCode(random(SECRET_LENGTH), kind);

/** @param {string[]} groups eight, well-formed @returns {Kind | undefined} the kind whose check fits */
function kindOf(groups) {
  const code = bytesOf(groups);
  const check = crc(code.subarray(0, SECRET_LENGTH)) ^ readU16(code, SECRET_LENGTH);
  return KINDS.find((kind) => CONSTANTS[kind] === check);
}

/**
 * Every forty letters from which one slip leads to `letters`.
 * @param {string[]} letters
 * @returns {Generator<string[]>}
 */
function* slips(letters) {
  const places = letters.map((_, place) => place);
  const malformed = places.filter((place) => !alphabet(place).includes(letters[place] ?? ''));
  // Two places or more out of form can only be two neighbours swapped.
  for (const place of malformed.length === 0 ? places : malformed.length === 1 ? malformed : []) {
    for (const letter of alphabet(place)) yield letters.with(place, letter);
  }
  for (const place of places.slice(0, -1)) yield swapped(letters, place, 1);
  for (const place of places.slice(0, -5)) if (place % 5 === 0) yield swapped(letters, place, 5);
}

/** @param {string[]} letters @param {number} at @param {number} length of each of the two neighbours */
const swapped = (letters, at, length) => [
  ...letters.slice(0, at),
  ...letters.slice(at + length, at + 2 * length),
  ...letters.slice(at, at + length),
  ...letters.slice(at + 2 * length),
];

/**
 * @param {string[]} groups
 * @param {Kind} kind
 * @returns {string} the one code of that kind a single slip away, or ''
 */
function correctionOf(groups, kind) {
  const letters = groups.flatMap((group) => [...group]);
  if (groups.length !== GROUPS || groups.some((group) => [...group].length !== 5)) return '';
  const found = new Set();
  for (const candidate of slips(letters)) {
    const words = inFives(candidate);
    if (words.every((group) => GROUP.test(group)) && kindOf(words) === kind) found.add(words.join('-'));
  }
  return found.size === 1 ? [...found][0] : '';
}

/**
 * The secret of a code as a person typed it. All of this is quick, and happens before any slow work.
 * @param {string} text @param {Kind} kind
 * @returns {Uint8Array} 14 bytes; throws CodeError
 */
export function parseCode(text, kind) {
  const groups = groupsOf(text);
  if (groups.length !== GROUPS) {
    throw new CodeError('code-malformed', {detail: `Groups found: ${groups.length}.`});
  }
  const group = groups.findIndex((item) => !GROUP.test(item)) + 1;
  if (group) {
    throw new CodeError('code-malformed', {
      detail: `Look at group ${group}.`,
      group,
      correction: correctionOf(groups, kind),
    });
  }
  const found = kindOf(groups);
  if (!found) throw new CodeError('code-checksum', {correction: correctionOf(groups, kind)});
  if (found !== kind) {
    throw new CodeError('code-wrong-kind', {
      detail: `This is ${NAMES[found]}, not ${NAMES[kind]}.`,
      kind: found,
    });
  }
  return bytesOf(groups).slice(0, SECRET_LENGTH);
}

/** @param {Uint8Array} master @returns {ReporterKeys} */
function fromReceipt(master) {
  const [read, signingSeed] = [derive(master, null, 'receipt/read'), derive(master, null, 'receipt/signing')];
  const signingKey = publicKey(signingSeed);
  return {
    read,
    write: derive(master, null, 'receipt/write'),
    delete: derive(master, null, 'receipt/delete'),
    conversation: derive(master, null, 'receipt/conversation'),
    signingSeed,
    xwingSeed: derive(master, null, 'receipt/xwing'),
    stub: derive(master, null, 'receipt/stub'),
    signingKey,
    mailbox: mailboxId(verifier('read', read), signingKey),
  };
}

/**
 * Slow on purpose.
 * @param {Uint8Array} secret 14 bytes
 * @param {Uint8Array} organisation its id
 * @returns {ReporterKeys}
 */
export const reporterKeys = (secret, organisation) => fromReceipt(argon2id(secret, organisation));

/** @typedef {{loginSeed: Uint8Array, loginKey: Uint8Array, unlocker: Uint8Array}} AccessKeys */

/** @param {Uint8Array} master @returns {AccessKeys} */
function fromAccess(master) {
  const loginSeed = derive(master, null, 'access/login');
  return {loginSeed, loginKey: publicKey(loginSeed), unlocker: derive(master, null, 'access/unlocker')};
}

/**
 * Slow on purpose.
 * @param {Uint8Array} secret 14 bytes
 * @param {Uint8Array} organisation its id
 * @returns {AccessKeys}
 */
export const accessKeys = (secret, organisation) => fromAccess(argon2id(secret, organisation));
