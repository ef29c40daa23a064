/** What a reporter's page asks of its worker, against a real service and against one that does worse. */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {ERRORS} from '../../static/js/crypto/public/errors.js';
import {reporterCalls} from '../../static/js/worker/reporter.js';
import {MessageChannel} from 'node:worker_threads';
import {serve} from '../../static/js/worker/calls.js';
import {given, openRelay, problem, startService, until} from './kit/serving.js';

/** @import {WorkerEvent} from '../../static/js/worker/views.js' */
/** @import {Between, Relay, Service} from './kit/serving.js' */

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
beforeEach(() => {
  relay.between(null);
  relay.seen.length = 0;
});

const LIMITS = {silence: 1, slow: 0.2, firstPause: 0.01};
const REPORT = {
  channel: 'integrity-committee',
  kind: 'wrongdoing',
  text: 'The tender was decided beforehand.',
  rereadable: true,
  without: [],
};

/** A page that has opened the organisation, and what it was told. */
async function page({now = Date.now} = {}) {
  /** @type {WorkerEvent[]} */
  const emitted = [];
  const calls = reporterCalls({emit: (event) => void emitted.push(event), now, limits: LIMITS});
  const overview = await calls.open({base: relay.url, pin: service.fingerprint});
  const renewals = () => emitted.flatMap((event) => (event.event === 'renewed' ? event.maybeStored : []));
  return {
    calls,
    overview,
    emitted,
    events: () => emitted.flatMap(({event}) => (event === 'slow' ? [] : event)),
    renewals,
  };
}

test('a report is sent, read again, written to, and deleted', async () => {
  const {calls, overview} = await page();
  assert.equal(overview.verified, true);
  assert.equal(overview.fingerprint, service.fingerprint);
  assert.deepEqual(
    overview.channels.map(({closed, missing}) => [closed, missing]),
    overview.channels.map(() => [false, []]),
  );
  calls.prepare();
  const receipt = calls.receipt();
  await calls.seal(REPORT);
  await calls.send();
  await calls.send();
  assert.equal(relay.seen.filter(({method}) => method === 'PUT').length, 1);
  const first = await calls.visit({code: receipt.toUpperCase()});
  assert.deepEqual(
    first.messages.map(({own, author, text, kind, report}) => [own, author, text, kind, report?.id]),
    [[true, null, REPORT.text, 'report', 'wrongdoing']],
  );
  assert.deepEqual([first.channel?.id, first.notices, first.canWrite], ['integrity-committee', [], true]);
  assert.equal(first.lastDay, first.messages[0]?.day);
  await calls.write({text: 'One thing more.'});
  const second = await calls.refresh();
  assert.deepEqual(
    second.messages.map(({text}) => text),
    [REPORT.text, 'One thing more.'],
  );
  await calls.remove();
  await calls.remove();
  await assert.rejects(calls.visit({code: receipt}), {code: 'receipt-unknown'});
});

const puts = () => relay.seen.filter(({method}) => method === 'PUT');

/**
 * @param {string} prefix of a path
 * @param {Between} what
 * @returns {Between} on all else the real service's answer
 */
const on = (prefix, what) => (asked, pass, response) =>
  asked.path.startsWith(prefix) ? what(asked, pass, response) : pass();

/** What the service did is not known to who asked for it. @type {Between} */
const answerLost = async (_asked, pass, response) => {
  await pass();
  response.destroy();
  return null;
};

/** @param {Between} first @param {Between} then @returns {Between} */
const once = (first, then) => {
  let isFirst = true;
  return (...args) => {
    const what = isFirst ? first : then;
    isFirst = false;
    return what(...args);
  };
};
/** @type {Between} */
const honest = (_asked, pass) => pass();

