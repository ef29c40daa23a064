/** Vectors of opening envelopes (PROTOCOL 6.2 to 6.8, 7). */
import {b64, dayText} from '../../../static/js/crypto/public/encoding.js';
import {concat, u32, utf8} from '../../../static/js/crypto/public/bytes.js';
import {keyBlockBytes, parseOpening} from '../../../static/js/crypto/public/envelope_format.js';
import {sealOpening} from '../../../static/js/crypto/secret/envelope_seal.js';
import {ratchetAt, weekSeed} from '../../../static/js/crypto/secret/ratchet.js';
import {creationRecordBytes} from '../../../static/js/crypto/public/mailbox.js';
import {expandKey, openSlot} from '../../../static/js/crypto/secret/hpke_open.js';
import {forgeOpening, padTo} from '../../js/kit/forge.js';
import {seeded} from '../../js/kit/randomness.js';
import {
  TODAY,
  WEEK,
  colleagueDraft,
  makeOpaqueOrganisation,
  person,
  sendReport,
} from '../../js/kit/opaque_organisation.js';

/** @import {Draft} from '../../../static/js/crypto/shapes.d.ts' */
/** @import {Maker} from '../make.js' */
/** @import {OpaqueOrganisation} from '../../js/kit/opaque_organisation.js' */
/** @import {Wrong} from '../../js/kit/forge.js' */

const today = dayText(TODAY);
const BYTES32 = 'A'.repeat(43);
const GRANT = {mailbox: BYTES32, envelope: 'A'.repeat(22), secret: BYTES32, read: BYTES32};

/** @param {OpaqueOrganisation} world @param {string} id */
const seedsOf = (world, id) => ({
  [WEEK]: [b64(weekSeed(ratchetAt(person(world, id).keyring.ratchet, WEEK)))],
});

/** @param {Draft} draft @param {Uint8Array} bytes */
const placed = (draft, bytes) => ({
  creation: b64(creationRecordBytes(draft.creation)),
  envelope: b64(draft.envelope),
  bytes: b64(bytes),
});

/** @param {Maker} maker @param {OpaqueOrganisation} world */
async function makeReport(maker, world) {
  const directory = maker.file('directory.bin', world.directoryBytes);
  const sent = await sendReport(world, {text: 'Line one\n"two" \u{1f600}'});
  const bytes = maker.file('report.bin', sent.bytes);
  const base = {directory, today, creation: b64(sent.creation), envelope: b64(sent.envelope), bytes};
  const open = (/** @type {string} */ id, change = {}) => ({
    ...base,
    week_seeds: seedsOf(world, id),
    ...change,
  });
  await maker.ok(
    'opening-report',
    'A report, opened by the first recipient of its channel.',
    'open-opening',
    open('lee'),
    {kind: 'report', author: 'reporter'},
  );
  await maker.ok(
    'opening-report-second',
    'The same, by the second: the same secret.',
    'open-opening',
    open('kaya'),
  );
  await maker.fails(
    'opening-no-slot',
    'The same, by somebody of another channel.',
    'open-opening',
    open('mo'),
    'envelope-no-slot',
  );
  await maker.fails(
    'opening-other-week',
    "The recipient's key of that week is gone.",
    'open-opening',
    open('lee', {week_seeds: {}}),
    'envelope-no-slot',
  );
  const at = (/** @type {number} */ offset, mask = 1) => ({bytes: {...bytes, xor: {[offset]: mask}}});
  const body = 71 + 2 * 1168 + 158;
  const used = await slotOf(world, sent.record, sent.envelope, sent.bytes, 'lee');
  const unused = 71 + (1 - used) * 1168;
  /** @type {[string, string, object, string][]} */
  const wrong = [
    ['suite', 'The suite byte is 0.', at(0), 'envelope-suite'],
    ['form', 'The form is that of a keyring.', at(1, 2), 'envelope-header'],
    ['slots', 'Three slots.', at(2), 'envelope-header'],
    [
      'week',
      'The week is another one, whose key is held too.',
      {...at(6), week_seeds: {...seedsOf(world, 'lee'), [WEEK ^ 1]: seedsOf(world, 'lee')[WEEK]}},
      'envelope-no-slot',
    ],
    [
      'salt',
      'The salt is changed: the slot opens, the commitment does not follow.',
      at(7),
      'envelope-commitment',
    ],
    ['c', 'C is changed, which each slot binds.', at(39), 'envelope-no-slot'],
    ['slot', "The recipient's slot is changed.", at(71 + used * 1168), 'envelope-no-slot'],
    ['other-slot', "Another recipient's slot is changed.", at(unused), 'envelope-body'],
    ['stub', 'The stub is changed.', at(body - 1), 'envelope-body'],
    ['body', 'The body is changed.', at(body), 'envelope-body'],
    ['tag', 'The last byte is changed.', at(sent.bytes.length - 1), 'envelope-body'],
    [
      'short',
      'The last byte is missing.',
      {bytes: {...bytes, length: sent.bytes.length - 1}},
      'envelope-header',
    ],
    ['header-only', 'Nothing after the header.', {bytes: {...bytes, length: 71}}, 'envelope-header'],
    ['empty', 'No bytes.', {bytes: ''}, 'envelope-header'],
    [
      'moved-id',
      'The same bytes under another envelope id.',
      {envelope: b64(new Uint8Array(16))},
      'envelope-no-slot',
    ],
  ];
  for (const [name, about, change, code] of wrong)
    await maker.fails(`opening-${name}`, about, 'open-opening', open('lee', change), code);
  const other = await sendReport(world);
  await maker.fails(
    'opening-moved',
    'The same bytes in another mailbox.',
    'open-opening',
    open('lee', {creation: b64(other.creation)}),
    'envelope-no-slot',
  );
  await makeReceipt(maker, world, base, sent.keys.stub, other.keys.stub, other.creation);
}

