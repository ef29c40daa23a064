/** Where a file goes, and what is left of the choice once nobody waits for it. */
import assert from 'node:assert/strict';
import {afterEach, mock, test} from 'node:test';
import {setImmediate} from 'node:timers/promises';
import {
  LARGEST_PIECE,
  answered,
  canSaveAlong,
  chooseFile,
  giveBackAll,
  hand,
  hasRoom,
  lookForRoom,
  roomFor,
} from '../../static/js/parts/saving.js';

const page = /** @type {any} */ (globalThis);
afterEach(() => {
  for (const each of ['showSaveFilePicker', 'showDirectoryPicker', 'document', 'addEventListener'])
    delete page[each];
  mock.timers.reset();
  giveBackAll();
  mock.restoreAll();
});

/**
 * What the system's dialog gives: a file of that size.
 * @param {number | null} size null if it can't be read
 * @param {{remove?: () => Promise<void>}} more
 */
function picking(size, more) {
  const getFile = async () =>
    size === null ? Promise.reject(new DOMException('', 'NotFoundError')) : new Blob([new Uint8Array(size)]);
  const handle = {getFile, ...more};
  page.showSaveFilePicker = async (/** @type {unknown} */ options) => {
    assert.deepEqual(options, {suggestedName: 'a.pdf'});
    return handle;
  };
  return handle;
}

for (const [size, times] of /** @type {const} */ ([
  [0, 1],
  [1, 0],
  [null, 0],
])) {
  test(`a place that comes too late is nowhere, and of ${size} bytes there it is removed ${times} times`, async () => {
    let removed = 0;
    picking(size, {
      remove: async () => {
        removed += 1;
      },
    });
    assert.equal(await chooseFile('a.pdf', () => false), null);
    assert.equal(removed, times);
  });
}

test('a browser that can remove nothing, or fails to, leaves it there', async () => {
  picking(0, {});
  assert.equal(await chooseFile('a.pdf', () => false), null);
  picking(0, {remove: () => Promise.reject(new DOMException('', 'NotAllowedError'))});
  assert.equal(await chooseFile('a.pdf', () => false), null);
});

test('a place that is waited for is used, and nothing there is touched', async () => {
  const handle = picking(0, {remove: () => assert.fail('removed')});
  assert.equal((await chooseFile('a.pdf', () => true))?.handle, handle);
});

test('without a dialog it goes as one piece, and with a dialog that is left, nowhere', async () => {
  assert.deepEqual(await chooseFile('a.pdf', () => true), {handle: null});
  page.showSaveFilePicker = () => Promise.reject(new DOMException('', 'AbortError'));
  assert.equal(await chooseFile('a.pdf', () => true), null);
});

/** Bytes that the browser holds of what it was handed, now and at most. */
function holding() {
  const held = {now: 0, most: 0};
  /** @type {Map<string, number>} */
  const sizes = new Map();
  page.document = {createElement: () => ({click: () => undefined})};
  mock.method(URL, 'createObjectURL', (/** @type {Blob} */ {size}) => {
    const address = `blob:${sizes.size}`;
    sizes.set(address, size);
    held.now += size;
    held.most = Math.max(held.most, held.now);
    return address;
  });
  mock.method(URL, 'revokeObjectURL', (/** @type {string} */ address) => {
    held.now -= sizes.get(address) ?? 0;
    sizes.delete(address);
  });
  mock.timers.enable({apis: ['setTimeout']});
  return held;
}

/** No test can hold so much. @param {number} size */
const blobOf = (size) => /** @type {Blob} */ ({size});
const settled = () => setImmediate();

test('however many are handed over one after the other, they are never more than one may be', async () => {
  const held = holding();
  const sizes = [
    LARGEST_PIECE,
    1,
    LARGEST_PIECE - 1,
    LARGEST_PIECE,
    LARGEST_PIECE / 2,
    LARGEST_PIECE / 2,
    0,
    10,
  ];
  let saved = 0;
  const all = (async () => {
    for (const size of sizes) {
      await roomFor(size, () => true);
      hand(blobOf(size), 'a.bin');
      saved += 1;
    }
  })();
  for (let minutes = 0; minutes < sizes.length; minutes += 1) {
    await settled();
    mock.timers.tick(60_000);
  }
  await all;
  assert.equal(saved, sizes.length);
  assert.equal(held.most, LARGEST_PIECE);
  mock.timers.tick(60_000);
  assert.equal(held.now, 0);
});

test('what is no longer wanted waits for no room, nor does anything once the page has forgotten', async () => {
  const held = holding();
  hand(blobOf(LARGEST_PIECE), 'a.bin');
  assert.equal(hasRoom(1), false);
  assert.equal(hasRoom(0), true);
  let isWanted = true;
  const unwanted = roomFor(1, () => isWanted);
  const other = mock.fn();
  const forgotten = roomFor(1, () => true).then(other);
  isWanted = false;
  lookForRoom();
  await unwanted;
  await settled();
  assert.equal(other.mock.callCount(), 0);
  giveBackAll();
  await forgotten;
  assert.equal(held.now, 0);
});

test('without folders no file is saved along with others that is too large for a piece, whatever can be chosen for it alone', () => {
  page.showSaveFilePicker = () => assert.fail('asked');
  assert.equal(canSaveAlong(LARGEST_PIECE), true);
  assert.equal(canSaveAlong(LARGEST_PIECE + 1), false);
  page.showDirectoryPicker = () => assert.fail('asked');
  assert.equal(canSaveAlong(LARGEST_PIECE + 1), true);
});

test('the next file waits until the browser has been answered about the one before', async () => {
  mock.timers.enable({apis: ['setTimeout']});
  /** @type {(() => void)[]} */
  const listening = [];
  page.addEventListener = (/** @type {string} */ _, /** @type {() => void} */ listener) =>
    void listening.push(listener);
  for (const ending of ['answered', 'locked', 'never asked', 'elsewhere']) {
    const now = {focus: ending !== 'elsewhere', wanted: true, done: false};
    page.document = {hasFocus: () => now.focus};
    const waits = answered(() => now.wanted).then(() => (now.done = true));
    await setImmediate();
    assert.equal(now.done, ending === 'elsewhere', ending);
    if (ending !== 'never asked') now.focus = false;
    mock.timers.tick(1000);
    await setImmediate();
    assert.equal(now.done, ending === 'never asked' || ending === 'elsewhere', ending);
    if (ending === 'answered') now.focus = true;
    if (ending === 'locked') now.wanted = false;
    lookForRoom();
    await waits;
    assert.ok(ending !== 'answered' || listening.length > 0);
  }
});
