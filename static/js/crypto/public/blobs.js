/**
 * Blobs as both ends name and measure them without any secret, and the claims that bring them to a mailbox
 * (PROTOCOL 16.1, 16.2, 16.7). The reading of claims is missing: only the server reads them.
 */
import {concat, u32, u8} from './bytes.js';
import {hashLabelled} from './encoding.js';
import {CLAIMS, TAG_LENGTH} from './envelope_format.js';
import {SUITE} from './limits.js';
import {verifier} from './mailbox.js';

/** Bytes of a sealed chunk, whatever it holds. */
export const CHUNK_LENGTH = 262_160;

/**
 * A blob that an envelope names: its token (32 bytes) and how many chunks it must have.
 * @typedef {{token: Uint8Array, chunks: number}} Claim
 */

/**
 * A token proves itself.
 * @param {Uint8Array} token 32 bytes
 * @returns {Uint8Array} the id of the blob it is for, 32 bytes
 */
export const blobId = (token) => hashLabelled('blob', verifier('blob', token));

/**
 * @param {Claim[]} claims at most `MOST_CLAIMS`
 * @returns {Uint8Array} the claims block before an envelope; empty if nothing is claimed
 */
export function buildClaims(claims) {
  if (claims.length === 0) return new Uint8Array(0);
  const parts = claims.flatMap(({token, chunks}) => [token, u32(chunks)]);
  return concat(u8(SUITE), u8(CLAIMS), u8(claims.length), ...parts);
}

/** Bytes of a file in one chunk. */
export const CHUNK = CHUNK_LENGTH - TAG_LENGTH;

/**
 * @param {number} value at least 1
 * @returns {number} how many binary digits it has; exact where a logarithm is not
 */
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

/**
 * @param {number} length in bytes
 * @returns {number} how many chunks such a file is sealed in (PROTOCOL 16.2)
 */
export const chunkCount = (length) => Math.max(1, Math.ceil(padme(length) / CHUNK));
