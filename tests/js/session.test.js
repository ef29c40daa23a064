/** A recipient's session where two devices, a failing service and a hostile one are about. */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {lockKeyring, unlockKeyring} from '../../static/js/client/recipient/keyring_access.js';
import {saveKeyring} from '../../static/js/client/recipient/session.js';
import {accessKeys, parseCode} from '../../static/js/crypto/secret/codes.js';
import {b64, dayText} from '../../static/js/crypto/public/encoding.js';
import {sealOpening} from '../../static/js/crypto/secret/envelope_seal.js';
import {creationRecordBytes} from '../../static/js/crypto/public/mailbox.js';
import {inboxCalls} from '../../static/js/worker/recipient.js';
import {reporterCalls} from '../../static/js/worker/reporter.js';
import {seeded} from './kit/randomness.js';
import {answering, remember, route} from './kit/fake_service.js';
import {given, openRelay, problem, until} from './kit/serving.js';
import {TODAY, colleagueDraft, makeOpaqueOrganisation, person} from './kit/opaque_organisation.js';

/** @import {Keyring} from '../../static/js/crypto/secret/keyring.js' */
/** @import {WorkerEvent} from '../../static/js/worker/views.js' */
/** @import {FakeService} from './kit/fake_service.js' */
/** @import {Asked, Given, Relay} from './kit/serving.js' */
/** @import {OpaqueOrganisation} from './kit/opaque_organisation.js' */

/** @type {OpaqueOrganisation} */
let world;
/** @type {Relay} */
let server;
/** @type {FakeService} */
let fake;
before(async () => {
  world = await makeOpaqueOrganisation(seeded('session'));
  server = await openRelay('http://127.0.0.1:9/example/');
});
after(() => server?.stop());
beforeEach(async () => {
  fake = await remember(world);
  server.between(answering(fake));
  server.seen.length = 0;
});

// Nobody waits for the end of a silence here: who would, waits until the test is ended.
const LIMITS = {silence: 10_000, slow: 5, firstPause: 0.01};
const now = () => TODAY * 86_400_000 + 1000;
const address = () => ({base: server.url, pin: b64(world.organisationId)});

async function report(text = 'Something is wrong.') {
  const calls = reporterCalls({emit: () => {}, now, limits: LIMITS});
  await calls.open(address());
  await calls.seal({channel: 'adviser', kind: 'fraud', text, rereadable: true, without: []});
  await calls.send();
  return calls;
}

/** @param {string} [id] */
async function inbox(id = 'lee') {
  /** @type {WorkerEvent[]} */
  const emitted = [];
  const calls = inboxCalls({
    emit: (event) => void emitted.push(event),
    now,
    limits: LIMITS,
    lockedWithin: 0.5,
  });
  await calls.open(address());
  fake.who = id;
  await calls.signIn({code: person(world, id).code});
  return {...calls, emitted};
}

/** The keyring as it lies on the server. @param {string} [id] */
async function keyringOf(id = 'lee') {
  const {unlocker} = accessKeys(parseCode(person(world, id).code, 'access'), world.organisationId);
  const {bytes, version} = /** @type {{bytes: Uint8Array, version: number}} */ (fake.keyrings.get(id));
  return {version, ...(await unlockKeyring(bytes, unlocker, world.organisationId, id))};
}

/** @param {Partial<Keyring>} change */
async function giveKeyring(change) {
  const {lock, keyring} = person(world, 'lee');
  fake.keyrings.set('lee', {
    bytes: await lockKeyring({lock, keyring: {...keyring, ...change}}, world.random),
    version: 1,
  });
}

test('a session that has ended begins again, once', async () => {
  await report();
  const lee = await inbox();
  fake.tokens.clear();
  assert.equal((await lee.sync()).items.length, 1);
  fake.change = ({path}) => (path.startsWith('inbox/') ? problem(401, 'sign-in-again') : undefined);
  server.seen.length = 0;
  await assert.rejects(lee.sync(), {code: 'sign-in-again'});
  assert.equal(server.seen.filter(({path}) => path === 'sign-in').length, 1);
});

