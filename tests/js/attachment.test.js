/** PROTOCOL 16.1 to 16.6: what was sealed comes back whole, or not at all. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {afterEach, describe, test} from 'node:test';
import fc from 'fast-check';
import {CHUNK, CHUNK_LENGTH, blobId, chunkCount, padme} from '../../static/js/crypto/public/blobs.js';
import {LONGEST_FILE, MOST_CLAIMS as MOST_CLAIMS, TEXT_LIMIT} from '../../static/js/crypto/public/limits.js';
import {
  attachmentHash,
  attachmentJson,
  attachmentKeys,
  chunkHash,
  openChunks,
  readAttachments,
} from '../../static/js/crypto/secret/attachment.js';
import {b64, dayText} from '../../static/js/crypto/public/encoding.js';
import {concat, equal} from '../../static/js/crypto/public/bytes.js';
import {membersOf} from '../../static/js/crypto/secret/message_pack.js';
import {sealConversation} from '../../static/js/crypto/secret/envelope_seal.js';
import {openConversation} from '../../static/js/crypto/secret/envelope_open.js';
import {publicKey} from '../../static/js/crypto/public/signatures.js';
import {fileOf} from './kit/attachment_operations.js';
import {sealChunk} from './kit/forge.js';
import {seeded} from './kit/randomness.js';
import {TODAY} from './kit/opaque_organisation.js';

/** @import {Attachment, AttachmentKeys} from '../../static/js/crypto/secret/attachment.js' */
/** @import {Json} from '../../static/js/crypto/public/encoding.js' */

const random = seeded('attachments');
const [organisation, secret, otherSecret] = [random(32), random(32), random(32)];
const BLOCK = random(4096);
const DAMAGED = {code: 'attachment-damaged'};

/** @param {number} length @returns {Uint8Array} of which no two chunks are alike */
function contentOf(length) {
  const content = new Uint8Array(length);
  for (let at = 0; at < length; at += BLOCK.length) content.set(BLOCK.subarray(0, length - at), at);
  for (let at = 0; at < length; at += CHUNK) content[at] = at / CHUNK;
  return content;
}

/** @param {Uint8Array} content @param {number} number */
const piece = (content, number) => content.subarray(number * CHUNK, (number + 1) * CHUNK);

/**
 * @param {Uint8Array} content
 * @param {AttachmentKeys} [keys]
 * @param {Uint8Array} [of] the organisation
 * @returns {Promise<Uint8Array[]>}
 */
async function sealedOf(content, keys = attachmentKeys(secret), of = organisation) {
  const chunks = await openChunks(of, keys, chunkCount(content.length));
  return Promise.all(
    Array.from({length: chunks.count}, (_, number) => chunks.seal(number, piece(content, number))),
  );
}

/** @param {number} size @param {Uint8Array[]} sealed @returns {Promise<Attachment>} */
const named = async (size, sealed) => ({
  name: 'a',
  type: '',
  size,
  secret,
  hash: attachmentHash(await Promise.all(sealed.map(chunkHash))),
});

/** @param {Uint8Array} bytes @param {number} bit */
const flipped = (bytes, bit) =>
  bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));

/** @param {readonly Uint8Array[]} list @param {number} at @returns {Uint8Array} */
const itemOf = (list, at) => /** @type {Uint8Array} */ (list[at]);

/**
 * What a hostile server or sender might give as chunk `at`.
 * @param {Uint8Array[]} sealed
 * @param {number} at
 * @param {number} other
 */
