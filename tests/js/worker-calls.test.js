/** What the inbox's page keeps, and that it keeps nothing once it has locked. */
import assert from 'node:assert/strict';
import {beforeEach, mock, test} from 'node:test';
import {setImmediate} from 'node:timers/promises';

/** @typedef {{id: number, call: string, args: any}} Asked */

/** A worker that answers when the test says so. */
class SlowWorker {
  /** @type {SlowWorker[]} */
  static all = [];
  /** @type {Asked[]} */
  asked = [];
  ended = false;
  /** @type {(event: {data: object}) => void} */
  onmessage = () => undefined;

  constructor() {
    SlowWorker.all.push(this);
  }

  /** @param {Asked} asked */
  postMessage(asked) {
    this.asked.push(asked);
  }

  /** @param {string} call @param {object} reply */
  answer(call, reply) {
    const {id} = /** @type {Asked} */ (this.asked.findLast((asked) => asked.call === call));
    this.onmessage({data: {id, ...reply}});
  }

  terminate() {
    this.ended = true;
  }
}

/** A page on which there is no field at the moment. */
const document = {querySelectorAll: () => []};
Object.assign(globalThis, {
  Worker: SlowWorker,
  document,
  addEventListener: () => undefined,
  location: new URL('https://drempel.test/demo/inbox#pin'),
});
const {haveOrganisation, isUnsent, state} = await import('../../static/js/recipient/state.js');
const {call, endWorker, onEvent} = await import('../../static/js/page/calls.js');

/** @returns {SlowWorker} */
const worker = () => /** @type {SlowWorker} */ (SlowWorker.all.at(-1));
const countOf = (/** @type {string} */ call) => worker().asked.filter((asked) => asked.call === call).length;
/** Everything that can settle has. */
const settled = () => setImmediate();

beforeEach(() => void endWorker('again'));

test('what comes back after the page has locked reaches nobody', async () => {
  const reached = mock.fn();
  call('read', {mailbox: 'm'}).then(reached, reached);
  const events = mock.fn();
  onEvent(events);
  const ended = endWorker('lock');
  worker().answer('read', {result: {messages: ['what was said']}});
  worker().onmessage({data: {event: 'slow'}});
  await settled();
  assert.equal(reached.mock.callCount(), 0);
  assert.equal(events.mock.callCount(), 0);
  worker().answer('lock', {result: null});
  await ended;
  assert.equal(worker().ended, true);
});

test('locking forgets who was signed in, what was listed, read and written', () => {
  const empty = structuredClone({...state});
  void call('sync');
  Object.assign(state, {
    who: {},
    list: {},
    item: {},
    visit: {},
    channel: 'c',
    shown: 100,
    drafts: new Map([['m', 'a text']]),
  });
  assert.equal(isUnsent(), true);
  void endWorker('again');
  assert.deepEqual({...state}, empty);
  assert.equal(isUnsent(), false);
});

test('after a lock another worker is asked', async () => {
  void call('sync');
  const before = worker();
  void endWorker('again');
  const again = call('signIn', {code: 'c'});
  assert.notEqual(worker(), before);
  worker().answer('signIn', {result: 'in'});
  assert.equal(await again, 'in');
});

test('two who need the organisation fetch it once, by the address and its pin', async () => {
  const both = Promise.all([haveOrganisation(), haveOrganisation()]);
  assert.equal(countOf('open'), 1);
  assert.deepEqual(worker().asked[0]?.args, {base: 'https://drempel.test/demo/', pin: 'pin'});
  worker().answer('open', {result: {name: 'one'}});
  assert.deepEqual(await both, [{name: 'one'}, {name: 'one'}]);
});

test('an organisation that did not come is asked for again', async () => {
  const failed = haveOrganisation();
  worker().answer('open', {problem: {code: 'server-unreachable', detail: ''}});
  await assert.rejects(failed, {message: 'server-unreachable'});
  await settled();
  const again = haveOrganisation();
  worker().answer('open', {result: {name: 'one'}});
  assert.deepEqual(await again, {name: 'one'});
});

test('a page that stood open for more than an hour has the directory again', async (context) => {
  context.mock.timers.enable({apis: ['Date'], now: Date.UTC(2026, 10, 23)});
  const first = haveOrganisation();
  worker().answer('open', {result: {}});
  await first;
  context.mock.timers.setTime(Date.UTC(2026, 10, 23, 1));
  await haveOrganisation();
  assert.equal(countOf('open'), 1);
  context.mock.timers.setTime(Date.UTC(2026, 10, 23, 1, 0, 1));
  void haveOrganisation();
  assert.equal(countOf('open'), 2);
});
