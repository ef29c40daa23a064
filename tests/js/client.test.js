/** A report from end to end, with a server that only remembers; and a server that does worse. */
import assert from 'node:assert/strict';
import {before, test} from 'node:test';
import fc from 'fast-check';
import {
  beginSync,
  findConversation,
  finishSync,
  readInboxThread,
  sealReply,
  takeDay,
} from '../../static/js/client/recipient/inbox.js';
import {addressees, openOrganisation} from '../../static/js/client/organisation.js';
import {readVisit, sealFollowUp} from '../../static/js/client/reporter/visit.js';
import {parentsOf} from '../../static/js/crypto/secret/conversation.js';
import {b64, dayText} from '../../static/js/crypto/public/encoding.js';
import {sealOpening} from '../../static/js/crypto/secret/envelope_seal.js';
import {keyringJson, readKeyring} from '../../static/js/crypto/secret/keyring.js';
import {dayParser} from '../../static/js/crypto/public/answers.js';
import {creationRecordBytes} from '../../static/js/crypto/public/mailbox.js';
import {seeded} from './kit/randomness.js';
import {
  TODAY,
  WEEK,
  colleagueDraft,
  dayAnswer,
  mailboxAnswer,
  makeOpaqueOrganisation,
  person,
  sendReport,
  stored,
} from './kit/opaque_organisation.js';
import {parseDayAnswer} from './kit/protocol.js';

/** @import {Keyring} from '../../static/js/crypto/secret/keyring.js' */
/** @import {Thread} from '../../static/js/crypto/secret/conversation.js' */
/** @import {StoredEnvelope} from '../../static/js/crypto/public/answers.js' */
/** @import {OpaqueOrganisation} from './kit/opaque_organisation.js' */

/** @type {OpaqueOrganisation} */
let world;
before(async () => {
  world = await makeOpaqueOrganisation(seeded('client'));
});
const directory = () => world.organisation.directory;
const textsOf = (/** @type {Thread} */ {entries}) => entries.map(({message}) => message.text);
const codesOf = (/** @type {Thread} */ {notices}) => notices.map(({code}) => code);

/** A conversation on a server, and who takes part in it. */
async function begin(report = {}) {
  const sent = await sendReport(world, report);
  const envelopes = [stored(sent.envelope, sent.bytes)];
  const answer = (items = envelopes) => mailboxAnswer(sent.keys.read, sent.creation, items);
  const mailbox = b64(sent.mailbox);
  const day = (items = envelopes) =>
    dayAnswer([{mailbox: sent.mailbox, creation: sent.creation, envelopes: items}]);
  /** @param {string} id @param {Uint8Array} [bytes] @param {Keyring} [keyring] */
  const syncAs = async (id, bytes = day(), keyring = person(world, id).keyring) => {
    const sync = beginSync(keyring, directory(), TODAY, TODAY);
    await takeDay(sync, TODAY, parseDayAnswer(bytes));
    return finishSync(sync);
  };
  const visit = (items = envelopes) => readVisit(sent.keys, directory(), answer(items));
  /** @param {Thread} thread @param {string} text */
  const followUp = async (thread, text) => {
    const {envelope, bytes} = await sealFollowUp(sent.keys, directory(), thread, text, TODAY, world.random);
    return stored(envelope, bytes);
  };
  /** @param {string} id @param {string} text @param {StoredEnvelope[]} [items] */
  const replyAs = async (id, text, items = envelopes) => {
    const {keyring} = await syncAs(id);
    const thread = await readInboxThread(keyring, directory(), mailbox, answer(items));
    const {envelope, bytes} = await sealReply(
      keyring,
      directory(),
      mailbox,
      thread,
      text,
      TODAY,
      world.random,
    );
    return stored(envelope, bytes);
  };
  return {sent, envelopes, answer, mailbox, day, syncAs, visit, followUp, replyAs};
}

test('a report, answers written at once, and a last word: all see the same in the same order', async () => {
  const talk = await begin({text: 'first'});
  const both = [await talk.replyAs('lee', 'from lee'), await talk.replyAs('kaya', 'from kaya')];
  talk.envelopes.push(...both);
  const {thread} = await talk.visit();
  assert.deepEqual(parentsOf(thread.heads).counter, 2);
  assert.equal(parentsOf(thread.heads).parents.length, 2);
  talk.envelopes.push(await talk.followUp(thread, 'last'));
  const seen = (await talk.visit()).thread;
  assert.deepEqual([textsOf(seen)[0], textsOf(seen)[3], seen.entries.length], ['first', 'last', 4]);
  assert.deepEqual(codesOf(seen), []);
  const {keyring} = await talk.syncAs('lee');
  assert.deepEqual(
    textsOf(await readInboxThread(keyring, directory(), talk.mailbox, talk.answer())),
    textsOf(seen),
  );
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(talk.envelopes, {minLength: 4}), async (order) => {
      assert.deepEqual(textsOf((await talk.visit(order)).thread), textsOf(seen));
    }),
    {numRuns: 10},
  );
});

