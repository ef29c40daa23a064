/**
 * PROTOCOL 6 and 7: what is sealed opens at its place for whom it is meant, and fails elsewhere at the layer
 * it should.
 */
import assert from 'node:assert/strict';
import {afterEach, before, describe, test} from 'node:test';
import fc from 'fast-check';
import {openingAuthors} from '../../static/js/crypto/secret/conversation.js';
import {concat, equal, u32, utf8} from '../../static/js/crypto/public/bytes.js';
import {
  OPENING_SIZES,
  SLOT_LENGTH,
  keyBlockBytes,
  parseOpening,
} from '../../static/js/crypto/public/envelope_format.js';
import {sealConversation, sealOpening, shuffled} from '../../static/js/crypto/secret/envelope_seal.js';
import {openConversation, openOpening, openWithSecret} from '../../static/js/crypto/secret/envelope_open.js';
import {expandKey, openSlot} from '../../static/js/crypto/secret/hpke_open.js';
import {ratchetAt, weekKeys, weekSeed} from '../../static/js/crypto/secret/ratchet.js';
import {aesGcmOpen, aesGcmSeal} from '../../static/js/crypto/secret/platform.js';
import {creationRecordBytes} from '../../static/js/crypto/public/mailbox.js';
import {forgeConversation, forgeOpening, padTo} from './kit/forge.js';
import {seeded} from './kit/randomness.js';
import {WEEK, colleagueDraft, makeOpaqueOrganisation, person, sendReport} from './kit/opaque_organisation.js';
import {openOpeningWithReceipt} from './kit/protocol.js';

/** @import {CreationRecord, Draft} from '../../static/js/crypto/shapes.d.ts' */
/** @import {OpaqueOrganisation} from './kit/opaque_organisation.js' */

/** @type {OpaqueOrganisation} */
let world;
before(async () => {
  world = await makeOpaqueOrganisation(seeded('envelopes'));
});

const keysOf = (/** @type {string} */ id) => weekKeys(person(world, id).keyring.ratchet, WEEK + 1);
const authors = () => openingAuthors(world.organisation.directory);

/** @param {{bytes: Uint8Array, record: CreationRecord, envelope: Uint8Array}} sent @param {string} [id] */
const openAs = ({bytes, record, envelope}, id = 'lee') =>
  openOpening(bytes, record, envelope, keysOf(id), authors());

/** @param {Uint8Array} bytes @param {number} at */
function flipped(bytes, at) {
  const copy = bytes.slice();
  copy[at] = Number(copy[at]) ^ 0x10;
  return copy;
}

