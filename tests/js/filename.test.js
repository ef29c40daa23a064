/** PROTOCOL 16.8: whatever a file is called, it is saved under a name that does no harm. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import fc from 'fast-check';
import {LONGEST_NAME, safeName} from '../../static/js/crypto/public/filename.js';
import {utf8} from '../../static/js/crypto/public/bytes.js';

const HOSTILE = [
  ...[
    '/',
    '\\',
    '.',
    '..',
    ':',
    '<',
    '>',
    '"',
    '|',
    '?',
    '*',
    ' ',
    '-',
    '--',
    '~',
    '$',
    '\0',
    '\n',
    '\r',
    '\u001b',
    '\u202e',
    '\u2066',
    '\u200d',
    '\ufeff',
  ],
  ...[
    '\u00a0',
    '\u3000',
    '\u2028',
    '\ufe0f',
    '\u0338',
    '\ud83d',
    '\ude00',
    '📷',
    'CON',
    'nul',
    'COM1',
    'lpt²',
    '.exe',
    '.tar',
    '.gz',
    '.TXT',
    ' (2)',
    'e\u0301',
    'é',
    'É',
  ],
  ...[
    'ß',
    'ẞ',
    'SS',
    'ﬁ',
    'İ',
    'ı',
    'i',
    'I',
    'Σ',
    'σ',
    'ς',
    'Ａ',
    'a',
    'A',
    'K',
    '\u212a',
    '\u0390',
    '\u03aa\u0301',
    '\u2024',
    '漢'.repeat(39),
    'é'.repeat(58),
    'x'.repeat(115),
  ],
];
const NAMES = fc.oneof(
  fc.array(fc.constantFrom(...HOSTILE), {maxLength: 8}).map((parts) => parts.join('')),
  fc.string({unit: 'binary', maxLength: 150}),
);
const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.[^.]*)?$/i;
const PROTOCOL = readFileSync(new URL('../../crypto/PROTOCOL.md', import.meta.url), 'utf8');

/** @param {string} name */
const alone = (name) => safeName(name, new Map());

/**
 * The code points that PROTOCOL 16.8 lists after `what`.
 * @param {string} what
 * @returns {[number, number][]} first and last of each range
 */
function listed(what) {
  const rest = PROTOCOL.slice(PROTOCOL.indexOf('\n16.8 '));
  const [, ranges = ''] = /U\+([\s0-9A-F-]+)/.exec(rest.slice(rest.indexOf(what))) ?? [];
  return ranges
    .trim()
    .split(/\s+/)
    .map((range) => {
      const [first = '', last = first] = range.split('-');
      return [parseInt(first, 16), parseInt(last, 16)];
    });
}

test('a name is safe', () => {
  fc.assert(
    fc.property(NAMES, (name) => {
      const safe = alone(name);
      assert.equal(safe.replace(/^[ .]+|[ .]+$/g, ''), safe);
      assert.doesNotMatch(safe, /^$|^-|[/\\<>:"|?*]|\s\s|[^\S ]|\..*\./u);
      // Not Cf, of which an engine newer than the protocol may know more.
      assert.doesNotMatch(safe, /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
      assert.doesNotMatch(safe, DEVICES);
      assert.ok(utf8(safe).length <= LONGEST_NAME);
      assert.equal(safe.normalize('NFC'), safe);
      assert.equal(alone(safe), safe);
    }),
    {numRuns: 2000},
  );
});

test('no two files of a folder are saved under one name', () => {
  fc.assert(
    fc.property(fc.array(NAMES, {maxLength: 30}), (names) => {
      const taken = new Map();
      const safe = names.map((name) => safeName(name, taken));
      for (const fold of [
        (/** @type {string} */ name) => name.normalize('NFD').toLowerCase(),
        (/** @type {string} */ name) => name.normalize('NFKC').toUpperCase(),
      ]) {
        assert.equal(new Set(safe.map(fold)).size, names.length);
      }
      assert.ok(safe.every((name) => utf8(name).length <= LONGEST_NAME + ' (30)'.length));
    }),
    {numRuns: 500},
  );
});

test('what the protocol lists is dropped, and nothing beside it', () => {
  const [dropped, blanks] = [listed('is dropped'), listed('run of blanks')];
  assert.equal(dropped.length, 30);
  const apart = [...dropped, ...blanks, [0x2f, 0x2f], [0x5c, 0x5c]];
  for (const [first, last] of dropped) {
    for (const code of [first, (first + last) >> 1, last])
      assert.equal(alone(`a${String.fromCodePoint(code)}b.txt`), 'ab.txt', code.toString(16));
    for (const code of [first - 1, last + 1]) {
      const inside = apart.some(([low = 0, high = 0]) => low <= code && code <= high);
      if (code >= 0 && code <= 0x10ffff && !inside)
        assert.notEqual(alone(`a${String.fromCodePoint(code)}b.txt`), 'ab.txt', code.toString(16));
    }
  }
});

test('each blank that the protocol lists becomes one space', () => {
  const every = listed('run of blanks').flatMap(([first, last]) =>
    Array.from({length: last - first + 1}, (_, at) => String.fromCodePoint(first + at)),
  );
  assert.equal(every.length, 18);
  for (const blank of [...every, every.join('')]) assert.equal(alone(`a${blank}b`), 'a b');
});

test('many files of one name cost no more looks than they are', () => {
  let looks = 0;
  class Counting extends Map {
    /** @override @param {unknown} key */
    has(key) {
      looks += 1;
      return super.has(key);
    }
  }
  const taken = new Counting();
  const names = Array.from({length: 1000}, () => safeName('scan.pdf', taken));
  assert.deepEqual([names[0], names[999]], ['scan.pdf', 'scan (1000).pdf']);
  assert.ok(looks < 3 * names.length, `${looks}`);
});