/**
 * @param {OpaqueOrganisation} world
 * @param {any} record
 * @param {Uint8Array} envelope
 * @param {Uint8Array} bytes
 * @param {string} id
 */
async function slotOf(world, record, envelope, bytes, id) {
  const {header, slots} = parseOpening(bytes);
  const key = expandKey(weekSeed(ratchetAt(person(world, id).keyring.ratchet, WEEK)));
  const info = concat(
    utf8('drempel/1/slot'),
    Uint8Array.of(1),
    record.organisation,
    record.mailbox,
    envelope,
    header.slice(3, 7),
    header.slice(39, 71),
    Uint8Array.of(0),
  );
  return (await openSlot(key, info, slots.slice(0, 1168))) ? 0 : 1;
}

/**
 * @param {Maker} maker
 * @param {OpaqueOrganisation} world
 * @param {any} base
 * @param {Uint8Array} key
 * @param {Uint8Array} otherKey
 * @param {Uint8Array} otherCreation
 */
async function makeReceipt(maker, world, base, key, otherKey, otherCreation) {
  const open = (change = {}) => ({...base, stub_key: b64(key), ...change});
  const {bytes} = base;
  await maker.ok('receipt-opening', 'A report, read again with its receipt.', 'open-with-receipt', open());
  await maker.fails(
    'receipt-other',
    'A report, with the receipt of another.',
    'open-with-receipt',
    open({stub_key: b64(otherKey)}),
    'envelope-stub',
  );
  await maker.fails(
    'receipt-stub',
    'The stub is changed.',
    'open-with-receipt',
    open({bytes: {...bytes, xor: {[71 + 2336]: 1}}}),
    'envelope-stub',
  );
  await maker.fails(
    'receipt-header',
    'The week is changed.',
    'open-with-receipt',
    open({bytes: {...bytes, xor: {6: 1}}}),
    'envelope-stub',
  );
  await maker.fails(
    'receipt-moved',
    'In another mailbox.',
    'open-with-receipt',
    open({creation: b64(otherCreation)}),
    'envelope-stub',
  );
  await maker.fails(
    'receipt-body',
    'The body is changed.',
    'open-with-receipt',
    open({bytes: {...bytes, xor: {2600: 1}}}),
    'envelope-body',
  );
  const shut = await sendReport(world, {rereadable: false});
  const place = {creation: b64(shut.creation), envelope: b64(shut.envelope), bytes: b64(shut.bytes)};
  await maker.ok(
    'receipt-not-rereadable',
    'A report that its receipt does not open, as was chosen.',
    'open-with-receipt',
    {...base, ...place, stub_key: b64(shut.keys.stub)},
    {message: null},
  );
  await makeStubs(maker, world, base.directory);
}