test('what a server withholds is noticed as soon as somebody refers to it', async () => {
  const talk = await begin();
  const first = await talk.replyAs('lee', 'one');
  talk.envelopes.push(first);
  talk.envelopes.push(await talk.followUp((await talk.visit()).thread, 'two'));
  assert.deepEqual(codesOf((await talk.visit(talk.envelopes.filter((item) => item !== first))).thread), [
    'gap',
  ]);
  assert.deepEqual(codesOf((await talk.visit(talk.envelopes.slice(1))).thread), ['gap', 'gap']);
  const {keyring} = await talk.syncAs('lee');
  const fewer = await readInboxThread(
    keyring,
    directory(),
    talk.mailbox,
    talk.answer(talk.envelopes.slice(0, 2)),
  );
  assert.deepEqual(codesOf(fewer), ['gap']);
});

test('damaged, replayed and foreign envelopes are told, and cost no other', async () => {
  const [talk, other] = [await begin(), await begin()];
  const [good, foreign] = [await talk.replyAs('lee', 'good'), await other.replyAs('lee', 'foreign')];
  const broken = {
    ...good,
    id: world.random(16),
    bytes: good.bytes.map((byte, at) => (at === 70 ? byte ^ 1 : byte)),
  };
  const replayed = {...good, id: world.random(16)};
  const newer = stored(
    world.random(16),
    good.bytes.map((byte, at) => (at === 0 ? 9 : byte)),
  );
  const second = {...other.envelopes[0], id: world.random(16)};
  const {thread} = await talk.visit([
    ...talk.envelopes,
    good,
    broken,
    replayed,
    foreign,
    newer,
    /** @type {any} */ (second),
  ]);
  assert.deepEqual(textsOf(thread), ['Something is wrong.', 'good']);
  assert.deepEqual(codesOf(thread), ['damaged', 'damaged', 'damaged', 'newer-version', 'damaged']);
});

test('a receipt that does not open its report still opens the conversation', async () => {
  const talk = await begin({rereadable: false});
  talk.envelopes.push(await talk.replyAs('kaya', 'answer'));
  const {thread, channel} = await talk.visit();
  assert.deepEqual([textsOf(thread), codesOf(thread), channel], [['answer'], ['not-rereadable'], 'adviser']);
  talk.envelopes.push(await talk.followUp(thread, 'thanks'));
  assert.deepEqual(codesOf((await talk.visit()).thread), ['not-rereadable']);
});

test('an answer about something else is refused', async () => {
  const [talk, other] = [await begin(), await begin()];
  await assert.rejects(readVisit(talk.sent.keys, directory(), other.answer()), {code: 'receipt-unknown'});
  await assert.rejects(readVisit(talk.sent.keys, directory(), talk.answer().slice(0, -1)), {
    code: 'answer-damaged',
  });
  const swapped = mailboxAnswer(talk.sent.keys.read, other.sent.creation, other.envelopes);
  await assert.rejects(readVisit(talk.sent.keys, directory(), swapped), {code: 'answer-damaged'});
  const {keyring} = await talk.syncAs('lee');
  await assert.rejects(readInboxThread(keyring, directory(), talk.mailbox, other.answer()), {
    code: 'conversation-gone',
  });
  assert.throws(() => findConversation(keyring, other.mailbox), {code: 'conversation-unknown'});
});

test('a sync takes what is mine, once, and counts it when its day is over', async () => {
  const talk = await begin();
  talk.envelopes.push(await talk.replyAs('kaya', 'answer'));
  const first = await talk.syncAs('lee');
  assert.equal(first.recent.get(talk.mailbox), 2);
  assert.equal(first.keyring.conversations.get(talk.mailbox)?.messages, 0);
  assert.equal(first.keyring.synced, TODAY - 5);
  const again = await talk.syncAs('lee', talk.day(), first.keyring);
  assert.deepEqual(keyringJson(again.keyring), keyringJson(first.keyring));
  const later = beginSync(first.keyring, directory(), TODAY + 6, TODAY + 6);
  await takeDay(later, TODAY, parseDayAnswer(talk.day()));
  assert.equal(finishSync(later).keyring.conversations.get(talk.mailbox)?.messages, 2);
  const {keyring, damaged} = await talk.syncAs('mo');
  assert.deepEqual([keyring.conversations.size, damaged], [0, 0]);
});

test('a report that came after the clock of the server was set back is still looked for', async () => {
  const talk = await begin();
  for (const ahead of [1, 2, 4]) {
    const day = TODAY + ahead;
    const before = finishSync(beginSync(person(world, 'lee').keyring, directory(), day, day));
    assert.ok(
      Number(before.keyring.synced) <= TODAY,
      `a day is done for good that may come again, ${ahead} days ahead`,
    );
    const {recent} = await talk.syncAs('lee', talk.day(), before.keyring);
    assert.equal(recent.get(talk.mailbox), 1);
  }
});

