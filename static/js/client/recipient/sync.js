/**
 * This module syncs an inbox, mailbox by mailbox (PROTOCOL 12.5, 12.8, 12.11). The twin of what
 * `intake/client/recipient/inbox.py` asks of a service.
 */
import {dayParser, listParser} from '../../crypto/public/answers.js';
import {b64, dayNumber, dayText, isNumber} from '../../crypto/public/encoding.js';
import {concat, isObject, need, readAs} from '../../crypto/public/bytes.js';
import {DrempelError} from '../../crypto/public/errors.js';
import {
  ENVELOPE_ID_LENGTH,
  EXPIRY_LENGTH,
  LONGEST_OPENING,
  MAILBOX_ID_LENGTH,
  MOST_WANTED,
} from '../../crypto/public/limits.js';
import {beginSync, envelopeName, finishSync, nothingTaken, takeDay} from './inbox.js';
import {ask, askJson, renewStatement, saveKeyring} from './session.js';

/** @import {DayItem, ListItem} from '../../crypto/public/answers.js' */
/** @import {Json, Random} from '../../crypto/public/encoding.js' */
/** @import {Organisation, Sink} from '../shapes.d.ts' */
/** @import {Sync, Synced, TakenDay} from './inbox.js' */
/** @import {Session} from './session.js' */

/** @typedef {(done: number, total: number) => void} Progress bytes */

/** Bytes that a day may have grown by since it was announced. */
const SLACK = 64 * 1024 * 1024;
/** Bytes of a list: no more than the count at its end can tell. */
const LONGEST_LIST = (MAILBOX_ID_LENGTH + ENVELOPE_ID_LENGTH) * 2 ** 32;
/** Bytes of an envelope with all that is around it. */
const LONGEST_ITEM = LONGEST_OPENING + 512;

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
 * An answer with envelopes of a day on its way into a sync. `begin` starts from the beginning, whatever of it
 * has come before.
 * @param {Sync} sync
 * @param {number} day
 * @param {TakenDay} before what had come of the day before this answer
 * @param {(bytes: number) => void} arrived is told the bytes of this answer so far
 * @returns {{begin: () => Sink, end: () => Promise<void>}} `end` throws `answer-damaged` if it was cut off
 */
function coming(sync, day, before, arrived) {
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
      sync.days.set(day, {...before, ids: new Set(before.ids), counts: new Map(before.counts)});
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
  const sync = beginSync(session.keyring, directory, known, today);
  const total = [...days.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  for (const [day, size] of days) {
    const before = takenOf(session, sync, day);
    if (before) await takeRest(session, sync, day, before);
    else await takeWhole(session, sync, day, size, (bytes) => progress(done + Math.min(bytes, size), total));
    done += size;
    progress(done, total);
  }
  const synced = finishSync(sync);
  const taken = {directory: directory.content.version, days: synced.taken};
  Object.assign(session, {keyring: synced.keyring, taken});
  return synced;
}

/**
 * What this session has of a day, unless that comes whole (PROTOCOL 12.11). Which it is must never depend on
 * what could be opened: the server sees it.
 * @param {Session} session @param {Sync} sync @param {number} day
 * @returns {TakenDay | undefined}
 */
const takenOf = ({taken}, {synced, directory}, day) =>
  day >= synced && taken.directory === directory.content.version ? taken.days.get(day) : undefined;

/**
 * @param {Session} session @param {Sync} sync @param {number} day
 * @param {number} size bytes that were announced
 * @param {(bytes: number) => void} arrived
 */
async function takeWhole(session, sync, day, size, arrived) {
  const one = coming(sync, day, nothingTaken(), arrived);
  await ask(session, 'GET', `inbox/days/${dayText(day)}`, {longest: 2 * size + SLACK, begin: one.begin});
  await one.end();
}

/**
 * All envelopes of a day that this session has not had, whoever they are for (PROTOCOL 12.11).
 * @param {Session} session @param {Sync} sync @param {number} day @param {TakenDay} before
 */
async function takeRest(session, sync, day, before) {
  sync.days.set(day, before);
  const path = `inbox/days/${dayText(day)}`;
  const lacking = await readList(session, `${path}/ids`, ENVELOPE_ID_LENGTH, () => {
    /** @type {Uint8Array[]} */
    const found = [];
    const take = (/** @type {ListItem} */ {mailbox, told}) => {
      if (!before.ids.has(envelopeName(mailbox, told))) found.push(concat(mailbox, told));
    };
    return {found, take};
  });
  for (let at = 0; at < lacking.length; at += MOST_WANTED) {
    const wanted = lacking.slice(at, at + MOST_WANTED);
    const one = coming(sync, day, sync.days.get(day) ?? before, () => {});
    await ask(session, 'POST', path, {
      body: concat(...wanted),
      longest: wanted.length * LONGEST_ITEM + SLACK,
      begin: one.begin,
    });
    await one.end();
  }
}

/**
 * A list (PROTOCOL 12.10), taken item by item: it may be larger than a page's memory.
 * @template Found
 * @param {Session} session @param {string} path
 * @param {number} length bytes that are told of each mailbox
 * @param {() => {found: Found, take: (item: ListItem) => void}} start for each try
 * @returns {Promise<Found>}
 */
async function readList(session, path, length, start) {
  let [parser, {found, take}] = [listParser(length), start()];
  const begin = () => {
    [parser, {found, take}] = [listParser(length), start()];
    return (/** @type {Uint8Array} */ piece) => parser.feed(piece).forEach((item) => take(item));
  };
  await ask(session, 'GET', path, {longest: LONGEST_LIST, begin});
  parser.finish();
  return found;
}

/**
 * The reports' conversations that are no longer on the server, or withheld (PROTOCOL 12.8).
 * @param {Session} session
 * @returns {Promise<Set<string>>}
 */
const goneFrom = (session) =>
  readList(session, 'inbox/mailboxes', EXPIRY_LENGTH, () => {
    const {conversations} = session.keyring;
    const found = new Set([...conversations].flatMap(([id, {kind}]) => (kind === 'report' ? [id] : [])));
    return {found, take: ({mailbox}) => void found.delete(b64(mailbox))};
  });
