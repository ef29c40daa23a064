/** Which way a text is written is found by its first letter. */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {test} from 'node:test';
import {directionOf} from '../../static/js/page/text_field.js';

/** @type {[string, string][]} */
const TEXTS = [
  ['', ''],
  ['12 3/4 …', ''],
  ['Een melding', 'ltr'],
  ['漢字', 'ltr'],
  ['- 1. שלום', 'rtl'],
  ['«العربية» abc', 'rtl'],
  ['abc العربية', 'ltr'],
  ['\u{1E900}', 'rtl'],
  ['\ufefbabc', 'rtl'],
  [`${' '.repeat(1000)}ש`, ''],
];
for (const [text, direction] of TEXTS) {
  test(`${JSON.stringify(text.slice(0, 20))}: ${direction || 'neither'}`, () =>
    assert.equal(directionOf(text), direction));
}

test('a text field is made in one place, and looks for no direction line by line', () => {
  const folder = new URL('../../static/js/', import.meta.url);
  const sources = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) =>
    name.endsWith('.js'),
  );
  const makers = sources.filter((name) =>
    /el\(\s*'textarea'/u.test(readFileSync(new URL(name, folder), 'utf8')),
  );
  assert.deepEqual(makers, ['page/text_field.js']);
  assert.doesNotMatch(
    readFileSync(new URL('page/text_field.js', folder), 'utf8').replace(/\/\*\*.*?\*\//gsu, ''),
    /auto['"]/u,
  );
});