describe('opening envelopes', () => {
  test('open for each recipient of the channel, with the same secret, and for nobody else', async () => {
    const sent = await sendReport(world, {text: 'Line one\nline "two" \u{1f600}'});
    const [lee, kaya] = [await openAs(sent, 'lee'), await openAs(sent, 'kaya')];
    assert.equal(lee.message.text, 'Line one\nline "two" \u{1f600}');
    assert.deepEqual(lee, kaya);
    assert.deepEqual(lee.keys.read, sent.keys.read);
    await assert.rejects(openAs(sent, 'mo'), {code: 'envelope-no-slot'});
  });

  test('have one size for ten characters and for 6 KiB, whatever they are', async () => {
    const texts = ['ten chars.', 'x'.repeat(6144), '\u{1f600}'.repeat(1536), '"\\\n'.repeat(2048)];
    const sizes = [];
    for (const text of texts) sizes.push((await sendReport(world, {text})).bytes.length);
    assert.deepEqual(new Set(sizes), new Set([71 + 2 * 1168 + 158 + 1408 + 8192 + 16]));
  });

  test('grow by powers of two up to the longest text, and no further', async () => {
    const longest = await sendReport(world, {text: 'x'.repeat(1_044_480)});
    assert.equal(parseOpening(longest.bytes).body.length, 1408 + Number(OPENING_SIZES[7]) + 16);
    assert.equal((await openAs(longest)).message.text.length, 1_044_480);
    await assert.rejects(sendReport(world, {text: 'x'.repeat(1_044_481)}), {code: 'text-too-long'});
    await assert.rejects(sendReport(world, {text: 'half \ud800'}), {code: 'text-not-utf8'});
    await assert.rejects(sendReport(world, {text: ' \n\t'}), {code: 'text-empty'});
  });

  test('with a bit flipped anywhere are refused, at the layer that it hits', async () => {
    const sent = await sendReport(world);
    const body = 71 + 2 * SLOT_LENGTH + 158;
    // The salt is below the commitment, so both slots still open; the rest of the header is bound by each
    // slot.
    const layers = [
      [0, 'envelope-suite'],
      [1, 'envelope-header'],
      [2, 'envelope-header'],
      [3, 'envelope-no-slot'],
      [6, 'envelope-no-slot'],
      [7, 'envelope-commitment'],
      [38, 'envelope-commitment'],
      [39, 'envelope-no-slot'],
      [body - 158, 'envelope-body'],
      [body - 1, 'envelope-body'],
      [body, 'envelope-body'],
      [sent.bytes.length - 1, 'envelope-body'],
    ];
    for (const [at, code] of layers) {
      await assert.rejects(openAs({...sent, bytes: flipped(sent.bytes, Number(at))}), {code}, `byte ${at}`);
    }
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 0, max: sent.bytes.length - 1}), async (at) => {
        for (const id of ['lee', 'kaya'])
          await assert.rejects(openAs({...sent, bytes: flipped(sent.bytes, at)}, id));
      }),
      {numRuns: 60},
    );
  });

  test('cut short or made longer are refused by their length alone', async () => {
    const sent = await sendReport(world);
    for (const length of [0, 1, 2, 70, 71, 1000, sent.bytes.length - 1]) {
      await assert.rejects(
        openAs({...sent, bytes: sent.bytes.slice(0, length)}),
        {code: 'envelope-header'},
        `${length}`,
      );
    }
    await assert.rejects(openAs({...sent, bytes: concat(sent.bytes, new Uint8Array(1))}), {
      code: 'envelope-header',
    });
  });

  test('with swapped, doubled or foreign slots are refused', async () => {
    const [sent, foreign] = [await sendReport(world), await sendReport(world)];
    const slot = (/** @type {Uint8Array} */ bytes, /** @type {number} */ n) =>
      bytes.slice(71 + n * SLOT_LENGTH, 71 + (n + 1) * SLOT_LENGTH);
    const put = (/** @type {Uint8Array[]} */ ...slots) =>
      concat(sent.bytes.slice(0, 71), ...slots, sent.bytes.slice(71 + 2 * SLOT_LENGTH));
    const [a, b] = [slot(sent.bytes, 0), slot(sent.bytes, 1)];
    for (const bytes of [put(b, a), put(slot(foreign.bytes, 0), slot(foreign.bytes, 1))]) {
      for (const id of ['lee', 'kaya'])
        await assert.rejects(openAs({...sent, bytes}, id), {code: 'envelope-no-slot'});
    }
    // Whose slot is left opens it, and sees that the other one is not the one that was sealed.
    for (const bytes of [put(a, a), put(b, b), put(a, slot(foreign.bytes, 1))]) {
      const codes = [];
      for (const id of ['lee', 'kaya'])
        codes.push((await openAs({...sent, bytes}, id).catch((problem) => problem)).code);
      assert.deepEqual(codes.sort(), ['envelope-body', 'envelope-no-slot']);
    }
  });

  test('moved to another mailbox or id are refused', async () => {
    const [sent, other] = [await sendReport(world), await sendReport(world)];
    await assert.rejects(openAs({...sent, record: other.record}), {code: 'envelope-no-slot'});
    await assert.rejects(openAs({...sent, envelope: other.envelope}), {code: 'envelope-no-slot'});
    const {secret} = await openAs(sent);
    for (const moved of [
      {...sent, record: other.record},
      {...sent, envelope: other.envelope},
    ]) {
      await assert.rejects(openWithSecret(moved.bytes, moved.record, moved.envelope, secret, authors()), {
        code: 'envelope-body',
      });
      await assert.rejects(
        openOpeningWithReceipt(moved.bytes, moved.record, moved.envelope, sent.keys.stub, authors()),
        {code: 'envelope-stub'},
      );
    }
  });

  test('with two secrets for two recipients open for one at most', async () => {
    const draft = colleagueDraft(world, 'case', 'lee', {case: {mailbox: 'A'.repeat(43)}});
    const {bytes} = await forgeOpening(draft, world.random, {secrets: [world.random(32), world.random(32)]});
    for (const id of ['lee', 'kaya']) {
      const sent = {bytes, record: draft.creation, envelope: draft.envelope};
      await assert.rejects(openAs(sent, id), {code: 'envelope-commitment'});
    }
  });

  test('whose key block is not that of the mailbox are refused', async () => {
    for (const name of /** @type {const} */ (['read', 'write', 'close', 'replace', 'signingKey'])) {
      const draft = colleagueDraft(world, 'case', 'lee', {case: {mailbox: 'A'.repeat(43)}});
      const keyBlock = keyBlockBytes({...draft.keys, [name]: world.random(32)});
      const {bytes} = await forgeOpening(draft, world.random, {keyBlock});
      await assert.rejects(
        openAs({bytes, record: draft.creation, envelope: draft.envelope}),
        {code: 'envelope-record'},
        name,
      );
    }
  });

  test('of all four kinds are sealed and opened', async () => {
    const bytes32 = 'A'.repeat(43);
    const grant = {mailbox: bytes32, envelope: 'A'.repeat(22), secret: bytes32, read: bytes32};
    for (const [kind, more] of /** @type {[string, object][]} */ ([
      ['case', {case: {mailbox: bytes32}}],
      ['grant', {grant}],
      ['decoy', {}],
    ])) {
      const draft = colleagueDraft(world, kind, 'lee', {...more});
      const {bytes, secret} = await sealOpening(draft, world.random);
      const opened = await openAs({bytes, record: draft.creation, envelope: draft.envelope}, 'kaya');
      assert.equal(opened.message.kind, kind);
      assert.deepEqual(opened.secret, secret);
      assert.equal(bytes.length, (await sendReport(world)).bytes.length);
    }
  });

  test('of other kinds are not taken from a reporter, and of an unknown kind are read for what they say', async () => {
    const draft = colleagueDraft(world, 'decoy', 'reporter');
    const {bytes} = await sealOpening(draft, world.random);
    await assert.rejects(openAs({bytes, record: draft.creation, envelope: draft.envelope}), {
      code: 'envelope-author',
    });
    const unknown = colleagueDraft(world, 'poll', 'reporter');
    const sealed = await sealOpening(unknown, world.random);
    assert.equal(
      (await openAs({bytes: sealed.bytes, record: unknown.creation, envelope: unknown.envelope})).message
        .kind,
      'poll',
    );
  });

  test('have unused slots like used ones, in an order that tells nothing', async () => {
    const first = [];
    for (let n = 0; n < 24; n += 1) {
      const draft = {...colleagueDraft(world, 'decoy', 'lee'), slots: 4};
      const {bytes} = await sealOpening(draft, world.random);
      const {slots, header} = parseOpening(bytes);
      assert.equal(slots.length, 4 * SLOT_LENGTH);
      const index = await slotOf(draft, header, slots, 'lee');
      first.push(index);
    }
    assert.deepEqual(new Set(first), new Set([0, 1, 2, 3]));
    await assert.rejects(
      sealOpening({...colleagueDraft(world, 'decoy', 'lee'), slots: 1}, world.random),
      RangeError,
    );
  });

  test('an unused slot is a real seal, which the key it was sealed to opens', async () => {
    /** @type {Uint8Array[]} */
    const taken = [];
    const watched = (/** @type {number} */ length) => {
      const drawn = world.random(length);
      taken.push(drawn);
      return drawn;
    };
    const draft = {...colleagueDraft(world, 'decoy', 'lee'), recipientKeys: []};
    const {bytes} = await sealOpening(draft, watched);
    const {header, slots} = parseOpening(bytes);
    const nobody = expandKey(/** @type {Uint8Array} */ (taken[2]));
    for (let index = 0; index < 2; index += 1) {
      const found = await openSlot(
        nobody,
        info(draft, header, index),
        slots.slice(index * SLOT_LENGTH, (index + 1) * SLOT_LENGTH),
      );
      assert.equal(found?.length, 32);
    }
  });
});

