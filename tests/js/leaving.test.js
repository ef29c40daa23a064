/** Leaving in the middle of a download: nothing is left of half a file, and nobody is held up for it. */
import assert from 'node:assert/strict';
import {after, afterEach, before, beforeEach, mock, test} from 'node:test';
import {setImmediate, setTimeout as sleep} from 'node:timers/promises';
import {inboxCalls} from '../../static/js/worker/recipient.js';
import {reporterCalls} from '../../static/js/worker/reporter.js';
import {openRelay, startService, until} from './kit/serving.js';

/** @import {NamedFile} from '../../static/js/worker/received_files.js' */
/** @import {Handle} from '../../static/js/client/files/save_target.js' */
/** @import {Relay, Service} from './kit/serving.js' */

// Nobody waits for the end of a silence here: who would, waits until the test is ended.
const LIMITS = {silence: 10_000, slow: 5, firstPause: 0.01};
const REPORT = {
  channel: 'integrity-committee',
  kind: null,
  text: 'See the file.',
  rereadable: true,
  without: [],
  files: [1],
};

/** @type {Service} */
let service;
/** @type {Relay} */
let relay;
before(async () => {
  service = await startService();
  relay = await openRelay(service.url);
});
after(async () => {
  await relay?.stop();
  await service?.stop();
});
beforeEach(() => relay.between(null));

const address = () => ({base: relay.url, pin: service.fingerprint});

/** A place on the device that takes a moment to be emptied; and what was done with it. */
function place() {
  /** @type {string[]} */
  const done = [];
  const writing = {write: async () => undefined, abort: async () => void done.push('aborted')};
  const remove = async () => {
    await sleep(50);
    done.push('removed');
  };
  const handle = /** @type {Handle} */ (
    /** @type {unknown} */ ({createWritable: async () => writing, remove})
  );
  return {done, handle};
}

/** From now on no file comes, and none goes up. */
function hold() {
  const held = {coming: 0};
  relay.between((asked, pass) => {
    if (!asked.path.startsWith('blobs/')) return pass();
    held.coming += 1;
    return null;
  });
  return held;
}

/** A reporter whose report has a file. */
async function reporter() {
  const calls = reporterCalls({emit: () => undefined, limits: LIMITS});
  const overview = await calls.open(address());
  await calls.attach({id: 1, file: new File([new Uint8Array(300_000)], 'one.bin')});
  await calls.settled({files: [1]});
  await calls.seal(REPORT);
  await calls.send();
  await calls.visit({code: calls.receipt()});
  return {calls, overview};
}

test('a reporter who leaves while a file comes, and another goes up that a message waits for, leaves nothing of it', async () => {
  const {calls} = await reporter();
  const {messages} = await calls.withFiles();
  const [{id} = {id: ''}] = /** @type {NamedFile[]} */ (messages[0]?.attachments ?? []);
  const [{done, handle}, held] = [place(), hold()];
  const saving = calls.saveFile({id, handle});
  await until(() => held.coming > 0, 'it is asked for');
  await calls.attach({id: 2, file: new File([new Uint8Array(10)], 'two.bin')});
  const waiting = assert.rejects(calls.settled({files: [2]}), {code: 'stopped'});
  await calls.leave();
  assert.deepEqual(done, ['aborted', 'removed']);
  assert.equal((await saving).end, 'stopped');
  await waiting;
  // Or it would be tried for as long as this process lives.
  relay.between(null);
  await calls.removeFiles({ids: [2]});
});

