/**
 * Files with a report and with a message, through the calls of a reporter's worker, against a real service.
 */
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {after, before, beforeEach, test} from 'node:test';
import {reporterCalls} from '../../static/js/worker/reporter.js';
import {given, openRelay, problem, startService, until} from './kit/serving.js';

/** @import {NamedFile} from '../../static/js/worker/received_files.js' */
/** @import {WorkerEvent, Visit} from '../../static/js/worker/views.js' */
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

const LIMITS = {silence: 5, slow: 5, firstPause: 0.01};
const REPORT = {
  channel: 'integrity-committee',
  kind: null,
  text: 'See the files.',
  rereadable: true,
  without: [],
};

async function page() {
  /** @type {WorkerEvent[]} */
  const emitted = [];
  const calls = reporterCalls({emit: (event) => void emitted.push(event), limits: LIMITS});
  const overview = await calls.open({base: relay.url, pin: service.fingerprint});
  return {calls, overview, emitted};
}

/** @param {string} name @param {number} length */
const file = (name, length) => new File([new Uint8Array(randomBytes(length))], name, {type: 'image/png'});
const openings = () => relay.seen.filter(({path}) => path.includes('/opening/'));
const chunks = () => relay.seen.filter(({method, path}) => method === 'PUT' && path.startsWith('blobs/'));

test('a page is told the largest file that the server takes', async () => {
  const {overview} = await page();
  assert.ok(overview.largestFile >= 2 ** 20);
});

test('a report names its files once they are there, and a message its own', async () => {
  const {calls} = await page();
  await Promise.all([
    calls.attach({id: 1, file: file('one.png', 300_000)}),
    calls.attach({id: 2, file: file('two.png', 0)}),
  ]);
  await calls.settled({files: [1, 2]});
  await calls.seal({...REPORT, files: [1, 2]});
  await calls.send();
  const {messages} = await calls.visit({code: calls.receipt()});
  assert.deepEqual(messages[0]?.attachments, [
    {index: 0, name: 'one.png', size: 300_000, type: 'image/png'},
    {index: 1, name: 'two.png', size: 0, type: 'image/png'},
  ]);
  await calls.attach({id: 3, file: file('three.png', 10)});
  await calls.settled({files: [3]});
  await calls.write({text: 'One more.', files: [3]});
  const {messages: more} = await calls.refresh();
  assert.deepEqual(
    more[1]?.attachments.map(({name}) => name),
    ['three.png'],
  );
  await calls.write({text: 'No more.'});
  assert.deepEqual((await calls.refresh()).messages[2]?.attachments, []);
});

test('with files on their way a report is tried, and not sent', async () => {
  const {calls} = await page();
  relay.between((asked, pass) => (asked.path.startsWith('blobs/') ? problem(507, 'storage-full') : pass()));
  await calls.attach({id: 1, file: file('one.png', 10)});
  await assert.rejects(calls.seal({...REPORT, kind: 'gossip', files: [1]}), {code: 'kind-unknown'});
  await calls.seal({...REPORT, files: [1]});
  const receipt = calls.receipt();
  await assert.rejects(calls.send(), {code: 'attachments-incomplete'});
  const waiting = calls.settled({files: [1]});
  await until(() => chunks().length > 0, 'it goes up');
  calls.stop();
  await assert.rejects(waiting, {code: 'stopped'});
  relay.between(null);
  await calls.settled({files: [1]});
  await calls.seal({...REPORT, files: [1]});
  await calls.send();
  assert.equal(calls.receipt(), receipt);
  assert.equal((await calls.visit({code: receipt})).messages[0]?.attachments.length, 1);
});

test('a report whose answer was lost is the same bytes with its files, and another without one of them', async () => {
  const {calls, emitted} = await page();
  await calls.attach({id: 1, file: file('one.png', 10)});
  await calls.attach({id: 2, file: file('two.png', 10)});
  await calls.settled({files: [1, 2]});
  await calls.seal({...REPORT, files: [1, 2]});
  relay.between((asked, pass) =>
    asked.path.includes('/opening/') ? problem(503, 'server-unavailable') : pass(),
  );
  const sending = calls.send();
  await until(() => openings().length > 1, 'it is sent');
  calls.stop();
  await assert.rejects(sending, {code: 'stopped'});
  await calls.seal({...REPORT, files: [1, 2]});
  assert.equal(new Set(openings().map(({body}) => body.toString('hex'))).size, 1);
  assert.equal(
    emitted.some(({event}) => event === 'renewed'),
    false,
  );
  await calls.removeFiles({ids: [1]});
  await calls.seal({...REPORT, files: [2]});
  assert.equal(
    emitted.some(({event}) => event === 'renewed'),
    true,
  );
  relay.between(null);
  await calls.send();
  const {messages} = await calls.visit({code: calls.receipt()});
  assert.deepEqual(
    messages[0]?.attachments.map(({name}) => name),
    ['two.png'],
  );
});

