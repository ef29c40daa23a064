/**
 * What a vector can ask of files: the operations of PROTOCOL 16 in `tests/vectors/README.md`, on the
 * browser's half.
 */
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import {
  attachmentHash,
  attachmentJson,
  attachmentKeys,
  chunkHash,
  openChunks,
  readAttachments,
  withoutPadding,
} from '../../../static/js/crypto/secret/attachment.js';
import {buildClaims, chunkCount} from '../../../static/js/crypto/public/blobs.js';
import {b64, unb64} from '../../../static/js/crypto/public/encoding.js';
import {concat, equal, readAs} from '../../../static/js/crypto/public/bytes.js';
import {DrempelError} from '../../../static/js/crypto/public/errors.js';
import {safeName} from '../../../static/js/crypto/public/filename.js';
import {claimsOf} from './protocol.js';

/** @import {Attachment} from '../../../static/js/crypto/secret/attachment.js' */
/** @typedef {any} Input */

const sha256 = (/** @type {Uint8Array} */ bytes) =>
  b64(new Uint8Array(createHash('sha256').update(Buffer.from(bytes)).digest()));
const attachmentsOf = (/** @type {unknown} */ found) =>
  readAs('envelope-message', () => readAttachments(found));

/**
 * @param {Uint8Array} organisation
 * @param {Attachment} attachment
 * @param {Uint8Array[]} sealed
 * @returns {Promise<Uint8Array>}
 */
export async function fileOf(organisation, {size, secret, hash}, sealed) {
  const count = chunkCount(size);
  const chunks = await openChunks(organisation, attachmentKeys(secret), count);
  const [pieces, hashes] = [/** @type {Uint8Array[]} */ ([]), /** @type {Uint8Array[]} */ ([])];
  for (const [number, bytes] of sealed.entries()) {
    pieces.push(withoutPadding(number, await chunks.open(number, bytes), size));
    hashes.push(await chunkHash(bytes));
  }
  if (sealed.length !== count || !equal(attachmentHash(hashes), hash))
    throw new DrempelError('attachment-damaged');
  return concat(...pieces);
}

/** @type {Record<string, (input: Input) => unknown>} */
export const ATTACHMENT_OPERATIONS = {
  'attachment-keys'({secret}) {
    const {key, token, blob} = attachmentKeys(unb64(secret, 32));
    return {key: b64(key), token: b64(token), blob: b64(blob)};
  },

  'chunk-counts': ({lengths}) => ({counts: lengths.map(chunkCount)}),

  async 'seal-chunk'({organisation, secret, count, number, plaintext}) {
    const chunks = await openChunks(unb64(organisation, 32), attachmentKeys(unb64(secret, 32)), count);
    const sealed = await chunks.seal(number, unb64(plaintext));
    return {length: sealed.length, sha256: sha256(sealed), tag: b64(sealed.slice(-16))};
  },

  async 'open-attachment'({organisation, attachment, chunks}) {
    const [found] = attachmentsOf([attachment]);
    const sealed = chunks.map((/** @type {string} */ chunk) => unb64(chunk));
    const file = await fileOf(unb64(organisation, 32), /** @type {Attachment} */ (found), sealed);
    return {length: file.length, sha256: sha256(file)};
  },

  'read-attachments'({attachments}) {
    const read = attachmentsOf(attachments);
    return {attachments: read.map(attachmentJson), claims: b64(buildClaims(claimsOf(read)))};
  },

  'safe-names'({folders}) {
    const inOne = (/** @type {string[]} */ names, /** @type {Map<string, number>} */ taken) =>
      names.map((name) => safeName(name, taken));
    return {folders: folders.map((/** @type {string[]} */ names) => inOne(names, new Map()))};
  },
};
