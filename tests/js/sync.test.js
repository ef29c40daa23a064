/** PROTOCOL 12.11: what an inbox asks for when it looks again, and what that tells a server. */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {concat} from '../../static/js/crypto/public/bytes.js';
import {b64, dayText, unb64} from '../../static/js/crypto/public/encoding.js';
import {inboxCalls} from '../../static/js/worker/recipient.js';
import {reporterCalls} from '../../static/js/worker/reporter.js';
import {makeDirectory} from './kit/custodian.js';
import {seeded} from './kit/randomness.js';
import {answering, codeOf, remember, route} from './kit/fake_service.js';
import {given, openRelay} from './kit/serving.js';
import {TODAY, makeOpaqueOrganisation} from './kit/opaque_organisation.js';

/** @import {FakeService} from './kit/fake_service.js' */
/** @import {Given, Relay} from './kit/serving.js' */
/** @import {OpaqueOrganisation} from './kit/opaque_organisation.js' */

/** @type {OpaqueOrganisation} */
let world;
/** @type {Relay} */
let server;
/** @type {FakeService} */
let fake;
before(async () => {
  world = await makeOpaqueOrganisation(seeded('sync'));
  server = await openRelay('http://127.0.0.1:9/example/');
});
after(() => server?.stop());
beforeEach(async () => {
  fake = await remember({...world});
  server.between(answering(fake));
});

const HOUR = 3_600_000;
const DAY = `inbox/days/${dayText(TODAY)}`;
const LIMITS = {silence: 10_000, slow: 5, firstPause: 0.01};
const address = () => ({base: server.url, pin: b64(world.organisationId)});

/** @param {string} text */
async function report(text) {
  const calls = reporterCalls({emit: () => {}, now: () => fake.day * 24 * HOUR, limits: LIMITS});
  await calls.open(address());
  await calls.seal({channel: 'adviser', kind: 'fraud', text, rereadable: true, without: []});
  await calls.send();
}

/** A page of a recipient, and what sets its clock forward. @param {string} id */
async function inbox(id) {
  let more = 0;
  const calls = inboxCalls({emit: () => {}, now: () => fake.day * 24 * HOUR + more, limits: LIMITS});
  await calls.open(address());
  await calls.signIn({code: codeOf(fake, id)});
  return {...calls, later: () => (more += 2 * HOUR)};
}

const cutShort = (/** @type {Given} */ {status, body}) => given(status, body.subarray(0, -1));

/** @param {{items: {messages: number}[]}} list */
const counts = ({items}) => items.map(({messages}) => messages).sort();

/** What the server sees of a sync. @param {{sync: () => Promise<unknown>}} calls */
async function seenOf(calls) {
  server.seen.length = 0;
  await calls.sync();
  return server.seen
    .filter(({path}) => path.startsWith('inbox/days/'))
    .map(({method, path, body}) => [method, path, body.toString('hex')]);
}

/**
 * The names of envelopes, as they are asked for.
 * @param {number} first how many are left out
 * @param {number} [number]
 */
const namesAfter = (first, number = Infinity) =>
  [...fake.mailboxes]
    .flatMap(([mailbox, {envelopes}]) => envelopes.map(({id}) => concat(unb64(mailbox), id)))
    .slice(first, first + number)
    .map((name) => Buffer.from(name).toString('hex'))
    .join('');

test('looking again asks for all that is new, whoever it is for and whatever became of the rest', async () => {
  await report('for lee and kaya');
  await report('damaged');
  const broken = [...fake.mailboxes.values()][1]?.envelopes[0];
  assert.ok(broken);
  broken.bytes = broken.bytes.with(-1, Number(broken.bytes.at(-1)) ^ 1);
  const [lee, mo] = [await inbox('lee'), await inbox('mo')];
  const first = [['GET', DAY, '']];
  assert.deepEqual([await seenOf(lee), await seenOf(mo)], [first, first]);
  const nothing = [['GET', `${DAY}/ids`, '']];
  assert.deepEqual([await seenOf(lee), await seenOf(mo)], [nothing, nothing]);
  await report('more for lee and kaya');
  await report('and more');
  const more = [...nothing, ['POST', DAY, namesAfter(2)]];
  assert.deepEqual([await seenOf(lee), await seenOf(mo)], [more, more]);
  const [seen, other] = [await lee.sync(), await mo.sync()];
  assert.deepEqual([counts(seen), seen.damaged], [[1, 1, 1], 1]);
  assert.deepEqual([other.items, other.damaged], [[], 0]);
});