test('files of a report that has arrived after all go with another one too, uploaded anew', async () => {
  const {calls, emitted} = await page();
  await calls.attach({id: 1, file: file('one.png', 300_000)});
  await calls.attach({id: 2, file: file('two.png', 10)});
  await calls.settled({files: [1, 2]});
  await calls.seal({...REPORT, files: [1]});
  const first = calls.receipt();
  relay.between(async (asked, pass) => {
    const answer = await pass();
    return asked.path.includes('/opening/') ? problem(503, 'server-unavailable') : answer;
  });
  const sending = calls.send();
  await until(() => openings().length > 1, 'it is sent, and stored');
  calls.stop();
  await assert.rejects(sending, {code: 'stopped'});
  relay.between(null);
  const before = chunks().length;
  await calls.seal({...REPORT, text: 'See both files.', files: [1, 2]});
  await calls.settled({files: [1, 2]});
  assert.ok(
    emitted.some((event) => event.event === 'file' && event.file.id === 1 && event.file.state === 'waiting'),
    'the page hears that it waits again',
  );
  assert.equal(
    new Set(
      chunks()
        .slice(before)
        .map(({path}) => path.split('/')[1]),
    ).size,
    1,
    'only what belongs to the first is uploaded again',
  );
  await calls.seal({...REPORT, text: 'See both files.', files: [1, 2]});
  await calls.send();
  const second = calls.receipt();
  const names = async (/** @type {string} */ code) =>
    (await calls.visit({code})).messages[0]?.attachments.map(({name}) => name);
  assert.deepEqual([await names(first), await names(second)], [['one.png'], ['one.png', 'two.png']]);
});

test('a message that was refused for files of another name is sealed again with what they are now', async () => {
  const {calls} = await page();
  await calls.seal(REPORT);
  await calls.send();
  await calls.visit({code: calls.receipt()});
  await calls.attach({id: 1, file: file('one.png', 10)});
  await calls.settled({files: [1]});
  const isMessage = (/** @type {string} */ path) => path.includes('/envelopes/');
  relay.between((asked, pass) => (isMessage(asked.path) ? problem(409, 'attachments-incomplete') : pass()));
  await assert.rejects(calls.write({text: 'With one.', files: [1]}), {code: 'attachments-incomplete'});
  relay.between(null);
  await calls.write({text: 'With one.', files: [1]});
  const {messages} = await calls.refresh();
  assert.deepEqual(
    messages.slice(1).map(({attachments}) => attachments.length),
    [1],
  );
  assert.equal(new Set(relay.seen.filter(({path}) => isMessage(path)).map(({path}) => path)).size, 2);
});

test('a message that is stored keeps its files until the page has done with them, whatever comes after', async () => {
  const {calls} = await page();
  await calls.seal(REPORT);
  await calls.send();
  await calls.visit({code: calls.receipt()});
  await calls.attach({id: 1, file: file('one.png', 10)});
  await calls.settled({files: [1]});
  await calls.write({text: 'With one.', files: [1]});
  await calls.write({text: 'With one, said better.', files: [1]});
  await calls.removeFiles({ids: [1]});
  const {messages, notices} = await calls.refresh();
  assert.deepEqual(
    messages.slice(1).map(({attachments}) => attachments.map(({name}) => name)),
    [['one.png'], ['one.png']],
  );
  assert.deepEqual(notices, []);
  assert.equal(
    relay.seen.some(({method}) => method === 'DELETE'),
    false,
  );
});

test('nothing is sent without a file that it was to have', async () => {
  const {calls} = await page();
  await calls.seal({...REPORT, files: [7]});
  await assert.rejects(calls.send(), {code: 'attachments-incomplete'});
  await assert.rejects(calls.settled({files: [7]}), {code: 'attachments-incomplete'});
  await assert.rejects(calls.goOnWithFile({id: 7}), TypeError);
  await calls.seal(REPORT);
  await calls.send();
  await calls.visit({code: calls.receipt()});
  await assert.rejects(calls.write({text: 'With none.', files: [7]}), {code: 'attachments-incomplete'});
  await calls.attach({id: 1, file: file('one.png', 10)});
  await calls.settled({files: [1]});
  await assert.rejects(calls.write({text: 'With one of two.', files: [1, 7]}), {
    code: 'attachments-incomplete',
  });
  assert.equal((await calls.refresh()).messages.length, 1);
});