test('a report whose answer was lost is sent again with the very same bytes, and stored once', async () => {
  const {calls, emitted} = await page();
  await calls.seal(REPORT);
  relay.between(on('mailboxes/', once(answerLost, honest)));
  await calls.send();
  const [first, second, ...more] = puts();
  assert.deepEqual([first?.path, first?.body, more.length], [second?.path, second?.body, 0]);
  assert.deepEqual(
    emitted.flatMap((event) => (event.event === 'waiting' ? event.code : [])),
    ['server-unreachable'],
  );
  assert.equal((await calls.visit({code: calls.receipt()})).messages.length, 1);
});

test('after a stop the same report is the same bytes, and another one has another receipt', async () => {
  const {calls, events, renewals} = await page();
  await calls.seal(REPORT);
  const receipt = calls.receipt();
  relay.between(on('mailboxes/', () => problem(503, 'server-unavailable')));
  const stopped = async () => {
    const before = puts().length;
    const sending = calls.send();
    await until(() => puts().length > before, 'it is sent');
    calls.stop();
    await assert.rejects(sending, {code: 'stopped'});
  };
  await stopped();
  await calls.seal(REPORT);
  assert.equal(calls.receipt(), receipt);
  await stopped();
  assert.equal(new Set(puts().map(({body}) => body.toString('hex'))).size, 1);
  assert.equal(events().includes('renewed'), false);
  await calls.seal({...REPORT, text: 'Said better.'});
  assert.deepEqual(renewals(), [true], 'it may have arrived');
  assert.notEqual(calls.receipt(), receipt);
  relay.between(null);
  await calls.send();
  const paths = puts().map(({path}) => path);
  assert.equal(
    new Set(paths.map((path) => path.split('/')[1])).size,
    2,
    'nothing is sealed twice for one mailbox',
  );
  await assert.rejects(calls.visit({code: receipt}), {code: 'receipt-unknown'});
  assert.equal((await calls.visit({code: calls.receipt()})).messages[0]?.text, 'Said better.');
});

test('what was not sent yet may be sealed again under the same receipt', async () => {
  const {calls, events} = await page();
  await calls.seal(REPORT);
  const receipt = calls.receipt();
  await calls.seal({...REPORT, text: 'Said better.', rereadable: false});
  await calls.send();
  assert.deepEqual([calls.receipt(), events()], [receipt, []]);
  const {messages, notices, canWrite} = await calls.visit({code: receipt});
  assert.deepEqual([messages, notices, canWrite], [[], [{code: 'not-rereadable', envelope: null}], true]);
});

test('a report that can not be sealed is not sent as it was before', async () => {
  const {calls} = await page();
  await calls.seal(REPORT);
  await assert.rejects(calls.seal({...REPORT, text: ' '}), {code: 'text-empty'});
  await assert.rejects(calls.seal({...REPORT, kind: 'gossip'}), {code: 'kind-unknown'});
  await assert.rejects(calls.send(), TypeError);
  assert.deepEqual(puts(), []);
});

test('a refusal is told at once; after one that says that nothing is stored there is another receipt', async () => {
  const {calls, renewals} = await page();
  await calls.seal(REPORT);
  relay.between(on('mailboxes/', () => given(200, '<!doctype html>')));
  await assert.rejects(calls.send(), {code: 'answer-damaged'});
  const receipts = [calls.receipt()];
  for (const code of ['conflict', 'envelope-week']) {
    relay.between(on('mailboxes/', () => problem(Number(ERRORS[code]?.status), code)));
    await assert.rejects(calls.send(), {code});
    relay.between(null);
    await calls.seal(REPORT);
    receipts.push(calls.receipt());
  }
  await calls.send();
  assert.equal(new Set(receipts).size, 3);
  assert.deepEqual(renewals(), [false, false], 'nothing is stored');
  await calls.seal(REPORT);
  assert.deepEqual(renewals(), [false, false, true], 'the next report is another one');
});

