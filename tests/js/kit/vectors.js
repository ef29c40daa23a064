/**
 * Runs the vectors of `tests/vectors/` on the browser's half: `node tests/js/kit/vectors.js [FILE ...]`.
 * Their README says what they are.
 */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {b64} from '../../../static/js/crypto/public/encoding.js';
import {perform} from './operations.js';

/**
 * @typedef {{name: string, about: string, made_by: string, operation: string, input: any, expect: any}}
 *   Vector
 */

export const FOLDER = new URL('../../vectors/', import.meta.url);

/** @param {string} file @returns {Vector} */
export const readVector = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** @returns {string[]} the paths of all vectors, in order of their names */
export const vectorFiles = () =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => fileURLToPath(new URL(name, FOLDER)));

/**
 * @param {Uint8Array} bytes
 * @param {number} [length]
 * @returns {Uint8Array} a copy, cut or filled up with zeros
 */
export function ofLength(bytes, length = bytes.length) {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}

/**
 * Bytes that are too many for JSON lie in `files/`: `{"file", "length"?, "xor"?}` stands for their b64.
 * @param {any} value
 * @returns {any}
 */
export function resolve(value) {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.file !== 'string')
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolve(item)]));
  const bytes = ofLength(readFileSync(new URL(`files/${value.file}`, FOLDER)), value.length);
  for (const [at, mask] of Object.entries(value.xor ?? {}))
    bytes[Number(at)] = Number(bytes[Number(at)]) ^ Number(mask);
  return b64(bytes);
}

/** @param {Vector} vector */
export async function check({operation, input, expect}) {
  const outcome = await perform(operation, resolve(input));
  assert.deepEqual(JSON.parse(JSON.stringify(outcome)), expect);
}

/** @param {string[]} files @returns {Promise<number>} how many failed */
async function run(files) {
  let failed = 0;
  for (const file of files) {
    const vector = readVector(file);
    try {
      await check(vector);
      process.stdout.write(`ok      ${vector.name}\n`);
    } catch (problem) {
      failed += 1;
      process.stdout.write(
        `FAILED  ${vector.name}: ${problem instanceof Error ? problem.message : problem}\n`,
      );
    }
  }
  return failed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const given = process.argv.slice(2);
  process.exitCode = (await run(given.length ? given : vectorFiles())) ? 1 : 0;
}
