/**
 * No message goes without a file that belongs to it, whatever the server has lost, and in whatever order
 * things happen.
 */
import assert from 'node:assert/strict';
import {afterEach, beforeEach, test} from 'node:test';
import {CHUNK} from '../../static/js/crypto/public/blobs.js';
import {DrempelError} from '../../static/js/crypto/public/errors.js';
import {FakeBlobs, ChangingFile} from './kit/fake_blobs.js';
import {until} from './kit/serving.js';
import {content, fileOf, named, page} from './kit/upload_page.js';

const INCOMPLETE = {code: 'attachments-incomplete'};
const incomplete = async () => {
  throw new DrempelError('attachments-incomplete');
};

/** @type {FakeBlobs} */
let server;
beforeEach(() => {
  server = new FakeBlobs();
});
afterEach(() => server.close());

const deleted = () => server.asked.filter(({method}) => method === 'DELETE');

test('a file that was never given is waited for in vain, and one that was removed is not waited for', async () => {
  const {uploads} = page();
  await assert.rejects(uploads.settled([7]), INCOMPLETE);
  await assert.rejects(uploads.goOn(7), TypeError);
  assert.deepEqual(uploads.attached([7]), {isWhole: false}, 'no message names none of its files');
  await uploads.add(1, fileOf(content(5)));
  await assert.rejects(uploads.settled([1, 7]), INCOMPLETE);
  uploads.remove([7]);
  await uploads.settled([1, 7]);
  assert.equal(uploads.attached([1, 7]).isWhole, false);
});

test('a file that was sent along stays for another message of the conversation, and is not deleted', async () => {
  const here = page();
  await here.uploads.add(1, fileOf(content(5)));
  await here.uploads.settled([1]);
  const before = named(here, [1]);
  await here.uploads.deliver([1], async () => {});
  assert.deepEqual(named(here, [1]), before);
  here.uploads.remove([1]);
  // Had anything gone out, it would be before this.
  await here.uploads.add(2, fileOf(content(5)));
  await here.uploads.settled([2]);
  assert.deepEqual(deleted(), []);
});

test('a message is refused at once where a file that the server has lost can not be read again', async () => {
  const here = page();
  const file = new ChangingFile(content(CHUNK));
  await here.uploads.add(1, file.file);
  await here.uploads.settled([1]);
  server.blobs.clear();
  file.isGone = true;
  await assert.rejects(here.uploads.deliver([1], incomplete), INCOMPLETE);
  assert.equal(here.last(1)?.state, 'failed');
});

test('who does not wait for what the server has lost is told that nothing is stored', async () => {
  const here = page();
  await here.uploads.add(1, fileOf(content(CHUNK)));
  await here.uploads.settled([1]);
  server.blobs.clear();
  server.fault = ({method}) => (method === 'PUT' ? 'storage-full' : null);
  const sending = here.uploads.deliver([1], incomplete);
  await until(() => here.lines().includes('storage-full'), 'it is tried');
  assert.equal(here.last(1)?.state, 'uploading', 'and seen to be');
  here.uploads.stop();
  await assert.rejects(sending, INCOMPLETE);
  server.fault = () => null;
  await here.uploads.settled([1]);
});

test('a message is not sent without a file that is removed while the server gets it again', async () => {
  const here = page();
  await here.uploads.add(1, fileOf(content(CHUNK)));
  await here.uploads.settled([1]);
  server.blobs.clear();
  server.fault = ({method}) => (method === 'PUT' ? 'storage-full' : null);
  const sending = here.uploads.deliver([1], incomplete);
  await until(() => here.lines().includes('storage-full'), 'it is tried');
  here.uploads.remove([1]);
  await assert.rejects(sending, INCOMPLETE);
});