test('a message that is new is counted once, though it comes in parts that break off', async () => {
  await report('one');
  const [lee, kaya] = [await inbox('lee'), await inbox('kaya')];
  const [item] = (await lee.sync()).items;
  assert.ok(item);
  await kaya.sync();
  await kaya.reply({mailbox: item.mailbox, text: 'answer'});
  await report('two');
  let broken = 0;
  const whole = answering(fake);
  server.between((asked, pass, response) => {
    if (asked.method !== 'POST' || broken > 0) return whole(asked, pass, response);
    broken += 1;
    const {body} = route(fake, asked);
    response.writeHead(200, {'Content-Length': String(body.length)});
    response.write(body.subarray(0, body.length - 30), () => setTimeout(() => response.destroy(), 50));
    return null;
  });
  assert.deepEqual(counts(await lee.sync()), [1, 2]);
  assert.equal(broken, 1);
  assert.deepEqual(counts(await lee.sync()), [1, 2]);
});

test('what a server repeats is not counted twice, and what it takes back is gone', async () => {
  await report('one');
  const lee = await inbox('lee');
  await lee.sync();
  await report('two');
  fake.change = (asked) =>
    asked.method === 'POST' && asked.path === DAY ? route(fake, {...asked, method: 'GET'}) : undefined;
  const {items} = await lee.sync();
  assert.deepEqual(
    items.map(({messages}) => messages),
    [1, 1],
  );
  fake.change = () => undefined;
  fake.mailboxes.delete(items[0]?.mailbox ?? '');
  assert.deepEqual(
    (await lee.sync()).items.map(({mailbox}) => mailbox),
    [items[1]?.mailbox],
  );
});

test('a sync that failed is made up for by the next', async () => {
  await report('one');
  const lee = await inbox('lee');
  await lee.sync();
  await report('two');
  for (const end of ['/ids', '']) {
    const method = end ? 'GET' : 'POST';
    fake.change = (asked) =>
      asked.method === method && asked.path === DAY + end ? cutShort(route(fake, asked)) : undefined;
    await assert.rejects(lee.sync(), {code: 'answer-damaged'});
  }
  fake.change = () => undefined;
  assert.equal((await lee.sync()).items.length, 2);
});

test('what is lacking is asked for in parts', async () => {
  const lee = await inbox('lee');
  await report('one');
  await lee.sync();
  const [[id, mailbox] = []] = fake.mailboxes;
  assert.ok(id && mailbox);
  for (let number = 0; number < 1025; number += 1)
    mailbox.envelopes.push({id: world.random(16), day: TODAY, bytes: new Uint8Array(1)});
  const asked = await seenOf(lee);
  assert.deepEqual(asked, [
    ['GET', `${DAY}/ids`, ''],
    ['POST', DAY, namesAfter(1, 1024)],
    ['POST', DAY, namesAfter(1025)],
  ]);
});

test('a day to which nothing can be added any more is read whole, and once', async () => {
  await report('one');
  const lee = await inbox('lee');
  await lee.sync();
  fake.day += 6;
  assert.deepEqual(await seenOf(lee), [['GET', DAY, '']]);
  assert.deepEqual(await seenOf(lee), []);
  assert.deepEqual(counts(await lee.sync()), [1]);
});

test('by another directory all days are read whole', async () => {
  await report('one');
  const lee = await inbox('lee');
  await lee.sync();
  const history = [b64(world.organisation.directory.hash)];
  const content = {...structuredClone(world.content), version: 2, history};
  fake.world.directoryBytes = makeDirectory(content, [world.rootSeed]);
  lee.later();
  assert.deepEqual(await seenOf(lee), [['GET', DAY, '']]);
  assert.deepEqual(await seenOf(lee), [['GET', `${DAY}/ids`, '']]);
  assert.deepEqual(counts(await lee.sync()), [1]);
});

test('a lock forgets what was taken', async () => {
  await report('one');
  const lee = await inbox('lee');
  await lee.sync();
  await lee.lock();
  await lee.signIn({code: codeOf(fake, 'lee')});
  assert.deepEqual(await seenOf(lee), [['GET', DAY, '']]);
});

test('a list of millions of mailboxes is read as it comes', async () => {
  await report('one');
  const lee = await inbox('lee');
  const [mailbox = ''] = fake.mailboxes.keys();
  const [others, length] = [1_900_000, 36];
  const list = Buffer.alloc((others + 2) * length, 1);
  // More than any answer that is kept may have.
  assert.ok(list.length > 64 * 1024 * 1024);
  list.set(unb64(mailbox), others * length);
  list.fill(0, (others + 1) * length);
  list.writeUInt32BE(others + 1, list.length - 4);
  fake.change = ({path}) => (path === 'inbox/mailboxes' ? given(200, list) : undefined);
  assert.deepEqual(counts(await lee.sync()), [1]);
});
