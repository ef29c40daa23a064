/** A recipient's session where two devices, a failing service and a hostile one are about. */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {lockKeyring, unlockKeyring} from '../../static/js/client/access.js';
import {saveKeyring} from '../../static/js/client/session.js';
import {accessKeys} from '../../static/js/crypto/access_codes.js';
import {parseCode} from '../../static/js/crypto/codes.js';
import {b64, dayText} from '../../static/js/crypto/encoding.js';
import {sealOpening} from '../../static/js/crypto/envelope.js';
import {creationBytes} from '../../static/js/crypto/wire.js';
import {inboxCalls} from '../../static/js/inbox/worker.js';
import {reporterCalls} from '../../static/js/reporter/worker.js';
import {seeded} from './randomness.js';
import {answering, remember, route} from './remembering.js';
import {given, meddle, problem, until} from './serving.js';
import {TODAY, colleagueDraft, makeWorld, person} from './world.js';

/** @import {Keyring} from '../../static/js/crypto/keyring.js' */
/** @import {Told} from '../../static/js/client/views.js' */
/** @import {Memory} from './remembering.js' */
/** @import {Meddler} from './serving.js' */
/** @import {World} from './world.js' */

/** @type {World} */
let world;
/** @type {Meddler} */
let server;
/** @type {Memory} */
let memory;
before(async () => {
  world = await makeWorld(seeded('session'));
  server = await meddle('http://127.0.0.1:9/example/');
});
after(() => server?.stop());
beforeEach(async () => {
  memory = await remember(world);
  server.between(answering(memory));
  server.seen.length = 0;
});

const LIMITS = {silence: 5, slow: 5, firstPause: 0.01};
const now = () => TODAY * 86_400_000 + 1000;
const address = () => ({base: server.url, pin: b64(world.organisationId)});

async function report(text = 'Something is wrong.') {
  const calls = reporterCalls({tell: () => {}, now, limits: LIMITS});
  await calls.open(address());
  await calls.seal({channel: 'adviser', kind: 'fraud', text, rereadable: true, without: []});
  await calls.send();
  return calls;
}

/** @param {string} [id] */
async function inbox(id = 'lee') {
  /** @type {Told[]} */
  const told = [];
  const calls = inboxCalls({tell: (event) => void told.push(event), now, limits: LIMITS, lockedWithin: 0.5});
  await calls.open(address());
  memory.who = id;
  await calls.signIn({code: person(world, id).code});
  return {...calls, told};
}

/** The keyring as it lies on the server. @param {string} [id] */
async function keyringOf(id = 'lee') {
  const {unlocker} = accessKeys(parseCode(person(world, id).code, 'access'), world.organisationId);
  const {bytes, version} = /** @type {{bytes: Uint8Array, version: number}} */ (memory.keyrings.get(id));
  return {version, ...(await unlockKeyring(bytes, unlocker, world.organisationId, id))};
}

/** @param {Partial<Keyring>} change */
async function giveKeyring(change) {
  const {lock, keyring} = person(world, 'lee');
  memory.keyrings.set('lee', {bytes: await lockKeyring({lock, keyring: {...keyring, ...change}}, world.random), version: 1});
}

test('a session that has ended begins again, once', async () => {
  await report();
  const lee = await inbox();
  memory.tokens.clear();
  assert.equal((await lee.sync()).items.length, 1);
  memory.change = ({path}) => (path.startsWith('inbox/') ? problem(401, 'sign-in-again') : undefined);
  server.seen.length = 0;
  await assert.rejects(lee.sync(), {code: 'sign-in-again'});
  assert.equal(server.seen.filter(({path}) => path === 'sign-in').length, 1);
});

test('a session that begins again is still the same person\'s', async () => {
  const lee = await inbox();
  memory.tokens.clear();
  memory.who = 'kaya';
  await assert.rejects(lee.sync(), {code: 'answer-damaged'});
});