/** @param {Draft} draft @param {Uint8Array} header @param {number} index */
const info = ({creation, envelope}, header, index) =>
  concat(
    utf8('drempel/1/slot'),
    Uint8Array.of(1),
    creation.organisation,
    creation.mailbox,
    envelope,
    header.slice(3, 7),
    header.slice(39, 71),
    Uint8Array.of(index),
  );

/** @param {Draft} draft @param {Uint8Array} header @param {Uint8Array} slots @param {string} id */
async function slotOf(draft, header, slots, id) {
  const key = expandKey(weekSeed(ratchetAt(person(world, id).keyring.ratchet, WEEK)));
  for (let index = 0; index < draft.slots; index += 1) {
    if (
      await openSlot(
        key,
        info(draft, header, index),
        slots.slice(index * SLOT_LENGTH, (index + 1) * SLOT_LENGTH),
      )
    )
      return index;
  }
  return -1;
}

describe('a receipt', () => {
  test('opens the own report if the reporter chose so', async () => {
    const sent = await sendReport(world, {text: 'mine'});
    const {stub, opening} = await openOpeningWithReceipt(
      sent.bytes,
      sent.record,
      sent.envelope,
      sent.keys.stub,
      authors(),
    );
    assert.equal(opening?.message.text, 'mine');
    assert.deepEqual([stub.channel, stub.directory.version, stub.rereadable], ['adviser', 1, true]);
  });

  test('does not open it otherwise, and neither size nor form shows which', async () => {
    const [open, shut] = [await sendReport(world), await sendReport(world, {rereadable: false})];
    const {opening, stub} = await openOpeningWithReceipt(
      shut.bytes,
      shut.record,
      shut.envelope,
      shut.keys.stub,
      authors(),
    );
    assert.equal(opening, null);
    await assert.rejects(openWithSecret(shut.bytes, shut.record, shut.envelope, stub.secret, authors()), {
      code: 'envelope-commitment',
    });
    assert.equal(open.bytes.length, shut.bytes.length);
  });

  test('of another report, or a stub out of form, fails at the stub', async () => {
    const [sent, other] = [await sendReport(world), await sendReport(world)];
    await assert.rejects(
      openOpeningWithReceipt(sent.bytes, sent.record, sent.envelope, other.keys.stub, authors()),
      {code: 'envelope-stub'},
    );
    const good = concat(
      Uint8Array.of(1),
      new Uint8Array(32),
      u32(1),
      new Uint8Array(64),
      Uint8Array.of(1),
      utf8('a'),
      new Uint8Array(39),
    );
    const wrong = {
      flags: [0, 2],
      version: [36, 0],
      length: [101, 41],
      empty: [101, 0],
      channel: [102, 65],
      filling: [141, 1],
    };
    for (const [what, [at, value]] of Object.entries(wrong)) {
      const stubPlain = good.slice();
      stubPlain[Number(at)] = Number(value);
      const [draft, stubKey] = [colleagueDraft(world, 'decoy', 'lee'), world.random(32)];
      const {bytes} = await forgeOpening(draft, world.random, {stubPlain, stubKey});
      await assert.rejects(
        openOpeningWithReceipt(bytes, draft.creation, draft.envelope, stubKey, authors()),
        {code: 'envelope-stub'},
        what,
      );
    }
  });
});

