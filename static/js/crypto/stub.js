/** The stub of an opening: what a receipt finds again (PROTOCOL 6.5). The twin of `crypto/stub.py`. */
import {concat, equal, isId, readU32, u32, u8, utf8} from './encoding.js';
import {DrempelError} from './errors.js';
import {derive, seal, unseal} from './sealing.js';

/** @import {Quote} from './directory.js' */
/**
 * What the reporter's client noted at sending: the signers hash of then, the directory used, `Z` or filler, the channel.
 * @typedef {{rereadable: boolean, signers: Uint8Array, directory: Quote, secret: Uint8Array, channel: string}} Stub
 */

const PLAIN_LENGTH = 142;
const CHANNEL_LENGTH = 40;

/** @param {Stub} stub @returns {Uint8Array} 142 bytes */
function stubBytes({rereadable, signers, directory, secret, channel}) {
  const name = utf8(channel);
  const filling = new Uint8Array(CHANNEL_LENGTH - name.length);
  const quote = concat(u32(directory.version), directory.hash);
  return concat(u8(rereadable ? 1 : 0), signers, quote, secret, u8(name.length), name, filling);
}

/**
 * Always 158 bytes; without a stub, zeros under a key that nobody keeps.
 * @param {Stub | null} stub @param {Uint8Array} key @param {Uint8Array} salt @param {Uint8Array} ad
 * @returns {Promise<Uint8Array>}
 */
export const sealStub = (stub, key, salt, ad) =>
  seal(derive(key, salt, 'opening/stub'), ad, stub ? stubBytes(stub) : new Uint8Array(PLAIN_LENGTH));

/**
 * @param {Uint8Array} sealed @param {Uint8Array} key @param {Uint8Array} salt @param {Uint8Array} ad
 * @returns {Promise<Stub>} throws `envelope-stub`
 */
export async function openStub(sealed, key, salt, ad) {
  const plain = await unseal(derive(key, salt, 'opening/stub'), ad, sealed);
  if (!plain) throw new DrempelError('envelope-stub');
  const channel = String.fromCharCode(...plain.subarray(102, 102 + Number(plain[101])));
  const stub = {
    rereadable: plain[0] === 1,
    signers: plain.slice(1, 33),
    directory: {version: readU32(plain, 33), hash: plain.slice(37, 69)},
    secret: plain.slice(69, 101),
    channel,
  };
  if (!isId(channel) || !stub.directory.version || !equal(stubBytes(stub), plain)) throw new DrempelError('envelope-stub');
  return stub;
}