test('a code of nobody, and a keyring of somebody else', async () => {
  memory.change = ({path}) => (path === 'sign-in' ? problem(401, 'access-unknown') : undefined);
  await assert.rejects(inbox(), {code: 'access-unknown'});
  memory.change = ({path}) => (path === 'inbox/keyring' ? given(200, memory.keyrings.get('mo')?.bytes, {ETag: '"1"'}) : undefined);
  await assert.rejects(inbox(), {code: 'keyring-locked'});
  memory.change = ({path}) => (path === 'inbox/keyring' ? given(200, memory.keyrings.get('lee')?.bytes) : undefined);
  await assert.rejects(inbox(), {code: 'answer-damaged'});
  memory.change = ({path}) => (path === 'sign-in' ? given(200, '{"token": "two words", "recipient": "lee"}') : undefined);
  await assert.rejects(inbox(), {code: 'answer-damaged'});
});

test('a sync writes the keyring once, and the next one not at all', async () => {
  await report();
  const lee = await inbox();
  await lee.sync();
  await lee.sync();
  await lee.lock();
  assert.equal((await keyringOf()).version, 2);
  assert.equal((await keyringOf()).keyring.conversations.size, 1);
});

test('two devices at once lose nothing that either of them has noted', async () => {
  await report('one');
  const [desk, home] = [await inbox(), await inbox()];
  const [item] = (await desk.sync()).items;
  assert.ok(item);
  assert.deepEqual((await home.sync()).items.map(({mailbox}) => mailbox), [item.mailbox]);
  await report('two');
  const [other] = (await home.sync()).items.filter(({mailbox}) => mailbox !== item.mailbox);
  assert.ok(other);
  await desk.reply({mailbox: item.mailbox, text: 'answer'});
  await home.read(other);
  await Promise.all([desk.lock(), home.lock()]);
  const third = await inbox();
  assert.deepEqual((await third.sync()).items.map(({fresh}) => fresh), [false, false]);
});

test('a keyring whose write was not answered is not written twice', async () => {
  await report();
  const lee = await inbox();
  let lost = 0;
  memory.change = (asked) => {
    if (asked.method !== 'PUT' || asked.path !== 'inbox/keyring' || lost > 0) return undefined;
    lost += 1;
    route(memory, asked);
    return problem(503, 'server-busy');
  };
  assert.equal((await lee.sync()).items.length, 1);
  assert.deepEqual([lost, (await keyringOf()).version], [1, 2]);
});

test('a keyring that always changes under us is given up', async () => {
  const lee = await inbox();
  memory.change = ({method, path}) => (method === 'PUT' && path === 'inbox/keyring' ? problem(412, 'keyring-changed') : undefined);
  await assert.rejects(lee.sync(), {code: 'keyring-changed'});
  assert.equal(server.seen.filter(({method}) => method === 'PUT').length, 8);
});

test('a keyring that has become too large is not written, and says so', async () => {
  const {keyring, lock} = person(world, 'lee');
  const closed = new Set(Array.from({length: 750_000}, (_, index) => String(index).padStart(43, 'A')));
  const refused = () => assert.fail('nothing is to be sent');
  const connection = /** @type {any} */ ({request: refused, json: refused});
  const session = /** @type {any} */ ({connection, keyring: {...keyring, closed}, lock, stored: '', full: false});
  await saveKeyring(session, world.random);
  assert.equal(session.full, true);
});

test('a statement is renewed when it is due, and another device may have been faster', async () => {
  await (await inbox()).sync();
  assert.equal(memory.statements.length, 0);
  await giveKeyring({stated: null});
  memory.change = ({path}) => (path === 'inbox/statement' ? problem(409, 'conflict') : undefined);
  await (await inbox()).sync();
  assert.equal((await keyringOf()).keyring.stated, null);
  memory.change = () => undefined;
  await (await inbox()).sync();
  const {statement, keys} = JSON.parse(memory.statements[0] ?? '');
  assert.deepEqual([memory.statements.length, keys.length, statement.signatures.length], [1, 26, 1]);
  assert.notEqual((await keyringOf()).keyring.stated, null);
});