/** @param {Maker} maker @param {OpaqueOrganisation} world @param {any} directory */
async function makeStubs(maker, world, directory) {
  const good = concat(
    Uint8Array.of(1),
    new Uint8Array(32),
    u32(1),
    new Uint8Array(64),
    Uint8Array.of(1),
    utf8('a'),
    new Uint8Array(39),
  );
  const wrong = /** @type {const} */ ([
    ['flags', 0, 2],
    ['version', 36, 0],
    ['length', 101, 41],
    ['channel', 102, 65],
    ['filling', 141, 1],
  ]);
  for (const [name, at, value] of wrong) {
    const [draft, stubKey, stubPlain] = [
      colleagueDraft(world, 'decoy', 'lee'),
      world.random(32),
      good.slice(),
    ];
    stubPlain[at] = value;
    const {bytes} = await forgeOpening(draft, world.random, {stubKey, stubPlain});
    await maker.fails(
      `stub-${name}`,
      `The stub's byte ${at} is ${value}, sealed by its maker.`,
      'open-with-receipt',
      {directory, today, ...placed(draft, bytes), stub_key: b64(stubKey)},
      'envelope-stub',
    );
  }
}

/** @param {Maker} maker @param {OpaqueOrganisation} world */
async function makeKinds(maker, world) {
  const directory = {file: 'directory.bin'};
  for (const [kind, more] of /** @type {[string, Record<string, unknown>][]} */ ([
    ['case', {case: {mailbox: BYTES32}}],
    ['grant', {grant: GRANT}],
    ['decoy', {}],
    ['poll', {later: [1.5]}],
  ])) {
    const draft = colleagueDraft(world, kind, 'lee', more);
    const {bytes} = await sealOpening({...draft, text: kind}, world.random);
    await maker.ok(
      `opening-${kind}`,
      kind === 'poll'
        ? 'A kind that nobody knows yet: it opens, and readers say newer-version.'
        : `An opening of kind ${kind}.`,
      'open-opening',
      {directory, today, ...placed(draft, bytes), week_seeds: seedsOf(world, 'kaya')},
      {kind},
    );
  }
  const draft = colleagueDraft(world, 'decoy', 'lee');
  const {bytes, secret} = await sealOpening(draft, world.random);
  await maker.ok('opening-with-secret', 'An opening, opened with its secret Z.', 'open-with-secret', {
    directory,
    today,
    ...placed(draft, bytes),
    secret: b64(secret),
  });
  await maker.fails(
    'opening-with-other-secret',
    'With another secret.',
    'open-with-secret',
    {directory, today, ...placed(draft, bytes), secret: BYTES32},
    'envelope-commitment',
  );
}

