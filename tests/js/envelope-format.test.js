/** PROTOCOL 12.4 and 12.5: an answer from a server that wants a reader's memory, or its time. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {concat, u32} from '../../static/js/crypto/public/bytes.js';
import {dayParser, parseMailboxAnswer} from '../../static/js/crypto/public/answers.js';
import {seeded} from './kit/randomness.js';
import {buildDayAnswer, buildMailboxAnswer, parseDayAnswer} from './kit/protocol.js';

/** @import {DayItem} from '../../static/js/crypto/public/answers.js' */

const random = seeded('wire');

/** @param {number} length @param {Uint8Array | null} creation @returns {DayItem} with an envelope of zeros */
const zeros = (length, creation) => ({
  mailbox: random(32),
  envelope: {id: random(16), day: 20_000, bytes: new Uint8Array(length)},
  creation,
});

test('a length that no envelope has is damage as soon as it is read', () => {
  for (const {creation, longest} of [
    {creation: random(225), longest: 1_310_495},
    {creation: null, longest: 1_064_960},
  ]) {
    const item = zeros(longest, creation);
    const whole = buildDayAnswer([item]);
    assert.deepEqual(parseDayAnswer(whole), [item]);
    const head = whole.slice(0, -36 - longest);
    assert.deepEqual(dayParser().feed(head), []);
    const longer = concat(head.subarray(0, -4), u32(longest + 1));
    assert.throws(() => dayParser().feed(longer), {code: 'answer-damaged'});
  }
});

test('more envelopes than a mailbox can hold are damage', () => {
  const [token, creation] = [random(32), random(225)];
  const envelopes = Array.from({length: 1025}, () => ({
    id: random(16),
    day: 20_000,
    bytes: new Uint8Array(0),
  }));
  const most = envelopes.slice(1);
  assert.deepEqual(parseMailboxAnswer(buildMailboxAnswer(token, creation, most), token).envelopes, most);
  assert.throws(() => parseMailboxAnswer(buildMailboxAnswer(token, creation, envelopes), token), {
    code: 'answer-damaged',
  });
});

test('an envelope in many pieces takes no longer than its length says', () => {
  const item = zeros(1 << 20, null);
  const [whole, parser] = [buildDayAnswer([item]), dayParser()];
  /** @type {DayItem[]} */
  const found = [];
  const start = process.cpuUsage();
  for (let at = 0; at < whole.length; at += 8) found.push(...parser.feed(whole.subarray(at, at + 8)));
  parser.finish();
  assert.deepEqual(found, [item]);
  const {user, system} = process.cpuUsage(start);
  // Copying what is left over at each piece would move 64 GiB.
  assert.ok(user + system < 5_000_000, `${user + system} microseconds`);
});