/** A message's place and keys, made afresh. */
function makePlace() {
  const {random, organisationId} = world;
  return {
    place: {organisation: organisationId, mailbox: random(32), envelope: random(16)},
    key: random(32),
    seed: person(world, 'lee').keyring.signingSeed,
  };
}
const parent = 'A'.repeat(43);
const META = {
  kind: 'message',
  author: 'lee',
  day: '2026-11-23',
  directory: {version: 1, hash: parent},
  counter: 1,
  parents: [parent],
};
const leeOnly = (/** @type {{author: string}} */ {author}) =>
  author === 'lee' ? [person(world, 'lee').signingKey] : [];

describe('conversation envelopes', () => {
  test('come back for any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({unit: 'binary', maxLength: 5000}), async (text) => {
        const {place, key, seed} = makePlace();
        const bytes = await sealConversation(place, key, META, text, seed, world.random);
        assert.equal((await openConversation(bytes, place, key, leeOnly)).text, text);
      }),
      {numRuns: 40},
    );
  });

  test('are refused when anything about them is changed', async () => {
    const {place, key, seed} = makePlace();
    const bytes = await sealConversation(place, key, META, 'text', seed, world.random);
    const refused = (
      /** @type {Uint8Array} */ changed,
      /** @type {string} */ code,
      where = place,
      under = key,
    ) => assert.rejects(openConversation(changed, where, under, leeOnly), {code});
    await refused(flipped(bytes, 0), 'envelope-suite');
    await refused(flipped(bytes, 1), 'envelope-header');
    await refused(flipped(bytes, 2), 'envelope-commitment');
    await refused(flipped(bytes, 65), 'envelope-commitment');
    await refused(flipped(bytes, 66), 'envelope-body');
    await refused(bytes.slice(0, -1), 'envelope-header');
    await refused(bytes, 'envelope-commitment', place, world.random(32));
    for (const name of ['organisation', 'mailbox', 'envelope']) {
      await refused(bytes, 'envelope-body', {...place, [name]: world.random(name === 'envelope' ? 16 : 32)});
    }
    assert.equal(bytes.length, 66 + 4096 + 16);
  });

  test('padded in any other way than one are refused', async () => {
    const {place, key, seed} = makePlace();
    const long = 'x'.repeat(4096);
    /** @type {[string, (content: Uint8Array, signature: Uint8Array) => Uint8Array][]} */
    const ways = [
      ['larger than needed', padTo(8192)],
      ['a mark in the zeros', (content, signature) => flipped(padTo(4096)(content, signature), 4095)],
      ['too long', (content, signature) => concat(u32(4093), padTo(4096)(content, signature).slice(4))],
      ['too short', (content, signature) => concat(u32(65), padTo(4096)(content, signature).slice(4))],
    ];
    for (const [what, pad] of ways) {
      const bytes = await forgeConversation(place, key, META, 'text', seed, world.random, {pad});
      await assert.rejects(openConversation(bytes, place, key, leeOnly), {code: 'envelope-padding'}, what);
    }
    const bytes = await forgeConversation(place, key, META, long, seed, world.random, {pad: padTo(8192)});
    assert.equal((await openConversation(bytes, place, key, leeOnly)).text, long);
  });

  const WRONG_META = {
    'no kind': {kind: undefined},
    'kind of an opening': {kind: 'report'},
    'kind not an id': {kind: 'A b'},
    'author not an id': {author: 'Lee'},
    'no author': {author: undefined},
    'no day': {day: '2026-02-30'},
    'counter of an opening': {counter: 0},
    'counter as text': {counter: '1'},
    'counter below zero': {counter: -1},
    'no parents': {parents: []},
    'parents as text': {parents: parent},
    'parent too short': {parents: ['AAAA']},
    'one parent twice': {parents: [parent, parent]},
    'nine parents': {parents: Array.from({length: 9}, (_, n) => `${'A'.repeat(41)}${'ABCDEFGHI'[n]}A`)},
    'no directory': {directory: null},
    'directory version 0': {directory: {version: 0, hash: parent}},
    'directory without hash': {directory: {version: 1}},
  };
  test('whose meta is out of form are refused', async () => {
    const {place, key, seed} = makePlace();
    for (const [what, change] of Object.entries(WRONG_META)) {
      const bytes = await forgeConversation(place, key, {...META, ...change}, 'text', seed, world.random);
      await assert.rejects(openConversation(bytes, place, key, leeOnly), {code: 'envelope-message'}, what);
    }
    const wrong = [
      {metaBytes: utf8('[]')},
      {metaBytes: utf8('{')},
      {metaBytes: Uint8Array.of(0xff)},
      {textBytes: Uint8Array.of(0xff)},
      {metaBytes: utf8(JSON.stringify(META).replace('"counter":1', '"counter":1.0'))},
    ];
    for (const forged of wrong) {
      const bytes = await forgeConversation(place, key, META, 'text', seed, world.random, forged);
      await assert.rejects(openConversation(bytes, place, key, leeOnly), {code: 'envelope-message'});
    }
    const pad = (/** @type {Uint8Array} */ content, /** @type {Uint8Array} */ signature) =>
      padTo(4096)(concat(Uint8Array.of(0xff, 0xff), content.slice(2)), signature);
    const bytes = await forgeConversation(place, key, META, 'text', seed, world.random, {pad});
    await assert.rejects(openConversation(bytes, place, key, leeOnly), {code: 'envelope-message'});
  });

  test('with members that nobody knows yet are read', async () => {
    const {place, key, seed} = makePlace();
    const bytes = await sealConversation(place, key, {...META, later: [1.5, {}]}, 'text', seed, world.random);
    assert.equal((await openConversation(bytes, place, key, leeOnly)).text, 'text');
  });

  test('by an author without a place there, or by another than they name, are refused', async () => {
    const {place, key, seed} = makePlace();
    const stranger = await sealConversation(place, key, {...META, author: 'mo'}, 'text', seed, world.random);
    await assert.rejects(openConversation(stranger, place, key, leeOnly), {code: 'envelope-author'});
    const forged = await sealConversation(
      place,
      key,
      META,
      'text',
      person(world, 'kaya').keyring.signingSeed,
      world.random,
    );
    await assert.rejects(openConversation(forged, place, key, leeOnly), {code: 'envelope-signature'});
  });

  test('re-sealed at another place, by somebody who has the key, do not carry their signature along', async () => {
    const {place, key, seed} = makePlace();
    const signedFor = {...place, commitment: world.random(32)};
    const bytes = await forgeConversation(place, key, META, 'text', seed, world.random, {signedFor});
    await assert.rejects(openConversation(bytes, place, key, leeOnly), {code: 'envelope-signature'});
  });
});

