/** What an inbox's page asks of its worker, against a real service and against one that does worse. */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {newCode} from '../../static/js/crypto/secret/codes.js';
import {osRandom} from '../../static/js/crypto/secret/primitives.js';
import {dayAt} from '../../static/js/client/organisation.js';
import {dayText} from '../../static/js/crypto/public/encoding.js';
import {inboxCalls} from '../../static/js/worker/recipient.js';
import {reporterCalls} from '../../static/js/worker/reporter.js';
import {openRelay, startService} from './kit/serving.js';

/** @import {InboxList, WorkerEvent} from '../../static/js/worker/views.js' */
/** @import {Relay, Service} from './kit/serving.js' */

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

const LIMITS = {silence: 2, slow: 1, firstPause: 0.01};
const CHANNEL = 'integrity-committee';
const address = () => ({base: relay.url, pin: service.fingerprint});

/** @param {string} text */
async function report(text) {
  const calls = reporterCalls({emit: () => {}, limits: LIMITS});
  const overview = await calls.open(address());
  await calls.seal({channel: CHANNEL, kind: null, text, rereadable: true, without: []});
  await calls.send();
  const recipients = overview.channels.find(({id}) => id === CHANNEL)?.recipients ?? [];
  return {calls, receipt: calls.receipt(), recipients: recipients.map(({id}) => id)};
}

/** @param {string} recipient */
async function inbox(recipient) {
  /** @type {WorkerEvent[]} */
  const emitted = [];
  const calls = inboxCalls({emit: (event) => void emitted.push(event), limits: LIMITS});
  await calls.open(address());
  const signedIn = await calls.signIn({code: service.codes.get(recipient) ?? ''});
  return {calls, emitted, signedIn};
}

/** @param {InboxList} list */
const rows = ({items}) => items.map(({mailbox, messages, fresh}) => [mailbox, messages, fresh]);

test('a report is found, read and answered; the answer is read; what was read is not new the next time', async () => {
  const sent = await report('Found?');
  const [first = '', second = ''] = sent.recipients;
  const {calls, emitted, signedIn} = await inbox(first);
  assert.deepEqual(
    [signedIn.recipient.id, signedIn.channels.map(({id}) => id).includes(CHANNEL)],
    [first, true],
  );
  const list = await calls.sync();
  const item = list.items[0];
  assert.ok(item);
  assert.deepEqual(
    [list.items.length, item.channel.id, item.report, item.messages, item.fresh],
    [1, CHANNEL, null, 1, true],
  );
  assert.deepEqual([list.damaged, list.gone, list.full], [0, 0, false]);
  const last = emitted.filter(({event}) => event === 'progress').at(-1);
  assert.ok(last?.event === 'progress' && last.done === last.total && last.total > 10_000);
  const read = await calls.read(item);
  assert.deepEqual(
    read.messages.map(({text, own, author}) => [text, own, author]),
    [['Found?', false, null]],
  );
  const replied = await calls.reply({mailbox: item.mailbox, text: 'We look into it.'});
  assert.deepEqual(
    replied.messages.map(({own, author}) => [own, author?.id]),
    [
      [false, undefined],
      [true, first],
    ],
  );
  await calls.lock();
  const visit = await sent.calls.visit({code: sent.receipt});
  assert.deepEqual(
    visit.messages.map(({text, author}) => [text, author?.id]),
    [
      ['Found?', undefined],
      ['We look into it.', first],
    ],
  );
  const again = await inbox(first);
  assert.deepEqual(rows(await again.calls.sync()), [[item.mailbox, 2, false]]);
  await sent.calls.write({text: 'Thanks.'});
  assert.deepEqual(rows(await again.calls.sync()), [[item.mailbox, 3, true]]);
  assert.equal((await again.calls.read(item)).messages.length, 3);
  assert.deepEqual(rows(await again.calls.sync()), [[item.mailbox, 3, false]]);
  const colleague = await inbox(second);
  assert.deepEqual(rows(await colleague.calls.sync()), [[item.mailbox, 3, true]]);
  await sent.calls.remove();
  assert.deepEqual(await again.calls.sync(), {
    day: dayText(dayAt(Date.now())),
    items: [],
    damaged: 0,
    gone: 1,
    full: false,
  });
  await assert.rejects(again.calls.read(item), {code: 'conversation-gone'});
  await assert.rejects(again.calls.read({mailbox: 'elsewhere'}), {code: 'conversation-unknown'});
});

test('what is told of an organisation is whole, and says who can be reached', async () => {
  const calls = inboxCalls({emit: () => {}, limits: LIMITS});
  const {channels, kinds, languages, name, policy} = await calls.open(address());
  for (const {kinds: taken, recipients} of channels) {
    assert.ok(taken.every((id) => kinds.some((kind) => kind.id === id)));
    assert.ok(
      recipients.every((person) =>
        languages.every((language) => person.name[language] && person.role[language]),
      ),
    );
  }
  assert.ok(languages.every((language) => name[language]) && policy.retention_days > 0);
});

test('a receipt is no access code, and no code of nobody signs in', async () => {
  const {receipt} = await report('Whose?');
  const calls = inboxCalls({emit: () => {}, limits: LIMITS});
  await calls.open(address());
  await assert.rejects(calls.signIn({code: receipt}), {code: 'code-wrong-kind', kind: 'receipt'});
  const nobody = newCode('access', osRandom);
  await assert.rejects(calls.signIn({code: nobody}), {code: 'access-unknown'});
  await assert.rejects(calls.sync(), TypeError);
  assert.ok(
    relay.seen.every(
      ({path, headers, body}) =>
        !`${path} ${JSON.stringify(headers)} ${body.toString('latin1')}`.includes(nobody),
    ),
  );
});

test('no request of a whole conversation holds a code or a word of it', async () => {
  const words = 'Everybody knew about the tender.';
  const {calls, receipt, recipients} = await report(words);
  const code = service.codes.get(recipients[0] ?? '') ?? '';
  const lee = await inbox(recipients[0] ?? '');
  const item = (await lee.calls.sync()).items[0];
  assert.ok(item);
  await lee.calls.reply({mailbox: item.mailbox, text: words});
  await lee.calls.lock();
  await calls.visit({code: receipt});
  await calls.write({text: words});
  const secrets = [words, code, receipt, ...code.split('-'), ...receipt.split('-')];
  const sent = relay.seen.map(({path, headers, body}) =>
    `${path} ${JSON.stringify(headers)} ${body.toString('latin1')}`.toLowerCase(),
  );
  assert.ok(sent.length > 10);
  for (const secret of secrets)
    assert.equal(
      sent.some((request) => request.includes(secret.toLowerCase())),
      false,
    );
});
