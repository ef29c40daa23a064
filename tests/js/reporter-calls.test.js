/** What a reporter's page asks of its worker, against a real service and against one that does worse. */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {reporterCalls} from '../../static/js/reporter/calls.js';
import {given, meddle, problem, startService} from './serving.js';

/** @import {Told} from '../../static/js/client/views.js' */
/** @import {Meddler, Service} from './serving.js' */

/** @type {Service} */
let service;
/** @type {Meddler} */
let meddler;
before(async () => {
  service = await startService();
  meddler = await meddle(service.url);
});
after(async () => {
  await meddler?.stop();
  await service?.stop();
});
beforeEach(() => {
  meddler.between(null);
  meddler.seen.length = 0;
});

const LIMITS = {silence: 1, slow: 0.2, firstPause: 0.01};
const REPORT = {channel: 'integrity-committee', kind: 'wrongdoing', text: 'The tender was decided beforehand.', rereadable: true, without: []};

/** A page that has opened the organisation, and what it was told. */
async function page({now = Date.now} = {}) {
  /** @type {Told[]} */
  const told = [];
  const calls = reporterCalls({tell: (event) => void told.push(event), now, limits: LIMITS});
  const overview = await calls.open({base: meddler.url, pin: service.fingerprint});
  return {calls, overview, told, events: () => told.map(({event}) => event)};
}

test('a report is sent, read again, written to, and deleted', async () => {
  const {calls, overview} = await page();
  assert.equal(overview.verified, true);
  assert.equal(overview.fingerprint, service.fingerprint);
  assert.deepEqual(overview.channels.map(({closed, missing}) => [closed, missing]), overview.channels.map(() => [false, []]));
  calls.prepare();
  const receipt = calls.receipt();
  await calls.seal(REPORT);
  await calls.send();
  await calls.send();
  assert.equal(meddler.seen.filter(({method}) => method === 'PUT').length, 1);
  const first = await calls.visit({code: receipt.toUpperCase()});
  assert.deepEqual(first.messages.map(({own, author, text, kind, report}) => [own, author, text, kind, report?.id]), [
    [true, null, REPORT.text, 'report', 'wrongdoing'],
  ]);
  assert.deepEqual([first.channel?.id, first.notices, first.canWrite], ['integrity-committee', [], true]);
  assert.equal(first.lastDay, first.messages[0]?.day);
  const second = await calls.write({text: 'One thing more.'});
  assert.deepEqual(second.messages.map(({text}) => text), [REPORT.text, 'One thing more.']);
  assert.deepEqual(await calls.refresh(), second);
  await calls.remove();
  await calls.remove();
  await assert.rejects(calls.visit({code: receipt}), {code: 'receipt-unknown'});
});
void given;
void problem;
