/** A request is repeated while that can help, ended when it can't, and carries nothing that identifies. */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {connect} from '../../static/js/client/connection.js';
import {given, openRelay, problem, until} from './kit/serving.js';

/** @import {WorkerEvent} from '../../static/js/worker/views.js' */
/** @import {Between, Given, Relay} from './kit/serving.js' */

/** @type {Relay} */
let server;
before(async () => {
  server = await openRelay('http://127.0.0.1:9/demo/');
});
after(() => server?.stop());
beforeEach(() => {
  server.seen.length = 0;
});

const BODY = Uint8Array.of(1, 2, 3);
const JSON_TYPE = {'Content-Type': 'application/json'};

/** @param {Between} between @param {Partial<{silence: number, slow: number, firstPause: number}>} [limits] */
function line(between, limits = {}) {
  server.between(between);
  /** @type {WorkerEvent[]} */
  const emitted = [];
  const connection = connect(server.url, (event) => void emitted.push(event), {
    silence: 5,
    slow: 5,
    firstPause: 0.005,
    ...limits,
  });
  return {...connection, emitted};
}

/** @param {Between[]} steps one for each request; the last one for all that follow @returns {Between} */
const steps =
  (...steps) =>
  (...args) =>
    /** @type {Between} */ (steps.length > 1 ? steps.shift() : steps[0])(...args);

test('what may pass is tried again with the very same bytes, and each pause is told', async () => {
  const {request, emitted} = line(
    steps(
      () => problem(503, 'server-busy'),
      () => given(502, '<html>'),
      () => given(429),
      (_asked, _pass, response) => (response.destroy(), null),
      () => given(204),
    ),
  );
  const {status} = await request('PUT', 'mailboxes/M/opening/E', {body: BODY, expected: [204]});
  assert.equal(status, 204);
  assert.deepEqual(
    server.seen.map(({body}) => [...body]),
    Array(5).fill([1, 2, 3]),
  );
  assert.deepEqual(
    emitted.map((event) => event.event === 'waiting' && event.code),
    ['server-busy', 'server-unavailable', 'server-busy', 'server-unreachable'],
  );
  assert.ok(
    emitted.every((event) => event.event === 'waiting' && event.seconds > 0 && event.seconds <= 0.04),
  );
});

test('no header says who asks', async () => {
  const {request} = line(() => given(200, '', {ETag: '"7"', 'Set-Cookie': 'who=me'}));
  assert.equal((await request('GET', 'directory')).etag, '"7"');
  await request('PUT', 'inbox/keyring', {token: BODY, body: BODY, match: '"7"'});
  const bare = new Set(Object.keys(server.seen[0]?.headers ?? {}));
  const more = Object.entries(server.seen[1]?.headers ?? {}).filter(([name]) => !bare.has(name));
  assert.deepEqual(Object.fromEntries(more), {
    authorization: 'Bearer AQID',
    'content-type': 'application/octet-stream',
    'content-length': '3',
    'if-match': '"7"',
  });
  for (const name of ['cookie', 'referer', 'authorization', 'origin', 'if-none-match'])
    assert.equal(bare.has(name), false, name);
});

test('retryFor has an end, and the last reason is told', async ({mock}) => {
  let now = 0;
  mock.method(performance, 'now', () => now);
  const later = (/** @type {Given} */ answer) => ((now += 40), answer);
  const {request} = line(
    steps(
      () => later(given(502)),
      () => later(problem(503, 'server-busy')),
    ),
  );
  await assert.rejects(request('GET', 'keys', {retryFor: 0.1}), {code: 'server-busy'});
  assert.equal(server.seen.length, 3);
});

test('JSON is given as an object', async () => {
  const {json} = line(() => given(200, '{"a": 1}', JSON_TYPE));
  assert.deepEqual(await json('GET', 'keys'), {a: 1});
});

test('what must be of a type is of no other, and its pieces go to no sink', async () => {
  const media = 'application/octet-stream';
  for (const headers of [
    {'Content-Type': 'text/html'},
    {},
    {'Content-Type': 'application/octet-stream-of-pages'},
  ]) {
    const {request} = line(() => given(200, '<!doctype html>', headers));
    const begin = () => () => assert.fail('taken');
    server.seen.length = 0;
    await assert.rejects(request('GET', 'blobs/B/chunks/0', {media, begin}), {code: 'answer-damaged'});
    assert.equal(server.seen.length, 1);
  }
  for (const type of [media, 'Application/Octet-Stream; a=b']) {
    const {request} = line(() => given(200, 'good', {'Content-Type': type}));
    assert.equal((await request('GET', 'blobs/B/chunks/0', {media})).content.length, 4);
  }
  const {request} = line(() => problem(404, 'blob-unknown'));
  await assert.rejects(request('GET', 'blobs/B/chunks/0', {media}), {code: 'blob-unknown'});
});

