/** PROTOCOL 1: one spelling for each thing, and nothing else is read. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {
  b64,
  dayNumber,
  dayText,
  isId,
  isNumber,
  parseObject,
  unb64,
  weekOf,
} from '../../static/js/crypto/public/encoding.js';
import {
  compare,
  concat,
  equal,
  fromUtf8,
  readAs,
  readU16,
  readU32,
  u16,
  u32,
  utf8,
} from '../../static/js/crypto/public/bytes.js';
import {firstDayOf} from './kit/protocol.js';

const MALFORMED = {code: 'request-malformed'};
const bytes = fc.uint8Array({maxLength: 200});

test('b64 is what node calls base64url, and comes back', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      assert.equal(b64(data), Buffer.from(data).toString('base64url'));
      assert.deepEqual(unb64(b64(data)), data);
    }),
  );
});

test('b64 of more bytes than a call takes arguments', () => {
  const data = new Uint8Array(1_000_003).fill(7);
  assert.ok(equal(unb64(b64(data)), data));
});

test('any text that b64 reads is the one it writes', () => {
  fc.assert(
    fc.property(fc.string({maxLength: 8}), (text) => {
      try {
        assert.equal(b64(unb64(text)), text);
      } catch (problem) {
        assert.equal(/** @type {any} */ (problem).code, 'request-malformed');
      }
    }),
  );
});

for (const text of ['AA==', 'AB', 'A', 'A A', '+A', '/A', 'AA\n', 'ÄA', null, 3, undefined, ['AA']]) {
  test(`not b64: ${JSON.stringify(text)}`, () => assert.throws(() => unb64(text), MALFORMED));
}

test('b64 of another length than asked for', () => {
  assert.equal(unb64('AAA', 2).length, 2);
  assert.throws(() => unb64('AAA', 3), MALFORMED);
});

test('integers are big-endian', () => {
  fc.assert(fc.property(fc.integer({min: 0, max: 2 ** 32 - 1}), (value) => readU32(u32(value)) === value));
  fc.assert(fc.property(fc.integer({min: 0, max: 65_535}), (value) => readU16(u16(value)) === value));
  assert.deepEqual(u32(0x01020304), Uint8Array.of(1, 2, 3, 4));
  assert.equal(readU16(Uint8Array.of(9, 1, 2).subarray(1)), 0x0102);
});

test('equal and compare agree with node', () => {
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      assert.equal(equal(one, other), Buffer.compare(one, other) === 0);
      assert.equal(Math.sign(compare(one, other)), Buffer.compare(one, other));
    }),
  );
  assert.ok(equal(concat(Uint8Array.of(1), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3)));
});

test('UTF-8 is read strictly, and a byte order mark stays', () => {
  assert.equal(fromUtf8(utf8('\ufeffé😀')), '\ufeffé😀');
  for (const wrong of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
    assert.throws(() => fromUtf8(Uint8Array.from(wrong)), MALFORMED);
  }
});

for (const text of [
  '',
  '[]',
  '3',
  '"a"',
  'null',
  '{',
  '\ufeff{}',
  "{'a': 1}",
  '{"a": NaN}',
  '{"a": 01}',
  '{"a": 1.}',
]) {
  test(`not a JSON object: ${JSON.stringify(text)}`, () =>
    assert.throws(() => parseObject(utf8(text)), MALFORMED));
}

test('JSON is nested 32 deep at most, whatever stands in its strings and whatever hides it', () => {
  const nested = (/** @type {number} */ levels) =>
    `{"a":${'['.repeat(levels - 1)}"]}\\"[{"${']'.repeat(levels - 1)}}`;
  assert.ok(parseObject(utf8(nested(32))));
  for (const levels of [33, 34, 400, 1500, 30_000]) {
    assert.throws(() => parseObject(utf8(nested(levels))), MALFORMED);
    assert.throws(() => parseObject(utf8(`{"b":${nested(levels - 1)},"b":1}`)), MALFORMED);
  }
  assert.ok(parseObject(utf8(JSON.stringify({many: Array.from({length: 1000}, () => [{}])}))));
});

test('a number with a point or an exponent is not a number of the protocol, wherever it is looked at', () => {
  for (const number of ['1.0', '1e0', '1E+2', '0.5', '-1', '9007199254740992', '1e400']) {
    assert.ok(!isNumber(parseObject(utf8(`{"n": ${number}}`))['n']), number);
  }
  const read = parseObject(utf8('{"a": 7, "1.0\\"2.0": "1.5e3", "b": [1.5], "c": 9007199254740991}'));
  assert.deepEqual({...read}, {a: 7, '1.0"2.0': '1.5e3', b: [-1], c: 9007199254740991});
});

test('ids are those of PROTOCOL 1.5', () => {
  for (const id of ['a', '0-9', 'a'.repeat(40)]) assert.ok(isId(id));
  for (const id of ['', 'A', 'a b', 'a'.repeat(41), 'é', 'a\n', 3, null]) assert.ok(!isId(id));
});

test('days come back, and only those of the calendar are read', () => {
  fc.assert(fc.property(fc.integer({min: 0, max: 2_932_896}), (day) => dayNumber(dayText(day)) === day));
  assert.equal(dayNumber('1970-01-01'), 0);
  for (const day of [
    '2026-02-29',
    '2026-13-01',
    '1969-12-31',
    '2026-1-1',
    '20260101',
    '2026-01-01T00',
    5,
    null,
  ]) {
    assert.throws(() => dayNumber(day), MALFORMED);
  }
  for (const day of [-1, 2_932_897, 0.5]) assert.throws(() => dayText(day), MALFORMED);
});

test('a week runs from Monday to Sunday, and week 0 began on 1969-12-29', () => {
  assert.equal(weekOf(0), 0);
  assert.equal(firstDayOf(0), -3);
  assert.equal(weekOf(dayNumber('1970-01-05')), 1);
  fc.assert(
    fc.property(
      fc.integer({min: 1, max: 400_000}),
      (week) => weekOf(firstDayOf(week)) === week && weekOf(firstDayOf(week) - 1) === week - 1,
    ),
  );
});

test('readAs names the layer for what is malformed, and lets every other error through', () => {
  assert.throws(() => readAs('envelope-message', () => unb64('!')), {code: 'envelope-message'});
  assert.throws(() => readAs('envelope-message', () => JSON.parse('{')), SyntaxError);
});
