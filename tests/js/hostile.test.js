/**
 * What a reporter is told where a service shows other keys, an older directory, or less or more than was
 * written.
 */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {quoteJson} from '../../static/js/crypto/public/directory.js';
import {makeDirectory} from './kit/custodian.js';
import {b64, dayText, hashLabelled} from '../../static/js/crypto/public/encoding.js';
import {parseDsse} from '../../static/js/crypto/public/signatures.js';
import {parseCode, reporterKeys} from '../../static/js/crypto/secret/codes.js';
import {envelopeHash} from '../../static/js/crypto/public/envelope_format.js';
import {reporterCalls} from '../../static/js/worker/reporter.js';
import {forgeConversation} from './kit/forge.js';
import {seeded} from './kit/randomness.js';
import {answering, remember} from './kit/fake_service.js';
import {openRelay} from './kit/serving.js';
import {TODAY, makeOpaqueOrganisation, person} from './kit/opaque_organisation.js';

/** @import {FakeService} from './kit/fake_service.js' */
/** @import {Relay} from './kit/serving.js' */
/** @import {OpaqueOrganisation} from './kit/opaque_organisation.js' */

/** @type {OpaqueOrganisation} */
let world;
/** @type {OpaqueOrganisation} another organisation at the same address */
let other;
/** @type {Relay} */
let server;
/** @type {FakeService} */
let fake;
before(async () => {
  [world, other] = [
    await makeOpaqueOrganisation(seeded('hostile')),
    await makeOpaqueOrganisation(seeded('other')),
  ];
  server = await openRelay('http://127.0.0.1:9/example/');
});
after(() => server?.stop());
beforeEach(async () => {
  fake = await remember({...world});
  server.between(answering(fake));
  server.seen.length = 0;
});

const HOUR = 3_600_000;
const REPORT = {channel: 'adviser', kind: null, text: 'Something is wrong.', rereadable: true, without: []};

/** A page, and what sets its clock forward. @param {{pin?: string}} [link] */
async function page({pin = b64(world.organisationId)} = {}) {
  let time = TODAY * 24 * HOUR;
  const calls = reporterCalls({
    emit: () => {},
    now: () => time,
    limits: {silence: 5, slow: 5, firstPause: 0.01},
  });
  const overview = await calls.open({base: server.url, pin});
  return {...calls, overview, later: () => (time += 2 * HOUR)};
}

async function sent() {
  const calls = await page();
  await calls.seal(REPORT);
  await calls.send();
  await calls.visit({code: calls.receipt()});
  return calls;
}

/**
 * The next version of the directory.
 * @param {(content: any) => void} [change]
 * @returns {{bytes: Uint8Array, quote: {version: number, hash: Uint8Array}}}
 */
function nextVersion(change = () => {}) {
  const content = structuredClone(world.content);
  Object.assign(content, {version: 2, history: [b64(world.organisation.directory.hash)]});
  change(content);
  const bytes = makeDirectory(content, [world.rootSeed]);
  return {bytes, quote: {version: 2, hash: hashLabelled('directory', parseDsse(bytes).payload)}};
}

/**
 * A message in the only conversation, signed by whoever is told.
 * @param {string} receipt
 * @param {{author: string, as?: string, quote?: {version: number, hash: Uint8Array}, text: string}} said
 */
async function say(receipt, {author, as = author, quote = world.organisation.directory, text}) {
  const keys = reporterKeys(parseCode(receipt, 'receipt'), world.organisationId);
  const [envelope, place] = [world.random(16), {organisation: world.organisationId, mailbox: keys.mailbox}];
  const stored = fake.mailboxes.get(b64(keys.mailbox))?.envelopes ?? [];
  const parents = stored.slice(0, 1).map(({id, bytes}) => b64(envelopeHash(keys.mailbox, id, bytes)));
  const meta = {
    kind: 'message',
    author,
    day: dayText(TODAY),
    directory: quoteJson(quote),
    counter: 1,
    parents,
  };
  const seed = person(world, as).keyring.signingSeed;
  const bytes = await forgeConversation(
    {...place, envelope},
    keys.conversation,
    meta,
    text,
    seed,
    world.random,
  );
  stored.push({id: envelope, day: TODAY, bytes});
  return b64(envelope);
}

test('another root key is not the organisation of the link, nor the one that was shown at first', async () => {
  const known = await page({pin: ''});
  assert.equal(known.overview.verified, false);
  fake.world = other;
  await assert.rejects(page(), {code: 'directory-pin'});
  known.later();
  await assert.rejects(known.seal(REPORT), {code: 'directory-pin'});
  const stranger = await page({pin: ''});
  await assert.rejects(known.visit({code: known.receipt()}), {code: 'directory-pin'});
  assert.notEqual(stranger.overview.fingerprint, known.overview.fingerprint);
});