test("a session that begins again is still the same person's", async () => {
  const lee = await inbox();
  fake.tokens.clear();
  fake.who = 'kaya';
  await assert.rejects(lee.sync(), {code: 'answer-damaged'});
});

test('a code of nobody, and a keyring of somebody else', async () => {
  fake.change = ({path}) => (path === 'sign-in' ? problem(401, 'access-unknown') : undefined);
  await assert.rejects(inbox(), {code: 'access-unknown'});
  fake.change = ({path}) =>
    path === 'inbox/keyring' ? given(200, fake.keyrings.get('mo')?.bytes, {ETag: '"1"'}) : undefined;
  await assert.rejects(inbox(), {code: 'keyring-locked'});
  fake.change = ({path}) =>
    path === 'inbox/keyring' ? given(200, fake.keyrings.get('lee')?.bytes) : undefined;
  await assert.rejects(inbox(), {code: 'answer-damaged'});
  fake.change = ({path}) =>
    path === 'sign-in' ? given(200, '{"token": "two words", "recipient": "lee"}') : undefined;
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
  assert.deepEqual(
    (await home.sync()).items.map(({mailbox}) => mailbox),
    [item.mailbox],
  );
  await report('two');
  const [other] = (await home.sync()).items.filter(({mailbox}) => mailbox !== item.mailbox);
  assert.ok(other);
  await desk.reply({mailbox: item.mailbox, text: 'answer'});
  await home.read(other);
  await Promise.all([desk.lock(), home.lock()]);
  const third = await inbox();
  assert.deepEqual(
    (await third.sync()).items.map(({fresh}) => fresh),
    [false, false],
  );
});

test('a keyring whose write was not answered is not written twice', async () => {
  await report();
  const lee = await inbox();
  let lost = 0;
  fake.change = (asked) => {
    if (asked.method !== 'PUT' || asked.path !== 'inbox/keyring' || lost > 0) return undefined;
    lost += 1;
    route(fake, asked);
    return problem(503, 'server-busy');
  };
  assert.equal((await lee.sync()).items.length, 1);
  assert.deepEqual([lost, (await keyringOf()).version], [1, 2]);
});

test('a keyring that always changes under us is given up', async () => {
  const lee = await inbox();
  fake.change = ({method, path}) =>
    method === 'PUT' && path === 'inbox/keyring' ? problem(412, 'keyring-changed') : undefined;
  await assert.rejects(lee.sync(), {code: 'keyring-changed'});
  assert.equal(server.seen.filter(({method}) => method === 'PUT').length, 8);
});

test('a keyring that has become too large is not written, and says so', async () => {
  const {keyring, lock} = person(world, 'lee');
  const closed = new Set(Array.from({length: 750_000}, (_, index) => String(index).padStart(43, 'A')));
  const refused = () => assert.fail('nothing is to be sent');
  const connection = /** @type {any} */ ({request: refused, json: refused});
  const session = /** @type {any} */ ({
    connection,
    keyring: {...keyring, closed},
    lock,
    stored: '',
    full: false,
  });
  await saveKeyring(session, world.random);
  assert.equal(session.full, true);
});

test('a statement is renewed when it is due, and another device may have been faster', async () => {
  await (await inbox()).sync();
  assert.equal(fake.statements.length, 0);
  await giveKeyring({stated: null});
  fake.change = ({path}) => (path === 'inbox/statement' ? problem(409, 'conflict') : undefined);
  await (await inbox()).sync();
  assert.equal((await keyringOf()).keyring.stated, null);
  fake.change = () => undefined;
  await (await inbox()).sync();
  const {statement, keys} = JSON.parse(fake.statements[0] ?? '');
  assert.deepEqual([fake.statements.length, keys.length, statement.signatures.length], [1, 26, 1]);
  assert.notEqual((await keyringOf()).keyring.stated, null);
});

test('a directory older than the keyring has noted is refused, once it was asked for again', async () => {
  await giveKeyring({directory: {version: 2, hash: world.random(32)}});
  await assert.rejects(inbox(), {code: 'directory-rolled-back'});
  assert.equal(server.seen.filter(({path}) => path === 'directory').length, 2);
  await giveKeyring({directory: {version: 1, hash: world.random(32)}});
  await assert.rejects(inbox(), {code: 'directory-chain'});
});

