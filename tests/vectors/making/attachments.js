/** Vectors of files in sealed chunks and of what a message says of them (PROTOCOL 16.1 to 16.7). */
import {CHUNK, CHUNK_LENGTH} from '../../../static/js/crypto/public/blobs.js';
import {
  attachmentHash,
  attachmentJson,
  attachmentKeys,
  chunkHash,
  openChunks,
} from '../../../static/js/crypto/secret/attachment.js';
import {b64, dayText} from '../../../static/js/crypto/public/encoding.js';
import {sealConversation} from '../../../static/js/crypto/secret/envelope_seal.js';
import {publicKey} from '../../../static/js/crypto/public/signatures.js';
import {sealChunk} from '../../js/kit/forge.js';
import {seeded} from '../../js/kit/randomness.js';
import {TODAY} from '../../js/kit/opaque_organisation.js';

/** @import {Attachment} from '../../../static/js/crypto/secret/attachment.js' */
/** @import {Maker} from '../make.js' */

const random = seeded('vectors: attachments');
const [organisation, secret, anotherSecret] = [random(32), random(32), random(32)];
const KIBIBYTE = random(1024);

/**
 * @param {number} length
 * @returns {Uint8Array} random at its beginning, then zeros, then a last byte that is not
 */
function fileOfLength(length) {
  const bytes = new Uint8Array(length);
  bytes.set(KIBIBYTE.subarray(0, length));
  if (length) bytes[length - 1] = 0x5a;
  return bytes;
}

/** @param {Maker} maker */
async function makeChunks(maker) {
  await maker.ok('attachment-keys', 'What comes from the secret of an attachment.', 'attachment-keys', {
    secret: b64(secret),
  });
  const powers = [2 ** 18, 2 ** 20, 2 ** 26, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 34];
  const lengths = [
    0,
    1,
    CHUNK - 1,
    CHUNK,
    CHUNK + 1,
    5 * CHUNK + 1,
    33 * CHUNK + 1,
    10 ** 9,
    ...powers.flatMap((power) => [power - 1, power, power + 1]),
  ];
  await maker.ok(
    'attachment-counts',
    'How many chunks files of these lengths have, up to beyond 2^34.',
    'chunk-counts',
    {lengths},
  );
  const head = maker.file('attachment-head.bin', KIBIBYTE);
  const seal = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {number} */ number,
    /** @type {number} */ count,
    /** @type {object | string} */ plaintext,
  ) =>
    maker.ok(
      `attachment-seal-${name}`,
      about,
      'seal-chunk',
      {organisation: b64(organisation), secret: b64(secret), count, number, plaintext},
      {length: CHUNK_LENGTH},
    );
  await seal('empty', 'The one chunk of an empty file.', 0, 1, '');
  await seal('short', 'The one chunk of a short file, filled up with zeros.', 0, 1, head);
  await seal('full', 'The one chunk of a file that fills it.', 0, 1, {
    ...head,
    length: CHUNK,
    xor: {[CHUNK - 1]: 0x5a},
  });
  await seal('first', 'The first of three.', 0, 3, {...head, length: CHUNK});
  await seal('middle', 'The second of three.', 1, 3, {...head, length: CHUNK});
  await seal('last', 'The last of three.', 2, 3, {...head, length: 1});
  await seal('padding', 'A chunk that holds nothing of the file.', 24, 25, '');
  await seal('far', 'The last that any file can have.', 65_535, 65_536, head);
}

/**
 * @param {string} name
 * @param {Uint8Array[]} sealed
 * @param {number} size
 * @param {Uint8Array} [from] its secret
 * @returns {Promise<Attachment>}
 */
const attachmentOf = async (name, sealed, size, from = secret) => ({
  name,
  type: 'application/pdf',
  size,
  secret: from,
  hash: attachmentHash(await Promise.all(sealed.map(chunkHash))),
});

/** The masks that turn one string of bytes into another. @param {Uint8Array} one @param {Uint8Array} other */
const masks = (one, other) =>
  Object.fromEntries(
    [...one].flatMap((byte, at) => (byte === other[at] ? [] : [[at, byte ^ Number(other[at])]])),
  );

