/** The vectors belong to neither language: the browser's half gives what each of them expects. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import {test} from 'node:test';
import {ERRORS} from '../../static/js/crypto/public/errors.js';
import {makeAll} from '../vectors/make.js';
import {FOLDER, check, readVector, vectorFiles} from './kit/vectors.js';

const CLIENT_ONLY = [
  'attachment-changed',
  'attachment-unreadable',
  'server-unreachable',
  'conversation-gone',
  'conversation-unknown',
  'text-empty',
  'text-not-utf8',
  'text-too-long',
  'proxy-limit',
];

for (const file of vectorFiles()) {
  const vector = readVector(file);
  test(vector.name, async () => {
    assert.equal(`${vector.name}.json`, basename(file));
    await check(vector);
  });
}

test('every layer of PROTOCOL 15.2 that a file can fail in is among them, and nearly every code', () => {
  const expected = vectorFiles().map((file) => readVector(file).expect);
  const codes = new Set(expected.map(({code}) => code));
  for (const {layer, code} of expected) assert.ok(layer === 'ok' || ERRORS[code]?.layer === layer, code);
  const wanted = Object.entries(ERRORS).filter(
    ([code, {layer}]) => layer !== 'api' && !CLIENT_ONLY.includes(code),
  );
  assert.deepEqual(
    wanted.map(([code]) => code).filter((code) => !codes.has(code)),
    [],
  );
});

test('the README names every operation', () => {
  const readme = readFileSync(new URL('../vectors/README.md', import.meta.url), 'utf8');
  for (const file of vectorFiles()) assert.match(readme, new RegExp(`\`${readVector(file).operation}\``));
});

test('make.js makes those of JavaScript again, to the byte', async () => {
  for (const [path, content] of await makeAll()) {
    assert.ok(readFileSync(new URL(path, FOLDER)).equals(Buffer.from(content)), path);
  }
});