test('a message whose answer was lost is there once, and so is one that was stopped and sent again', async () => {
  const {calls, emitted} = await page();
  await calls.seal(REPORT);
  await calls.send();
  await calls.visit({code: calls.receipt()});
  const isMessage = (/** @type {string} */ path) => path.includes('/envelopes/');
  relay.between(once(honest, once(answerLost, honest)));
  await calls.write({text: 'One.'});
  assert.equal((await calls.refresh()).messages.length, 2);
  assert.equal(emitted.filter(({event}) => event === 'waiting').length, 1);
  relay.between((asked, pass, response) =>
    isMessage(asked.path) ? answerLost(asked, pass, response) : pass(),
  );
  const before = puts().length;
  const writing = calls.write({text: 'Two.'});
  await until(() => puts().length > before + 1, 'it is sent');
  calls.stop();
  await assert.rejects(writing, {code: 'stopped'});
  relay.between(null);
  await calls.write({text: 'Two.'});
  assert.deepEqual(
    (await calls.refresh()).messages.map(({text}) => text),
    [REPORT.text, 'One.', 'Two.'],
  );
  await calls.write({text: 'Two.'});
  assert.deepEqual((await calls.refresh()).messages.length, 4, 'said again, it is another one');
  await assert.rejects(calls.write({text: ''}), {code: 'text-empty'});
});

test('deleting whose answer was lost is done', async () => {
  const {calls} = await page();
  await calls.seal(REPORT);
  await calls.send();
  const code = calls.receipt();
  await calls.visit({code});
  relay.between(once(answerLost, honest));
  await calls.remove();
  await assert.rejects(calls.visit({code}), {code: 'receipt-unknown'});
  assert.equal(await calls.remove(), undefined);
});

test('leaving drops the visit, also one that is only beginning', async () => {
  const {calls} = await page();
  await calls.seal(REPORT);
  await calls.send();
  await calls.visit({code: calls.receipt()});
  await calls.leave();
  await assert.rejects(calls.refresh(), TypeError);
  relay.between(() => null);
  const before = relay.seen.length;
  const visiting = calls.visit({code: calls.receipt()});
  await until(() => relay.seen.length > before, 'it is asked');
  await Promise.all([assert.rejects(visiting, {code: 'stopped'}), calls.leave()]);
  await assert.rejects(calls.write({text: 'Hello?'}), TypeError);
});

test('a code is looked at before anything is derived, and a wrong one is asked for nowhere', async () => {
  const {calls} = await page();
  const receipt = calls.receipt();
  assert.deepEqual(calls.checkCode({text: receipt, kind: 'receipt'}), {problem: null});
  const {problem: found} = calls.checkCode({text: receipt, kind: 'access'});
  assert.deepEqual([found?.code, found?.kind], ['code-wrong-kind', 'receipt']);
  const slip = receipt.replace(/.$/, (letter) => (letter === 'b' ? 'd' : 'b'));
  assert.deepEqual(calls.checkCode({text: slip, kind: 'receipt'}).problem, {
    code: 'code-checksum',
    group: 0,
    correction: receipt,
    kind: '',
  });
  relay.seen.length = 0;
  await assert.rejects(calls.visit({code: slip}), {code: 'code-checksum'});
  assert.deepEqual(relay.seen, []);
});