test('a day may come in any pieces, and is damaged if it ends too early or goes on', async () => {
  const talk = await begin();
  talk.envelopes.push(await talk.replyAs('kaya', 'answer'));
  const whole = talk.day();
  for (const size of [1, 31, 1000, whole.length]) {
    const parser = dayParser();
    const found = [];
    for (let at = 0; at < whole.length; at += size) {
      assert.throws(() => parser.finish(), {code: 'answer-damaged'});
      found.push(...parser.feed(whole.slice(at, at + size)));
    }
    parser.finish();
    assert.deepEqual(found, parseDayAnswer(whole));
    assert.throws(() => parser.feed(Uint8Array.of(0)), {code: 'answer-damaged'});
  }
  const miscounted = whole.slice();
  miscounted.set([Number(miscounted.at(-1)) ^ 1], miscounted.length - 1);
  assert.throws(() => dayParser().feed(miscounted), {code: 'answer-damaged'});
});

test('a sync leaves out decoys, what was closed, and what it was not addressed by', async () => {
  const decoy = colleagueDraft(world, 'decoy', 'lee');
  const unaddressed = colleagueDraft(world, 'case', 'lee', {
    case: {mailbox: b64(world.random(32))},
    to: ['lee'],
  });
  const items = [];
  for (const draft of [decoy, unaddressed]) {
    const {bytes} = await sealOpening(draft, world.random);
    items.push({
      mailbox: draft.creation.mailbox,
      creation: creationRecordBytes(draft.creation),
      envelopes: [stored(draft.envelope, bytes)],
    });
  }
  const talk = await begin();
  const {keyring, damaged} = await talk.syncAs('kaya', dayAnswer(items));
  assert.deepEqual([keyring.conversations.size, damaged], [0, 1]);
  const closed = {...keyring, closed: new Set([talk.mailbox])};
  assert.equal((await talk.syncAs('kaya', talk.day(), closed)).keyring.conversations.size, 0);
});

test('an opening shown under another mailbox is not taken', async () => {
  const talk = await begin();
  const moved = dayAnswer([
    {mailbox: world.random(32), creation: talk.sent.creation, envelopes: talk.envelopes},
  ]);
  const {keyring, damaged} = await talk.syncAs('lee', moved);
  assert.deepEqual([keyring.conversations.size, damaged], [0, 1]);
});

test('nothing that a stranger puts into an opening makes a keyring unreadable', async () => {
  const draft = colleagueDraft(world, 'poll', 'reporter', {report: {any: 'thing'}});
  const {bytes} = await sealOpening(draft, world.random);
  const talk = await begin();
  const answer = dayAnswer([
    {
      mailbox: draft.creation.mailbox,
      creation: creationRecordBytes(draft.creation),
      envelopes: [stored(draft.envelope, bytes)],
    },
  ]);
  const {keyring} = await talk.syncAs('lee', answer);
  assert.equal(keyring.conversations.size, 1);
  assert.deepEqual(keyringJson(readKeyring(keyringJson(keyring))), keyringJson(keyring));
});

test('a reporter is asked before a recipient is left out, and told when nobody is left', () => {
  const {keysAnswer, directoryBytes} = world;
  const without = (/** @type {string[]} */ ...ids) => ({
    ...keysAnswer,
    recipients: keysAnswer.recipients.map((/** @type {any} */ item) =>
      ids.includes(item.recipient) ? {...item, key: null} : item,
    ),
  });
  const open = (/** @type {any} */ keys) =>
    openOrganisation(directoryBytes, keys, TODAY, {pin: world.organisationId});
  assert.throws(() => addressees(open(without('kaya')), 'adviser'), {
    code: 'recipient-unreachable',
    detail: 'Without a valid key: kaya.',
  });
  assert.deepEqual(
    addressees(open(without('kaya')), 'adviser', ['kaya']).map(({id}) => id),
    ['lee'],
  );
  assert.throws(() => addressees(open(without('kaya', 'lee')), 'adviser', ['kaya', 'lee']), {
    code: 'channel-closed',
  });
  assert.throws(() => addressees(open(keysAnswer), 'nowhere'), {code: 'channel-unknown'});
  const wrong = {...keysAnswer, recipients: [null]};
  assert.throws(() => open(wrong), {code: 'answer-damaged'});
});

test("two days of a wrong clock are allowed, and the week is then the server's", () => {
  const {keysAnswer, directoryBytes} = world;
  const at = (/** @type {number} */ today) => openOrganisation(directoryBytes, keysAnswer, today);
  for (const shift of [-2, 0, 2]) assert.equal(at(TODAY + shift).week, WEEK);
  for (const shift of [-3, 3]) assert.throws(() => at(TODAY + shift), {code: 'clock-wrong'});
  assert.equal(at(TODAY).verifiedByLink, false);
  assert.equal(dayText(TODAY), keysAnswer.day);
});
