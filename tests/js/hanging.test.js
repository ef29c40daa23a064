/**
 * A line that hangs is told of, and can be tried again at once: nothing of it waits for minutes without a
 * word.
 */
import assert from 'node:assert/strict';
import {afterEach, beforeEach, test} from 'node:test';
import {CHUNK} from '../../static/js/crypto/public/blobs.js';
import {FakeBlobs} from './kit/fake_blobs.js';
import {until} from './kit/serving.js';
import {content, fileOf, page} from './kit/upload_page.js';

const LIMITS = {silence: 5, slow: 0.1, firstPause: 0.001};
/** @type {Promise<never>} */
const never = new Promise(() => {});

/** @type {FakeBlobs} */
let server;
beforeEach(() => {
  server = new FakeBlobs();
});
afterEach(() => server.close());

const puts = () => server.asked.filter(({method}) => method === 'PUT');

/** A file of which all that is on its way hangs, and which goes on once `isHanging` is false. */
async function hanging(limits = LIMITS) {
  const here = page(limits);
  const line = {isHanging: true};
  server.fault = () => (line.isHanging ? never : null);
  here.uploads.pace.lanes = 3; // as after what came before
  await here.uploads.add(1, fileOf(content(3 * CHUNK)));
  await until(() => puts().length === 3, 'it sets out');
  const {flights} = here.uploads.pace;
  /** All of it, and not only what set out first: that much later the rest hangs too. */
  const hangs = () =>
    until(() => [...flights].every(({since}) => performance.now() - since > 1000 * LIMITS.slow), 'it hangs');
  return {...here, line, hangs};
}

test('a line on which nothing is answered is told to be slow, and well again once something is', async () => {
  const here = await hanging();
  await until(() => here.lines().includes('slow'), 'it is told');
  here.line.isHanging = false;
  await here.hangs();
  here.uploads.hurry();
  await here.uploads.settled([1]);
  assert.equal(here.lines().at(-1), '');
});

test('what hangs is sent again when a person says so, by one request at first', async () => {
  const here = await hanging();
  await here.hangs();
  const before = here.emitted.length;
  here.uploads.hurry();
  await until(() => puts().length > 3, 'it sets out again');
  await until(() => server.flying === 1, 'by one request');
  const tried = here.emitted
    .slice(before)
    .flatMap((event) =>
      event.event === 'connection' && event.code === 'server-unreachable' ? event.seconds : [],
    );
  assert.ok(tried.includes(0), 'it is said to be tried now');
  here.line.isHanging = false;
  await here.hangs();
  here.uploads.hurry();
  await here.uploads.settled([1]);
});

test('what has only just set out is not broken off, unless the network is another one', async () => {
  const here = await hanging({...LIMITS, slow: 60});
  here.uploads.hurry();
  assert.equal(server.flying, 3);
  here.line.isHanging = false;
  here.uploads.hurry({all: true});
  await here.uploads.settled([1]);
});

test('after a failure it is tried again while others hang, and nobody is told to wait for what is over', async () => {
  const here = page(LIMITS);
  let requests = 0;
  here.uploads.pace.lanes = 3;
  server.fault = () => {
    requests += 1;
    if (requests === 1) return 'broken';
    return requests < 4 ? never : null;
  };
  await here.uploads.add(1, fileOf(content(9 * CHUNK)));
  await until(() => here.lines().includes('server-unreachable'), 'it is told');
  await until(
    () => here.lines().at(-1) !== 'server-unreachable',
    'another request finds out that it is well',
  );
  assert.ok(
    here.emitted.some(
      (event) => event.event === 'connection' && event.code === 'server-unreachable' && event.seconds === 0,
    ),
  );
  await until(() => here.lines().at(-1) === 'slow', 'the others still hang');
  here.uploads.hurry();
  await here.uploads.settled([1]);
});

test('a paused file breaks off what hangs', async () => {
  const here = await hanging();
  here.uploads.pause(1);
  await until(() => server.flying === 0, 'nothing is on its way');
  here.line.isHanging = false;
  await here.uploads.goOn(1);
  await here.uploads.settled([1]);
});

test('a line gets more requests at a time while it is fast, and less when it is slow or fails', async () => {
  const {pace} = page(LIMITS).uploads;
  assert.deepEqual([pace.lanes, pace.width], [1, 1]);
  for (let width = 1; width <= 32; width *= 2) pace.arrived(Math.min(width, 16), 0.1);
  assert.deepEqual([pace.lanes, pace.width], [3, 16]);
  pace.arrived(16, 5);
  assert.deepEqual([pace.lanes, pace.width], [3, 16], 'neither fast nor slow');
  pace.arrived(16, 50);
  assert.deepEqual([pace.lanes, pace.width], [2, 8]);
  pace.failed('server-unreachable');
  pace.failed('server-unreachable');
  pace.failed('server-unreachable');
  assert.deepEqual([pace.lanes, pace.width], [1, 1]);
  pace.retry.hurry();
});
