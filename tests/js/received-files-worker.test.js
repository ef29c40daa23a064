/**
 * What is left of files that are being saved when an inbox is locked: nothing, on whatever step of the way
 * they are.
 */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {openFiles} from '../../static/js/worker/received_files.js';
import {ClientProblem} from '../../static/js/client/connection.js';

/** @import {Connection} from '../../static/js/client/shapes.d.ts' */
/** @import {Handle} from '../../static/js/client/files/save_target.js' */

const BYTES = new Uint8Array(32);
const FILE = {name: 'a.pdf', type: '', size: 1, secret: BYTES, hash: BYTES};
const ID = 'AAAA/0';

/** @template T @returns {{promise: Promise<T>, resolve: (value: T) => void}} */
function later() {
  /** @type {(value: T) => void} */
  let resolve = () => undefined;
  const promise = /** @type {Promise<T>} */ (
    new Promise((done) => {
      resolve = done;
    })
  );
  return {promise, resolve};
}

/** Files of a conversation with one, over a line on which nothing comes; and what was done, in order. */
function opened() {
  /** @type {string[]} */
  const done = [];
  /** @type {(problem: Error) => void} */
  let fail = () => undefined;
  const connection = {
    request: () => {
      done.push('asked');
      return new Promise((_, reject) => {
        fail = reject;
      });
    },
    stop: () => fail(new ClientProblem('stopped')),
  };
  const beside = () => /** @type {Connection} */ (/** @type {unknown} */ (connection));
  const files = openFiles({organisation: BYTES, beside, emit: () => undefined});
  const thread = {entries: [{envelope: BYTES.subarray(0, 3), message: {attachments: [FILE]}}]};
  files.name(/** @type {any} */ ({messages: []}), /** @type {any} */ (thread));
  return {files, done};
}

/**
 * @param {string[]} done
 * @param {Promise<void>} [opening]
 * @param {Promise<void>} [removing]
 * @returns {Handle}
 */
const handle = (done, opening = Promise.resolve(), removing = Promise.resolve()) =>
  /** @type {Handle} */ (
    /** @type {unknown} */ ({
      createWritable: async () => {
        await opening;
        return {abort: async () => void done.push('aborted')};
      },
      remove: async () => {
        await removing;
        done.push('removed');
      },
    })
  );

const turn = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 20);
  });

test('a file whose place was only being made is not asked for any more', async () => {
  const {files, done} = opened();
  const opening = /** @type {ReturnType<typeof later<void>>} */ (later());
  const saving = files.save({id: ID, handle: handle(done, opening.promise)});
  const ended = files.end();
  opening.resolve();
  await ended;
  assert.deepEqual(await saving, {end: 'stopped', blob: null});
  assert.deepEqual(done, ['aborted', 'removed']);
});

test('the end is there once nothing is left of half a file', async () => {
  const {files, done} = opened();
  const removing = /** @type {ReturnType<typeof later<void>>} */ (later());
  const saving = files.save({id: ID, handle: handle(done, undefined, removing.promise)});
  await turn();
  const ended = files.end().then(() => done.push('ended'));
  await turn();
  assert.deepEqual(done, ['asked', 'aborted']);
  removing.resolve();
  await ended;
  assert.deepEqual(done, ['asked', 'aborted', 'removed', 'ended']);
  assert.equal((await saving).end, 'stopped');
});