async function inItsPlace(sealed, at, other) {
  const [keys, count, own] = [attachmentKeys(secret), sealed.length, itemOf(sealed, at)];
  const [content, final] = [contentOf(count * CHUNK), at === count - 1];
  const plaintext = piece(content, at);
  const forged = (/** @type {object} */ claimed, shown = plaintext, from = keys) =>
    sealChunk(organisation, from, {number: at, count, final, ...claimed}, shown);
  return {
    flipped: flipped(own, (at * 7919 + other) % (8 * CHUNK_LENGTH)),
    'tag flipped': flipped(own, 8 * CHUNK_LENGTH - 1 - other),
    shortened: own.slice(0, -1 - other),
    lengthened: concat(own, new Uint8Array(1 + other)),
    empty: new Uint8Array(0),
    'shorter plaintext': await forged({}, plaintext.subarray(1)),
    'of another file': itemOf(await sealedOf(content, attachmentKeys(otherSecret)), at),
    'of another blob': await forged({}, plaintext, {...keys, blob: attachmentKeys(otherSecret).blob}),
    'of another organisation': itemOf(await sealedOf(content, keys, otherSecret), at),
    'of another count': await forged({count: count + 1}),
    'of another number': await forged({number: count}),
    'final moved': await forged({final: !final}),
  };
}

/**
 * All chunks as a hostile server might give them.
 * @param {Uint8Array[]} sealed
 * @param {number} at
 * @param {number} other
 */
async function moved(sealed, at, other) {
  const [count, own, another] = [sealed.length, itemOf(sealed, at), itemOf(sealed, other)];
  const more = await sealChunk(
    organisation,
    attachmentKeys(secret),
    {number: count, count, final: true},
    contentOf(CHUNK),
  );
  return {
    dropped: sealed.toSpliced(at, 1),
    doubled: sealed.toSpliced(at, 0, own),
    reordered: sealed.with(at, another).with(other, own),
    'after the end': [...sealed, more],
  };
}

const NEAR = fc
  .tuple(fc.integer({min: 1, max: 3}), fc.integer({min: -2, max: 2}))
  .map(([count, more]) => count * CHUNK + more);
const LENGTHS = fc.oneof(fc.integer({min: 0, max: 3}), NEAR, fc.integer({min: 0, max: 4 * CHUNK}));

test('padme tells little and costs little, with exact numbers up to 2^53', () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.integer({min: 0, max: 52}),
      fc.integer({min: -2, max: 2}),
      (any, power, more) => {
        for (const length of [any, Math.max(0, 2 ** power + more)]) {
          const padded = padme(length);
          assert.ok(
            length <= padded &&
              padded <= length * 1.12 &&
              padme(padded) === padded &&
              padme(length + 1) >= padded,
          );
          const told = padded.toString(2).replace(/0+$/, '').length;
          assert.ok(told <= 1 + length.toString(2).length.toString(2).length, `${length}`);
        }
      },
    ),
    {numRuns: 500},
  );
});

test('files of all lengths have few numbers of chunks', () => {
  const counts = Array.from({length: 65_536}, (_, at) => chunkCount((at + 1) * CHUNK));
  for (const [at, count] of counts.entries()) assert.ok(at < count && count <= (at + 1) * 1.12);
  assert.ok(new Set(counts).size < 500);
  assert.equal(chunkCount(LONGEST_FILE), 65_536);
});

test('the keys of two secrets have nothing in common, and a token is for one blob', () => {
  const [one, other] = [attachmentKeys(secret), attachmentKeys(otherSecret)];
  assert.equal(new Set([...Object.values(one), ...Object.values(other)].map(b64)).size, 6);
  assert.deepEqual(one.blob, blobId(one.token));
});

test('a file of any length comes back', async () => {
  await fc.assert(
    fc.asyncProperty(LENGTHS, async (length) => {
      const content = contentOf(length);
      const sealed = await sealedOf(content);
      assert.ok(sealed.every((chunk) => chunk.length === CHUNK_LENGTH));
      assert.ok(equal(await fileOf(organisation, await named(length, sealed), sealed), content));
    }),
    {numRuns: 30},
  );
});

test('what is no chunk is not sealed', async () => {
  const chunks = await openChunks(organisation, attachmentKeys(secret), 2);
  for (const number of [-1, 2, 0.5]) await assert.rejects(chunks.seal(number, new Uint8Array(1)), RangeError);
  await assert.rejects(chunks.seal(0, new Uint8Array(CHUNK + 1)), RangeError);
});

