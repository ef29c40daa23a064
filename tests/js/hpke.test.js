/**
 * PROTOCOL 2.5: a slot opens for its key and its purpose, and X-Wing is what the library we stand on makes of
 * it too.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ml_kem768_x25519 as oneShot} from '@noble/post-quantum/hybrid.js';
import fc from 'fast-check';
import {concat, utf8} from '../../static/js/crypto/public/bytes.js';
import {encapsulate, publicBytes} from '../../static/js/crypto/secret/hpke.js';
import {isPublicKey, sealSlot} from '../../static/js/crypto/secret/hpke_seal.js';
import {decapsulate} from '../../static/js/crypto/secret/hpke.js';
import {expandKey, openSlot} from '../../static/js/crypto/secret/hpke_open.js';
import {osRandom} from '../../static/js/crypto/secret/primitives.js';

/** @param {Uint8Array} bytes @param {number} bit */
function flipped(bytes, bit) {
  const copy = bytes.slice();
  copy[bit >> 3] = Number(copy[bit >> 3]) ^ (1 << (bit & 7));
  return copy;
}

test('a slot opens for its key, its purpose and its bytes only', async () => {
  const key = expandKey(osRandom(32));
  const sealed = await sealSlot(key.publicKey, utf8('here'), utf8('secret'), osRandom);
  assert.deepEqual(await openSlot(key, utf8('here'), sealed), utf8('secret'));
  assert.equal(await openSlot(key, utf8('there'), sealed), null);
  assert.equal(await openSlot(expandKey(osRandom(32)), utf8('here'), sealed), null);
  assert.equal(await openSlot(key, utf8('here'), flipped(sealed, 4)), null);
});

test("X-Wing with a key expanded once is the library's own, which expands it for each try", () => {
  const seed = fc.uint8Array({minLength: 32, maxLength: 32});
  const randomness = fc.uint8Array({minLength: 64, maxLength: 64});
  fc.assert(
    fc.property(seed, randomness, fc.nat(8 * 1120 - 1), (whose, drawn, bit) => {
      const key = expandKey(whose);
      const whole = oneShot.encapsulate(key.publicKey, drawn);
      assert.deepEqual(publicBytes(whose), oneShot.getPublicKey(whose));
      assert.deepEqual(key.publicKey, publicBytes(whose));
      assert.deepEqual(encapsulate(key.publicKey, drawn), {
        enc: whole.cipherText,
        shared: whole.sharedSecret,
      });
      assert.deepEqual(decapsulate(key, whole.cipherText), whole.sharedSecret);
      // What was changed on the way gives another secret than was sealed with, and the same one here and
      // there.
      const changed = flipped(whole.cipherText, bit);
      assert.deepEqual(decapsulate(key, changed), oneShot.decapsulate(changed, whose));
    }),
    {numRuns: 30},
  );
});

test('a public key is one that can be sealed to', () => {
  const {publicKey} = expandKey(osRandom(32));
  const canSeal = (/** @type {Uint8Array} */ key) => {
    try {
      return oneShot.encapsulate(key).cipherText.length === 1120;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(fc.nat(1215), fc.nat(255), fc.boolean(), (at, byte, pointToo) => {
      const key = publicKey.slice();
      key[at] = byte;
      if (pointToo) key.fill(0, 1184);
      assert.equal(isPublicKey(key), canSeal(key));
    }),
  );
});

test('an X25519 point of small order is refused, and nothing fails', async () => {
  const key = expandKey(osRandom(32));
  const sealed = await sealSlot(key.publicKey, utf8('here'), utf8('secret'), osRandom);
  assert.equal(
    await openSlot(key, utf8('here'), concat(sealed.slice(0, 1088), new Uint8Array(32), sealed.slice(1120))),
    null,
  );
});
