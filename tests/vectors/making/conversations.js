/** Vectors of conversation envelopes and of what a reader makes of a mailbox (PROTOCOL 6.9, 7, 8). */
import {quoteJson, quoteOf} from '../../../static/js/crypto/public/directory.js';
import {b64, dayText} from '../../../static/js/crypto/public/encoding.js';
import {concat, u32, utf8} from '../../../static/js/crypto/public/bytes.js';
import {parseCode} from '../../../static/js/crypto/secret/codes.js';
import {envelopeHash} from '../../../static/js/crypto/public/envelope_format.js';
import {forgeConversation, padTo} from '../../js/kit/forge.js';
import {seeded} from '../../js/kit/randomness.js';
import {TODAY, makeOpaqueOrganisation, person, sendReport, stored} from '../../js/kit/opaque_organisation.js';
import {buildMailboxAnswer} from '../../js/kit/protocol.js';

/** @import {StoredEnvelope} from '../../../static/js/crypto/public/answers.js' */
/** @import {Maker} from '../make.js' */
/** @import {OpaqueOrganisation} from '../../js/kit/opaque_organisation.js' */
/** @import {Wrong} from '../../js/kit/forge.js' */

const today = dayText(TODAY);
const DIRECTORY = {file: 'conversations-directory.bin'};

/** A report and what its writers add to it. */
class Talk {
  /** @param {OpaqueOrganisation} world @param {Awaited<ReturnType<typeof sendReport>>} sent */
  constructor(world, sent) {
    this.world = world;
    this.sent = sent;
    this.opening = stored(sent.envelope, sent.bytes);
  }

  /** @param {StoredEnvelope} envelope */
  hash({id, bytes}) {
    return b64(envelopeHash(this.sent.mailbox, id, bytes));
  }

  /** @param {string} author */
  seed(author) {
    return author === 'reporter'
      ? this.sent.keys.signingSeed
      : person(this.world, author).keyring.signingSeed;
  }

  /**
   * @param {string} author
   * @param {StoredEnvelope[]} parents
   * @param {number} counter
   * @param {object} [more] of meta
   */
  meta(author, parents, counter, more = {}) {
    const directory = quoteJson(quoteOf(this.world.organisation.directory));
    return {
      kind: 'message',
      author,
      day: today,
      directory,
      counter,
      parents: parents.map((parent) => this.hash(parent)),
      ...more,
    };
  }

  /**
   * @param {string} author
   * @param {StoredEnvelope[]} parents
   * @param {number} counter
   * @param {object} [more]
   * @param {Wrong} [wrong]
   * @param {string} [signer]
   */
  async say(author, parents, counter, more = {}, wrong = {}, signer = author) {
    const {world, sent} = this;
    const envelope = world.random(16);
    const place = {organisation: world.organisationId, mailbox: sent.mailbox, envelope};
    const meta = this.meta(author, parents, counter, more);
    return stored(
      envelope,
      await forgeConversation(
        place,
        sent.keys.conversation,
        meta,
        `${author} ${counter}`,
        this.seed(signer),
        world.random,
        wrong,
      ),
    );
  }

  /** @param {StoredEnvelope[]} envelopes @param {object} [change] */
  input(envelopes, change = {}) {
    const {creation, envelope, keys} = this.sent;
    return {
      directory: DIRECTORY,
      today,
      creation: b64(creation),
      envelopes: envelopes.map(({id, day, bytes}) => ({
        id: b64(id),
        day: dayText(day),
        bytes: bytes === this.opening.bytes ? {file: 'conversations-report.bin'} : b64(bytes),
      })),
      opening: b64(envelope),
      secret: null,
      key: b64(keys.conversation),
      kind: 'report',
      channel: 'adviser',
      signing_key: b64(keys.signingKey),
      noted_heads: /** @type {string[]} */ ([]),
      ...change,
    };
  }
}