for (const count of [2, 3]) {
  test(`${count} chunks that were tampered with are damage`, async () => {
    const sealed = await sealedOf(contentOf(count * CHUNK));
    const honest = await named(count * CHUNK, sealed);
    const places = sealed.flatMap((_, at) =>
      sealed.flatMap((_, other) => (at === other ? [] : [{at, other}])),
    );
    for (const {at, other} of places) {
      const replaced = Object.entries(await inItsPlace(sealed, at, other)).map(
        ([how, chunk]) => /** @type {const} */ ([how, sealed.with(at, chunk)]),
      );
      for (const [how, changed] of [...replaced, ...Object.entries(await moved(sealed, at, other))]) {
        // Also where the hash is that of what was made of them: each chunk says itself where it belongs.
        for (const attachment of [honest, await named(count * CHUNK, changed)])
          await assert.rejects(fileOf(organisation, attachment, changed), DAMAGED, how);
      }
    }
  });
}

test('two contents under one key are told apart by the hash', async () => {
  const [sealed, others] = [await sealedOf(contentOf(5)), await sealedOf(contentOf(6).subarray(1))];
  await assert.rejects(fileOf(organisation, await named(5, sealed), others), DAMAGED);
});

test('a mark in the padding is damage', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({min: 0, max: 2 * CHUNK - 1}),
      fc.nat(),
      fc.integer({min: 1, max: 255}),
      async (length, at, mark) => {
        const padded = new Uint8Array(chunkCount(length) * CHUNK);
        fc.pre(padded.length > length);
        padded.set(contentOf(length));
        const honest = await sealedOf(padded);
        assert.equal((await fileOf(organisation, await named(length, honest), honest)).length, length);
        padded[length + (at % (padded.length - length))] = mark;
        const marked = await sealedOf(padded);
        await assert.rejects(fileOf(organisation, await named(length, marked), marked), DAMAGED);
      },
    ),
    {numRuns: 15},
  );
});

describe('without crypto.subtle', () => {
  afterEach(() => {
    delete (/** @type {any} */ (globalThis.crypto).subtle);
    assert.ok(globalThis.crypto.subtle);
  });

  test('the same chunks and hashes come out, and each way opens what the other sealed', async () => {
    const content = contentOf(CHUNK + 7);
    const sealed = await sealedOf(content);
    const attachment = await named(content.length, sealed);
    Object.defineProperty(globalThis.crypto, 'subtle', {value: undefined, configurable: true});
    assert.deepEqual(await named(content.length, await sealedOf(content)), attachment);
    assert.ok(equal(await fileOf(organisation, attachment, sealed), content));
    await assert.rejects(
      fileOf(organisation, attachment, sealed.with(1, flipped(itemOf(sealed, 1), 3))),
      DAMAGED,
    );
  });
});

/** @param {number} length @param {(number: number) => string} [name] @returns {Attachment[]} */
const files = (length, name = (number) => `IMG_${number} 📷.jpg`) =>
  Array.from({length}, (_, number) => ({
    name: name(number),
    type: 'image/jpeg',
    size: number * CHUNK,
    secret: random(32),
    hash: random(32),
  }));

