/** What an inbox's page asks of its worker, against a real service and against one that does worse. */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {inboxCalls} from '../../static/js/inbox/calls.js';
import {reporterCalls} from '../../static/js/reporter/calls.js';
import {given, meddle, problem, startService} from './serving.js';

/** @import {InboxList, Told} from '../../static/js/client/views.js' */
/** @import {Between, Meddler, Service} from './serving.js' */

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

const LIMITS = {silence: 2, slow: 1, firstPause: 0.01};
const CHANNEL = 'integrity-committee';
const address = () => ({base: meddler.url, pin: service.fingerprint});

/** @param {string} text */
async function report(text) {
  const calls = reporterCalls({tell: () => {}, limits: LIMITS});
  const overview = await calls.open(address());
  await calls.seal({channel: CHANNEL, kind: null, text, rereadable: true, without: []});
  await calls.send();
  const recipients = overview.channels.find(({id}) => id === CHANNEL)?.recipients ?? [];
  return {calls, receipt: calls.receipt(), recipients: recipients.map(({id}) => id)};
}

/** @param {string} recipient */
async function inbox(recipient) {
  /** @type {Told[]} */
  const told = [];
  const calls = inboxCalls({tell: (event) => void told.push(event), limits: LIMITS});
  await calls.open(address());
  const signedIn = await calls.signIn({code: service.codes.get(recipient) ?? ''});
  return {calls, told, signedIn};
}

/** @param {InboxList} list */
const rows = ({items}) => items.map(({mailbox, messages, fresh}) => [mailbox, messages, fresh]);

test('a report is found, read and answered; the answer is read; what was read is not new the next time', async () => {
  const sent = await report('Found?');
  const [first = '', second = ''] = sent.recipients;
  const {calls, told, signedIn} = await inbox(first);
  assert.deepEqual([signedIn.recipient.id, signedIn.channels.map(({id}) => id).includes(CHANNEL)], [first, true]);
  const list = await calls.sync();
  const item = list.items[0];
  assert.ok(item);
  assert.deepEqual([list.items.length, item.channel.id, item.report, item.messages, item.fresh], [1, CHANNEL, null, 1, true]);
  assert.deepEqual([list.damaged, list.gone, list.full], [0, 0, false]);
  const last = told.filter(({event}) => event === 'progress').at(-1);
  assert.ok(last?.event === 'progress' && last.done === last.total && last.total > 10_000);
  const read = await calls.read(item);
  assert.deepEqual(read.messages.map(({text, own, author}) => [text, own, author]), [['Found?', false, null]]);
  const replied = await calls.reply({mailbox: item.mailbox, text: 'We look into it.'});
  assert.deepEqual(replied.messages.map(({own, author}) => [own, author?.id]), [[false, undefined], [true, first]]);
  await calls.lock();
  const visit = await sent.calls.visit({code: sent.receipt});
  assert.deepEqual(visit.messages.map(({text, author}) => [text, author?.id]), [['Found?', undefined], ['We look into it.', first]]);
  const again = await inbox(first);
  assert.deepEqual(rows(await again.calls.sync()), [[item.mailbox, 2, false]]);
  await sent.calls.write({text: 'Thanks.'});
  assert.deepEqual(rows(await again.calls.sync()), [[item.mailbox, 3, true]]);
  assert.equal((await again.calls.read(item)).messages.length, 3);
  assert.deepEqual(rows(await again.calls.sync()), [[item.mailbox, 3, false]]);
  const colleague = await inbox(second);
  assert.deepEqual(rows(await colleague.calls.sync()), [[item.mailbox, 3, true]]);
  await sent.calls.remove();
  assert.deepEqual(await again.calls.sync(), {items: [], damaged: 0, gone: 1, full: false});
  await assert.rejects(again.calls.read(item), {code: 'conversation-gone'});
  await assert.rejects(again.calls.read({mailbox: 'elsewhere'}), {code: 'conversation-unknown'});
});
void given;
void problem;