/** @param {Maker} maker @param {Talk} talk */
async function makeEnvelopes(maker, talk) {
  const {world, sent, opening} = talk;
  const place = {organisation: world.organisationId, mailbox: sent.mailbox};
  const base = {
    directory: DIRECTORY,
    today,
    organisation: b64(place.organisation),
    mailbox: b64(place.mailbox),
    key: b64(sent.keys.conversation),
    kind: 'report',
    channel: 'adviser',
    signing_key: b64(sent.keys.signingKey),
  };
  const open = (/** @type {StoredEnvelope} */ {id, bytes}, change = {}) => ({
    ...base,
    envelope: b64(id),
    bytes: b64(bytes),
    ...change,
  });
  const flip = (/** @type {StoredEnvelope} */ item, /** @type {number} */ at) => {
    const bytes = item.bytes.slice();
    bytes[at] = Number(bytes[at]) ^ 1;
    return {...item, bytes};
  };
  const [mine, theirs] = [await talk.say('reporter', [opening], 1), await talk.say('lee', [opening], 1)];
  await maker.ok('conversation-reporter', "A reporter's message.", 'open-conversation', open(mine), {
    author: 'reporter',
  });
  await maker.ok('conversation-recipient', "A recipient's message.", 'open-conversation', open(theirs), {
    author: 'lee',
  });
  const long = await forgeConversation(
    {...place, envelope: mine.id},
    sent.keys.conversation,
    talk.meta('reporter', [opening], 1),
    '\u{1f600}\r\n'.repeat(1000),
    sent.keys.signingSeed,
    world.random,
    {pad: padTo(8192)},
  );
  await maker.ok(
    'conversation-8-kib',
    'A message that needs 8 KiB.',
    'open-conversation',
    open({...mine, bytes: long}),
  );
  const byte = /** @type {[string, number, string][]} */ ([
    ['suite', 0, 'envelope-suite'],
    ['form', 1, 'envelope-header'],
    ['salt', 2, 'envelope-commitment'],
    ['c', 34, 'envelope-commitment'],
    ['body', 66, 'envelope-body'],
    ['tag', 4177, 'envelope-body'],
  ]);
  for (const [name, at, code] of byte)
    await maker.fails(
      `conversation-${name}`,
      `Byte ${at} is changed.`,
      'open-conversation',
      open(flip(mine, at)),
      code,
    );
  await maker.fails(
    'conversation-short',
    'The last byte is missing.',
    'open-conversation',
    open({...mine, bytes: mine.bytes.slice(0, -1)}),
    'envelope-header',
  );
  await maker.fails(
    'conversation-key',
    'Under another conversation key.',
    'open-conversation',
    open(mine, {key: b64(new Uint8Array(32))}),
    'envelope-commitment',
  );
  await maker.fails(
    'conversation-replayed',
    'Under another envelope id.',
    'open-conversation',
    open({...mine, id: new Uint8Array(16)}),
    'envelope-body',
  );
  await maker.fails(
    'conversation-moved',
    'In another mailbox.',
    'open-conversation',
    open(mine, {mailbox: b64(new Uint8Array(32))}),
    'envelope-body',
  );
  const forge = async (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {string} */ code,
    more = {},
    wrong = {},
    author = 'lee',
    signer = author,
    change = {},
  ) =>
    maker.fails(
      `conversation-${name}`,
      about,
      'open-conversation',
      open(await talk.say(author, [opening], 1, more, wrong, signer), change),
      code,
    );
  await forge('padding-size', 'Padded to 8 KiB without need.', 'envelope-padding', {}, {pad: padTo(8192)});
  await forge(
    'padding-length',
    'n is shorter than a signature.',
    'envelope-padding',
    {},
    {
      pad: (/** @type {Uint8Array} */ content, /** @type {Uint8Array} */ signature) =>
        concat(u32(65), padTo(4096)(content, signature).slice(4)),
    },
  );
  const parent = talk.hash(opening);
  const metas = /** @type {[string, string, object][]} */ ([
    ['no-parents', 'Only an opening is without parents.', {parents: [], counter: 0}],
    ['counter-0', 'Only an opening has counter 0.', {counter: 0}],
    ['parents-twice', 'One parent twice.', {parents: [parent, parent]}],
    ['parents-nine', 'Nine parents.', {parents: Array.from({length: 9}, () => b64(world.random(32)))}],
    ['kind-report', 'The kind has its place in openings.', {kind: 'report'}],
    ['directory-0', 'A directory of version 0.', {directory: {version: 0, hash: parent}}],
    ['author-form', 'The author is no id.', {author: 'Lee'}],
  ]);
  for (const [name, about, more] of metas) await forge(name, about, 'envelope-message', more);
  await forge(
    'meta-length',
    'm points behind the message.',
    'envelope-message',
    {},
    {
      pad: (/** @type {Uint8Array} */ content, /** @type {Uint8Array} */ signature) =>
        padTo(4096)(concat(Uint8Array.of(0xff, 0xff), content.slice(2)), signature),
    },
  );
  await forge(
    'text',
    'The text is not UTF-8.',
    'envelope-message',
    {},
    {textBytes: utf8('x').map(() => 0xc0)},
  );
  await forge('author-mo', 'By a recipient of another channel.', 'envelope-author', {}, {}, 'mo');
  await forge(
    'author-case',
    "A reporter in a case file's mailbox.",
    'envelope-author',
    {},
    {},
    'reporter',
    'reporter',
    {kind: 'case'},
  );
  await forge(
    'forged',
    'Signed by a colleague of the recipient it names.',
    'envelope-signature',
    {},
    {},
    'lee',
    'kaya',
  );
  await forge(
    'forged-reporter',
    'Signed by a recipient in the name of the reporter.',
    'envelope-signature',
    {},
    {},
    'reporter',
    'lee',
  );
  await forge(
    're-sealed',
    'Signed for another place and sealed again by somebody with the key.',
    'envelope-signature',
    {},
    {signedFor: {...place, envelope: new Uint8Array(16), commitment: new Uint8Array(32)}},
  );
  const sealing = {
    random: 'seal conversation',
    organisation: base.organisation,
    mailbox: base.mailbox,
    envelope: b64(mine.id),
    key: base.key,
    meta: talk.meta('reporter', [opening], 1),
    text: 'Sealed.',
    signing_seed: b64(sent.keys.signingSeed),
  };
  await maker.ok(
    'seal-conversation',
    'A conversation envelope, sealed with the randomness of a seed.',
    'seal-conversation',
    sealing,
  );
}

