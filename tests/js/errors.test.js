/** The registry is one: the tables of PROTOCOL 15, `crypto/errors.py` and `errors.js` say the same. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {CodeError, DrempelError, ERRORS, NOTICES} from '../../static/js/crypto/errors.js';

const read = (/** @type {string} */ path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const protocol = read('crypto/PROTOCOL.md');
const python = read('crypto/errors.py');

/** @param {RegExp} row @param {string} text */
const rows = (row, text) => [...text.matchAll(row)].map((found) => found.slice(1));

/** A Python string, perhaps of several parts. @param {string} literals */
const spoken = (literals) => rows(/"((?:[^"\\]|\\.)*)"/g, literals).join('');

/** @param {string} name @returns {string} the braces of that dictionary */
const dictionary = (name) => python.match(new RegExp(`^${name}: .*?= \\{\\n(.*?)^\\}`, 'ms'))?.[1] ?? '';

test('errors are those of PROTOCOL 15.2', () => {
  const table = rows(/^\| `([a-z0-9-]+)` \| ([a-z]+) \| (-|\d{3}) \| (.+) \|$/gm, protocol);
  const said = Object.fromEntries(
    table.map(([code, layer, status, sentence]) => [code, {layer, status: status === '-' ? 0 : Number(status), sentence}]),
  );
  assert.ok(table.length > 50);
  assert.deepEqual(said, ERRORS);
});

test('notices are those of PROTOCOL 15.3', () => {
  const table = rows(/^\| `([a-z-]+)` \| ([A-Z].+) \|$/gm, protocol.slice(protocol.indexOf('15.3 Notices')));
  assert.ok(table.length > 5);
  assert.deepEqual(Object.fromEntries(table), NOTICES);
});

test('errors are those of crypto/errors.py', () => {
  const entry = /"([a-z0-9-]+)": Entry\(\s*"([a-z]+)",\s*(\d+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+),?\s*\)/g;
  const table = rows(entry, dictionary('ERRORS'));
  const said = table.map(([code, layer, status, sentence]) => [
    code,
    {layer, status: Number(status), sentence: spoken(String(sentence))},
  ]);
  assert.deepEqual(Object.fromEntries(said), ERRORS);
});

test('notices are those of crypto/errors.py', () => {
  const table = rows(/"([a-z-]+)": ((?:"(?:[^"\\]|\\.)*"\s*)+)/g, dictionary('NOTICES'));
  assert.deepEqual(Object.fromEntries(table.map(([code, sentence]) => [code, spoken(String(sentence))])), NOTICES);
});

test('an error carries sentence, detail and layer, and only codes of the registry', () => {
  const problem = new DrempelError('channel-unknown', 'There are: a, b.');
  assert.equal(problem.message, 'There is no such channel. There are: a, b.');
  assert.equal(problem.layer, 'client');
  assert.equal(new CodeError('code-checksum').group, 0);
  assert.throws(() => new DrempelError('no-such-code'), TypeError);
});
