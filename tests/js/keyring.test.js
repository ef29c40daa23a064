/**
 * PROTOCOL 11: a keyring opens for its recipient's code alone, and two devices never lose what either of them
 * learned.
 */
import assert from 'node:assert/strict';
import {before, test} from 'node:test';
import fc from 'fast-check';
import {dueStatement, lockKeyring, unlockKeyring} from '../../static/js/client/recipient/keyring_access.js';
import {accessKeys, parseCode} from '../../static/js/crypto/secret/codes.js';
import {b64, unb64} from '../../static/js/crypto/public/encoding.js';
import {KEYRING_SIZES} from '../../static/js/crypto/public/keyring_format.js';
import {keyringJson, mergeKeyrings, readKeyring} from '../../static/js/crypto/secret/keyring.js';
import {announced, forgotten, ratchetAt, weekKeys, weekSeed} from '../../static/js/crypto/secret/ratchet.js';
import {seeded} from './kit/randomness.js';
import {TODAY, WEEK, makeOpaqueOrganisation, person} from './kit/opaque_organisation.js';
import {firstDayOf, newRecipient, newKeyring} from './kit/protocol.js';

/** @import {Conversation, Keyring} from '../../static/js/crypto/secret/keyring.js' */

const random = seeded('keyrings');
const organisation = random(32);
const START = {week: 100, chain: random(32)};
const SEED = random(32);
const IDS = Array.from({length: 4}, () => b64(random(32)));
const HASHES = Array.from({length: 4}, () => random(32));
const KEYS = Object.fromEntries(
  ['secret', 'conversation', 'read', 'write', 'close', 'replace', 'signing'].map((name) => [
    name,
    random(32),
  ]),
);

const heads = fc.subarray(HASHES).map((chosen) => new Set(chosen.map(b64)));
const conversation = fc.record({messages: fc.nat(5), heads, day: fc.constantFrom(1, 2)}).map(
  (part) =>
    /** @type {Conversation} */ ({
      ...KEYS,
      kind: 'report',
      opening: HASHES[0]?.slice(0, 16),
      channel: 'a',
      report: null,
      ...part,
    }),
);
const keyring = fc
  .record({
    conversations: fc
      .dictionary(fc.constantFrom(...IDS), conversation)
      .map((found) => new Map(Object.entries(found))),
    closed: fc.subarray(IDS).map((chosen) => new Set(chosen)),
    synced: fc.option(fc.nat(20_000)),
    counter: fc.nat(3),
    stated: fc.option(fc.record({week: fc.nat(2), version: fc.nat(2)})),
    directory: fc.option(
      fc.record({version: fc.integer({min: 1, max: 3}), hash: fc.constantFrom(...HASHES)}),
    ),
    steps: fc.nat(3),
  })
  .map(({steps, ...part}) => {
    const made = {...newKeyring('lee', SEED, ratchetAt(START, START.week + steps)), ...part};
    return mergeKeyrings(made, made);
  });
const json = (/** @type {Keyring} */ value) => keyringJson(value);

test('merging is commutative, associative and idempotent', () => {
  fc.assert(
    fc.property(keyring, keyring, keyring, (a, b, c) => {
      assert.deepEqual(json(mergeKeyrings(a, b)), json(mergeKeyrings(b, a)));
      assert.deepEqual(
        json(mergeKeyrings(mergeKeyrings(a, b), c)),
        json(mergeKeyrings(a, mergeKeyrings(b, c))),
      );
      assert.deepEqual(json(mergeKeyrings(a, a)), json(a));
    }),
    {numRuns: 300},
  );
});

test('a keyring comes back from its JSON', () => {
  fc.assert(fc.property(keyring, (value) => assert.deepEqual(json(readKeyring(json(value))), json(value))));
});

test('what one device closed stays closed, and nothing else is lost', () => {
  fc.assert(
    fc.property(keyring, keyring, (a, b) => {
      const {conversations, closed} = mergeKeyrings(a, b);
      for (const id of IDS) {
        assert.equal(closed.has(id), a.closed.has(id) || b.closed.has(id));
        assert.equal(
          conversations.has(id),
          !closed.has(id) && (a.conversations.has(id) || b.conversations.has(id)),
        );
      }
    }),
  );
});

test('a tombstone keeps a conversation from coming back', () => {
  const known = fc.sample(conversation, 1)[0];
  assert.ok(known);
  const id = String(IDS[0]);
  const holding = {...newKeyring('lee', SEED, START), conversations: new Map([[id, known]])};
  const without = {...newKeyring('lee', SEED, START), closed: new Set([id])};
  assert.equal(mergeKeyrings(without, holding).conversations.size, 0);
  assert.ok(mergeKeyrings(holding, without).closed.has(id));
  assert.equal(holding.conversations.size, 1);
});

test('two recipients, two seeds or two chains of one week are not merged', () => {
  const one = newKeyring('lee', SEED, START);
  for (const other of [
    {...one, recipient: 'kaya'},
    {...one, signingSeed: random(32)},
    {...one, ratchet: {...START, chain: random(32)}},
  ]) {
    assert.throws(() => mergeKeyrings(one, other), {code: 'keyring-damaged'});
  }
});

