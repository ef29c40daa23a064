/** The one hash of the protocol (PROTOCOL 2.1). The twin of `crypto/hashing.py`. */
import {blake2b} from '../../vendor/noble.js';
import {concat, u8, utf8} from './encoding.js';

/**
 * `H(label, data)`. The label keeps a hash made for one purpose from serving another.
 * @param {string} label
 * @param {Uint8Array} data
 * @returns {Uint8Array} 32 bytes
 */
export const hashLabelled = (label, data) => blake2b(concat(utf8(`drempel/1/${label}`), u8(0), data), {dkLen: 32});