const cutShort = (/** @type {Given} */ {status, body}) => given(status, body.subarray(0, -1));
const DAMAGES = /** @type {Record<string, (asked: Asked) => Given | undefined>} */ ({
  'a day without its end': (asked) =>
    asked.path.startsWith('inbox/days/') ? cutShort(route(fake, asked)) : undefined,
  'a page in place of a day': ({path}) =>
    path.startsWith('inbox/days/') ? given(200, '<html>'.repeat(100)) : undefined,
  'a list that is none': ({path}) =>
    path.startsWith('inbox/days?') ? given(200, '{"day": "2026-11-23", "days": 3}') : undefined,
  'a day before what was asked for': ({path}) =>
    path.startsWith('inbox/days?')
      ? given(200, `{"day": "${dayText(TODAY)}", "days": [{"day": "1970-01-01", "bytes": 3}]}`)
      : undefined,
  'another day than this': ({path}) =>
    path.startsWith('inbox/days?') ? given(200, '{"day": "2027-11-23", "days": []}') : undefined,
  'a list of mailboxes without its end': (asked) =>
    asked.path === 'inbox/mailboxes' ? cutShort(route(fake, asked)) : undefined,
});
for (const [name, change] of Object.entries(DAMAGES)) {
  test(`${name} is an answer that is damaged, and nothing is written`, async () => {
    await giveKeyring({synced: TODAY - 5});
    await report();
    const lee = await inbox();
    fake.change = change;
    await assert.rejects(lee.sync(), {code: 'answer-damaged'});
    assert.equal((await keyringOf()).version, 1);
    fake.change = () => undefined;
    assert.deepEqual(
      (await lee.sync()).items.map(({messages}) => messages),
      [1],
    );
  });
}

test('a day that breaks off is taken again from its beginning, and counted once', async () => {
  for (const text of ['damaged', 'one', 'two']) await report(text);
  const [first] = [...fake.mailboxes.values()].flatMap(({envelopes}) => envelopes);
  assert.ok(first);
  first.bytes = first.bytes.with(-1, Number(first.bytes.at(-1)) ^ 1);
  const lee = await inbox();
  let broken = 0;
  const whole = answering(fake);
  server.between((asked, pass, response) => {
    if (!asked.path.startsWith('inbox/days/') || broken > 0) return whole(asked, pass, response);
    broken += 1;
    const {body} = route(fake, asked);
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
  const [first] = fake.mailboxes.values();
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
  fake.mailboxes.set(mailbox, {
    creation: creationRecordBytes(draft.creation),
    envelopes: [{id: draft.envelope, day: TODAY, bytes}],
  });
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
  const other = fake.mailboxes.get(two?.mailbox ?? '');
  assert.ok(one && other);
  fake.mailboxes.set(one.mailbox, other);
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
  fake.mailboxes.get(item.mailbox)?.envelopes.pop();
  const codes = async (/** @type {typeof lee} */ calls) =>
    (await calls.read(item)).notices.map(({code}) => code);
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
  await Promise.all([
    assert.rejects(syncing, {code: 'stopped'}),
    assert.rejects(reading, {code: 'stopped'}),
    lee.lock(),
  ]);
  assert.equal(server.seen.at(-1)?.method, 'PUT');
  await assert.rejects(lee.sync(), TypeError);
  await assert.rejects(lee.read(item), TypeError);
  await lee.lock();
});

test('what was read is saved at lock, and a save that is refused does not keep it open', async () => {
  const {lee} = await withSomethingRead();
  fake.change = ({method}) => (method === 'PUT' ? problem(413, 'body-too-large') : undefined);
  await lee.lock();
  assert.equal((await keyringOf()).version, 2);
  await assert.rejects(lee.sync(), TypeError);
  fake.change = () => undefined;
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
  const envelopes = fake.mailboxes.get(item.mailbox)?.envelopes;
  envelopes?.push(...envelopes.splice(1, 1));
  assert.deepEqual(
    (await lee.sync()).items.map(({messages, fresh}) => [messages, fresh]),
    [[3, false]],
  );
});
