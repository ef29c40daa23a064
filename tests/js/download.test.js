/** A file comes whole or not at all, over a line that breaks and from a server that gives something else. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ClientProblem} from '../../static/js/client/connection.js';
import {openDownload} from '../../static/js/client/files/download.js';
import {CHUNK, CHUNK_LENGTH, chunkCount} from '../../static/js/crypto/public/blobs.js';
import {
  attachmentHash,
  attachmentKeys,
  chunkHash,
  openChunks,
} from '../../static/js/crypto/secret/attachment.js';
import {b64} from '../../static/js/crypto/public/encoding.js';
import {concat} from '../../static/js/crypto/public/bytes.js';
import {DrempelError} from '../../static/js/crypto/public/errors.js';
import {osRandom} from '../../static/js/crypto/secret/primitives.js';

/** @import {Connection, Options} from '../../static/js/client/shapes.d.ts' */
/** @import {Progress} from '../../static/js/client/files/download.js' */
/** @import {Attachment} from '../../static/js/crypto/secret/attachment.js' */
/** @typedef {{attachment: Attachment, bytes: Uint8Array, sealed: Uint8Array[]}} Sealed */
/**
 * One try: what is given of the chunks asked for, and the error it ends with, if any.
 * @typedef {(asked: Uint8Array) => {given: Uint8Array, problem?: Error}} Try
 */

const ORGANISATION = new Uint8Array(32).fill(7);
/** @type {Try} */
const whole = (asked) => ({given: asked});
/** @type {(at: number) => Try} */
const cut = (at) => (asked) => ({
  given: asked.subarray(0, at),
  problem: new DrempelError('server-unreachable'),
});

/**
 * @param {number} size
 * @param {(padded: Uint8Array) => void} [spoil] changes what is sealed, padding included
 * @returns {Promise<Sealed>}
 */
async function sealed(size, spoil = () => undefined) {
  const secret = osRandom(32);
  const count = chunkCount(size);
  const padded = new Uint8Array(count * CHUNK);
  padded.set(osRandom(size));
  const bytes = padded.slice(0, size);
  spoil(padded);
  const chunks = await openChunks(ORGANISATION, attachmentKeys(secret), count);
  const all = await Promise.all(
    Array.from({length: count}, (_, at) => chunks.seal(at, padded.subarray(at * CHUNK, (at + 1) * CHUNK))),
  );
  const hash = attachmentHash(await Promise.all(all.map(chunkHash)));
  return {attachment: {name: 'x', type: '', size, secret, hash}, bytes, sealed: all};
}

/**
 * @param {Sealed} file @param {Try[]} tries the last one is repeated
 * @param {{take?: (piece: Uint8Array) => void | Promise<void>, onProgress?: (how: Progress) => void}} [more]
 */
async function download({attachment, sealed: all}, tries, more = {}) {
  /** @type {string[]} */
  const paths = [];
  /** @type {Uint8Array[]} */
  const taken = [];
  /** @type {Progress[]} */
  const progress = [];
  const {blob, token} = attachmentKeys(attachment.secret);
  /** @param {string} _method @param {string} path @param {Options} [options] */
  const request = async (_method, path, options = {}) => {
    assert.deepEqual([options.token, options.media], [token, 'application/octet-stream']);
    assert.ok(path.startsWith(`blobs/${b64(blob)}/chunks/`), path);
    const next = Number(path.split('/').at(-1));
    const {given, problem} = (tries[paths.length] ?? tries.at(-1) ?? whole)(concat(...all.slice(next)));
    paths.push(path);
    const take = options.begin?.() ?? assert.fail();
    // In pieces that have nothing to do with chunks.
    for (let at = 0; at < given.length; at += 100_003) await take(given.subarray(at, at + 100_003));
    if (problem) throw problem;
    if (given.length > Number(options.longest)) throw new DrempelError('answer-damaged');
    return {status: 200, etag: '', content: new Uint8Array()};
  };
  const connection = /** @type {Connection} */ (/** @type {unknown} */ ({request, stop: () => undefined}));
  const made = openDownload(attachment, {
    organisation: ORGANISATION,
    connection,
    take: async (piece) => {
      taken.push(piece.slice());
      await more.take?.(piece);
    },
    progress: (how) => {
      progress.push(how);
      more.onProgress?.(how);
    },
    firstPause: 0.001,
  });
  return {made, paths, progress, got: () => concat(...taken)};
}

const refuses = (/** @type {string} */ code) => (/** @type {unknown} */ problem) =>
  problem instanceof DrempelError && problem.code === code;

for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK + 17]) {
  test(`a file of ${size} bytes comes as it was`, async () => {
    const file = await sealed(size);
    const {made, got, paths, progress} = await download(file, [whole]);
    await made.run();
    assert.deepEqual(got(), file.bytes);
    assert.equal(paths.length, 1);
    assert.equal(progress.at(-1)?.done, size);
  });
}

test('a line that breaks costs the chunk it broke in, and what is wrong is told', async () => {
  const file = await sealed(5 * CHUNK);
  const {made, got, paths, progress} = await download(file, [
    cut(0),
    cut(CHUNK_LENGTH + 1),
    cut(CHUNK_LENGTH - 1),
    cut(2 * CHUNK_LENGTH),
    whole,
  ]);
  await made.run();
  assert.deepEqual(got(), file.bytes);
  assert.deepEqual(
    paths.map((path) => path.split('/').at(-1)),
    ['0', '0', '1', '1', '3'],
  );
  assert.deepEqual(
    progress.filter(({code}) => code !== '').map(({code, done}) => [code, done]),
    [
      ['server-unreachable', 0],
      ['server-unreachable', CHUNK],
      ['server-unreachable', CHUNK],
      ['server-unreachable', 3 * CHUNK],
    ],
  );
});

