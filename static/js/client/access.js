/** A recipient's code, keyring and statement (PROTOCOL 10.6, 11). The twin of what `intake/client/session.py` does without a network. */
import {accessKeys} from '../crypto/access_codes.js';
import {newCode, parseCode} from '../crypto/codes.js';
import {quoteOf} from '../crypto/directory.js';
import {b64} from '../crypto/encoding.js';
import {newKeyring, openKeyring, parseKeyring, sealKeyring, unlockRootKey, wrapRootKey} from '../crypto/keyring.js';
import {announced} from '../crypto/ratchet.js';
import {publicKey} from '../crypto/signatures.js';
import {makeStatement} from '../crypto/announcing.js';

/** @import {Json, Random} from '../crypto/encoding.js' */
/** @import {Keyring} from '../crypto/keyring.js' */
/** @import {Organisation} from './shapes.d.ts' */
/** @typedef {{organisation: Uint8Array, rootKey: Uint8Array, unlockers: Uint8Array[]}} Lock what a keyring is written again with */
/** @typedef {{keyring: Keyring, lock: Lock}} Opened */
/** @typedef {{code: string, loginKey: Uint8Array, signingKey: Uint8Array} & Opened} NewRecipient `loginKey` and `signingKey` are public */

/**
 * A new recipient's code, keys and keyring. Slow, like every derivation from a code.
 * @param {Uint8Array} organisation its id @param {string} recipient id @param {number} week @param {Random} random
 * @returns {Promise<NewRecipient>}
 */
export async function newRecipient(organisation, recipient, week, random) {
  const code = newCode('access', random);
  const {loginKey, unlocker} = accessKeys(parseCode(code, 'access'), organisation);
  const [signingSeed, chain, rootKey] = [random(32), random(32), random(32)];
  const keyring = newKeyring(recipient, signingSeed, {week, chain});
  const unlockers = [await wrapRootKey(rootKey, unlocker, organisation, recipient, random)];
  return {code, loginKey, signingKey: publicKey(signingSeed), keyring, lock: {organisation, rootKey, unlockers}};
}

/**
 * Throws `keyring-format`, `keyring-suite`, `keyring-locked`, `keyring-damaged`.
 * @param {Uint8Array} bytes @param {Uint8Array} unlocker @param {Uint8Array} organisation @param {string} recipient id
 * @returns {Promise<Opened>}
 */
export async function unlockKeyring(bytes, unlocker, organisation, recipient) {
  const sealed = parseKeyring(bytes);
  const rootKey = await unlockRootKey(sealed, unlocker, organisation, recipient);
  const keyring = await openKeyring(sealed, rootKey, organisation, recipient);
  return {keyring, lock: {organisation, rootKey, unlockers: sealed.unlockers}};
}

/** @param {Opened} opened @param {Random} random @returns {Promise<Uint8Array>} */
export const lockKeyring = ({keyring, lock}, random) =>
  sealKeyring(keyring, lock.rootKey, lock.unlockers, lock.organisation, random);

/**
 * The body of `PUT inbox/statement` when a new one is due (PROTOCOL 10.6), and the keyring that notes it; else null.
 * @param {Keyring} keyring @param {Organisation} organisation
 * @returns {{keyring: Keyring, body: Json} | null}
 */
export function dueStatement(keyring, {directory, week, served}) {
  const {stated, recipient, signingSeed, ratchet} = keyring;
  const {version} = directory;
  if (stated && (stated.week > week || (stated.week === week && stated.version >= version))) return null;
  const before = served.find(({id}) => id === recipient)?.statement?.counter ?? 0;
  const counter = 1 + Math.max(keyring.counter, before);
  const firstWeek = Math.max(week - 1, ratchet.week);
  const keys = announced(ratchet, firstWeek);
  const statement = makeStatement(directory.organisation, recipient, counter, quoteOf(directory), firstWeek, keys, signingSeed);
  return {
    keyring: {...keyring, counter, stated: {week, version}, directory: quoteOf(directory)},
    body: {statement, keys: keys.map(b64)},
  };
}
