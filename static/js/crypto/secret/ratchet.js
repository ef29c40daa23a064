/** A recipient's week keys: a ratchet that only goes forward (PROTOCOL 11.4). */
import {weekOf} from '../public/encoding.js';
import {publicBytes} from './hpke.js';
import {expandKey} from './hpke_open.js';
import {derive} from './primitives.js';
import {WEEKS} from '../public/statement.js';

/** @import {PrivateKey} from './hpke_open.js' */
/**
 * @typedef {{week: number, chain: Uint8Array}} Ratchet the chain of the earliest week whose key can still be
 *   computed
 */

const GRACE_WEEKS = 8;

/**
 * @param {Ratchet} ratchet
 * @param {number} week
 * @returns {Ratchet} throws RangeError for a week that is gone
 */
export function ratchetAt(ratchet, week) {
  if (week < ratchet.week) throw new RangeError("this week's key is gone");
  let {chain} = ratchet;
  for (let left = week - ratchet.week; left > 0; left -= 1) chain = derive(chain, null, 'ratchet/next');
  return {week, chain};
}

/** @param {Ratchet} ratchet @returns {Uint8Array} the X-Wing seed of its week */
export const weekSeed = ({chain}) => derive(chain, null, 'ratchet/week');

/**
 * @param {Ratchet} ratchet
 * @param {number} firstWeek
 * @returns {Uint8Array[]} the public keys that a statement announces
 */
export function announced(ratchet, firstWeek) {
  let step = ratchetAt(ratchet, firstWeek);
  const keys = [];
  for (let week = firstWeek; week < firstWeek + WEEKS; week += 1) {
    step = ratchetAt(step, week);
    keys.push(publicBytes(weekSeed(step)));
  }
  return keys;
}

/**
 * The ratchet without the weeks that are synced (days before `synced`) and past their grace.
 * @param {Ratchet} ratchet @param {number} synced a day @param {number} today a day
 * @returns {Ratchet}
 */
export function forgotten(ratchet, synced, today) {
  const done = Math.min(weekOf(synced) - 1, weekOf(today) - GRACE_WEEKS - 1);
  return ratchetAt(ratchet, Math.max(ratchet.week, done + 1));
}

/**
 * Private keys by week, each expanded once; none for a week that is gone or has not come yet.
 * @param {Ratchet} ratchet
 * @param {number} latest the last week for which a key may be asked: a forged header must not spin the
 *   ratchet
 * @returns {(week: number) => PrivateKey[]}
 */
export function weekKeys(ratchet, latest) {
  /** @type {Map<number, PrivateKey>} */
  const known = new Map();
  return (week) => {
    if (week < ratchet.week || week > latest) return [];
    const key = known.get(week) ?? expandKey(weekSeed(ratchetAt(ratchet, week)));
    known.set(week, key);
    return [key];
  };
}
