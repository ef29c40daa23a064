/** Where a file goes, and what is left of the choice once nobody waits for it. */
import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {chooseFile} from '../../static/js/received/saving.js';

const page = /** @type {any} */ (globalThis);
afterEach(() => delete page.showSaveFilePicker);

/** What the system's dialog gives: a file of that size. @param {number | null} size null if it can't be read @param {{remove?: () => Promise<void>}} more */
function picking(size, more) {
  const getFile = async () => (size === null ? Promise.reject(new DOMException('', 'NotFoundError')) : new Blob([new Uint8Array(size)]));
  const handle = {getFile, ...more};
  page.showSaveFilePicker = async (/** @type {unknown} */ options) => {
    assert.deepEqual(options, {suggestedName: 'a.pdf'});
    return handle;
  };
  return handle;
}

for (const [size, times] of /** @type {const} */ ([[0, 1], [1, 0], [null, 0]])) {
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