/** @param {Maker} maker @param {Talk} talk */
async function makeReading(maker, talk) {
  const {opening} = talk;
  const read = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {StoredEnvelope[]} */ envelopes,
    /** @type {string[]} */ codes,
    change = {},
  ) =>
    maker.ok(`read-${name}`, about, 'read-conversation', talk.input(envelopes, change)).then(() => {
      const vector = JSON.parse(String(maker.made.get(`read-${name}.json`)));
      const found = vector.expect.output.notices.map((/** @type {{code: string}} */ {code}) => code);
      if (found.join() !== codes.join()) throw new Error(`${name}: ${found}`);
    });
  const first = await talk.say('reporter', [opening], 1);
  const [left, right] = [await talk.say('lee', [first], 2), await talk.say('kaya', [first], 2)];
  const join = await talk.say('reporter', [left, right], 3);
  await read(
    'in-order',
    'Two recipients write at once; the reporter answers both.',
    [opening, first, left, right, join],
    [],
  );
  await read(
    'in-disorder',
    'The same envelopes in another order give the same.',
    [join, right, left, first, opening],
    [],
  );
  await read('two-heads', 'Both heads are parents of the next message.', [opening, first, left, right], []);
  await read('gap', 'A message that others refer to is missing.', [opening, left, right], ['gap', 'gap']);
  await read('gap-noted', 'A head noted on an earlier visit is missing.', [opening, first], ['gap'], {
    noted_heads: [talk.hash(first), talk.hash(left)],
  });
  await read('withheld', 'The newest is withheld, and nobody can know.', [opening, first], []);
  await read(
    'order',
    'A counter that does not follow from its parents.',
    [opening, first, await talk.say('lee', [first], 5)],
    ['order'],
  );
  await read('twice', 'One envelope twice.', [opening, first, first], []);
  const damaged = {...first, bytes: first.bytes.map((byte, at) => (at === 100 ? byte ^ 1 : byte))};
  await read(
    'damaged',
    'An envelope that does not open costs no other.',
    [opening, damaged, await talk.say('lee', [opening], 1)],
    ['damaged'],
  );
  await read(
    'damaged-parent',
    'A parent that is there but does not open is no gap.',
    [opening, damaged, await talk.say('lee', [damaged], 2)],
    ['damaged'],
  );
  await read(
    'replayed',
    'An old envelope under a new id.',
    [opening, first, {...first, id: new Uint8Array(16)}],
    ['damaged'],
  );
  await read(
    'forged',
    'A message that is not from the author it names.',
    [opening, await talk.say('lee', [opening], 1, {}, {}, 'kaya'), await talk.say('mo', [opening], 1)],
    ['forged', 'forged'],
  );
  const newer = {...first, bytes: first.bytes.map((byte, at) => (at === 0 ? 2 : byte))};
  await read('newer-suite', 'An envelope of an unknown suite.', [opening, newer], ['newer-version']);
  await read(
    'newer-kind',
    'A message of an unknown kind: others refer to it without a gap.',
    [opening, await talk.say('lee', [opening], 1, {kind: 'poll'})],
    ['newer-version'],
  );
  const hash = b64(talk.world.random(32));
  await read(
    'directory-hash',
    'A message that quotes this version under another hash.',
    [opening, await talk.say('lee', [opening], 1, {directory: {version: 1, hash}})],
    ['directory-unknown'],
  );
  await read(
    'directory-later',
    'A message that quotes a later version.',
    [opening, await talk.say('lee', [opening], 1, {directory: {version: 9, hash}})],
    ['directory-unknown'],
  );
  await read('no-opening', 'The opening is missing.', [first], ['gap']);
  const end = await talk.say('lee', [opening], Number.MAX_SAFE_INTEGER);
  await read(
    'last-number',
    'A counter at the end of the numbers keeps nobody from writing on.',
    [opening, end],
    ['order'],
  );
  const many = [];
  for (let n = 0; n < 10; n += 1) many.push(await talk.say(n % 2 ? 'lee' : 'kaya', [opening], 1));
  await read(
    'ten-heads',
    'At most eight heads are named: the largest counters, then the smallest hashes.',
    [opening, ...many, await talk.say('reporter', [many[0] ?? opening], 2)],
    [],
  );
}

