/**
 * Blobs as both ends name them without any secret, and the claims that bring them to a mailbox (PROTOCOL 16.1, 16.7). The
 * twin of `crypto/claims.py`, but for the reading of claims: only the server reads them.
 */
import {concat, hashLabelled, u32, u8} from './encoding.js';
import {CLAIMS, SUITE, verifier} from './wire.js';

/** Bytes of a sealed chunk, whatever it holds. */
export const CHUNK_LENGTH = 262_160;

/**
 * A blob that an envelope names: its token (32 bytes) and how many chunks it must have.
 * @typedef {{token: Uint8Array, chunks: number}} Claim
 */

/** A token proves itself. @param {Uint8Array} token 32 bytes @returns {Uint8Array} the id of the blob it is for, 32 bytes */
export const blobId = (token) => hashLabelled('blob', verifier('blob', token));

/** @param {Claim[]} claims at most `MOST_ATTACHMENTS` @returns {Uint8Array} the claims block before an envelope; empty if nothing is claimed */
export function buildClaims(claims) {
  if (claims.length === 0) return new Uint8Array(0);
  const parts = claims.flatMap(({token, chunks}) => [token, u32(chunks)]);
  return concat(u8(SUITE), u8(CLAIMS), u8(claims.length), ...parts);
}