test('a recipient who leaves while a file comes leaves nothing of it, and asks the server nothing more', async () => {
  const {overview} = await reporter();
  const reader = overview.channels.find(({id}) => id === REPORT.channel)?.recipients[0];
  const calls = inboxCalls({emit: () => undefined, limits: LIMITS});
  await calls.open(address());
  await calls.signIn({code: service.codes.get(String(reader?.id)) ?? ''});
  const [item] = (await calls.sync()).items;
  const {messages} = await calls.read({mailbox: String(item?.mailbox)});
  const [{done, handle}, held] = [place(), hold()];
  const saving = calls.saveFile({id: String(messages[0]?.attachments[0]?.id), handle});
  await until(() => held.coming > 0, 'it is asked for');
  const before = relay.seen.length;
  await calls.leave();
  assert.deepEqual(done, ['aborted', 'removed']);
  assert.equal((await saving).end, 'stopped');
  assert.equal(relay.seen.length, before);
});

test('one who leaves without a visit, or before one has signed in, is held up by nothing', async () => {
  await reporterCalls({emit: () => undefined, limits: LIMITS}).leave();
  await inboxCalls({emit: () => undefined, limits: LIMITS}).leave();
});

/** A Worker that answers when the test says so. */
class SlowWorker {
  /** @type {{id: number, call: string}[]} */
  asked = [];
  ended = 0;
  /** @type {(event: {data: object}) => void} */
  onmessage = () => undefined;
  /** @type {(event: {preventDefault: () => void}) => void} */
  onerror = () => undefined;

  constructor() {
    workers.push(this);
  }

  /** @param {{id: number, call: string}} asked */
  postMessage(asked) {
    this.asked.push(asked);
  }

  terminate() {
    this.ended += 1;
  }
}

/** @type {SlowWorker[]} */
const workers = [];
const page = new EventTarget();
Object.assign(globalThis, {Worker: SlowWorker, addEventListener: page.addEventListener.bind(page)});
const {call, endWorker, onEnd, onEvent} = await import('../../static/js/page/calls.js');

// As long as a file is being saved.
onEnd(() => Promise.resolve());

/** A Worker that was asked one thing already, and then to end. */
function ending() {
  mock.timers.enable({apis: ['setTimeout']});
  const [listener, settled] = [mock.fn(), mock.fn()];
  onEvent(listener);
  call('visit').then(settled, settled);
  const worker = /** @type {SlowWorker} */ (workers.at(-1));
  const ended = endWorker('again');
  const answer = (/** @type {number} */ number) =>
    worker.onmessage({data: {id: worker.asked[number]?.id, result: null}});
  return {worker, ended, listener, settled, answer};
}

afterEach(() => mock.timers.reset());

test('a Worker that is to end is asked one last thing, tells nothing else, and ends with it', async () => {
  const {worker, ended, listener, settled, answer} = ending();
  assert.deepEqual(
    worker.asked.map(({call}) => call),
    ['visit', 'leave'],
  );
  worker.onmessage({data: {event: 'download', done: 1}});
  answer(0);
  await setImmediate();
  assert.equal(worker.ended, 0);
  answer(1);
  await ended;
  assert.equal(worker.ended, 1);
  assert.deepEqual([listener.mock.callCount(), settled.mock.callCount()], [0, 0]);
});

test('a Worker that does not answer is ended after a second', async () => {
  const {worker, ended} = ending();
  mock.timers.tick(999);
  await setImmediate();
  assert.equal(worker.ended, 0);
  mock.timers.tick(1);
  await ended;
  assert.equal(worker.ended, 1);
});

test('a Worker of which a part is lacking is ended at once, and so is one whose page goes', async () => {
  const broken = ending();
  broken.worker.onerror({preventDefault: () => undefined});
  await broken.ended;
  assert.equal(broken.worker.ended, 1);
  mock.timers.reset();
  const left = ending();
  page.dispatchEvent(new Event('pagehide'));
  assert.equal(left.worker.ended, 1);
});

test('once the page is left, nothing starts another Worker', async () => {
  const {ended, answer} = ending();
  answer(1);
  await ended;
  void endWorker('leave');
  const count = workers.length;
  const settled = mock.fn();
  call('open').then(settled, settled);
  await setImmediate();
  assert.deepEqual([workers.length, settled.mock.callCount()], [count, 0]);
});
