/** All that follows from a code (PROTOCOL 4). The twin of `crypto/keys.py`. */
import {utf8} from './encoding.js';
import {argon2id, derive} from './sealing.js';
import {publicKey} from './signatures.js';
import {mailboxId, verifier} from './wire.js';

/**
 * Tokens, keys and seeds of 32 bytes each; `signingKey` and `mailbox` are public.
 * @typedef {{read: Uint8Array, write: Uint8Array, delete: Uint8Array, conversation: Uint8Array, signingSeed: Uint8Array,
 *   xwingSeed: Uint8Array, stub: Uint8Array, signingKey: Uint8Array, mailbox: Uint8Array}} ReporterKeys
 */
/** @typedef {{loginSeed: Uint8Array, loginKey: Uint8Array, unlocker: Uint8Array}} AccessKeys */
/** @typedef {{rootSeed: Uint8Array, rootKey: Uint8Array}} CustodianKeys */

const CUSTODIAN_SALT = utf8('drempel/1/custodian');

/** @param {Uint8Array} master @returns {ReporterKeys} */
function fromReceipt(master) {
  const [read, signingSeed] = [derive(master, null, 'receipt/read'), derive(master, null, 'receipt/signing')];
  const signingKey = publicKey(signingSeed);
  return {
    read,
    write: derive(master, null, 'receipt/write'),
    delete: derive(master, null, 'receipt/delete'),
    conversation: derive(master, null, 'receipt/conversation'),
    signingSeed,
    xwingSeed: derive(master, null, 'receipt/xwing'),
    stub: derive(master, null, 'receipt/stub'),
    signingKey,
    mailbox: mailboxId(verifier('read', read), signingKey),
  };
}

/** @param {Uint8Array} master @returns {AccessKeys} */
function fromAccess(master) {
  const loginSeed = derive(master, null, 'access/login');
  return {loginSeed, loginKey: publicKey(loginSeed), unlocker: derive(master, null, 'access/unlocker')};
}

/** @param {Uint8Array} master @returns {CustodianKeys} */
function fromCustodian(master) {
  const rootSeed = derive(master, null, 'custodian/root');
  return {rootSeed, rootKey: publicKey(rootSeed)};
}

/** Slow on purpose. @param {Uint8Array} secret 14 bytes @param {Uint8Array} organisation its id @returns {ReporterKeys} */
export const reporterKeys = (secret, organisation) => fromReceipt(argon2id(secret, organisation));

/** Slow on purpose. @param {Uint8Array} secret 14 bytes @param {Uint8Array} organisation its id @returns {AccessKeys} */
export const accessKeys = (secret, organisation) => fromAccess(argon2id(secret, organisation));

/** Slow on purpose. @param {Uint8Array} secret 14 bytes @returns {CustodianKeys} */
export const custodianKeys = (secret) => fromCustodian(argon2id(secret, CUSTODIAN_SALT));