describe('opening messages', () => {
  const bytes32 = 'A'.repeat(43);
  const WRONG = {
    'no channel': {channel: undefined},
    'channel not an id': {channel: 'A'},
    'no addressees': {to: undefined},
    'addressee not an id': {to: [3]},
    'kind of a message': {kind: 'message'},
    'a counter': {counter: 1},
    'a parent': {parents: [bytes32]},
    'proofs as a list': {proofs: []},
    'a case about nothing': {kind: 'case'},
    'a case about a name': {kind: 'case', case: {mailbox: 'A'}},
    'a grant of nothing': {kind: 'grant'},
    'a grant without secret': {
      kind: 'grant',
      grant: {mailbox: bytes32, envelope: 'A'.repeat(22), read: bytes32},
    },
    'a report of a kind that is no id': {kind: 'report', report: 3},
  };
  test('out of form are refused', async () => {
    for (const [what, change] of Object.entries(WRONG)) {
      const draft = colleagueDraft(world, 'decoy', 'lee', change);
      const {bytes} = await forgeOpening(draft, world.random);
      await assert.rejects(
        openAs({bytes, record: draft.creation, envelope: draft.envelope}),
        {code: 'envelope-message'},
        what,
      );
    }
  });

  test('with a signature for another key block are refused', async () => {
    const draft = colleagueDraft(world, 'decoy', 'lee');
    const {organisation, mailbox} = draft.creation;
    const signedFor = {
      organisation,
      mailbox,
      envelope: draft.envelope,
      commitment: world.random(32),
      keyBlock: keyBlockBytes(draft.keys),
    };
    const {bytes} = await forgeOpening(draft, world.random, {signedFor});
    await assert.rejects(openAs({bytes, record: draft.creation, envelope: draft.envelope}), {
      code: 'envelope-signature',
    });
  });
});