/** @param {Maker} maker */
async function makeFiles(maker) {
  const size = CHUNK + 1;
  const file = fileOfLength(size);
  const chunks = await openChunks(organisation, attachmentKeys(secret), 2);
  const sealed = [await chunks.seal(0, file.subarray(0, CHUNK)), await chunks.seal(1, file.subarray(CHUNK))];
  const [first, last] = [
    maker.file('attachment-0.bin', /** @type {Uint8Array} */ (sealed[0])),
    maker.file('attachment-1.bin', /** @type {Uint8Array} */ (sealed[1])),
  ];
  const attachment = await attachmentOf('report.pdf', sealed, size);
  const input = {
    organisation: b64(organisation),
    attachment: attachmentJson(attachment),
    chunks: /** @type {unknown[]} */ ([first, last]),
  };
  await maker.ok('attachment', 'A file of one byte more than a chunk.', 'open-attachment', input, {
    length: size,
  });
  const damaged = (/** @type {string} */ name, /** @type {string} */ about, /** @type {object} */ change) =>
    maker.fails(`attachment-${name}`, about, 'open-attachment', {...input, ...change}, 'attachment-damaged');
  const named = (/** @type {object} */ change) => ({attachment: {...input.attachment, ...change}});
  await damaged('bit', 'One bit is flipped.', {chunks: [{...first, xor: {100_000: 1}}, last]});
  await damaged('tag', 'One bit of the last tag is flipped.', {
    chunks: [first, {...last, xor: {[CHUNK_LENGTH - 1]: 128}}],
  });
  await damaged('swapped', 'The two in the other order.', {chunks: [last, first]});
  await damaged('missing', 'The last one is missing.', {chunks: [first]});
  await damaged('none', 'There is none.', {chunks: []});
  await damaged('twice', 'The first one twice.', {chunks: [first, first]});
  await damaged('after-the-end', 'One more after the last.', {chunks: [first, last, last]});
  await damaged('short', 'The last byte is missing.', {chunks: [first, {...last, length: CHUNK_LENGTH - 1}]});
  await damaged('long', 'A byte too many.', {chunks: [first, {...last, length: CHUNK_LENGTH + 1}]});
  await damaged('as-one', 'The first one as a whole file.', {
    ...named({bytes: CHUNK, hash: b64((await attachmentOf('', sealed.slice(0, 1), CHUNK)).hash)}),
    chunks: [first],
  });
  await damaged(
    'other-secret',
    'With the secret of another attachment.',
    named({secret: b64(anotherSecret)}),
  );
  await damaged('organisation', 'In another organisation.', {organisation: b64(anotherSecret)});
  await damaged('hash', 'With the hash of another attachment.', named({hash: b64(anotherSecret)}));
  await damaged(
    'size',
    'Its length cuts off the last byte, which then is no padding.',
    named({bytes: CHUNK}),
  );
  await makeForged(maker, input, sealed);
}

/**
 * What only a sender can have done, who has the key.
 * @param {Maker} maker
 * @param {{chunks: unknown[], attachment: object}} input
 * @param {Uint8Array[]} sealed
 */
async function makeForged(maker, input, sealed) {
  const [first, last] = input.chunks;
  const keys = attachmentKeys(secret);
  const forged = async (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {any[]} */ chunks,
    /** @type {Uint8Array[]} */ bytes,
  ) => {
    const {hash} = await attachmentOf('', bytes, 0);
    await maker.fails(
      `attachment-${name}`,
      about,
      'open-attachment',
      {...input, attachment: {...input.attachment, hash: b64(hash)}, chunks},
      'attachment-damaged',
    );
  };
  const [one, two] = /** @type {[Uint8Array, Uint8Array]} */ (sealed);
  const marked = new Uint8Array(CHUNK);
  marked.set([0x5a, 1]);
  // Only the masks are written down: a mark in the padding changes that byte and the tag.
  const padding = await sealChunk(organisation, keys, {number: 1, count: 2, final: true}, marked);
  await forged(
    'padding',
    'A mark in the padding.',
    [first, {.../** @type {object} */ (last), xor: masks(two, padding)}],
    [one, padding],
  );
  const final = await sealChunk(organisation, keys, {number: 0, count: 2, final: true}, fileOfLength(CHUNK));
  await forged(
    'final',
    'The first one says that it is the last.',
    [maker.file('attachment-final.bin', final), last],
    [final, two],
  );
}

/** @param {number} number @param {string} name @returns {Attachment} */
const named = (number, name) => ({
  name,
  type: '',
  size: number * CHUNK,
  secret: random(32),
  hash: random(32),
});