test('a page that stands open takes new keys when an hour or a day has passed', async () => {
  let time = Date.now();
  const {calls} = await page({now: () => time});
  relay.seen.length = 0;
  await calls.seal(REPORT);
  assert.deepEqual(relay.seen, []);
  time += 61 * 60 * 1000;
  await calls.seal(REPORT);
  assert.deepEqual(relay.seen.map(({path}) => path).sort(), ['directory', 'keys']);
  time += 86_400_000;
  relay.between(on('keys', () => problem(503, 'server-busy')));
  const sealing = calls.seal(REPORT);
  await until(() => relay.seen.length > 4, 'they are asked for');
  calls.stop();
  await assert.rejects(sealing, {code: 'stopped'});
  relay.between(
    on('keys', async (_asked, pass) =>
      given(200, (await pass()).body.toString().replace(/"day":"[^"]*"/, '"day":"2001-01-01"')),
    ),
  );
  await assert.rejects(calls.seal(REPORT), {code: 'clock-wrong'});
});

/** @param {string} id @returns {Between} as if one recipient had no key */
const without = (id) =>
  on('keys', async (_asked, pass) => {
    const answer = JSON.parse(String((await pass()).body));
    return given(
      200,
      JSON.stringify({
        ...answer,
        recipients: answer.recipients.filter((/** @type {any} */ {recipient}) => recipient !== id),
      }),
    );
  });

test('nobody is sealed to but those whom the page has shown', async () => {
  let time = Date.now();
  const {calls, overview} = await page({now: () => time});
  const channel = overview.channels.find(({id}) => id === REPORT.channel);
  const [first, second] = (channel?.recipients ?? []).map(({id}) => id);
  assert.ok(first && second);
  relay.between(without(second));
  const shown = await calls.open({base: relay.url, pin: service.fingerprint});
  assert.deepEqual(
    shown.channels.find(({id}) => id === REPORT.channel)?.missing.map(({id}) => id),
    [second],
  );
  await calls.seal({...REPORT, without: [second]});
  relay.between(null);
  time += 61 * 60 * 1000;
  await assert.rejects(calls.seal({...REPORT, without: [second]}), {code: 'channel-changed'});
  await assert.rejects(calls.send(), TypeError);
  await assert.rejects(
    calls.seal({...REPORT, without: [second]}),
    {code: 'channel-changed'},
    'for as long as the page shows the old',
  );
  assert.deepEqual(await calls.open({base: relay.url, pin: service.fingerprint}), overview);
  await calls.seal(REPORT);
  await calls.send();
});

test('who came without a fingerprint gets no other organisation when it is asked for again', async () => {
  const calls = reporterCalls({emit: () => {}, limits: LIMITS});
  await calls.open({base: relay.url, pin: ''});
  const other = await startService();
  try {
    relay.between(async ({path}) => {
      const response = await fetch(`${other.url}api/1/${path}`);
      return given(response.status, Buffer.from(await response.arrayBuffer()));
    });
    await assert.rejects(calls.open({base: relay.url, pin: ''}), {code: 'directory-pin'});
  } finally {
    await other.stop();
  }
});

test('whoever comes without a fingerprint is told so', async () => {
  const calls = reporterCalls({emit: () => {}});
  assert.equal((await calls.open({base: relay.url, pin: ''})).verified, false);
  await assert.rejects(calls.open({base: relay.url, pin: 'short'}), {code: 'pin-malformed'});
  await assert.rejects(calls.open({base: relay.url, pin: 'A'.repeat(43)}), {code: 'directory-pin'});
});

test('over a real line results, problems and events arrive, and no fault of ours says what it held', async () => {
  const {port1, port2} = new MessageChannel();
  const emitted = /** @type {any[]} */ ([]);
  port2.on('message', (message) => emitted.push(message));
  const {calls} = await page();
  const code = calls.receipt();
  const fault = () => {
    throw new Error(code);
  };
  serve({...calls, fault}, /** @type {any} */ (port1));
  const asked = [
    ['receipt'],
    ['visit', {code}],
    ['prepare'],
    ['fault'],
    ['nothing'],
    ['toString'],
    ['checkCode', {text: code, kind: 'receipt'}],
  ];
  for (const [id, [call, args]] of asked.entries()) port2.postMessage({id, call, args});
  await until(() => emitted.length === asked.length, 'all are answered');
  const byId = emitted
    .sort((one, other) => one.id - other.id)
    .map(({result, problem: found}) => found ?? result);
  const ours = {code: 'client-fault', detail: ''};
  assert.deepEqual(byId, [
    code,
    {code: 'receipt-unknown', detail: ''},
    null,
    ours,
    ours,
    ours,
    {problem: null},
  ]);
  port1.close();
  port2.close();
});
