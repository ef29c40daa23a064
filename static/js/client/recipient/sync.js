/**
 * This module syncs an inbox, mailbox by mailbox (PROTOCOL 12.5, 12.8). The twin of what
 * `intake/client/recipient/inbox.py` asks of a service.
 */
import {dayParser} from '../../crypto/public/answers.js';
import {b64, dayNumber, dayText, isNumber} from '../../crypto/public/encoding.js';
import {isObject, need, readAs} from '../../crypto/public/bytes.js';
import {DrempelError} from '../../crypto/public/errors.js';
import {MAILBOX_ID_LENGTH} from '../../crypto/public/limits.js';
import {beginSync, finishSync, takeDay} from './inbox.js';
import {ask, askJson, renewStatement, saveKeyring} from './session.js';

/** @import {DayItem} from '../../crypto/public/answers.js' */
/** @import {Json, Random} from '../../crypto/public/encoding.js' */
/** @import {Organisation, Sink} from '../shapes.d.ts' */
/** @import {Sync, Synced} from './inbox.js' */
/** @import {Session} from './session.js' */

/** @typedef {(done: number, total: number) => void} Progress bytes */

/** Bytes that a day may have grown by since it was announced. */
const SLACK = 64 * 1024 * 1024;

/**
 * @param {Json} listing
 * @param {number} start
 * @returns {{today: number, days: Map<number, number>}} the announced bytes of each day
 */
function readListing(listing, start) {
  return readAs('answer-damaged', () => {
    const {day, days} = listing;
    need(Array.isArray(days), 'days');
    const sizes = days.map((item) => {
      need(isObject(item) && isNumber(item['bytes']) && dayNumber(item['day']) >= start, 'days');
      return /** @type {[number, number]} */ ([dayNumber(item['day']), item['bytes']]);
    });
    return {today: dayNumber(day), days: new Map(sizes.sort(([one], [other]) => one - other))};
  });
}

/**
 * One day's answer on its way into a sync. `begin` starts from the beginning, whatever of it has come before.
 * @param {Sync} sync
 * @param {number} day
 * @param {(bytes: number) => void} arrived is told the bytes of this day so far
 * @returns {{begin: () => Sink, end: () => Promise<void>}} `end` throws `answer-damaged` if it was cut off
 */
function coming(sync, day, arrived) {
  const damagedBefore = sync.damaged;
  let parser = dayParser();
  /** @type {DayItem[]} of one mailbox: never more than that is held */
  let together = [];
  const take = async (/** @type {DayItem[]} */ items) => {
    for (const item of items) {
      const isOther = together[0] && b64(together[0].mailbox) !== b64(item.mailbox);
      if (isOther) await takeDay(sync, day, together.splice(0));
      together.push(item);
    }
  };
  return {
    begin: () => {
      sync.byDay.delete(day);
      Object.assign(sync, {damaged: damagedBefore});
      [parser, together] = [dayParser(), []];
      let bytes = 0;
      return async (piece) => {
        bytes += piece.length;
        await take(parser.feed(piece));
        arrived(bytes);
      };
    },
    end: async () => {
      parser.finish();
      await takeDay(sync, day, together);
    },
  };
}

/**
 * Take what is new into the keyring, announce coming keys when due, and write the keyring if it changed.
 * `gone` are the reports' conversations that are no longer on the server.
 * @param {Session} session
 * @param {Organisation} organisation
 * @param {Random} random
 * @param {Progress} progress
 * @returns {Promise<{found: Synced, gone: Set<string>}>}
 */
export async function syncInbox(session, organisation, random, progress) {
  const found = await takeNew(session, organisation, progress);
  const gone = await goneFrom(session);
  await renewStatement(session, organisation);
  await saveKeyring(session, random);
  return {found, gone};
}

/**
 * @param {Session} session
 * @param {Organisation} organisation
 * @param {Progress} progress
 * @returns {Promise<Synced>}
 */
async function takeNew(session, {directory, day: known}, progress) {
  const start = session.keyring.synced ?? 0;
  const {today, days} = readListing(await askJson(session, `inbox/days?from=${dayText(start)}`), start);
  // The day may change between two requests. A day of its own here would make us forget week keys for good.
  if (Math.abs(today - known) > 1) throw new DrempelError('answer-damaged');
  const sync = beginSync(session.keyring, directory, known);
  const total = [...days.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  for (const [day, size] of days) {
    const one = coming(sync, day, (bytes) => progress(done + Math.min(bytes, size), total));
    await ask(session, 'GET', `inbox/days/${dayText(day)}`, {longest: 2 * size + SLACK, begin: one.begin});
    await one.end();
    done += size;
  }
  const synced = finishSync(sync, today);
  Object.assign(session, {keyring: synced.keyring});
  return synced;
}

/**
 * The reports' conversations that are no longer on the server, or withheld (PROTOCOL 12.8).
 * @param {Session} session
 * @returns {Promise<Set<string>>}
 */
async function goneFrom(session) {
  const {content} = await ask(session, 'GET', 'inbox/mailboxes');
  if (content.length % MAILBOX_ID_LENGTH) throw new DrempelError('answer-damaged');
  const gone = new Set(
    [...session.keyring.conversations].flatMap(([id, {kind}]) => (kind === 'report' ? [id] : [])),
  );
  for (let at = 0; at < content.length; at += MAILBOX_ID_LENGTH)
    gone.delete(b64(content.subarray(at, at + MAILBOX_ID_LENGTH)));
  return gone;
}
