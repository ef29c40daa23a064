/** A text is laid out in pieces, so that none keeps the page busy, and all of it is there. */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {test} from 'node:test';
import fc from 'fast-check';
import {LONGEST_PIECE, piecesOf, withLineEnds} from '../../static/js/page/written_text.js';

const UNITS = ['\u0300', 'العربية', 'a\n', '\n', ' ', '😀', 'woord ', '\ud83d', `${'x'.repeat(1500)}\n`];

test('no piece is long, none is half a sign, and together they are the text', () => {
  const texts = fc.array(fc.tuple(fc.constantFrom(...UNITS), fc.integer({min: 1, max: 3000})), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.map(([unit, times]) => unit.repeat(times)).join('');
      const pieces = piecesOf(text);
      assert.equal(pieces.join(''), text);
      assert.ok(pieces.every((piece) => piece.length <= LONGEST_PIECE));
      // As many pieces as it takes, give or take: a page has to hold them.
      assert.ok(pieces.length <= 1 + (2 * text.length) / LONGEST_PIECE);
      if (!/\p{Cs}/u.test(text)) pieces.forEach((piece) => assert.doesNotMatch(piece, /\p{Cs}/u));
    }),
    {numRuns: 300},
  );
});

test('whatever ends a line ends it once', () => {
  const ends = ['\n', '\r\n', '\r', '\u0085', '\u2028', '\u2029'];
  for (const end of ends) assert.equal(withLineEnds(`one${end}two${end}${end}three`), 'one\ntwo\n\nthree');
  assert.equal(withLineEnds(ends.map((end, place) => `${place}${end}`).join('')), '0\n1\n2\n3\n4\n5\n');
  assert.equal(withLineEnds('\n\r'), '\n\n');
});

test('a piece ends where a line does, or a word', () => {
  const lines = `${'woord '.repeat(20).trim()}\n`.repeat(100);
  assert.ok(piecesOf(lines).every((piece) => piece.endsWith('\n') || piece === ''));
  assert.ok(piecesOf('woord '.repeat(2000)).every((piece) => piece.endsWith(' ') || piece === ''));
});

test('no page lays out what somebody wrote in any other way', () => {
  const folder = new URL('../../static/js/', import.meta.url);
  const sources = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter(
    (name) => name.endsWith('.js') && name !== 'page/written_text.js',
  );
  for (const name of sources)
    assert.doesNotMatch(readFileSync(new URL(name, folder), 'utf8'), /class: '(\S+ )*text( \S+)*'/u, name);
});