const GOOD = /** @type {Json} */ (files(1).map(attachmentJson)[0]);
const BYTES = fc.oneof(
  fc.constant(b64(random(32))),
  fc.string(),
  fc.constant(b64(random(31))),
  fc.constant(null),
);
const CHANGES = fc.record({
  name: fc.oneof(
    fc.string({unit: 'binary', maxLength: 400}),
    fc.string({unit: fc.constantFrom('\ud800', 'é', 'x'), maxLength: 600}),
    fc.integer(),
  ),
  type: fc.oneof(
    fc.string({unit: 'grapheme', maxLength: 130}),
    fc.string({maxLength: 130}),
    fc.array(fc.string()),
  ),
  bytes: fc.oneof(fc.integer(), fc.maxSafeNat(), fc.double(), fc.boolean(), fc.constant('1')),
  secret: BYTES,
  hash: BYTES,
});
/** A good one, of which at most two members are something else. */
const ITEM = fc.tuple(CHANGES, fc.subarray(Object.keys(GOOD), {maxLength: 2})).map(([changes, chosen]) => ({
  ...GOOD,
  ...Object.fromEntries(Object.entries(changes).filter(([name]) => chosen.includes(name))),
}));

/** @param {Attachment} attachment */
function isInForm({name, type, size, secret: own, hash}) {
  const nameFits = !/\p{Surrogate}/u.test(name) && name !== '' && Buffer.byteLength(name) <= 1024;
  const typeFits = type.length <= 127 && [...type].every((letter) => letter < '\x80');
  return (
    nameFits &&
    typeFits &&
    Number.isSafeInteger(size) &&
    size >= 0 &&
    size <= 2 ** 34 &&
    own.length === 32 &&
    hash.length === 32
  );
}

test('what is read is in form, whatever stands in the meta', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(fc.array(ITEM, {minLength: 1, maxLength: 3}), fc.jsonValue()), (found) => {
      /** @type {Attachment[]} */
      let read;
      try {
        read = readAttachments(found);
      } catch (problem) {
        assert.equal(/** @type {any} */ (problem).code, 'request-malformed');
        return;
      }
      taken += read.length;
      assert.ok(read.every(isInForm) && new Set(read.map((item) => b64(item.secret))).size === read.length);
      assert.deepEqual(readAttachments(read.length ? read.map(attachmentJson) : null), read);
    }),
    {numRuns: 500, seed: 16},
  );
  assert.ok(taken > 10, `${taken}`);
});

const place = {organisation, mailbox: random(32), envelope: random(16)};
const [key, seed] = [random(32), random(32)];
const META = {
  kind: 'message',
  author: 'lee',
  day: dayText(TODAY),
  directory: {version: 1, hash: b64(random(32))},
  counter: 1,
  parents: [b64(random(32))],
};

/** @param {Json[] | undefined} attachments @param {string} [text] */
const seal = (attachments, text = 'text') =>
  sealConversation(place, key, attachments ? {...META, attachments} : META, text, seed, random);

/** @param {Uint8Array} sealed */
const open = (sealed) => openConversation(sealed, place, key, () => [publicKey(seed)]);

test('a message names as many files as there can be, or none', async () => {
  const most = files(MOST_CLAIMS);
  assert.deepEqual((await open(await seal(most.map(attachmentJson)))).attachments, most);
  assert.deepEqual((await open(await seal(undefined))).attachments, []);
});

test('a message never names an empty list of files, since no reader would take it', () => {
  assert.throws(() => membersOf([]), TypeError);
  assert.deepEqual(membersOf([GOOD]), {attachments: [GOOD]});
});

test('more files than fit are too many', async () => {
  const most = files(MOST_CLAIMS).map(attachmentJson);
  const longNames = files(MOST_CLAIMS, (number) => `${number}${'x'.repeat(1000)}`).map(attachmentJson);
  const tooMany = {code: 'attachments-too-many'};
  await assert.rejects(seal([...most, GOOD]), tooMany);
  await assert.rejects(seal(longNames), tooMany);
  await assert.rejects(seal(most, 'x'.repeat(TEXT_LIMIT)), tooMany);
  await assert.rejects(seal(most, 'x'.repeat(TEXT_LIMIT + 1)), {code: 'text-too-long'});
});

test('a message whose files are out of form is refused', async () => {
  await assert.rejects(open(await seal([GOOD, {...GOOD, name: 'another'}])), {code: 'envelope-message'});
  await assert.rejects(open(await seal([])), {code: 'envelope-message'});
});
