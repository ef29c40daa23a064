/**
 * Received files have words on both pages: those that both say in a catalogue of their own, and no others.
 */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {test} from 'node:test';

import {TRANSIENT} from '../../static/js/client/retry.js';

const STATIC = new URL('../../static/', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, STATIC), 'utf8');
const folder = (/** @type {string} */ path) =>
  readdirSync(new URL(path, STATIC)).map((name) => read(`${path}${name}`));
/** @type {(name: string) => Record<string, string>} */
const catalogue = (name) => JSON.parse(read(`locales/${name}.json`));
const [nl, en] = [catalogue('files.nl'), catalogue('files.en')];
const SOURCE = ['file_names', 'preview', 'received_files', 'saving', 'viewer']
  .map((name) => read(`js/parts/${name}.js`))
  .join('\n');
const PAGES = [...folder('js/recipient/'), ...folder('js/reporter/')].join('\n');
/** What a download ends with besides, and what each page says in its own words, since help is elsewhere. */
const [ENDING, OF_PAGES] = [['answer-damaged'], ['attachment-damaged', 'blob-unknown']];
/** Keys that are put together: their ends stand in the source. */
const BUILT = [
  ...['saved', 'handed', 'stopped', 'unsaved'].map((end) => `file.${end}`),
  ...[...TRANSIENT, ...ENDING].map((code) => `download.${code}`),
  ...['kind', 'pixels', 'password', 'broken', 'slow'].map((why) => `preview.${why}`),
  ...[...SOURCE.matchAll(/^ {2}(\w+):\s+'[a-z0-9 ]+',$/gmu), ['', 'other']].map(
    ([, kind]) => `file.kind.${kind}`,
  ),
];

test('both languages say the same things with the same values', () => {
  assert.deepEqual(Object.keys(en), Object.keys(nl));
  const values = (/** @type {string | undefined} */ text) => (text?.match(/\{\w+\}/gu) ?? []).sort();
  for (const key of Object.keys(nl)) {
    assert.notEqual(nl[key]?.trim(), '', key);
    assert.notEqual(en[key]?.trim(), '', key);
    assert.deepEqual(values(en[key]), values(nl[key]), key);
  }
});

test('no page says any of it in other words', () => {
  for (const page of ['inbox', 'reporter', 'attaching', 'returning'])
    assert.deepEqual(
      Object.keys(catalogue(`${page}.nl`)).filter((key) => key in nl),
      [],
      page,
    );
});

test('every key that is named is there, and every key is named', () => {
  assert.ok(BUILT.length > 20);
  for (const key of BUILT) assert.ok(key in nl, key);
  const named = [...SOURCE.matchAll(/'((?:files?|preview)\.[a-z.-]+)'/gu)].map(([, key = '']) => key);
  assert.ok(named.length > 20);
  for (const key of named) assert.ok(key in nl || `${key}.other` in nl, key);
  const isNamed = (/** @type {string} */ key) =>
    BUILT.includes(key) || named.includes(key) || PAGES.includes(`'${key}'`);
  assert.deepEqual(
    Object.keys(nl).filter((key) => !isNamed(key) && !isNamed(key.replace(/\.(one|other)$/u, ''))),
    [],
  );
});

test('of a download both pages say what is wrong with it, and neither what to do with a file that one sends', () => {
  for (const language of ['nl', 'en']) {
    for (const page of ['inbox', 'returning']) {
      const said = catalogue(`${page}.${language}`);
      assert.deepEqual(
        Object.keys(said).filter((key) => key.startsWith('download.')),
        OF_PAGES.map((code) => `download.${code}`),
        page,
      );
    }
  }
  assert.ok(TRANSIENT.length > 3);
  // What stands behind each of these is that the page tries again by itself.
  for (const code of TRANSIENT)
    for (const texts of [nl, en])
      assert.doesNotMatch(String(texts[`download.${code}`]), /probeer|try|controleer|check/iu, code);
});