/** @param {Maker} maker @param {Talk} talk */
async function makeVisits(maker, talk) {
  const {world, sent, opening} = talk;
  const secret = b64(parseCode(sent.receipt, 'receipt'));
  const visit = (/** @type {StoredEnvelope[]} */ envelopes, keys = sent.keys.read) => ({
    directory: DIRECTORY,
    today,
    secret,
    answer: b64(buildMailboxAnswer(keys, sent.creation, envelopes)),
  });
  const whole = visit([opening, await talk.say('lee', [opening], 1)]);
  await maker.ok('visit', 'A return visit: report and answer.', 'read-visit', whole);
  await maker.fails(
    'visit-unknown',
    'The answer to somebody who has no mailbox.',
    'read-visit',
    {...whole, answer: b64(world.random(65_536))},
    'receipt-unknown',
  );
  await maker.fails(
    'visit-cut',
    'The answer was cut off.',
    'read-visit',
    {...whole, answer: whole.answer.slice(0, 60_000)},
    'answer-damaged',
  );
  const other = await sendReport(world);
  const swapped = b64(
    buildMailboxAnswer(sent.keys.read, other.creation, [stored(other.envelope, other.bytes)]),
  );
  await maker.fails(
    'visit-other-mailbox',
    'The answer is about another mailbox.',
    'read-visit',
    {...whole, answer: swapped},
    'answer-damaged',
  );
  const shut = await sendReport(world, {rereadable: false});
  const answer = b64(buildMailboxAnswer(shut.keys.read, shut.creation, [stored(shut.envelope, shut.bytes)]));
  await maker.ok('visit-not-rereadable', 'The report is not read again, as was chosen.', 'read-visit', {
    directory: DIRECTORY,
    today,
    secret: b64(parseCode(shut.receipt, 'receipt')),
    answer,
  });
  // The same organisation id under other signers: only the stub remembers which there were.
  const elsewhere = await makeOpaqueOrganisation(seeded('vectors: elsewhere'));
  const foreign = {
    ...world,
    organisation: {
      ...world.organisation,
      directory: {...world.organisation.directory, signers: elsewhere.organisation.directory.signers},
    },
  };
  const sent2 = await sendReport(foreign);
  const answer2 = b64(
    buildMailboxAnswer(sent2.keys.read, sent2.creation, [stored(sent2.envelope, sent2.bytes)]),
  );
  await maker.fails(
    'visit-other-signers',
    'The stub names signers that never were those of this directory.',
    'read-visit',
    {directory: DIRECTORY, today, secret: b64(parseCode(sent2.receipt, 'receipt')), answer: answer2},
    'directory-signers',
  );
  const ahead = {
    ...world,
    organisation: {...world.organisation, directory: {...world.organisation.directory, version: 2}},
  };
  const sent3 = await sendReport(ahead);
  const answer3 = b64(
    buildMailboxAnswer(sent3.keys.read, sent3.creation, [stored(sent3.envelope, sent3.bytes)]),
  );
  await maker.fails(
    'visit-rolled-back',
    'The stub names a later directory than the server shows.',
    'read-visit',
    {directory: DIRECTORY, today, secret: b64(parseCode(sent3.receipt, 'receipt')), answer: answer3},
    'directory-rolled-back',
  );
}

/** @param {Maker} maker */
export async function makeConversations(maker) {
  const world = await makeOpaqueOrganisation(seeded('vectors: conversations'));
  maker.file('conversations-directory.bin', world.directoryBytes);
  const talk = new Talk(world, await sendReport(world));
  maker.file('conversations-report.bin', talk.opening.bytes);
  await makeEnvelopes(maker, talk);
  await makeReading(maker, talk);
  await makeVisits(maker, talk);
}