test('a report whose files the server can not get again is refused, and known not to be stored', async () => {
  const {calls, emitted} = await page();
  await calls.attach({id: 1, file: file('one.png', 10)});
  await calls.settled({files: [1]});
  await calls.seal({...REPORT, files: [1]});
  relay.between((asked, pass) => {
    if (asked.path.includes('/opening/')) return problem(409, 'attachments-incomplete');
    if (asked.path.endsWith('/chunks'))
      return given(200, '{"stored": []}', {'Content-Type': 'application/json'});
    return asked.path.startsWith('blobs/') ? problem(507, 'storage-full') : pass();
  });
  const before = chunks().length;
  const sending = calls.send();
  await until(() => chunks().length > before, 'it is sent again');
  calls.stop();
  await assert.rejects(sending, {code: 'attachments-incomplete'});
  relay.between(null);
  await calls.settled({files: [1]});
  await calls.seal({...REPORT, files: [1]});
  assert.deepEqual(
    emitted.filter(({event}) => event === 'renewed'),
    [{event: 'renewed', maybeStored: false}],
  );
});

test('what the server lost before the report came is sent again, and then the same report', async () => {
  const {calls} = await page();
  await calls.attach({id: 1, file: file('one.png', 3_000_000)});
  await calls.settled({files: [1]});
  await calls.seal({...REPORT, files: [1]});
  const [first] = chunks();
  assert.ok(first);
  const [blob = ''] = /** @type {string[]} */ (first.path.match(/^blobs\/[^/]+/u));
  const headers = {Authorization: String(first.headers['authorization'])};
  assert.equal((await fetch(`${service.url}api/1/${blob}`, {method: 'DELETE', headers})).status, 204);
  const before = chunks().length;
  await calls.send();
  assert.ok(chunks().length > before);
  assert.equal(openings().length, 2);
  assert.deepEqual(openings()[0]?.body, openings()[1]?.body);
  assert.equal((await calls.visit({code: calls.receipt()})).messages[0]?.attachments.length, 1);
});

test('a removed file goes from the real server too', async () => {
  const {calls} = await page();
  await calls.attach({id: 1, file: file('one.png', 10)});
  await calls.settled({files: [1]});
  const {path = '', headers = {}} = chunks()[0] ?? {};
  await calls.removeFiles({ids: [1]});
  await until(() => relay.seen.some(({method}) => method === 'DELETE'), 'it is deleted');
  const ask = async () => {
    const answer = await fetch(`${service.url}api/1/${path.replace(/\/\d+$/u, '')}`, {
      headers: {Authorization: String(headers['authorization'])},
    });
    return (await answer.json()).stored;
  };
  let stored = await ask();
  for (let tries = 0; stored.length > 0 && tries < 200; tries += 1) stored = await ask();
  assert.deepEqual(stored, []);
});

/** @param {Visit} visit */
const firstOf = ({messages}) => /** @type {NamedFile | undefined} */ (messages[0]?.attachments[0]);

test('files of a conversation come when they are asked for, and no more of them once it is left', async () => {
  const {calls, emitted} = await page();
  const sent = file('..\\letter.bin', 300_000);
  await calls.attach({id: 1, file: sent});
  await calls.settled({files: [1]});
  await calls.seal({...REPORT, files: [1]});
  await calls.send();
  await calls.visit({code: calls.receipt()});
  assert.throws(() => calls.saveFile({id: 'any', handle: null}), TypeError);
  const named = firstOf(await calls.withFiles());
  assert.equal(named?.safe, 'letter.bin');
  const {end, blob} = await calls.saveFile({id: String(named?.id), handle: null});
  assert.equal(end, 'saved');
  assert.deepEqual(await blob?.arrayBuffer(), await sent.arrayBuffer());
  assert.ok(emitted.some((event) => event.event === 'download' && event.id === named?.id));
  assert.equal(firstOf(await calls.refresh())?.id, named?.id);
  await calls.leave();
  assert.throws(() => calls.saveFile({id: String(named?.id), handle: null}), TypeError);
});