/** @type {Awaited<ReturnType<typeof newRecipient>>} */
let lee;
/** @type {Uint8Array} */
let unlocker;
/** @type {Uint8Array} */
let bytes;
before(async () => {
  lee = await newRecipient(organisation, 'lee', 100, random);
  ({unlocker} = accessKeys(parseCode(lee.code, 'access'), organisation));
  bytes = await lockKeyring(lee, random);
});
const flipped = (/** @type {number} */ at) => bytes.map((byte, n) => (n === at ? byte ^ 1 : byte));

test('a keyring opens for its code, and is written again under the same root key with other bytes', async () => {
  const opened = await unlockKeyring(bytes, unlocker, organisation, 'lee');
  assert.deepEqual(json(opened.keyring), json(lee.keyring));
  const again = await lockKeyring(opened, random);
  assert.equal(again.length, bytes.length);
  assert.notDeepEqual(again.slice(84), bytes.slice(84));
  assert.deepEqual(
    json((await unlockKeyring(again, unlocker, organisation, 'lee')).keyring),
    json(lee.keyring),
  );
});

test('a keyring has one size for few conversations and many, up to the next', async () => {
  const known = fc.sample(conversation, 1)[0];
  assert.ok(known);
  const filled = {
    ...lee.keyring,
    conversations: new Map(Array.from({length: 200}, () => [b64(random(32)), known])),
  };
  assert.equal((await lockKeyring({...lee, keyring: filled}, random)).length, bytes.length);
  const full = {...lee.keyring, closed: new Set(Array.from({length: 6000}, () => b64(random(32))))};
  assert.equal(
    (await lockKeyring({...lee, keyring: full}, random)).length - bytes.length,
    Number(KEYRING_SIZES[0]),
  );
});

test('changed, moved or opened with another code it is refused at its layer', async () => {
  const refused = (
    /** @type {Uint8Array} */ changed,
    /** @type {string} */ code,
    key = unlocker,
    place = organisation,
    id = 'lee',
  ) => assert.rejects(unlockKeyring(changed, key, place, id), {code});
  await refused(flipped(0), 'keyring-suite');
  await refused(flipped(1), 'keyring-format');
  await refused(bytes.slice(0, -1), 'keyring-format');
  await refused(new Uint8Array(0), 'keyring-format');
  await refused(bytes, 'keyring-locked', random(32));
  await refused(bytes, 'keyring-locked', unlocker, random(32));
  await refused(bytes, 'keyring-locked', unlocker, organisation, 'kaya');
  for (const at of [3, 4, 83]) await refused(flipped(at), 'keyring-locked');
  for (const at of [84, 116, bytes.length - 1]) await refused(flipped(at), 'keyring-damaged');
});

test('the ratchet only goes forward', () => {
  const later = ratchetAt(START, 103);
  assert.deepEqual(ratchetAt(ratchetAt(START, 101), 103), later);
  assert.throws(() => ratchetAt(later, 102), RangeError);
  assert.notDeepEqual(weekSeed(START), weekSeed(later));
  assert.equal(announced(START, 100).length, 26);
});

test('a week is forgotten once it is synced and its grace is over, and no day earlier', () => {
  const forget = (/** @type {number} */ synced, /** @type {number} */ today) =>
    forgotten(START, synced, today).week;
  assert.equal(forget(firstDayOf(101), firstDayOf(109)), 101);
  assert.equal(forget(firstDayOf(101), firstDayOf(109) - 1), 100);
  assert.equal(forget(firstDayOf(101) - 1, firstDayOf(109)), 100);
  assert.equal(forget(firstDayOf(90), firstDayOf(90)), 100);
});

test('no header can spin the ratchet, or reach a week that is gone', () => {
  const keys = weekKeys(START, 102);
  assert.equal(keys(99).length, 0);
  assert.equal(keys(2 ** 32 - 1).length, 0);
  assert.equal(keys(102)[0], keys(102)[0]);
});

test('a statement is due in a later week or for a newer directory, and counts on', async () => {
  const world = await makeOpaqueOrganisation(random);
  const {keyring: stated} = person(world, 'lee');
  assert.equal(dueStatement(stated, world.organisation), null);
  const nextWeek = dueStatement(stated, {...world.organisation, week: WEEK + 1, day: TODAY + 7});
  assert.equal(nextWeek?.keyring.counter, 2);
  const newer = {...world.organisation, directory: {...world.organisation.directory, version: 2}};
  assert.deepEqual(dueStatement(stated, newer)?.keyring.stated, {week: WEEK, version: 2});
  // It begins with the week before, but with none whose key is gone.
  const firstWeek = (/** @type {Keyring} */ keyring) => {
    const due = /** @type {any} */ (dueStatement({...keyring, stated: null}, world.organisation));
    return JSON.parse(new TextDecoder().decode(unb64(due.body.statement.payload)))['first_week'];
  };
  assert.equal(firstWeek(stated), WEEK - 1);
  assert.equal(firstWeek({...stated, ratchet: ratchetAt(stated.ratchet, WEEK)}), WEEK);
  // Another device's statement on the server has the larger counter.
  assert.equal(dueStatement({...stated, counter: 0, stated: null}, world.organisation)?.keyring.counter, 2);
});
