/**
 * PROTOCOL 3: what can go wrong between a note and a keyboard is found, and mended where only one thing can
 * be meant.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {crc, formatCode, newCode, parseCode} from '../../static/js/crypto/secret/codes.js';
import {CodeError} from '../../static/js/crypto/public/errors.js';
import {seeded} from './kit/randomness.js';

/** @import {Kind} from '../../static/js/crypto/shapes.d.ts' */

const KINDS = /** @type {Kind[]} */ (['receipt', 'access', 'custodian']);
const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
const secrets = fc.uint8Array({minLength: 14, maxLength: 14});

/** @param {string} text @param {Kind} [kind] @returns {CodeError} */
function refusal(text, kind = 'receipt') {
  try {
    parseCode(text, kind);
  } catch (problem) {
    if (problem instanceof CodeError) return problem;
    throw problem;
  }
  return assert.fail(`${text} was taken`);
}

/** @param {string} letters forty */
const grouped = (letters) => letters.match(/.{5}/gs)?.join('-') ?? '';
const lettersOf = (/** @type {string} */ code) => code.replaceAll('-', '');
const replaced = (/** @type {string} */ letters, /** @type {number} */ at, /** @type {string} */ by) =>
  letters.slice(0, at) + by + letters.slice(at + by.length);

test('every code comes back, for each kind', () => {
  fc.assert(
    fc.property(secrets, fc.constantFrom(...KINDS), (secret, kind) => {
      assert.deepEqual(parseCode(formatCode(secret, kind), kind), secret);
    }),
  );
});

