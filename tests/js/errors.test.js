/**
 * The registry is one: PROTOCOL 15, `crypto/public/errors.py` and `errors.js` say the same, sentences aside,
 * which a page has in its words.
 */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {CodeError, DrempelError, ERRORS} from '../../static/js/crypto/public/errors.js';

const read = (/** @type {string} */ path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const protocol = read('crypto/PROTOCOL.md');
const python = read('crypto/public/errors.py');

/** @param {RegExp} row @param {string} text */
const rows = (row, text) => [...text.matchAll(row)].map((found) => found.slice(1));

/** @param {string} name @returns {string} the braces of that dictionary */
const dictionary = (name) => python.match(new RegExp(`^${name}: .*?= \\{\\n(.*?)^\\}`, 'ms'))?.[1] ?? '';

/** @param {string[][]} table */
const entries = (table) =>
  Object.fromEntries(
    table.map(([code, layer, status]) => [code, {layer, status: status === '-' ? 0 : Number(status)}]),
  );

test('errors are those of PROTOCOL 15.2', () => {
  const table = rows(/^\| `([a-z0-9-]+)` \| ([a-z]+) \| (-|\d{3}) \| .+ \|$/gm, protocol);
  assert.ok(table.length > 50);
  assert.deepEqual(entries(table), ERRORS);
});

test('errors are those of crypto/public/errors.py', () => {
  assert.deepEqual(
    entries(rows(/"([a-z0-9-]+)": Entry\(\s*"([a-z]+)",\s*(\d+),/g, dictionary('ERRORS'))),
    ERRORS,
  );
});

test('an error carries code, detail and layer, and only codes of the registry', () => {
  const problem = new DrempelError('channel-unknown', 'There are: a, b.');
  assert.equal(problem.message, 'channel-unknown There are: a, b.');
  assert.equal(problem.layer, 'client');
  assert.equal(new CodeError('code-checksum').group, 0);
  assert.throws(() => new DrempelError('no-such-code'), TypeError);
});
