/** Files in sealed chunks (PROTOCOL 16). */
import {CHUNK, CHUNK_LENGTH, blobId} from '../public/blobs.js';
import {b64, hashLabelled, isNumber, unb64} from '../public/encoding.js';
import {concat, isObject, need, u32, u8, utf8} from '../public/bytes.js';
import {SUITE} from '../public/limits.js';
import {DrempelError} from '../public/errors.js';
import {LONGEST_FILE, LONGEST_NAME, LONGEST_TYPE, MOST_CLAIMS} from '../public/limits.js';
import {derive} from './primitives.js';
import {digest, openCipher} from './platform.js';

/** @import {Json} from '../public/encoding.js' */
/** @import {Cipher} from './platform.js' */

/**
 * What comes from an attachment's secret: the chunks' key, the blob's token and id, 32 bytes each.
 * @typedef {{key: Uint8Array, token: Uint8Array, blob: Uint8Array}} AttachmentKeys
 */

/** @param {Uint8Array} secret 32 bytes @returns {AttachmentKeys} */
export function attachmentKeys(secret) {
  const token = derive(secret, null, 'attachment/token');
  return {key: derive(secret, null, 'attachment/key'), token, blob: blobId(token)};
}

/** Seals and opens the chunks of one blob. */
export class Chunks {
  /** @param {Cipher} cipher @param {Uint8Array} associated @param {number} count */
  constructor(cipher, associated, count) {
    this.count = count;
    this.cipher = cipher;
    this.associated = associated;
  }

  /**
   * It must be sealed only once.
   * @param {number} number from 0 @param {Uint8Array} plaintext at most `CHUNK` bytes of the file
   * @returns {Promise<Uint8Array>} `CHUNK_LENGTH` bytes
   */
  async seal(number, plaintext) {
    if (!this.has(number) || plaintext.length > CHUNK) throw new RangeError('no such chunk');
    const padded =
      plaintext.length === CHUNK ? plaintext : concat(plaintext, new Uint8Array(CHUNK - plaintext.length));
    return this.cipher.seal(this.nonce(number), this.associated, padded);
  }

  /**
   * @param {number} number @param {Uint8Array} sealed
   * @returns {Promise<Uint8Array>} `CHUNK` bytes, padding included; throws `attachment-damaged`
   */
  async open(number, sealed) {
    const whole = sealed.length === CHUNK_LENGTH && this.has(number);
    const plaintext = whole ? await this.cipher.open(this.nonce(number), this.associated, sealed) : null;
    if (!plaintext) throw new DrempelError('attachment-damaged');
    return plaintext;
  }

  /** @param {number} number */
  has(number) {
    return isNumber(number, 0, this.count - 1);
  }

  /** It says which chunk is the last, so that no file passes for its own beginning. @param {number} number */
  nonce(number) {
    return concat(new Uint8Array(7), u32(number), u8(number === this.count - 1 ? 1 : 0));
  }
}

/**
 * @param {Uint8Array} organisation id, 32 bytes @param {AttachmentKeys} keys @param {number} count of chunks
 * @returns {Promise<Chunks>}
 */
export const openChunks = async (organisation, keys, count) =>
  new Chunks(await openCipher(keys.key), concat(u8(SUITE), organisation, keys.blob, u32(count)), count);

/**
 * @param {number} number
 * @param {Uint8Array} plaintext of this chunk, padding included
 * @param {number} size of the file
 * @returns {Uint8Array} what of it belongs to the file; throws `attachment-damaged` if the padding is not
 *   zeros
 */
export function withoutPadding(number, plaintext, size) {
  const end = Math.min(Math.max(size - number * CHUNK, 0), plaintext.length);
  if (plaintext.subarray(end).some((byte) => byte !== 0)) throw new DrempelError('attachment-damaged');
  return plaintext.subarray(0, end);
}

/**
 * @param {Uint8Array} sealed a chunk
 * @returns {Promise<Uint8Array>} what of it goes into the hash of its attachment, 32 bytes
 */
export const chunkHash = (sealed) => digest(sealed);

/**
 * @param {Uint8Array[]} chunkHashes in order
 * @returns {Uint8Array} the hash of their attachment (PROTOCOL 16.4), 32 bytes
 */
export const attachmentHash = (chunkHashes) => hashLabelled('attachment', concat(...chunkHashes));

/** @param {Attachment} attachment @returns {Json} the member of `attachments` in a message's meta */
export const attachmentJson = ({name, type, size, secret, hash}) => ({
  name,
  type,
  bytes: size,
  secret: b64(secret),
  hash: b64(hash),
});

/**
 * A file as a message names it. `name` and `type` are the author's words; `size` is the true length in bytes.
 * @typedef {{name: string, type: string, size: number, secret: Uint8Array, hash: Uint8Array}} Attachment
 */

/**
 * @param {unknown} found the member `attachments` of a message's meta (PROTOCOL 16.5); without it there are
 *   none
 * @returns {Attachment[]} throws `request-malformed`
 */
export function readAttachments(found) {
  if (found === undefined || found === null) return [];
  need(Array.isArray(found) && found.length >= 1 && found.length <= MOST_CLAIMS, 'attachments');
  const read = found.map(readAttachment);
  need(new Set(read.map(({secret}) => b64(secret))).size === read.length, 'one blob twice');
  return read;
}

/** @param {unknown} item @returns {Attachment} */
function readAttachment(item) {
  need(isObject(item), 'attachment');
  const {name, type, bytes, secret, hash} = item;
  need(typeof name === 'string' && name !== '' && !/\p{Surrogate}/u.test(name), 'name');
  need(utf8(name).length <= LONGEST_NAME, 'name');
  need(typeof type === 'string' && type.length <= LONGEST_TYPE && utf8(type).length === type.length, 'type');
  need(isNumber(bytes, 0, LONGEST_FILE), 'length');
  return {name, type, size: bytes, secret: unb64(secret, 32), hash: unb64(hash, 32)};
}
