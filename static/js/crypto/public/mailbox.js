/**
 * What a mailbox is made from: what the server keeps of its tokens, its id, and its creation record (PROTOCOL
 * 5).
 */
import {concat, u8} from './bytes.js';
import {hashLabelled} from './encoding.js';
import {CREATION_LENGTH, SUITE} from './limits.js';
import {DrempelError} from './errors.js';

/** @import {Capability, CreationRecord} from '../shapes.d.ts' */

/**
 * @param {Capability | 'blob'} capability
 * @param {Uint8Array} token
 * @returns {Uint8Array} what the server keeps of it (PROTOCOL 5.1, 16.1)
 */
export const verifier = (capability, token) => hashLabelled(`verifier/${capability}`, token);

/**
 * It commits to who may read and who signs as its maker (PROTOCOL 5.2).
 * @param {Uint8Array} readVerifier @param {Uint8Array} signingKey
 * @returns {Uint8Array}
 */
export const mailboxId = (readVerifier, signingKey) =>
  hashLabelled('mailbox', concat(readVerifier, signingKey));

/** @param {CreationRecord} record @returns {Uint8Array} 225 bytes */
export const creationRecordBytes = (record) =>
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

/** @param {Uint8Array} bytes 225 @returns {CreationRecord} throws `envelope-header` or `envelope-suite` */
export function parseCreation(bytes) {
  if (bytes.length !== CREATION_LENGTH) throw new DrempelError('envelope-header');
  if (bytes[0] !== SUITE) throw new DrempelError('envelope-suite');
  const field = (/** @type {number} */ n) => bytes.slice(1 + 32 * n, 33 + 32 * n);
  return {
    organisation: field(0),
    mailbox: field(1),
    read: field(2),
    write: field(3),
    close: field(4),
    replace: field(5),
    delete: field(6),
  };
}