/** @param {Maker} maker @param {OpaqueOrganisation} world */
async function makeForged(maker, world) {
  const directory = {file: 'directory.bin'};
  const flipped = (/** @type {Uint8Array} */ padded) => {
    padded[8191] = 1;
    return padded;
  };
  const forge = async (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {string} */ code,
    /** @type {(draft: Draft) => Wrong} */ wrong,
    kind = 'decoy',
    author = 'lee',
    more = {},
  ) => {
    const draft = colleagueDraft(world, kind, author, more);
    const {bytes} = await forgeOpening(draft, world.random, wrong(draft));
    await maker.fails(
      `opening-${name}`,
      about,
      'open-opening',
      {directory, today, ...placed(draft, bytes), week_seeds: seedsOf(world, 'lee')},
      code,
    );
  };
  await forge('two-secrets', 'Each recipient was given another secret.', 'envelope-commitment', () => ({
    secrets: [world.random(32), world.random(32)],
  }));
  for (const name of /** @type {const} */ (['read', 'write', 'close', 'replace', 'signingKey'])) {
    await forge(
      `record-${name === 'signingKey' ? 'signing' : name}`,
      `The key block's ${name} does not follow the creation record.`,
      'envelope-record',
      ({keys}) => ({keyBlock: keyBlockBytes({...keys, [name]: world.random(32)})}),
    );
  }
  await forge('padding-size', 'Padded to 16 KiB without need.', 'envelope-padding', () => ({
    pad: padTo(16_384),
  }));
  await forge('padding-mark', 'A bit among the zeros.', 'envelope-padding', () => ({
    pad: (content, signature) => flipped(padTo(8192)(content, signature)),
  }));
  await forge('padding-length', 'n is larger than the padded message.', 'envelope-padding', () => ({
    pad: (content, signature) => concat(u32(8189), padTo(8192)(content, signature).slice(4)),
  }));
  await forge('message-json', 'meta is a list.', 'envelope-message', () => ({metaBytes: utf8('[]')}));
  await forge('message-text', 'The text is not UTF-8.', 'envelope-message', () => ({
    textBytes: Uint8Array.of(0xff),
  }));
  await forge('message-bom', 'meta begins with a byte order mark.', 'envelope-message', ({meta}) => ({
    metaBytes: utf8(`\ufeff${JSON.stringify(meta)}`),
  }));
  await forge('message-fraction', 'The counter is written 0.0.', 'envelope-message', ({meta}) => ({
    metaBytes: utf8(JSON.stringify(meta).replace('"counter":0', '"counter":0.0')),
  }));
  const meta = /** @type {[string, string, object][]} */ ([
    ['message-counter', 'An opening with a counter.', {counter: 1}],
    ['message-parents', 'An opening with a parent.', {parents: [BYTES32]}],
    ['message-kind', 'The kind has its place in conversation envelopes.', {kind: 'message'}],
    ['message-channel', 'No channel.', {channel: undefined}],
    ['message-to', 'No addressees.', {to: undefined}],
    ['message-day', 'A day that no calendar has.', {day: '2026-02-30'}],
    ['message-case', 'A case about nothing.', {kind: 'case'}],
    ['message-grant', 'A grant without a secret.', {kind: 'grant', grant: {...GRANT, secret: undefined}}],
    ['message-proofs', 'proofs is a list.', {proofs: []}],
  ]);
  for (const [name, about, more] of meta)
    await forge(name, about, 'envelope-message', () => ({}), 'decoy', 'lee', more);
  await forge(
    'author-reporter',
    'A decoy by a reporter.',
    'envelope-author',
    () => ({}),
    'decoy',
    'reporter',
  );
  await forge(
    'author-channel',
    'By a recipient of another channel.',
    'envelope-author',
    () => ({}),
    'decoy',
    'mo',
  );
  await forge(
    'author-unknown',
    'By somebody whom the directory does not know.',
    'envelope-author',
    () => ({}),
    'decoy',
    'lee',
    {author: 'nobody'},
  );
  await forge(
    'signature',
    'Signed by another recipient than it names.',
    'envelope-signature',
    () => ({}),
    'decoy',
    'kaya',
    {author: 'lee'},
  );
  await forge(
    'signature-place',
    'Signed for another mailbox.',
    'envelope-signature',
    ({creation, envelope, keys}) => ({
      signedFor: {
        organisation: creation.organisation,
        mailbox: new Uint8Array(32),
        envelope,
        commitment: new Uint8Array(32),
        keyBlock: keyBlockBytes(keys),
      },
    }),
  );
}

/** @param {Maker} maker @param {OpaqueOrganisation} world */
async function makeSealing(maker, world) {
  for (const [kind, stub] of /** @type {[string, boolean][]} */ ([
    ['report', true],
    ['case', false],
    ['grant', false],
    ['decoy', false],
  ])) {
    const more =
      {report: {report: 'fraud'}, case: {case: {mailbox: BYTES32}}, grant: {grant: GRANT}, decoy: {}}[kind] ??
      {};
    const draft = colleagueDraft(world, kind, kind === 'report' ? 'reporter' : 'lee', more);
    const keys = Object.fromEntries(Object.entries(draft.keys).map(([name, value]) => [name, b64(value)]));
    await maker.ok(
      `seal-${kind}`,
      `An opening of kind ${kind}, sealed with the randomness of a seed. Only where HPKE takes randomness.`,
      'seal-opening',
      {
        random: `seal ${kind}`,
        organisation: b64(world.organisationId),
        delete_verifier: b64(draft.creation.delete),
        envelope: b64(draft.envelope),
        week: WEEK,
        slots: kind === 'decoy' ? 4 : 2,
        recipient_keys: draft.recipientKeys.map(b64),
        keys,
        meta: draft.meta,
        text: `A ${kind}.`,
        signing_seed: b64(draft.signingSeed),
        stub: stub
          ? {
              key: b64(world.random(32)),
              signers: b64(world.organisationId),
              version: 1,
              hash: b64(world.organisation.directory.hash),
              channel: 'adviser',
              rereadable: true,
            }
          : null,
      },
    );
  }
}

/** @param {Maker} maker */
export async function makeOpenings(maker) {
  const world = await makeOpaqueOrganisation(seeded('vectors: openings'));
  await makeReport(maker, world);
  await makeKinds(maker, world);
  await makeForged(maker, world);
  await makeSealing(maker, world);
}