/** @param {Maker} maker */
async function makeMeta(maker) {
  const one = attachmentJson(named(3, 'Größe "x".pdf'));
  const read = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {unknown} */ attachments,
    wanted = {},
  ) => maker.ok(`attachments-${name}`, about, 'read-attachments', {attachments}, wanted);
  await read('none', 'A meta without the member.', null, {attachments: [], claims: ''});
  await read('one', 'One file, with a member of the future.', [{...one, future: 1}], {attachments: [one]});
  await read('longest', 'Name, type and length as long as they can be.', [
    {...one, name: `${'é'.repeat(511)}.x`, type: 'x'.repeat(127), bytes: 2 ** 34},
  ]);
  const many = Array.from({length: 64}, (_, number) => attachmentJson(named(number, `${number}`)));
  await read('many', 'As many as there can be.', many);
  const refused = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {unknown} */ attachments,
  ) => maker.fails(`attachments-${name}`, about, 'read-attachments', {attachments}, 'envelope-message');
  await refused('empty', 'A list without any.', []);
  await refused('object', 'No list.', {0: one});
  await refused('zero', 'A number.', 0);
  await refused('too-many', 'One more than there can be.', [...many, one]);
  await refused('twice', 'One blob under two names.', [one, {...one, name: 'another'}]);
  /** @type {[string, string, unknown][]} */
  const wrong = [
    ['item', 'An attachment that is a name.', 'file'],
    ['name-empty', 'Without a name.', {...one, name: ''}],
    ['name-long', 'A name of 1,025 bytes.', {...one, name: `${'é'.repeat(512)}x`}],
    ['name-half', 'A name with half of a character.', {...one, name: 'a\ud83d'}],
    ['name-list', 'A name that is a list.', {...one, name: ['a']}],
    ['type-long', 'A type of 128 characters.', {...one, type: 'x'.repeat(128)}],
    ['type-letter', 'A type that is not ASCII.', {...one, type: 'text/pläin'}],
    ['type-null', 'A type that is null.', {...one, type: null}],
    ['length', 'A file longer than any can be.', {...one, bytes: 2 ** 34 + 1}],
    ['length-negative', 'A negative length.', {...one, bytes: -1}],
    ['length-text', 'A length in quotes.', {...one, bytes: '1'}],
    ['length-bool', 'A length that is true.', {...one, bytes: true}],
    ['secret', 'A secret of 31 bytes.', {...one, secret: b64(random(31))}],
    ['hash', 'A hash of 33 bytes.', {...one, hash: b64(random(33))}],
    ['hash-missing', 'Without a hash.', {name: 'a', type: '', bytes: 1, secret: one['secret']}],
  ];
  for (const [name, about, item] of wrong) await refused(name, about, [item]);
}

/** @param {Maker} maker */
async function makeMessages(maker) {
  const signing = random(32);
  const directory = {version: 1, hash: b64(random(32))};
  const meta = {
    kind: 'message',
    author: 'reporter',
    day: dayText(TODAY),
    directory,
    counter: 1,
    parents: [b64(random(32))],
  };
  const attachments = Array.from({length: 65}, (_, number) =>
    attachmentJson(named(number, `IMG_${number} 📷.jpg`)),
  );
  const place = {organisation, mailbox: random(32), envelope: random(16)};
  const key = random(32);
  const where = {
    organisation: b64(organisation),
    mailbox: b64(place.mailbox),
    envelope: b64(place.envelope),
    key: b64(key),
  };
  const sealing = {
    ...where,
    random: 'a seed',
    meta: {...meta, attachments: attachments.slice(0, 64)},
    text: 'See the 64 files.',
    signing_seed: b64(signing),
  };
  const seal = 'seal-conversation';
  await maker.ok(
    'attachments-sealed',
    'A message with 64 files, sealed with randomness from a seed.',
    seal,
    sealing,
  );
  const many = {...sealing, meta: {...meta, attachments}};
  await maker.fails('attachments-sealed-65', 'A message with 65 files.', seal, many, 'attachments-too-many');
  const bytes = await sealConversation(place, key, sealing.meta, sealing.text, signing, seeded('a seed'));
  const from = {kind: 'report', channel: 'conduct', signing_key: b64(publicKey(signing))};
  const opening = {
    directory: {file: 'conversations-directory.bin'},
    today: dayText(TODAY),
    ...where,
    ...from,
    bytes: b64(bytes),
  };
  await maker.ok('attachments-opened', 'The same, opened.', 'open-conversation', opening, {
    attachments: sealing.meta.attachments,
  });
}

/** @param {Maker} maker */
export async function makeAttachments(maker) {
  await makeChunks(maker);
  await makeFiles(maker);
  await makeMeta(maker);
  await makeMessages(maker);
}
