/**
 * What a file is, how large a picture says it is, and what is not seen in a name: before anything is made of
 * any of it.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {kindOf} from '../../static/js/client/files/preview_kind.js';
import {fileIn} from '../../static/js/parts/saving.js';
import {measure} from '../../static/js/viewer/pictures.js';
import {visibleName, visibleText} from '../../static/js/viewer/reveal_invisible.js';

const bytes = (/** @type {string} */ latin) => new Uint8Array(Buffer.from(latin, 'latin1'));
const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);
const hex = (/** @type {string} */ text) => Buffer.from(text.replaceAll(' ', ''), 'hex').toString('latin1');

const PNG = `\x89PNG\r\n\x1a\n${hex('0000000d 49484452 00000280 000001e0 0802000000')}`;
const EXIF = `${hex('ffe1 0008')}Exif\0\0`;
const JPEG = `${hex('ffd8')}${EXIF}${hex('ffdb 0004 0000 ffff c2 0011 08 01e0 0280 03 000000')}`;
/** @type {[string, string, string, [number, number]][]} */
const PICTURES = [
  ['PNG', 'image/png', PNG, [640, 480]],
  ['GIF', 'image/gif', `GIF89a${hex('8002 e001 800000 000000ffffff 2c 0000 0000 0100 0100 00')}`, [640, 480]],
  [
    'GIF with a frame beyond its edge',
    'image/gif',
    `GIF89a${hex('0100 0100 000000 21f9 04 00000000 00 2c 7f02 df01 0100 0100 00')}`,
    [640, 480],
  ],
  ['JPEG with things before its frame', 'image/jpeg', JPEG, [640, 480]],
  ['WebP', 'image/webp', `RIFF....WEBPVP8 ....${hex('000000 9d012a 8002 e001')}`, [640, 480]],
  ['WebP without loss', 'image/webp', `RIFF....WEBPVP8L....${hex('2f 7fc27700')}`, [640, 480]],
  ['WebP of many parts', 'image/webp', `RIFF....WEBPVP8X....${hex('10000000 7f0200 df0100')}`, [640, 480]],
];
for (const [name, type, latin, [width, height]] of PICTURES) {
  test(`the size of a ${name} is read from where it stands`, () => {
    assert.deepEqual(measure(bytes(latin)), {type, width, height});
    assert.equal(kindOf(bytes(latin)), 'picture');
  });
}

test('a picture that ends too early, and what is none, has no size or one of nothing', () => {
  for (const [, , latin] of PICTURES) {
    for (let end = 0; end < latin.length; end += 1) {
      const found = measure(bytes(latin.slice(0, end)));
      assert.ok(found === null || found.width * found.height < 1_000_000, String(end));
    }
  }
  assert.equal(measure(bytes(`${hex('ffd8 ffda')}${'x'.repeat(40)}`)), null);
  assert.equal(measure(bytes(`${hex('ffd8 ffff')}${'\xff'.repeat(40)}`)), null);
});

/** @type {[string, Uint8Array, string | null][]} */
const KINDS = [
  ['a document', bytes('%PDF-1.4\n%\xe2\xe3'), 'pdf'],
  ['a drawing with scripts', utf8('<svg onload="x()"/>'), 'text'],
  ['a page', utf8('<!doctype html><script>x()</script>'), 'text'],
  ['words of another script', utf8('Größe — 価格'), 'text'],
  ['words cut within a sign', utf8('Größe').subarray(0, 3), 'text'],
  ['nothing', new Uint8Array(), 'text'],
  ['words in Latin-1', bytes('Gr\xf6\xdfe'), null],
  ['words with a hole', utf8('a\0b'), null],
  ['an archive', bytes('PK\x03\x04\0\0'), null],
  ['a program', bytes('MZ\x90\0'), null],
];
for (const [name, start, kind] of KINDS)
  test(`by how it begins: ${name}`, () => assert.equal(kindOf(start), kind));

test('what turns the order of signs is shown by its number, and in names all that is not seen', () => {
  assert.equal(visibleText('a\u202Egnp\u2066\u0007\tb\n👩🏽‍💼'), 'a[U+202E]gnp[U+2066][U+0007]\tb\n👩🏽‍💼');
  assert.equal(
    visibleName('a\u202Eb\n\u200Bc\uD800\u{E0041}'),
    'a[U+202E]b[U+000A][U+200B]c[U+D800][U+E0041]',
  );
  assert.equal(visibleName('Größe (kopie).pdf'), 'Größe (kopie).pdf');
});

/** @param {string[]} names that are there; one of them is a folder */
function folder(names) {
  /** @type {string[]} */
  const made = [];
  const getFileHandle = async (/** @type {string} */ name, {create = false} = {}) => {
    if (name === 'map') throw new DOMException('', 'TypeMismatchError');
    if (create) made.push(name);
    else if (!names.includes(name)) throw new DOMException('', 'NotFoundError');
    return {name};
  };
  return {made, handle: /** @type {FileSystemDirectoryHandle} */ (/** @type {unknown} */ ({getFileHandle}))};
}

test('a file in a chosen folder takes a name that nothing there has', async () => {
  const {made, handle} = folder(['a.txt', 'a (2).txt', 'b']);
  for (const name of ['a.txt', 'b', 'c.txt', 'map']) await fileIn(handle, name);
  assert.deepEqual(made, ['a (3).txt', 'b (2)', 'c.txt', 'map (2)']);
});
