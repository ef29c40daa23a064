/** Files in sealed chunks (PROTOCOL 16). The twin of `crypto/attachment.py`. */
import {CHUNK_LENGTH, blobId} from './claims.js';
import {b64, concat, hashLabelled, isNumber, u32, u8} from './encoding.js';
import {DrempelError} from './errors.js';
import {derive, digest, openCipher} from './sealing.js';
import {SUITE, TAG_LENGTH} from './wire.js';

/** @import {Claim} from './claims.js' */
/** @import {Cipher} from './sealing.js' */
/** @import {Json} from './encoding.js' */
/** @typedef {import('./message.js').Attachment} Attachment */

/**
 * What comes from an attachment's secret: the chunks' key, the blob's token and id, 32 bytes each.
 * @typedef {{key: Uint8Array, token: Uint8Array, blob: Uint8Array}} AttachmentKeys
 */

export {LONGEST_FILE, MOST_ATTACHMENTS as MOST_CLAIMS} from './wire.js';
export {CHUNK_LENGTH} from './claims.js';

/** Bytes of a file in one chunk. */
export const CHUNK = CHUNK_LENGTH - TAG_LENGTH;

/** @param {number} value at least 1 @returns {number} how many binary digits it has; exact where a logarithm is not */
const bitLength = (value) => value.toString(2).length;

/**
 * `length` rounded up so that few bits of it are told: at most 12 % more (Nikitin et al., 2019).
 * @param {number} length @returns {number}
 */
export function padme(length) {
  if (length < 2) return length;
  const exponent = bitLength(length) - 1;
  const step = 2 ** Math.max(0, exponent - bitLength(exponent));
  return Math.ceil(length / step) * step;
}

/** @param {number} length in bytes @returns {number} how many chunks such a file is sealed in (PROTOCOL 16.2) */
export const chunkCount = (length) => Math.max(1, Math.ceil(padme(length) / CHUNK));

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
    const padded = plaintext.length === CHUNK ? plaintext : concat(plaintext, new Uint8Array(CHUNK - plaintext.length));
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
 * @param {number} number @param {Uint8Array} plaintext of this chunk, padding included @param {number} size of the file
 * @returns {Uint8Array} what of it belongs to the file; throws `attachment-damaged` if the padding is not zeros
 */
export function withoutPadding(number, plaintext, size) {
  const end = Math.min(Math.max(size - number * CHUNK, 0), plaintext.length);
  if (plaintext.subarray(end).some((byte) => byte !== 0)) throw new DrempelError('attachment-damaged');
  return plaintext.subarray(0, end);
}

/** @param {Uint8Array} sealed a chunk @returns {Promise<Uint8Array>} what of it goes into the hash of its attachment, 32 bytes */
export const chunkHash = (sealed) => digest(sealed);

/** @param {Uint8Array[]} chunkHashes in order @returns {Uint8Array} the hash of their attachment (PROTOCOL 16.4), 32 bytes */
export const attachmentHash = (chunkHashes) => hashLabelled('attachment', concat(...chunkHashes));

/** @param {Attachment} attachment @returns {Json} the member of `attachments` in a message's meta */
export const attachmentJson = ({name, type, size, secret, hash}) => ({
  name,
  type,
  bytes: size,
  secret: b64(secret),
  hash: b64(hash),
});

/** @param {Attachment[]} attachments @returns {Claim[]} what an envelope that names them claims */
export const claimsOf = (attachments) =>
  attachments.map(({secret, size}) => ({token: attachmentKeys(secret).token, chunks: chunkCount(size)}));