describe('without crypto.subtle', () => {
  const subtle = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(globalThis.crypto), 'subtle');
  const take = () =>
    Object.defineProperty(globalThis.crypto, 'subtle', {value: undefined, configurable: true});
  afterEach(() => {
    delete (/** @type {any} */ (globalThis.crypto).subtle);
    assert.ok(globalThis.crypto.subtle && subtle);
  });

  test('the same bytes come out, and each way opens what the other sealed', async () => {
    const [key, nonce, ad, text] = [32, 12, 20, 1000].map((length) => world.random(length));
    if (!key || !nonce || !ad || !text) throw new Error('randomness');
    const sealed = await aesGcmSeal(key, nonce, ad, text);
    take();
    assert.deepEqual(await aesGcmSeal(key, nonce, ad, text), sealed);
    assert.deepEqual(await aesGcmOpen(key, nonce, ad, sealed), text);
    assert.equal(await aesGcmOpen(key, nonce, ad, flipped(sealed, 3)), null);
    assert.equal(await aesGcmOpen(key, nonce, ad, sealed.slice(0, 15)), null);
  });

  test('a report is sealed and opened', async () => {
    take();
    const sent = await sendReport(world, {text: 'no subtle'});
    assert.equal((await openAs(sent)).message.text, 'no subtle');
    const {opening} = await openOpeningWithReceipt(
      sent.bytes,
      sent.record,
      sent.envelope,
      sent.keys.stub,
      authors(),
    );
    assert.equal(opening?.message.text, 'no subtle');
    await assert.rejects(openAs({...sent, bytes: flipped(sent.bytes, sent.bytes.length - 1)}), {
      code: 'envelope-body',
    });
  });
});

describe('parts', () => {
  test('a permutation is one, and each is as likely', () => {
    const counts = new Map();
    for (let n = 0; n < 6000; n += 1) {
      const order = shuffled([0, 1, 2], world.random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    for (const count of counts.values()) assert.ok(count > 850 && count < 1150, `${count}`);
  });

  test('a biased number is drawn again', () => {
    const draws = [0xffffffff, 0, 0].map(u32);
    assert.deepEqual(
      shuffled(['a', 'b', 'c'], () => /** @type {Uint8Array} */ (draws.shift())),
      ['b', 'c', 'a'],
    );
    assert.equal(draws.length, 0);
  });

  test('the same randomness seals the same bytes', async () => {
    const seal = async () => (await sendReport(await makeOpaqueOrganisation(seeded('again')))).bytes;
    assert.ok(equal(await seal(), await seal()));
    assert.equal(creationRecordBytes((await sendReport(world)).record).length, 225);
  });
});
