/** Vectors of what is read without any secret (PROTOCOL 5, 6, 12). */
import {b64} from '../../../static/js/crypto/public/encoding.js';
import {concat, u32} from '../../../static/js/crypto/public/bytes.js';
import {seeded} from '../../js/kit/randomness.js';
import {TODAY} from '../../js/kit/opaque_organisation.js';
import {buildDayAnswer, buildList, buildMailboxAnswer} from '../../js/kit/protocol.js';

/** @import {Maker} from '../make.js' */

/** @param {Maker} maker */
export async function makeWire(maker) {
  const random = seeded('vectors: wire');
  const creation = concat(Uint8Array.of(1), random(224));
  const parse = (/** @type {string} */ what, /** @type {any} */ bytes, more = {}) => ({
    what,
    bytes: bytes instanceof Uint8Array ? b64(bytes) : bytes,
    ...more,
  });
  const fails = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {any} */ input,
    /** @type {string} */ code,
  ) => maker.fails(`wire-${name}`, about, 'parse-wire', input, code);
  const changed = (/** @type {Uint8Array} */ bytes, /** @type {number} */ at, /** @type {number} */ value) =>
    bytes.map((byte, n) => (n === at ? value : byte));
  await maker.ok('wire-creation', 'A creation record.', 'parse-wire', parse('creation', creation));
  await fails(
    'creation-short',
    'A creation record without its last byte.',
    parse('creation', creation.slice(0, 224)),
    'envelope-header',
  );
  await fails(
    'creation-suite',
    'A creation record of suite 2.',
    parse('creation', changed(creation, 0, 2)),
    'envelope-suite',
  );
  await maker.ok(
    'wire-opening',
    'An opening envelope.',
    'parse-wire',
    parse('opening', {file: 'report.bin'}),
  );
  await fails(
    'opening-as-conversation',
    'An opening where a conversation envelope is expected.',
    parse('conversation', {file: 'report.bin'}),
    'envelope-header',
  );
  await fails(
    'opening-suite',
    'An unknown suite, whatever follows.',
    parse('opening', Uint8Array.of(9, 9)),
    'envelope-suite',
  );
  const envelope = concat(Uint8Array.of(1, 2), random(64 + 4096 + 16));
  await maker.ok(
    'wire-conversation',
    'A conversation envelope.',
    'parse-wire',
    parse('conversation', envelope),
  );
  await fails(
    'conversation-size',
    'A size that is no power of two.',
    parse('conversation', concat(envelope, random(4096 * 2))),
    'envelope-header',
  );
  const [read, mailbox, id, day] = [random(32), random(32), random(16), TODAY];
  const items = [
    {id, day, bytes: random(100)},
    {id: random(16), day: day + 1, bytes: random(0)},
  ];
  const answer = buildMailboxAnswer(read, creation, items);
  await maker.ok(
    'wire-mailbox',
    'The answer to a return visit.',
    'parse-wire',
    parse('mailbox-answer', answer, {read: b64(read)}),
  );
  const large = buildMailboxAnswer(read, creation, [{id, day, bytes: random(70_000)}]);
  await maker.ok(
    'wire-mailbox-128',
    'The same of 128 KiB.',
    'parse-wire',
    parse('mailbox-answer', maker.file('mailbox-answer.bin', large), {read: b64(read)}),
  );
  const mail = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {Uint8Array} */ bytes,
    code = 'answer-damaged',
    token = read,
  ) => fails(`mailbox-${name}`, about, parse('mailbox-answer', bytes, {read: b64(token)}), code);
  await mail('unknown', 'With another token.', answer, 'receipt-unknown', random(32));
  await mail('short', 'Of a length that is no power of two.', answer.slice(0, -1));
  await mail(
    'length',
    'Its length points behind its end.',
    concat(answer.slice(0, 32), u32(65_536), answer.slice(36)),
  );
  await mail(
    'rest',
    'Something is left over after the last envelope.',
    concat(answer.slice(0, 32), u32(1000), answer.slice(36)),
  );
  await mail(
    'count',
    'More envelopes are announced than there are.',
    concat(answer.slice(0, 36 + 225), u32(3), answer.slice(36 + 229)),
  );
  await mail(
    'twice',
    'One envelope id twice.',
    buildMailboxAnswer(
      read,
      creation,
      [items[0], items[0]].flatMap((item) => item ?? []),
    ),
  );
  await mail(
    'day',
    'A day that no calendar has.',
    buildMailboxAnswer(read, creation, [{id, day: 2_932_897, bytes: random(1)}]),
  );
  const days = buildDayAnswer([
    {mailbox, envelope: {id, day, bytes: random(50)}, creation},
    {mailbox, envelope: {id: random(16), day, bytes: random(20)}, creation: null},
  ]);
  await maker.ok('wire-day', "A day's answer.", 'parse-wire', parse('day-answer', days));
  await maker.ok(
    'wire-day-empty',
    'A day without envelopes.',
    'parse-wire',
    parse('day-answer', buildDayAnswer([])),
    {items: []},
  );
  const dayFails = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {Uint8Array} */ bytes,
  ) => fails(`day-${name}`, about, parse('day-answer', bytes), 'answer-damaged');
  await dayFails('none', 'No bytes.', new Uint8Array(0));
  await dayFails('cut', 'The end is missing.', days.slice(0, -36));
  await dayFails('cut-inside', 'Cut inside an envelope.', days.slice(0, 300));
  await dayFails('count', 'Another number of items.', concat(days.slice(0, -4), u32(1)));
  await dayFails('rest', 'Something follows the end.', concat(days, new Uint8Array(1)));
  for (const [name, flagged, longest] of /** @type {[string, Uint8Array | null, number][]} */ ([
    ['opening', creation, 1_310_495],
    ['message', null, 1_064_960],
  ])) {
    // All zeros but for the beginning, and the number of items at the very end.
    const whole = buildDayAnswer([
      {mailbox, envelope: {id, day, bytes: new Uint8Array(longest)}, creation: flagged},
    ]);
    const head = whole.subarray(0, whole.length - 36 - longest);
    const file = maker.file(`day-${name}.bin`, head.slice());
    await maker.ok(
      `wire-day-longest-${name}`,
      'An envelope as long as any can be.',
      'parse-wire',
      parse('day-answer', {...file, length: whole.length, xor: {[whole.length - 1]: 1}}),
    );
    // The last byte of its length, one more.
    const more = (longest & 255) ^ ((longest + 1) & 255);
    await fails(
      `day-longer-${name}`,
      'An envelope longer than any can be.',
      parse('day-answer', {
        ...file,
        length: whole.length + 1,
        xor: {[head.length - 1]: more, [whole.length]: 1},
      }),
      'answer-damaged',
    );
  }
  const names = [concat(mailbox, id), concat(random(32), random(16))];
  const until = [concat(mailbox, u32(day)), concat(random(32), u32(day + 1))];
  await maker.ok(
    'wire-list-mailboxes',
    'A list of mailboxes with their days of expiry.',
    'parse-wire',
    parse('list', buildList(until), {told: 4}),
  );
  await maker.ok(
    'wire-list-ids',
    "A list of a day's envelopes.",
    'parse-wire',
    parse('list', buildList(names), {told: 16}),
  );
  await maker.ok(
    'wire-list-empty',
    'A list of nothing.',
    'parse-wire',
    parse('list', buildList([]), {told: 4}),
    {items: []},
  );
  const list = buildList(until);
  for (const [name, about, bytes] of /** @type {[string, string, Uint8Array][]} */ ([
    ['none', 'No bytes.', new Uint8Array(0)],
    ['cut', 'The end is missing.', list.slice(0, -36)],
    ['cut-inside', 'Cut inside an item.', list.slice(0, 40)],
    ['cut-in-end', 'Cut inside the end.', list.slice(0, -1)],
    ['count', 'One item fewer than it says.', concat(list.slice(0, -4), u32(3))],
    ['left-out', 'An item was taken out.', list.slice(36)],
    ['rest', 'Something follows the end.', concat(list, new Uint8Array(1))],
  ]))
    await fails(`list-${name}`, about, parse('list', bytes, {told: 4}), 'answer-damaged');
  await dayFails('flags', 'An unknown flag.', changed(days, 52, 2));
}