test('an answer without end is cut at its longest, announced or not', async () => {
  let isOver = false;
  const {request} = line((_asked, _pass, response) => {
    response.on('close', () => (isOver = true));
    const more = () => void (isOver || response.write('x'.repeat(1000), () => setImmediate(more)));
    more();
    return null;
  });
  await assert.rejects(request('GET', 'keys', {longest: 5000}), {
    code: 'answer-damaged',
    detail: 'It is too long.',
  });
  await until(() => isOver, 'the rest is refused');
  assert.equal(server.seen.length, 1);
  const exact = line(() => given(200, 'x'.repeat(5000)));
  assert.equal((await exact.request('GET', 'keys', {longest: 5000})).content.length, 5000);
});

test('an answer that is cut off is asked for again, and its pieces are forgotten', async () => {
  const cutOff = steps(
    (_asked, _pass, response) => {
      response.writeHead(200, {'Content-Length': '10'});
      response.write('12345', () => setTimeout(() => response.destroy(), 20));
      return null;
    },
    () => given(200, '1234567890'),
  );
  const {request} = line(cutOff);
  let taken = '';
  const begin = () => {
    taken = '';
    return async (/** @type {Uint8Array} */ piece) => {
      await null;
      taken += new TextDecoder().decode(piece);
    };
  };
  const {content} = await request('GET', 'inbox/days/2026-11-23', {begin});
  assert.deepEqual([taken, content.length, server.seen.length], ['1234567890', 0, 2]);
});

test('pieces go to no sink unless they are of the answer expected', async () => {
  const {request} = line(
    steps(
      () => problem(503, 'server-busy'),
      () => given(200, 'good'),
    ),
  );
  let taken = '';
  await request('GET', 'x', {begin: () => (piece) => void (taken += new TextDecoder().decode(piece))});
  assert.equal(taken, 'good');
});

test('what a sink objects to is told, and not tried again', async () => {
  const {request} = line(() => given(200, 'good'));
  const begin = () => () => {
    throw new RangeError('a fault of our own');
  };
  await assert.rejects(request('GET', 'x', {begin}), RangeError);
  assert.equal(server.seen.length, 1);
});

for (const headersFirst of [true, false]) {
  test(`silence ${headersFirst ? 'within an answer' : 'instead of an answer'} is the end of that try`, async () => {
    const silent = (
      /** @type {any} */ _asked,
      /** @type {any} */ _pass,
      /** @type {import('node:http').ServerResponse} */ response,
    ) => {
      if (headersFirst) response.write('x');
      return null;
    };
    const {request, emitted} = line(
      steps(silent, () => given(200, 'there')),
      {silence: 0.1},
    );
    assert.equal(new TextDecoder().decode((await request('GET', 'x')).content), 'there');
    assert.deepEqual(
      emitted.map((event) => event.event === 'waiting' && event.code),
      ['server-unreachable'],
    );
  });
}

test('a byte now and then is no silence, but slow is told, once', async () => {
  const {request, emitted} = line(
    (_asked, _pass, response) => {
      let left = 8;
      const drip = setInterval(() => {
        response.write('x');
        left -= 1;
        if (left === 0) response.end(() => clearInterval(drip));
      }, 50);
      return null;
    },
    {silence: 0.3, slow: 0.2},
  );
  assert.equal((await request('GET', 'x')).content.length, 8);
  assert.deepEqual(emitted, [{event: 'slow'}]);
});

test('a large body has longer to go up', async () => {
  const {request} = line(
    async () => {
      await new Promise((resolve) => {
        setTimeout(resolve, 300);
      });
      return given(204);
    },
    {silence: 0.1},
  );
  assert.equal((await request('PUT', 'x', {body: new Uint8Array(4096), expected: [204]})).status, 204);
});

test('for ever is for ever, a pause can be cut short, and stop ends it', async () => {
  const {request, emitted, hurry, stop, begin} = line(() => problem(503, 'server-unavailable'), {
    firstPause: 600,
  });
  const sending = request('PUT', 'x', {body: BODY, retryFor: Infinity});
  for (const count of [1, 2, 3]) {
    await until(() => emitted.length === count, 'it waits');
    if (count < 3) hurry();
  }
  stop();
  await assert.rejects(sending, {code: 'stopped'});
  assert.equal(server.seen.length, 3);
  await assert.rejects(request('GET', 'x'), {code: 'stopped'});
  begin();
  await assert.rejects(request('GET', 'x', {retryFor: 0}), {code: 'server-unavailable'});
});

test('stop ends a request that is on its way', async () => {
  const {request, stop, emitted} = line(() => null);
  const sending = request('PUT', 'x', {body: BODY, retryFor: Infinity});
  await until(() => server.seen.length === 1, 'it is asked');
  stop();
  await assert.rejects(sending, {code: 'stopped'});
  assert.deepEqual(emitted, []);
});
