/** Files go up whole over any line, whatever becomes of them or of it meanwhile. */
import assert from 'node:assert/strict';
import {afterEach, beforeEach, test} from 'node:test';
import {
  attachmentHash,
  attachmentKeys,
  chunkHash,
  openChunks,
  withoutPadding,
} from '../../static/js/crypto/secret/attachment.js';
import {CHUNK, CHUNK_LENGTH, chunkCount} from '../../static/js/crypto/public/blobs.js';
import {b64, unb64} from '../../static/js/crypto/public/encoding.js';
import {concat} from '../../static/js/crypto/public/bytes.js';
import {DrempelError} from '../../static/js/crypto/public/errors.js';
import {FakeBlobs, ChangingFile} from './kit/fake_blobs.js';
import {until} from './kit/serving.js';
import {ORGANISATION, content, fileOf, named, page} from './kit/upload_page.js';

/** @import {Fault} from './kit/fake_blobs.js' */

/** @type {FakeBlobs} */
let server;
beforeEach(() => {
  server = new FakeBlobs();
});
afterEach(() => server.close());

const puts = () => server.asked.filter(({method}) => method === 'PUT');
const deleted = () => server.asked.filter(({method}) => method === 'DELETE').map(({blob}) => blob);

/** @param {any} attachment as a message names it @returns {Promise<Uint8Array>} what a recipient gets */
async function opened({bytes, secret, hash}) {
  const keys = attachmentKeys(unb64(secret, 32));
  const stored = server.blobs.get(b64(keys.blob)) ?? new Map();
  const count = chunkCount(bytes);
  assert.deepEqual(
    [...stored.keys()].sort((a, b) => a - b),
    Array.from({length: count}, (_, at) => at),
  );
  const chunks = await openChunks(ORGANISATION, keys, count);
  const [pieces, hashes] = [[], []].map(() => /** @type {Uint8Array[]} */ ([]));
  for (let number = 0; number < count; number += 1) {
    const sealed = stored.get(number) ?? new Uint8Array(0);
    hashes?.push(await chunkHash(sealed));
    pieces?.push(withoutPadding(number, await chunks.open(number, sealed), bytes));
  }
  assert.equal(b64(attachmentHash(hashes ?? [])), hash);
  return concat(...(pieces ?? []));
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const same = (a, b) => assert.equal(Buffer.compare(a, b), 0);

test('files of every length arrive as they are, several at once', async () => {
  const here = page();
  const files = [0, 1, CHUNK, CHUNK + 1, 20 * CHUNK + 5].map(content);
  await Promise.all(files.map((bytes, id) => here.uploads.add(id, fileOf(bytes, `${id}.jpg`))));
  const ids = files.map((_, id) => id);
  await here.uploads.settled(ids);
  for (const [id, attachment] of named(here, ids).entries()) {
    same(await opened(attachment), files[id] ?? content(0));
    assert.deepEqual(
      [attachment.name, attachment.type, attachment.bytes],
      [`${id}.jpg`, 'image/jpeg', files[id]?.length],
    );
  }
  assert.deepEqual(here.lines(), []);
  assert.ok(server.mostFlying <= 3 && server.mostFlying > 1, `${server.mostFlying} at once`);
});

test('no request tells more of a file than how many chunks it has', async () => {
  const here = page();
  await here.uploads.add(1, fileOf(content(9 * CHUNK), 'geheim.jpg'));
  await here.uploads.settled([1]);
  for (const {path, body, headers} of puts()) {
    assert.match(path, /^blobs\/[\w-]{43}\/chunks\/\d+$/u);
    assert.deepEqual(Object.keys(headers).sort(), ['Authorization', 'Content-Type']);
    assert.equal(headers['Content-Type'], 'application/octet-stream');
    assert.equal(body.length % CHUNK_LENGTH, 0);
  }
});

test('a fast line takes more in a request, a failure makes it less', async () => {
  const here = page();
  await here.uploads.add(1, fileOf(content(200 * CHUNK)));
  await here.uploads.settled([1]);
  const widths = puts().map(({body}) => body.length / CHUNK_LENGTH);
  assert.equal(widths[0], 1);
  assert.equal(Math.max(...widths), 16);
  const before = widths.length;
  server.fault = () => (puts().length < before + 6 ? 'broken' : null);
  await here.uploads.add(2, fileOf(content(40 * CHUNK)));
  await here.uploads.settled([2]);
  assert.equal(puts()[before + 5]?.body.length, CHUNK_LENGTH);
});

test('where a proxy refuses large requests, smaller ones arrive, and none as large is tried again', async () => {
  const here = page();
  server.fault = ({body}) => (body.length > 1024 * 1024 ? 'proxy' : null);
  const bytes = content(30 * CHUNK);
  await here.uploads.add(1, fileOf(bytes));
  await here.uploads.settled([1]);
  const [attachment] = named(here, [1]);
  same(await opened(attachment), bytes);
  const refused = puts().filter(({body}) => body.length > 1024 * 1024).length;
  assert.ok(refused > 0 && refused <= 3, `${refused} refused`);
  assert.deepEqual(here.lines(), [], 'the line is well');
});

test('where a proxy refuses even one chunk, that is said of the file', async () => {
  const here = page();
  server.fault = ({method}) => (method === 'PUT' ? 'proxy' : null);
  await here.uploads.add(1, fileOf(content(1)));
  await until(() => here.uploads.files.get(1)?.state === 'failed', 'the file goes on');
  assert.equal(here.uploads.files.get(1)?.code, 'proxy-limit');
  assert.equal(puts().length, 1);
});

test('over a bad line the same bytes are sent until all is there, and the page is told why it takes long', async () => {
  const here = page();
  /** @type {Fault[]} */
  const faults = [
    'broken',
    'answer lost',
    'server-busy',
    'server-unavailable',
    'server-fault',
    null,
    'answer lost',
    null,
    'broken',
  ];
  let requests = 0;
  server.fault = () => faults[(requests += 1)] ?? null;
  const bytes = content(12 * CHUNK);
  await here.uploads.add(1, fileOf(bytes));
  await here.uploads.settled([1]);
  const [attachment] = named(here, [1]);
  same(await opened(attachment), bytes);
  assert.equal(server.blobs.size, 1);
  assert.ok(here.lines().includes('server-unreachable'));
  assert.equal(here.lines().at(-1), '', 'in the end it is well');
});

test('where the server has no room it is asked again, and what it has is not sent again', async () => {
  const here = page();
  let isFull = false;
  server.fault = ({method}) => (method === 'PUT' && isFull ? 'storage-full' : null);
  const bytes = content(40 * CHUNK);
  await here.uploads.add(1, fileOf(bytes));
  await until(() => [...server.blobs.values()].some(({size}) => size > 5), 'some of it is there');
  isFull = true;
  await until(
    () => here.lines().filter((code) => code === 'storage-full').length > 2,
    'it is told, again and again',
  );
  const [stored] = [...server.blobs.values()].map((chunks) => new Set(chunks.keys()));
  const before = puts().length;
  isFull = false;
  await here.uploads.settled([1]);
  assert.deepEqual(
    puts()
      .slice(before)
      .filter(({first}) => stored?.has(first)),
    [],
  );
  same(await opened(named(here, [1])[0]), bytes);
});

test('a paused file sends nothing, and goes on where it was', async () => {
  const here = page();
  const bytes = content(30 * CHUNK);
  await here.uploads.add(1, fileOf(bytes));
  await until(
    () => (here.last(1)?.share ?? 0) > 0 || [...server.blobs.values()].some(({size}) => size > 2),
    'it goes up',
  );
  here.uploads.pause(1);
  assert.equal(here.last(1)?.state, 'paused');
  await until(() => server.flying === 0, 'what was on its way has ended');
  const before = puts().length;
  await here.uploads.add(2, fileOf(content(CHUNK)));
  await here.uploads.settled([2]);
  assert.equal(puts().length, before + 1, 'the other file alone');
  const [stored] = [...server.blobs.values()].map((chunks) => new Set(chunks.keys()));
  await here.uploads.goOn(1);
  await here.uploads.settled([1]);
  const again = puts()
    .slice(before + 1)
    .filter(({first}) => stored?.has(first));
  assert.ok(again.length <= 3, 'at most what was on its way');
  same(await opened(named(here, [1])[0]), bytes);
});

test('a removed file goes from the server, and nobody waits for it', async () => {
  const here = page();
  await here.uploads.add(1, fileOf(content(30 * CHUNK)));
  await here.uploads.add(2, fileOf(content(5)));
  await until(() => puts().length > 2, 'it goes up');
  here.uploads.pause(1);
  const waiting = here.uploads.settled([1, 2]);
  const {blob = ''} = puts()[0] ?? {};
  here.uploads.remove([1]);
  await waiting;
  await until(() => deleted().includes(blob), 'it is deleted');
  await until(() => server.flying === 0, 'no more requests');
  const last = server.asked.findLastIndex((asked) => asked.blob === blob);
  assert.equal(server.asked[last]?.method, 'DELETE');
  assert.equal(server.blobs.has(blob), false);
});

test('what was never sent is not deleted either', async () => {
  const here = page();
  here.uploads.pace.failed('server-unreachable');
  await here.uploads.add(1, fileOf(content(5)));
  here.uploads.remove([1]);
  // Had anything gone out, it would be before this.
  await here.uploads.add(2, fileOf(content(5)));
  await here.uploads.settled([2]);
  assert.deepEqual(
    server.asked.map(({method}) => method),
    ['PUT'],
  );
});

/**
 * A file whose content is another one from some reading on.
 * @param {number} readings
 * @param {(file: ChangingFile) => void} change
 */
function changingAt(readings, change) {
  const file = new ChangingFile(content(6 * CHUNK + 9));
  let count = 0;
  file.reading = () => {
    count += 1;
    if (count === readings) change(file);
  };
  return file;
}

for (const readings of [2, 7, 8]) {
  test(`a file that changes before reading ${readings} is sealed anew under another secret, and the page is told`, async () => {
    const here = page();
    const after = content(6 * CHUNK + 9);
    const changing = changingAt(readings, (file) => (file.content = after));
    await here.uploads.add(1, changing.file);
    await here.uploads.settled([1]);
    same(await opened(named(here, [1])[0]), after);
    assert.equal(here.last(1)?.changed, true);
    const blobs = new Set(puts().map(({blob}) => blob));
    assert.equal(blobs.size, 2);
    await until(() => deleted().includes([...blobs][0] ?? ''), 'the first attempt is deleted');
  });
}

test('a chunk that is read again as something else is never sealed with the same nonce', async () => {
  const here = page();
  const changing = new ChangingFile(content(CHUNK));
  const after = content(CHUNK);
  server.fault = () => (puts().length === 1 ? 'answer lost' : null);
  changing.reading = () => {
    if (puts().length > 0) changing.content = after;
  };
  await here.uploads.add(1, changing.file);
  await here.uploads.settled([1]);
  assert.equal(
    new Set(puts().map(({blob, first}) => `${blob}/${first}`)).size,
    new Set(puts().map(({body}) => b64(body.subarray(0, 64)))).size,
  );
  same(await opened(named(here, [1])[0]), after);
});

/** @type {[string, (file: ChangingFile) => void, string][]} */
const LOST = [
  ['grows', (file) => (file.content = concat(file.content, content(1))), 'attachment-changed'],
  ['gets shorter', (file) => (file.content = file.content.slice(0, CHUNK)), 'attachment-changed'],
  ['is gone', (file) => (file.isGone = true), 'attachment-unreadable'],
];
for (const [name, change, code] of LOST) {
  test(`a file that ${name} can't be sealed anew by itself, and says so`, async () => {
    const here = page();
    await here.uploads.add(1, changingAt(3, change).file);
    await until(() => here.last(1)?.state === 'failed', 'it fails');
    assert.equal(here.last(1)?.code, code);
    assert.equal(here.uploads.attached([1]).isWhole, false);
  });
}

test('a file that changes all the time is given up, until the person says again', async () => {
  const here = page();
  const changing = new ChangingFile(content(2 * CHUNK));
  changing.reading = () => (changing.content = content(2 * CHUNK));
  await here.uploads.add(1, changing.file);
  await until(() => here.last(1)?.state === 'failed', 'it is given up');
  assert.equal(here.last(1)?.code, 'attachment-changed');
  changing.reading = () => {};
  await here.uploads.goOn(1);
  await here.uploads.settled([1]);
  same(await opened(named(here, [1])[0]), changing.content);
});

test('what the server will never take is said, and keeps no other file', async () => {
  const here = page();
  server.fault = ({method, body}) =>
    method === 'PUT' && body.length > 0 && server.asked.length === 1 ? 'attachment-too-large' : null;
  await here.uploads.add(1, fileOf(content(CHUNK)));
  await until(() => here.last(1)?.state === 'failed', 'it fails');
  assert.equal(here.last(1)?.code, 'attachment-too-large');
  await here.uploads.add(2, fileOf(content(CHUNK)));
  await here.uploads.settled([2]);
});

test('what a server has lost by the time of sending is sent again, and only that', async () => {
  const here = page();
  const bytes = content(20 * CHUNK);
  await here.uploads.add(1, fileOf(bytes));
  await here.uploads.settled([1]);
  const [attachment] = named(here, [1]);
  const [stored] = server.blobs.values();
  for (const number of [0, 7, 8, 19]) stored?.delete(number);
  const before = puts().length;
  let tries = 0;
  await here.uploads.deliver([1], async () => {
    tries += 1;
    if (tries === 1) throw new DrempelError('attachments-incomplete');
  });
  assert.equal(tries, 2);
  const again = puts()
    .slice(before)
    .flatMap(({first, body}) => Array.from({length: body.length / CHUNK_LENGTH}, (_, at) => first + at));
  assert.deepEqual(
    again.sort((a, b) => a - b),
    [0, 7, 8, 19],
  );
  same(await opened(attachment), bytes);
});

test('a server that loses it again and again is believed in the end', async () => {
  const here = page();
  await here.uploads.add(1, fileOf(content(5)));
  await here.uploads.settled([1]);
  let tries = 0;
  const sending = here.uploads.deliver([1], async () => {
    tries += 1;
    server.blobs.clear();
    throw new DrempelError('attachments-incomplete');
  });
  await assert.rejects(sending, {code: 'attachments-incomplete'});
  assert.ok(tries > 1 && tries < 10);
});

test('a lost file that has changed meanwhile is sealed anew, and the message with it', async () => {
  const here = page();
  const changing = new ChangingFile(content(CHUNK));
  await here.uploads.add(1, changing.file);
  await here.uploads.settled([1]);
  const [before] = named(here, [1]);
  server.blobs.clear();
  changing.content = content(CHUNK);
  const sending = here.uploads.deliver([1], async () => {
    throw new DrempelError('attachments-incomplete');
  });
  await assert.rejects(sending, {code: 'attachments-incomplete'});
  const [after] = named(here, [1]);
  assert.notEqual(after.secret, before.secret);
  same(await opened(after), changing.content);
});

test('who stops waiting leaves the files on their way', async () => {
  const here = page();
  let isBroken = true;
  server.fault = () => (isBroken ? 'broken' : null);
  await here.uploads.add(1, fileOf(content(CHUNK)));
  const waiting = here.uploads.settled([1]);
  here.uploads.stop();
  await assert.rejects(waiting, {code: 'stopped'});
  isBroken = false;
  here.uploads.hurry();
  await here.uploads.settled([1]);
});

test('names and types are brought into the form of a message', async () => {
  const here = page();
  const names = ['é'.repeat(700), '\ud800half.txt', '', 'gewoon.txt'];
  const types = ['x'.repeat(200), 'te\u00e9st/x', 'text/plain', ''];
  for (const [id, name] of names.entries()) {
    const file = new ChangingFile(content(1), name);
    file.type = types[id] ?? '';
    await here.uploads.add(id, file.file);
  }
  await here.uploads.settled([0, 1, 2, 3]);
  const said = named(here, [0, 1, 2, 3]);
  assert.deepEqual(
    said.map(({name}) => name),
    ['é'.repeat(512), '\ufffdhalf.txt', 'file', 'gewoon.txt'],
  );
  assert.deepEqual(
    said.map(({type}) => type),
    ['', '', 'text/plain', ''],
  );
});