test('a pause grows while nothing comes, and begins anew when something does', async () => {
  const file = await sealed(2 * CHUNK);
  const {made, progress} = await download(file, [cut(0), cut(0), cut(0), cut(CHUNK_LENGTH), whole]);
  await made.run();
  const pauses = progress.filter(({code}) => code !== '').map(({seconds}) => seconds);
  const longest = [0.001, 0.002, 0.004, 0.001];
  assert.equal(pauses.length, longest.length);
  for (const [place, most] of longest.entries()) {
    const pause = pauses[place] ?? 0;
    assert.ok(pause >= most / 2 && pause <= most, `${pause} of ${most}`);
  }
});

const part = (/** @type {Uint8Array} */ asked, /** @type {number} */ at) =>
  asked.subarray(at * CHUNK_LENGTH, (at + 1) * CHUNK_LENGTH);
/** @type {Record<string, Try>} */
const DAMAGES = {
  'one bit': (asked) => {
    const given = asked.slice();
    given[CHUNK_LENGTH + 5] = Number(given[CHUNK_LENGTH + 5]) ^ 1;
    return {given};
  },
  'two chunks changed places': (asked) => ({given: concat(part(asked, 1), part(asked, 0), part(asked, 2))}),
  'a chunk twice': (asked) => ({given: concat(part(asked, 0), part(asked, 0), part(asked, 1))}),
  'a chunk left out': (asked) => ({given: concat(part(asked, 0), part(asked, 2))}),
  'the end left out': (asked) => ({given: asked.subarray(0, 2 * CHUNK_LENGTH)}),
  'one chunk more': (asked) => ({given: concat(asked, part(asked, 2))}),
  'another file': () => ({given: osRandom(CHUNK_LENGTH)}),
};
/** What no service answers with, so that it says nothing of the file. @type {Record<string, Try>} */
const STRANGE = {
  'half a chunk at the end': (asked) => ({given: asked.subarray(0, 2 * CHUNK_LENGTH + 100)}),
  'a byte more': (asked) => ({given: concat(asked, Uint8Array.of(0))}),
  'a short page': () => ({given: new TextEncoder().encode('<!doctype html><p>Please log in')}),
  nothing: () => ({given: new Uint8Array()}),
  'what says that it is a page': () => ({
    given: new Uint8Array(),
    problem: new DrempelError('answer-damaged'),
  }),
};
const FAULTS = /** @type {const} */ ([
  [DAMAGES, 'attachment-damaged'],
  [STRANGE, 'answer-damaged'],
]);
for (const [faults, code] of FAULTS) {
  for (const [name, fault] of Object.entries(faults)) {
    test(`${code}, and not asked for again: ${name}`, async () => {
      const file = await sealed(3 * CHUNK);
      const {made, paths, got} = await download(file, [fault]);
      await assert.rejects(made.run(), refuses(code));
      assert.equal(paths.length, 1);
      // What came before was its author's, and in its place.
      assert.deepEqual(got(), file.bytes.subarray(0, got().length));
    });
  }
}

test('a page that answers when a broken line is there again says nothing of the file', async () => {
  const file = await sealed(3 * CHUNK);
  const {made, paths} = await download(file, [
    cut(CHUNK_LENGTH),
    /** @type {Try} */ (STRANGE['a short page']),
  ]);
  await assert.rejects(made.run(), refuses('answer-damaged'));
  assert.deepEqual(
    paths.map((path) => path.split('/').at(-1)),
    ['0', '1'],
  );
});

test('bytes in the padding, and another hash than the message names, are damage', async () => {
  const marked = await sealed(CHUNK + 1, (padded) => padded.fill(1, -1));
  await assert.rejects((await download(marked, [whole])).made.run(), refuses('attachment-damaged'));
  const other = await sealed(CHUNK);
  const {made} = await download({...other, attachment: {...other.attachment, hash: osRandom(32)}}, [whole]);
  await assert.rejects(made.run(), refuses('attachment-damaged'));
});

test('what will not pass is told at once, whoever says it', async () => {
  const file = await sealed(1);
  const gone = () => ({given: new Uint8Array(), problem: new DrempelError('blob-unknown')});
  await assert.rejects((await download(file, [gone])).made.run(), refuses('blob-unknown'));
  const full = new RangeError('no room');
  const taking = await download(file, [whole], {take: () => Promise.reject(full)});
  await assert.rejects(taking.made.run(), full);
});

test('stopping ends it, in the middle of a pause too, and nothing more is given out', async () => {
  const file = await sealed(3 * CHUNK);
  /** @type {(how: Progress) => void} */
  let onProgress = () => undefined;
  const {made, got} = await download(file, [cut(CHUNK_LENGTH)], {onProgress: (how) => onProgress(how)});
  onProgress = ({code}) => void (code !== '' && made.stop()); // told while it pauses
  await assert.rejects(
    made.run(),
    (problem) => problem instanceof ClientProblem && problem.code === 'stopped',
  );
  assert.equal(got().length, CHUNK);
});
