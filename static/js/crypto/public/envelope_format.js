/**
 * The layout of envelopes: forms, lengths, parts, and the fields of a key block and of a stub (PROTOCOL 6).
 * Nothing here knows a key: what it takes to seal is in `envelope_seal.js`, and to open in
 * `envelope_open.js`.
 */
import {concat, equal, readU32, u32, u8, utf8} from './bytes.js';
import {hashLabelled, isId} from './encoding.js';
import {DrempelError} from './errors.js';
import {SLOT_COUNTS, SUITE} from './limits.js';
import {mailboxId, verifier} from './mailbox.js';

/** @import {CreationRecord, KeyBlock, Stub} from '../shapes.d.ts' */

export const OPENING = 1;
export const CONVERSATION = 2;
export const KEYRING = 3;
export const CLAIMS = 4;
export const SLOT_LENGTH = 1168;
export const STUB_LENGTH = 158;
export const STUB_PLAIN_LENGTH = 142;
const CHANNEL_LENGTH = 40;
export const KEY_BLOCK_LENGTH = 1408;
export const TAG_LENGTH = 16;
export const OPENING_HEADER_LENGTH = 71;
export const CONVERSATION_HEADER_LENGTH = 66;
export const OPENING_SIZES = Object.freeze(Array.from({length: 8}, (_, n) => 8192 << n));
export const CONVERSATION_SIZES = Object.freeze(Array.from({length: 9}, (_, n) => 4096 << n));

/**
 * The hash by which later messages refer to an envelope (PROTOCOL 8.1).
 * @param {Uint8Array} mailbox @param {Uint8Array} envelope @param {Uint8Array} bytes
 * @returns {Uint8Array} 32 bytes
 */
export const envelopeHash = (mailbox, envelope, bytes) =>
  hashLabelled('envelope', concat(mailbox, envelope, bytes));

/** @param {KeyBlock} keys @returns {Uint8Array} 1,408 bytes */
export const keyBlockBytes = (keys) =>
  concat(
    keys.conversation,
    keys.read,
    keys.write,
    keys.close,
    keys.replace,
    keys.signingKey,
    keys.xwingPublic,
  );

/**
 * @param {Uint8Array} header
 * @param {CreationRecord} creation
 * @param {Uint8Array} envelope
 * @param {number} index
 */
export function slotInfo(header, creation, envelope, index) {
  const [week, commitment] = [header.subarray(3, 7), header.subarray(39, 71)];
  const place = concat(creation.organisation, creation.mailbox, envelope);
  return concat(utf8('drempel/1/slot'), u8(SUITE), place, week, commitment, u8(index));
}

/** @param {Stub} stub @returns {Uint8Array} 142 bytes */
export function stubBytes({rereadable, signers, directory, secret, channel}) {
  const name = utf8(channel);
  const filling = new Uint8Array(CHANNEL_LENGTH - name.length);
  const quote = concat(u32(directory.version), directory.hash);
  return concat(u8(rereadable ? 1 : 0), signers, quote, secret, u8(name.length), name, filling);
}

/** @param {Uint8Array} bytes @param {number} form @param {number} headerLength */
function checkForm(bytes, form, headerLength) {
  if (bytes.length < 2) throw new DrempelError('envelope-header');
  if (bytes[0] !== SUITE) throw new DrempelError('envelope-suite');
  if (bytes[1] !== form || bytes.length < headerLength) throw new DrempelError('envelope-header');
}

/**
 * An opening envelope cut into its parts (PROTOCOL 6.2). `header` is the first 71 bytes, `slots` all slots.
 * @typedef {{header: Uint8Array, count: number, week: number, salt: Uint8Array, commitment: Uint8Array,
 *   slots: Uint8Array, stub: Uint8Array, body: Uint8Array}} OpeningParts
 */

/**
 * @param {Uint8Array} bytes
 * @returns {OpeningParts} throws `envelope-header` or `envelope-suite` (PROTOCOL 6.6 step 1)
 */
export function parseOpening(bytes) {
  checkForm(bytes, OPENING, OPENING_HEADER_LENGTH);
  const count = Number(bytes[2]);
  const stubAt = OPENING_HEADER_LENGTH + count * SLOT_LENGTH;
  const bodyAt = stubAt + STUB_LENGTH;
  const padded = bytes.length - bodyAt - KEY_BLOCK_LENGTH - TAG_LENGTH;
  if (!SLOT_COUNTS.includes(count) || !OPENING_SIZES.includes(padded))
    throw new DrempelError('envelope-header');
  return {
    header: bytes.subarray(0, OPENING_HEADER_LENGTH),
    count,
    week: readU32(bytes, 3),
    salt: bytes.subarray(7, 39),
    commitment: bytes.subarray(39, 71),
    slots: bytes.subarray(OPENING_HEADER_LENGTH, stubAt),
    stub: bytes.subarray(stubAt, bodyAt),
    body: bytes.subarray(bodyAt),
  };
}

/**
 * A conversation envelope cut into its parts (PROTOCOL 6.9). `header` is the first 66 bytes.
 * @typedef {{header: Uint8Array, salt: Uint8Array, commitment: Uint8Array, body: Uint8Array}}
 *   ConversationParts
 */

/** @param {Uint8Array} bytes @returns {ConversationParts} throws `envelope-header` or `envelope-suite` */
export function parseConversation(bytes) {
  checkForm(bytes, CONVERSATION, CONVERSATION_HEADER_LENGTH);
  const padded = bytes.length - CONVERSATION_HEADER_LENGTH - TAG_LENGTH;
  if (!CONVERSATION_SIZES.includes(padded)) throw new DrempelError('envelope-header');
  return {
    header: bytes.subarray(0, 66),
    salt: bytes.subarray(2, 34),
    commitment: bytes.subarray(34, 66),
    body: bytes.subarray(66),
  };
}

/** @param {Uint8Array} bytes 1,408 @returns {KeyBlock} */
export function readKeyBlock(bytes) {
  const field = (/** @type {number} */ n) => bytes.slice(32 * n, 32 * n + 32);
  return {
    conversation: field(0),
    read: field(1),
    write: field(2),
    close: field(3),
    replace: field(4),
    signingKey: field(5),
    xwingPublic: bytes.slice(192),
  };
}

/** @param {Uint8Array} plain 142 bytes @returns {Stub} throws `envelope-stub` */
export function parseStub(plain) {
  const channel = String.fromCharCode(...plain.subarray(102, 102 + Number(plain[101])));
  const stub = {
    rereadable: plain[0] === 1,
    signers: plain.slice(1, 33),
    directory: {version: readU32(plain, 33), hash: plain.slice(37, 69)},
    secret: plain.slice(69, 101),
    channel,
  };
  if (!isId(channel) || !stub.directory.version || !equal(stubBytes(stub), plain))
    throw new DrempelError('envelope-stub');
  return stub;
}

/**
 * The creation record of a mailbox with these keys; who holds the delete token is decided elsewhere.
 * @param {KeyBlock} keys @param {Uint8Array} organisation @param {Uint8Array} deleteVerifier
 * @returns {CreationRecord}
 */
export function creationOf(keys, organisation, deleteVerifier) {
  const read = verifier('read', keys.read);
  return {
    organisation,
    mailbox: mailboxId(read, keys.signingKey),
    read,
    write: verifier('write', keys.write),
    close: verifier('close', keys.close),
    replace: verifier('replace', keys.replace),
    delete: deleteVerifier,
  };
}
