/**
 * What both ends know without any secret: forms and lengths, creation record, ids (PROTOCOL 5, 6). With `answers.js` and the
 * parsers of `envelope_reading.js`, which a page that only reports never fetches, the twin of `crypto/wire.py`.
 */
import {concat, hashLabelled, u8} from './encoding.js';

/** @import {Capability, CreationRecord} from './shapes.d.ts' */

export const SUITE = 1;
export const OPENING = 1;
export const CONVERSATION = 2;
export const KEYRING = 3;
export const CLAIMS = 4;
export const SLOT_COUNTS = Object.freeze([2, 4, 8, 16, 32, 64]);
export const SLOT_LENGTH = 1168;
export const STUB_LENGTH = 158;
export const KEY_BLOCK_LENGTH = 1408;
export const TAG_LENGTH = 16;
export const OPENING_HEADER_LENGTH = 71;
export const CONVERSATION_HEADER_LENGTH = 66;
export const OPENING_SIZES = Object.freeze(Array.from({length: 8}, (_, n) => 8192 << n));
export const CONVERSATION_SIZES = Object.freeze(Array.from({length: 9}, (_, n) => 4096 << n));
export const CREATION_LENGTH = 225;
export const ENVELOPE_ID_LENGTH = 16;
export const MOST_ATTACHMENTS = 64;
export const LONGEST_FILE = 2 ** 34;
export const LONGEST_NAME = 1024;
export const LONGEST_TYPE = 127;
/** Who writes first, as the author of a message. */
export const REPORTER = 'reporter';

/** @param {Capability | 'blob'} capability @param {Uint8Array} token @returns {Uint8Array} what the server keeps of it (PROTOCOL 5.1, 16.1) */
export const verifier = (capability, token) => hashLabelled(`verifier/${capability}`, token);

/**
 * It commits to who may read and who signs as its maker (PROTOCOL 5.2).
 * @param {Uint8Array} readVerifier @param {Uint8Array} signingKey
 * @returns {Uint8Array}
 */
export const mailboxId = (readVerifier, signingKey) => hashLabelled('mailbox', concat(readVerifier, signingKey));

/** @param {CreationRecord} record @returns {Uint8Array} 225 bytes */
export const creationBytes = (record) =>
  concat(
    u8(SUITE),
    record.organisation,
    record.mailbox,
    record.read,
    record.write,
    record.close,
    record.replace,
    record.delete,
  );

/**
 * The hash by which later messages refer to an envelope (PROTOCOL 8.1).
 * @param {Uint8Array} mailbox @param {Uint8Array} envelope @param {Uint8Array} bytes
 * @returns {Uint8Array} 32 bytes
 */
export const envelopeHash = (mailbox, envelope, bytes) => hashLabelled('envelope', concat(mailbox, envelope, bytes));
