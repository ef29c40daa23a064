/** Vectors of statements and who can be reached (PROTOCOL 10). */
import {TYPES, dsseObject} from '../../../static/js/crypto/public/signatures.js';
import {b64, dayText, parseObject, unb64, writeObject} from '../../../static/js/crypto/public/encoding.js';
import {makeStatement} from '../../../static/js/crypto/secret/statement_sign.js';
import {announced} from '../../../static/js/crypto/secret/ratchet.js';
import {TODAY, WEEK, person} from '../../js/kit/opaque_organisation.js';

/** @import {Maker} from '../make.js' */
/** @import {OpaqueOrganisation} from '../../js/kit/opaque_organisation.js' */

const today = dayText(TODAY);

/** @param {Maker} maker @param {OpaqueOrganisation} world */
export async function makeStatements(maker, world) {
  const directory = maker.file('statements-directory.bin', world.directoryBytes);
  const served = (/** @type {string} */ id) =>
    world.keysAnswer.recipients.find((/** @type {any} */ item) => item.recipient === id);
  const {signingSeed, ratchet} = person(world, 'lee').keyring;
  const {organisationId, random} = world;
  const base = {directory, today, recipient: 'lee', statement: served('lee').statement};
  await maker.ok('statement', "A recipient's statement.", 'accept-statement', base);
  const fails = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {any} */ statement,
    /** @type {string} */ code,
    change = {},
  ) => maker.fails(`statement-${name}`, about, 'accept-statement', {...base, statement, ...change}, code);
  const keys = announced(ratchet, WEEK);
  const quote = {version: 1, hash: world.organisation.directory.hash};
  const payload = parseObject(unb64(served('lee').statement.payload));
  const forged = (change = {}) =>
    dsseObject(TYPES.statement, writeObject({...payload, ...change}), [signingSeed]);
  await fails('list', 'A list.', [], 'statement-format');
  await fails(
    'type',
    'Of the type of a directory.',
    {...base.statement, payloadType: TYPES.directory},
    'statement-format',
  );
  await fails(
    'newer',
    'Of version 2 of the type.',
    {...base.statement, payloadType: 'application/vnd.drempel.statement.2+json'},
    'directory-newer',
  );
  await fails('keys', '25 weeks.', forged({keys: b64(new Uint8Array(25 * 32))}), 'statement-format');
  await fails('counter', 'A counter below zero.', forged({counter: -1}), 'statement-format');
  await fails('quote', 'No directory.', forged({directory: null}), 'statement-format');
  await fails('other', "Another recipient's.", served('kaya').statement, 'statement-signature');
  await fails(
    'organisation',
    "Another organisation's.",
    makeStatement(random(32), 'lee', 1, quote, WEEK, keys, signingSeed),
    'statement-signature',
  );
  await fails(
    'forged',
    'Signed by a colleague.',
    makeStatement(organisationId, 'lee', 1, quote, WEEK, keys, person(world, 'kaya').keyring.signingSeed),
    'statement-signature',
  );
  await fails(
    'unknown',
    'Of somebody whom the directory does not list.',
    base.statement,
    'statement-signature',
    {recipient: 'nobody'},
  );
  const key = {...base, week: WEEK, key: served('lee').key};
  await maker.ok('week-key', 'The key of the first week.', 'check-week-key', key);
  await maker.ok('week-key-last', 'The key of the last week.', 'check-week-key', {
    ...key,
    week: WEEK + 25,
    key: b64(keys[25] ?? keys[0] ?? new Uint8Array(0)),
  });
  await maker.fails(
    'week-key-other',
    'The key of another week.',
    'check-week-key',
    {...key, week: WEEK + 1},
    'statement-key',
  );
  await maker.fails(
    'week-key-none',
    'No key is served.',
    'check-week-key',
    {...key, key: null},
    'statement-key',
  );
  await maker.fails(
    'week-key-after',
    'After the last week.',
    'check-week-key',
    {...key, week: WEEK + 26},
    'statement-expired',
  );
  await maker.fails(
    'week-key-before',
    'Before the first week.',
    'check-week-key',
    {...key, week: WEEK - 1},
    'statement-expired',
  );
  await makeAddressees(maker, world, directory, quote);
}

/**
 * @param {Maker} maker
 * @param {OpaqueOrganisation} world
 * @param {any} directory
 * @param {{version: number, hash: Uint8Array}} quote
 */
async function makeAddressees(maker, world, directory, quote) {
  const {keysAnswer, organisationId} = world;
  const base = {directory, today, keys: keysAnswer, channel: 'adviser', kind: 'fraud', without: []};
  const recipients = (/** @type {(item: any) => any} */ change) => ({
    ...keysAnswer,
    recipients: keysAnswer.recipients.map(change),
  });
  const without = (/** @type {string[]} */ ...ids) =>
    recipients((item) => (ids.includes(item.recipient) ? {...item, key: null} : item));
  await maker.ok('addressees', 'Both recipients of a channel.', 'addressees', base, {
    recipients: ['lee', 'kaya'],
  });
  await maker.ok('addressees-no-kind', 'No kind of report was chosen.', 'addressees', {...base, kind: null});
  await maker.ok(
    'addressees-fewer',
    'One is missing, as the reporter agreed to.',
    'addressees',
    {...base, keys: without('kaya'), without: ['kaya']},
    {recipients: ['lee']},
  );
  await maker.ok(
    'addressees-other-week',
    "The server's week is used, if it is another one than the client's.",
    'addressees',
    {...base, today: dayText(TODAY - 1)},
    {week: WEEK},
  );
  await maker.fails(
    'addressees-missing',
    'One is missing, and the reporter was not asked.',
    'addressees',
    {...base, keys: without('kaya')},
    'recipient-unreachable',
  );
  await maker.fails(
    'addressees-none',
    'Nobody is left.',
    'addressees',
    {...base, keys: without('lee', 'kaya'), without: ['lee', 'kaya']},
    'channel-closed',
  );
  await maker.fails(
    'addressees-channel',
    'No such channel.',
    'addressees',
    {...base, channel: 'nowhere'},
    'channel-unknown',
  );
  await maker.fails(
    'addressees-kind',
    'Not a kind of that channel.',
    'addressees',
    {...base, channel: 'board', kind: 'safety'},
    'kind-unknown',
  );
  await maker.fails(
    'addressees-clock',
    "The server's day is three days ahead.",
    'addressees',
    {...base, keys: {...keysAnswer, day: dayText(TODAY + 3)}},
    'clock-wrong',
  );
  await maker.fails(
    'addressees-answer',
    'No day.',
    'addressees',
    {...base, keys: {...keysAnswer, day: 5}},
    'answer-damaged',
  );
  const {signingSeed, ratchet} = person(world, 'mo').keyring;
  const witness = (/** @type {{version: number, hash: Uint8Array}} */ seen) =>
    makeStatement(organisationId, 'mo', 2, seen, WEEK, announced(ratchet, WEEK), signingSeed);
  const seen = (/** @type {any} */ statement) =>
    recipients((item) => (item.recipient === 'mo' ? {...item, statement} : item));
  await maker.fails(
    'witness-newer',
    'A recipient of another channel has seen version 2.',
    'addressees',
    {...base, keys: seen(witness({...quote, version: 2}))},
    'directory-rolled-back',
  );
  await maker.fails(
    'witness-other',
    'A recipient of another channel has seen another version 1.',
    'addressees',
    {...base, keys: seen(witness({...quote, hash: organisationId}))},
    'directory-chain',
  );
}
