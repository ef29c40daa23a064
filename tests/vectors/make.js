/**
 * Makes all vectors of JavaScript again, to the byte: `node tests/vectors/make.js`; with `--check` it writes
 * nothing, and fails if anything would change. Failures are stated by hand here; what succeeds is written
 * down as the browser's half computed it, and confirmed by the other half.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {ERRORS} from '../../static/js/crypto/public/errors.js';
import {b64} from '../../static/js/crypto/public/encoding.js';
import {perform} from '../js/kit/operations.js';
import {FOLDER, ofLength} from '../js/kit/vectors.js';
import {makeAttachments} from './making/attachments.js';
import {makeCodes} from './making/codes.js';
import {makeConversations} from './making/conversations.js';
import {makeDirectories} from './making/directories.js';
import {makeFilenames} from './making/filenames.js';
import {makeKeyrings} from './making/keyrings.js';
import {makeOpenings} from './making/openings.js';
import {makeWire} from './making/wire.js';

/** @typedef {{file: string, length?: number, xor?: Record<number, number>}} Reference */

export class Maker {
  /** @type {Map<string, Buffer | string>} */
  made = new Map();
  /** @type {Map<string, Uint8Array>} */
  files = new Map();

  /** Bytes that several vectors share. @param {string} name @param {Uint8Array} bytes @returns {Reference} */
  file(name, bytes) {
    this.files.set(name, bytes);
    this.made.set(`files/${name}`, Buffer.from(bytes));
    return {file: name};
  }

  /** @param {any} value @returns {any} */
  resolve(value) {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item));
    if (typeof value !== 'object' || value === null) return value;
    const file = this.files.get(value.file);
    if (!file)
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.resolve(item)]));
    const bytes = ofLength(file, value.length);
    for (const [at, mask] of Object.entries(value.xor ?? {}))
      bytes[Number(at)] = Number(bytes[Number(at)]) ^ Number(mask);
    return b64(bytes);
  }

  /**
   * @param {string} name
   * @param {string} about
   * @param {string} operation
   * @param {Record<string, unknown>} input
   * @param {Record<string, unknown>} [wanted] of the output
   */
  async ok(name, about, operation, input, wanted = {}) {
    const expect = await perform(operation, this.resolve(input));
    assert.equal(expect.layer, 'ok', `${name}: ${expect.code}`);
    for (const [member, value] of Object.entries(wanted))
      assert.deepEqual(expect.output?.[member], value, `${name}: ${member}`);
    this.write(name, about, operation, input, expect);
  }

  /**
   * @param {string} name
   * @param {string} about
   * @param {string} operation
   * @param {Record<string, unknown>} input
   * @param {string} code of the one failure
   * @param {Record<string, unknown>} [more] what a code's failure says besides
   */
  async fails(name, about, operation, input, code, more) {
    const expect = {layer: ERRORS[code]?.layer, code, ...more};
    assert.deepEqual(await perform(operation, this.resolve(input)), expect, name);
    this.write(name, about, operation, input, expect);
  }

  /**
   * @param {string} name
   * @param {string} about
   * @param {string} operation
   * @param {object} input
   * @param {object} expect
   */
  write(name, about, operation, input, expect) {
    assert.ok(!this.made.has(`${name}.json`), name);
    const vector = {name, about, made_by: 'javascript', operation, input, expect};
    this.made.set(`${name}.json`, `${JSON.stringify(vector, null, 1)}\n`);
  }
}

/** @returns {Promise<Map<string, Buffer | string>>} path in this folder to content */
export async function makeAll() {
  const maker = new Maker();
  const makers = [
    makeCodes,
    makeOpenings,
    makeConversations,
    makeDirectories,
    makeKeyrings,
    makeWire,
    makeAttachments,
    makeFilenames,
  ];
  for (const make of makers) await make(maker);
  return maker.made;
}

/** @param {string} path */
function present(path) {
  try {
    return readFileSync(new URL(path, FOLDER));
  } catch {
    return Buffer.alloc(0);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const made = await makeAll();
  const changed = [...made].filter(([path, content]) => !present(path).equals(Buffer.from(content)));
  mkdirSync(new URL('files/', FOLDER), {recursive: true});
  if (!process.argv.includes('--check'))
    for (const [path, content] of changed) writeFileSync(new URL(path, FOLDER), content);
  else if (changed.length) process.exitCode = 1;
  process.stdout.write(`${made.size} files, ${changed.length} changed\n`);
}