test('a directory older than the keyring has noted is refused, once it was asked for again', async () => {
  await giveKeyring({directory: {version: 2, hash: world.random(32)}});
  await assert.rejects(inbox(), {code: 'directory-rolled-back'});
  assert.equal(server.seen.filter(({path}) => path === 'directory').length, 2);
  await giveKeyring({directory: {version: 1, hash: world.random(32)}});
  await assert.rejects(inbox(), {code: 'directory-chain'});
});

const cutShort = (/** @type {import('./serving.js').Given} */ {status, body}) => given(status, body.subarray(0, -1));
const DAMAGES = /** @type {Record<string, (asked: import('./serving.js').Asked) => import('./serving.js').Given | undefined>} */ ({
  'a day without its end': (asked) => (asked.path.startsWith('inbox/days/') ? cutShort(route(memory, asked)) : undefined),
  'a page in place of a day': ({path}) => (path.startsWith('inbox/days/') ? given(200, '<html>'.repeat(100)) : undefined),
  'a list that is none': ({path}) => (path.startsWith('inbox/days?') ? given(200, '{"day": "2026-11-23", "days": 3}') : undefined),
  'a day before what was asked for': ({path}) =>
    path.startsWith('inbox/days?') ? given(200, `{"day": "${dayText(TODAY)}", "days": [{"day": "1970-01-01", "bytes": 3}]}`) : undefined,
  'another day than this': ({path}) => (path.startsWith('inbox/days?') ? given(200, '{"day": "2027-11-23", "days": []}') : undefined),
  'half an id': (asked) => (asked.path === 'inbox/mailboxes' ? cutShort(route(memory, asked)) : undefined),
});
for (const [name, change] of Object.entries(DAMAGES)) {
  test(`${name} is an answer that is damaged, and nothing is written`, async () => {
    await giveKeyring({synced: TODAY - 5});
    await report();
    const lee = await inbox();
    memory.change = change;
    await assert.rejects(lee.sync(), {code: 'answer-damaged'});
    assert.equal((await keyringOf()).version, 1);
    memory.change = () => undefined;
    assert.deepEqual((await lee.sync()).items.map(({messages}) => messages), [1]);
  });
}

test('a day that breaks off is taken again from its beginning, and counted once', async () => {
  for (const text of ['damaged', 'one', 'two']) await report(text);
  const [first] = [...memory.mailboxes.values()].flatMap(({envelopes}) => envelopes);
  assert.ok(first);
  first.bytes = first.bytes.with(-1, Number(first.bytes.at(-1)) ^ 1);
  const lee = await inbox();
  let broken = 0;
  const whole = answering(memory);
  server.between((asked, pass, response) => {
    if (!asked.path.startsWith('inbox/days/') || broken > 0) return whole(asked, pass, response);
    broken += 1;
    const {body} = route(memory, asked);
    response.writeHead(200, {'Content-Length': String(body.length)});
    // After two of the three, so that one is taken already.
    response.write(body.subarray(0, body.length - 100), () => setTimeout(() => response.destroy(), 50));
    return null;
  });
  const {items, damaged} = await lee.sync();
  assert.deepEqual([broken, damaged, items.map(({messages}) => messages)], [1, 1, [1, 1]]);
});

test('damaged items are counted, and cost no other', async () => {
  await report('one');
  const [first] = memory.mailboxes.values();
  await report('two');
  const broken = first?.envelopes[0];
  assert.ok(broken);
  broken.bytes = broken.bytes.with(-1, Number(broken.bytes.at(-1)) ^ 1);
  const {items, damaged} = await (await inbox()).sync();
  assert.deepEqual([items.length, damaged], [1, 1]);
});