test('an older directory than the one seen before is refused', async () => {
  fake.world.directoryBytes = nextVersion().bytes;
  const calls = await page();
  fake.world.directoryBytes = world.directoryBytes;
  calls.later();
  await assert.rejects(calls.seal(REPORT), {code: 'directory-rolled-back'});
  assert.equal(server.seen.filter(({method}) => method === 'PUT').length, 0);
});

test('an older directory than the receipt was made under is refused, once it was asked for again', async () => {
  fake.world.directoryBytes = nextVersion().bytes;
  const receipt = (await sent()).receipt();
  fake.world.directoryBytes = world.directoryBytes;
  const back = await page();
  server.seen.length = 0;
  await assert.rejects(back.visit({code: receipt}), {code: 'directory-rolled-back'});
  assert.equal(server.seen.filter(({path}) => path === 'directory').length, 1);
});

test('a page that stands open accuses nobody of a directory that is newer than its own', async () => {
  const [old, older] = [await sent(), await page()];
  const {bytes, quote} = nextVersion((content) => content.channels[0].recipients.splice(1, 1, 'mo'));
  fake.world.directoryBytes = bytes;
  await say(old.receipt(), {author: 'mo', quote, text: 'I am new here.'});
  const {messages, notices} = await old.refresh();
  assert.deepEqual([messages.map(({author}) => author?.id), notices], [[undefined, 'mo'], []]);
  const receipt = (await sent()).receipt();
  assert.deepEqual((await older.visit({code: receipt})).notices, []);
});

test('a forged answer is told, and not shown', async () => {
  const calls = await sent();
  const forged = await say(calls.receipt(), {author: 'lee', as: 'mo', text: 'Tell me who you are.'});
  const foreign = await say(calls.receipt(), {author: 'mo', text: 'Tell me, too.'});
  const {messages, notices} = await calls.refresh();
  assert.deepEqual(
    messages.map(({text}) => text),
    [REPORT.text],
  );
  assert.deepEqual(notices, [
    {code: 'forged', envelope: forged},
    {code: 'forged', envelope: foreign},
  ]);
});

test('a message that others refer to is missed', async () => {
  const calls = await sent();
  await calls.write({text: 'One.'});
  await calls.write({text: 'Two.'});
  const [mailbox] = fake.mailboxes.values();
  mailbox?.envelopes.splice(1, 1);
  const {messages, notices} = await calls.refresh();
  assert.deepEqual(
    [messages.map(({text}) => text), notices.map(({code}) => code)],
    [[REPORT.text, 'Two.'], ['gap']],
  );
  mailbox?.envelopes.splice(0);
  const nothing = await calls.refresh();
  assert.deepEqual(
    [nothing.messages, nothing.canWrite, nothing.channel, nothing.lastDay],
    [[], false, null, null],
  );
  assert.deepEqual(
    nothing.notices.map(({code}) => code),
    ['gap'],
  );
  await assert.rejects(calls.write({text: 'Is anybody there?'}), {code: 'answer-damaged'});
});

test("another report's mailbox is not the answer to a receipt", async () => {
  const [mine, theirs] = [await sent(), await sent()];
  const [one, two] = [...fake.mailboxes.keys()];
  fake.mailboxes.set(String(one), /** @type {any} */ (fake.mailboxes.get(String(two))));
  await assert.rejects(mine.refresh(), {code: 'answer-damaged'});
  assert.equal((await theirs.refresh()).messages.length, 1);
});

test('who has no keys is named, and left out only when that was agreed to', async () => {
  const recipients = world.keysAnswer.recipients.map((/** @type {any} */ item) =>
    item.recipient === 'kaya' ? {...item, key: null} : item,
  );
  fake.world.keysAnswer = {...world.keysAnswer, recipients};
  const calls = await page();
  const adviser = calls.overview.channels.find(({id}) => id === 'adviser');
  assert.deepEqual(
    [adviser?.closed, adviser?.missing.map(({id, code}) => [id, code])],
    [false, [['kaya', 'statement-key']]],
  );
  await assert.rejects(calls.seal(REPORT), {code: 'recipient-unreachable'});
  await calls.seal({...REPORT, without: ['kaya']});
  await calls.send();
  assert.equal((await calls.visit({code: calls.receipt()})).messages.length, 1);
  fake.world.keysAnswer = {...world.keysAnswer, recipients: []};
  const closed = await page();
  assert.deepEqual(
    closed.overview.channels.map((channel) => channel.closed),
    [true, true],
  );
  await assert.rejects(closed.seal({...REPORT, without: ['kaya', 'lee']}), {code: 'channel-closed'});
});

test('a text of markup comes back as the text that it is', async () => {
  const text = '<img src=x onerror=alert(1)>"\'&amp;</script>\u202e\0';
  const calls = await page();
  await calls.seal({...REPORT, text});
  await calls.send();
  assert.equal((await calls.visit({code: calls.receipt()})).messages[0]?.text, text);
  await calls.write({text});
  assert.equal((await calls.refresh()).messages[1]?.text, text);
});
