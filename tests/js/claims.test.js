/**
 * PROTOCOL 16.7: claims before an envelope. Only the server reads them, so the reading is written once more
 * here.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {CHUNK, blobId, buildClaims} from '../../static/js/crypto/public/blobs.js';
import {LONGEST_FILE, MOST_CLAIMS as MOST_CLAIMS} from '../../static/js/crypto/public/limits.js';
import {attachmentKeys} from '../../static/js/crypto/secret/attachment.js';
import {concat, readU32} from '../../static/js/crypto/public/bytes.js';
import {hashLabelled} from '../../static/js/crypto/public/encoding.js';
import {seeded} from './kit/randomness.js';
import {claimsOf} from './kit/protocol.js';

/** @import {Claim} from '../../static/js/crypto/public/blobs.js' */

const random = seeded('claims');

/** @param {Uint8Array} block @returns {Claim[]} */
function claimsIn(block) {
  const number = Number(block[2]);
  assert.deepEqual([...block.subarray(0, 2)], [1, 4]);
  assert.equal(block.length, 3 + number * 36);
  return Array.from({length: number}, (_, at) => {
    const claim = block.slice(3 + at * 36, 39 + at * 36);
    return {token: claim.slice(0, 32), chunks: readU32(claim, 32)};
  });
}

test('a block says each token and number, in order', () => {
  const claim = fc.record({
    token: fc.uint8Array({minLength: 32, maxLength: 32}),
    chunks: fc.integer({min: 1, max: 65_536}),
  });
  fc.assert(
    fc.property(fc.array(claim, {minLength: 1, maxLength: MOST_CLAIMS}), (claims) => {
      assert.deepEqual(
        claimsIn(buildClaims(claims)).map(({token, chunks}) => [[...token], chunks]),
        claims.map(({token, chunks}) => [[...token], chunks]),
      );
    }),
  );
});

test('a block is written as the protocol says, and without claims there is none', () => {
  const claims = [
    {token: new Uint8Array(32).fill(116), chunks: 65_536},
    {token: new Uint8Array(32).fill(117), chunks: 1},
  ];
  const [one, other] = claims.map(({token}) => token);
  assert.deepEqual(
    buildClaims(claims),
    concat(
      Uint8Array.of(1, 4, 2),
      /** @type {Uint8Array} */ (one),
      Uint8Array.of(0, 1, 0, 0),
      /** @type {Uint8Array} */ (other),
      Uint8Array.of(0, 0, 0, 1),
    ),
  );
  assert.deepEqual(buildClaims([]), new Uint8Array(0));
});

test('what an attachment claims is its own blob, with all its chunks', () => {
  const sizes = [0, CHUNK, CHUNK + 1, 2 ** 32, LONGEST_FILE];
  const attachments = sizes.map((size) => ({
    name: 'a',
    type: '',
    size,
    secret: random(32),
    hash: random(32),
  }));
  const claims = claimsOf(attachments);
  assert.deepEqual(
    claims.map(({chunks}) => chunks),
    [1, 1, 2, 16_384, 65_536],
  );
  for (const [at, {token}] of claims.entries())
    assert.deepEqual(blobId(token), attachmentKeys(/** @type {any} */ (attachments[at]).secret).blob);
});

test('a token is for one blob', () => {
  const token = random(32);
  assert.deepEqual(blobId(token), hashLabelled('blob', hashLabelled('verifier/blob', token)));
  assert.notDeepEqual(blobId(token), blobId(random(32)));
});
