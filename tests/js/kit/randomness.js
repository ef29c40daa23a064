/** Randomness that a seed decides, so that a vector can be made again to the byte. */
import {concat, u32, utf8} from '../../../static/js/crypto/public/bytes.js';
import {shake256} from '../../../static/vendor/noble.js';

/** @import {Random} from '../../../static/js/crypto/public/encoding.js' */

/**
 * @param {string} seed
 * @returns {Random} call number n, from 0, gives SHAKE256(seed || u32 n) of the length asked for
 */
export function seeded(seed) {
  let calls = 0;
  return (length) => {
    calls += 1;
    return shake256(concat(utf8(seed), u32(calls - 1)), {dkLen: length});
  };
}
