/**
 * A recipient's code, keyring and statement (PROTOCOL 10.6, 11). The twin of what
 * `intake/client/recipient/session.py` does without a network.
 */
import {quoteOf} from '../../crypto/public/directory.js';
import {b64} from '../../crypto/public/encoding.js';
import {openKeyring, sealKeyring, unlockRootKey} from '../../crypto/secret/keyring.js';
import {parseKeyring} from '../../crypto/public/keyring_format.js';
import {announced} from '../../crypto/secret/ratchet.js';
import {makeStatement} from '../../crypto/secret/statement_sign.js';

/** @import {Json, Random} from '../../crypto/public/encoding.js' */
/** @import {Keyring} from '../../crypto/secret/keyring.js' */
/** @import {Organisation} from '../shapes.d.ts' */
/**
 * @typedef {{organisation: Uint8Array, rootKey: Uint8Array, unlockers: Uint8Array[]}} Lock what a keyring is
 *   written again with
 */
/** @typedef {{keyring: Keyring, lock: Lock}} Opened */

/**
 * Throws `keyring-format`, `keyring-suite`, `keyring-locked`, `keyring-damaged`.
 * @param {Uint8Array} bytes
 * @param {Uint8Array} unlocker
 * @param {Uint8Array} organisation
 * @param {string} recipient id
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
 * The body of `PUT inbox/statement` when a new one is due (PROTOCOL 10.6), and the keyring that notes it;
 * else null.
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
  const statement = makeStatement(
    directory.organisation,
    recipient,
    counter,
    quoteOf(directory),
    firstWeek,
    keys,
    signingSeed,
  );
  return {
    keyring: {...keyring, counter, stated: {week, version}, directory: quoteOf(directory)},
    body: {statement, keys: keys.map(b64)},
  };
}