test('what is for recipients alone is not listed, and not read as a report', async () => {
  const draft = colleagueDraft(world, 'case', 'kaya', {case: {mailbox: b64(world.random(32))}});
  const {bytes} = await sealOpening(draft, world.random);
  const mailbox = b64(draft.creation.mailbox);
  memory.mailboxes.set(mailbox, {creation: creationBytes(draft.creation), envelopes: [{id: draft.envelope, day: TODAY, bytes}]});
  const lee = await inbox();
  const {items, damaged} = await lee.sync();
  assert.deepEqual([items, damaged, (await keyringOf()).keyring.conversations.size], [[], 0, 1]);
  await assert.rejects(lee.read({mailbox}), {code: 'conversation-unknown'});
});

test('another conversation is not the answer to what was asked', async () => {
  await report('one');
  await report('two');
  const lee = await inbox();
  const [one, two] = (await lee.sync()).items;
  const other = memory.mailboxes.get(two?.mailbox ?? '');
  assert.ok(one && other);
  memory.mailboxes.set(one.mailbox, other);
  await assert.rejects(lee.read(one), {code: 'answer-damaged'});
});

test('a message that was read and is withheld is missed, today and the next time', async () => {
  await report();
  const [lee, kaya] = [await inbox('lee'), await inbox('kaya')];
  const [item] = (await lee.sync()).items;
  assert.ok(item);
  await kaya.sync();
  await kaya.reply({mailbox: item.mailbox, text: 'answer'});
  assert.deepEqual((await lee.read(item)).notices, []);
  memory.mailboxes.get(item.mailbox)?.envelopes.pop();
  const codes = async (/** @type {typeof lee} */ calls) => (await calls.read(item)).notices.map(({code}) => code);
  assert.deepEqual([await codes(lee), await codes(lee)], [['gap'], ['gap']]);
  await lee.lock();
  assert.deepEqual(await codes(await inbox('lee')), ['gap']);
});

/** A recipient who has something to save: a colleague's answer was read. */
async function withSomethingRead() {
  await report();
  const [lee, kaya] = [await inbox('lee'), await inbox('kaya')];
  const [item] = (await lee.sync()).items;
  assert.ok(item);
  await kaya.sync();
  await kaya.reply({mailbox: item.mailbox, text: 'answer'});
  await lee.read(item);
  return {lee, item};
}

test('locking forgets at once: what is going on is stopped, and a server that does not answer delays it little', async () => {
  const {lee, item} = await withSomethingRead();
  server.between(() => null);
  const before = server.seen.length;
  const [syncing, reading] = [lee.sync(), lee.read(item)];
  await until(() => server.seen.length > before, 'it is asked');
  const start = performance.now();
  await Promise.all([assert.rejects(syncing, {code: 'stopped'}), assert.rejects(reading, {code: 'stopped'}), lee.lock()]);
  assert.equal(server.seen.at(-1)?.method, 'PUT');
  assert.ok(performance.now() - start < 4000, 'less than the silence that a request may have');
  await assert.rejects(lee.sync(), TypeError);
  await assert.rejects(lee.read(item), TypeError);
  await lee.lock();
});

test('what was read is saved at lock, and a save that is refused does not keep it open', async () => {
  const {lee} = await withSomethingRead();
  memory.change = ({method}) => (method === 'PUT' ? problem(413, 'body-too-large') : undefined);
  await lee.lock();
  assert.equal((await keyringOf()).version, 2);
  await assert.rejects(lee.sync(), TypeError);
  memory.change = () => undefined;
  const again = await inbox('lee');
  const [item] = (await again.sync()).items;
  assert.ok(item);
  await again.read(item);
  await again.lock();
  assert.equal((await keyringOf()).version, 3);
});

test('what was read is not new again because an answer comes before what it answers', async () => {
  const {lee, item} = await withSomethingRead();
  await lee.reply({mailbox: item.mailbox, text: 'an answer to the answer'});
  const envelopes = memory.mailboxes.get(item.mailbox)?.envelopes;
  envelopes?.push(...envelopes.splice(1, 1));
  assert.deepEqual((await lee.sync()).items.map(({messages, fresh}) => [messages, fresh]), [[3, false]]);
});
