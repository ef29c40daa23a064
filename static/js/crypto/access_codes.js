/** All that follows from an access code (PROTOCOL 4): a page that reports never fetches it. */
import {argon2id, derive} from './sealing.js';
import {publicKey} from './signatures.js';

/** @typedef {{loginSeed: Uint8Array, loginKey: Uint8Array, unlocker: Uint8Array}} AccessKeys */

/** @param {Uint8Array} master @returns {AccessKeys} */
function fromAccess(master) {
  const loginSeed = derive(master, null, 'access/login');
  return {loginSeed, loginKey: publicKey(loginSeed), unlocker: derive(master, null, 'access/unlocker')};
}

/** Slow on purpose. @param {Uint8Array} secret 14 bytes @param {Uint8Array} organisation its id @returns {AccessKeys} */
export const accessKeys = (secret, organisation) => fromAccess(argon2id(secret, organisation));