test('a code is eight words of consonants and vowels', () => {
  assert.match(
    newCode('receipt', seeded('words')),
    /^([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz](-([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz]){7}$/,
  );
  assert.equal(crc(new Uint8Array(14)), 0);
  assert.throws(() => formatCode(new Uint8Array(13), 'receipt'), RangeError);
});

test('how people write it makes no difference', () => {
  const code = newCode('receipt', seeded('spelling'));
  const secret = parseCode(code, 'receipt');
  for (const text of [
    code.toUpperCase(),
    lettersOf(code),
    code.replaceAll('-', ' '),
    `  ${code.replaceAll('-', ',\n')}. `,
    code.replaceAll('-', '\u2013'),
    code.replaceAll('-', '_._'),
    code.replaceAll('-', '\u00a0\u2212\u3000'),
  ]) {
    assert.deepEqual(parseCode(text, 'receipt'), secret, JSON.stringify(text));
  }
});

test('another number of groups is told as such', () => {
  for (const text of ['', 'lusab', 'lusab-babad', `${newCode('receipt', seeded('nine'))}-lusab`]) {
    const problem = refusal(text);
    assert.deepEqual([problem.code, problem.group, problem.correction], ['code-malformed', 0, '']);
  }
});

test('the first group out of form is named', () => {
  const groups = newCode('receipt', seeded('form')).split('-');
  for (const [index, wrong] of [
    [0, 'abcde'],
    [3, 'lusa'],
    [7, 'lus4b'],
    [5, 'lusäb'],
    [2, 'lusabb'],
  ]) {
    const problem = refusal(groups.map((group, at) => (at === index ? wrong : group)).join('-'));
    assert.deepEqual([problem.code, problem.group], ['code-malformed', Number(index) + 1]);
  }
});

test('a code of another kind is recognised', () => {
  for (const kind of KINDS) {
    for (const wanted of KINDS.filter((other) => other !== kind)) {
      const problem = refusal(formatCode(seeded(kind)(14), kind), wanted);
      assert.deepEqual([problem.code, problem.kind, problem.correction], ['code-wrong-kind', kind, '']);
    }
  }
});

/** Every slip of a hand. @param {string} letters @returns {Generator<string>} */
function* slips(letters) {
  for (let at = 0; at < 40; at += 1) {
    for (const letter of ALPHABET) if (letter !== letters[at]) yield replaced(letters, at, letter);
  }
  for (let at = 0; at < 39; at += 1) yield replaced(letters, at, `${letters[at + 1]}${letters[at]}`);
  for (let at = 0; at < 35; at += 5) {
    yield replaced(letters, at, letters.slice(at + 5, at + 10) + letters.slice(at, at + 5));
  }
}

test('every single slip is detected, and nearly every one is mended', (context) => {
  let [tried, mended] = [0, 0];
  for (let n = 0; n < 12; n += 1) {
    const kind = KINDS[n % 3] ?? 'receipt';
    const code = newCode(kind, seeded(`slips ${n}`));
    for (const typed of slips(lettersOf(code))) {
      if (typed === lettersOf(code)) continue;
      const problem = refusal(grouped(typed), kind);
      assert.notEqual(problem.code, 'code-wrong-kind');
      tried += 1;
      mended += Number(problem.correction === code);
      // What is offered leads to a code, and is never quietly another than the one that is one slip away.
      if (problem.correction) parseCode(problem.correction, kind);
    }
  }
  context.diagnostic(`${tried} slips, ${((100 * mended) / tried).toFixed(2)} % mended`);
  assert.ok(tried > 10_000);
  assert.ok(mended / tried > 0.985, `${mended} of ${tried}`);
});

test('the 513 syndromes of letter slips are all different, and no difference of two kinds is among them', () => {
  const remainder = (/** @type {Uint8Array} */ code) =>
    crc(code.subarray(0, 14)) ^ ((Number(code[14]) << 8) | Number(code[15]));
  const word = (/** @type {number} */ bit) =>
    Uint8Array.from({length: 16}, (_, n) => (n === bit >> 3 ? 0x80 >> (bit & 7) : 0));
  const bits = Array.from({length: 128}, (_, bit) => remainder(word(bit)));
  const xor = (/** @type {number[]} */ places) => places.reduce((sum, place) => sum ^ Number(bits[place]), 0);
  /** @type {Set<number>} */
  const syndromes = new Set();
  let found = 0;
  const add = (/** @type {number[]} */ places) => {
    found += 1;
    syndromes.add(xor(places));
  };
  for (let group = 0; group < 8; group += 1) {
    for (const [at, width] of [
      [0, 4],
      [4, 2],
      [6, 4],
      [10, 2],
      [12, 4],
    ].map(([a, w]) => [16 * group + Number(a), Number(w)])) {
      for (let change = 1; change < 1 << Number(width); change += 1) {
        add(
          Array.from({length: Number(width)}, (_, n) => n)
            .filter((n) => (change >> n) & 1)
            .map((n) => Number(at) + n),
        );
      }
    }
    // Two consonants meet at a border: swapping them changes both by the same difference.
    for (let change = 1; change < 16 && group < 7; change += 1) {
      const places = [0, 1, 2, 3].filter((n) => (change >> n) & 1);
      add([...places.map((n) => 16 * group + 12 + n), ...places.map((n) => 16 * group + 16 + n)]);
    }
  }
  assert.equal(found, 8 * (3 * 15 + 2 * 3) + 7 * 15);
  assert.equal(found, 513);
  assert.equal(syndromes.size, 513);
  for (const difference of [0x5245 ^ 0x4143, 0x5245 ^ 0x4355, 0x4143 ^ 0x4355])
    assert.ok(!syndromes.has(difference));
  assert.ok(CONSONANTS.length === 16 && VOWELS.length === 4);
});

test('two slips are not mended into something else without saying so', () => {
  const code = newCode('receipt', seeded('two'));
  const typed = replaced(
    replaced(lettersOf(code), 0, code.startsWith('b') ? 'd' : 'b'),
    20,
    lettersOf(code)[20] === 'z' ? 'v' : 'z',
  );
  assert.equal(refusal(grouped(typed)).code, 'code-checksum');
});
