/**
 * An organisation for tests: a custodian, three recipients, two channels, and a server that only remembers.
 */
import {addressees, openOrganisation} from '../../../static/js/client/organisation.js';
import {dueStatement} from '../../../static/js/client/recipient/keyring_access.js';
import {newReceipt, sealReport} from '../../../static/js/client/reporter/report.js';
import {
  acceptDirectory,
  quoteJson,
  quoteOf,
  signersHash,
} from '../../../static/js/crypto/public/directory.js';
import {makeDirectory, signersJson} from './custodian.js';
import {b64, dayNumber, dayText, weekOf} from '../../../static/js/crypto/public/encoding.js';
import {CREATION_LENGTH} from '../../../static/js/crypto/public/limits.js';
import {creationOf} from '../../../static/js/crypto/public/envelope_format.js';
import {parseCreation, verifier} from '../../../static/js/crypto/public/mailbox.js';
import {publicBytes} from '../../../static/js/crypto/secret/hpke.js';
import {ratchetAt} from '../../../static/js/crypto/secret/ratchet.js';
import {publicKey} from '../../../static/js/crypto/public/signatures.js';
import {buildDayAnswer, buildMailboxAnswer, newRecipient} from './protocol.js';

/** @import {Random} from '../../../static/js/crypto/public/encoding.js' */
/** @import {Draft} from '../../../static/js/crypto/shapes.d.ts' */
/** @import {NewRecipient} from './protocol.js' */
/** @import {Organisation, Report, SealedReport} from '../../../static/js/client/shapes.d.ts' */
/** @import {StoredEnvelope} from '../../../static/js/crypto/public/answers.js' */

export const TODAY = dayNumber('2026-11-23');
export const WEEK = weekOf(TODAY);
const IDS = /** @type {const} */ (['lee', 'kaya', 'mo']);

/**
 * @typedef {object} OpaqueOrganisation
 * @property {Random} random
 * @property {Uint8Array} rootSeed
 * @property {Uint8Array} organisationId
 * @property {Map<string, NewRecipient>} people
 * @property {any} content
 * @property {Uint8Array} directoryBytes
 * @property {any} keysAnswer
 * @property {Organisation} organisation
 */

const text = (/** @type {string} */ english) => ({en: english, nl: `${english} (nl)`});

/**
 * @param {Uint8Array} organisationId
 * @param {Uint8Array} rootKey
 * @param {Map<string, NewRecipient>} people
 */
const contentOf = (organisationId, rootKey, people) => ({
  organisation: b64(organisationId),
  version: 1,
  history: /** @type {string[]} */ ([]),
  issued: dayText(TODAY - 10),
  expires: dayText(TODAY + 300),
  signers: signersJson({threshold: 1, keys: [rootKey]}),
  rotations: [],
  slug: 'example',
  name: text('Example'),
  languages: ['en', 'nl'],
  slots: 2,
  kinds: [
    {id: 'fraud', name: text('Fraud')},
    {id: 'safety', name: text('Safety')},
  ],
  channels: [
    {
      id: 'adviser',
      name: text('Adviser'),
      description: text('Two people'),
      kinds: ['fraud', 'safety'],
      recipients: ['lee', 'kaya'],
      informed: [],
      routes: [],
    },
    {
      id: 'board',
      name: text('Board'),
      description: text('One'),
      kinds: ['fraud'],
      recipients: ['mo'],
      informed: [text('An auditor')],
      routes: [{name: text('Elsewhere'), url: 'https://example.org/'}],
    },
  ],
  recipients: IDS.map((id) => ({
    id,
    name: text(id),
    role: text('Adviser'),
    signing_key: b64(/** @type {NewRecipient} */ (people.get(id)).signingKey),
  })),
  former: /** @type {any[]} */ ([]),
  policy: {retention_days: 365, acknowledge_days: 7, feedback_days: 90},
});

/** @param {Random} random @returns {Promise<OpaqueOrganisation>} */
export async function makeOpaqueOrganisation(random) {
  const rootSeed = random(32);
  const rootKey = publicKey(rootSeed);
  const organisationId = signersHash({threshold: 1, keys: [rootKey]});
  /** @type {Map<string, NewRecipient>} */
  const people = new Map();
  for (const id of IDS) people.set(id, await newRecipient(organisationId, id, WEEK - 12, random));
  const content = contentOf(organisationId, rootKey, people);
  const directoryBytes = makeDirectory(content, [rootSeed]);
  const bare = {
    directory: acceptDirectory(directoryBytes, TODAY),
    day: TODAY,
    week: WEEK,
    verifiedByLink: true,
    served: [],
    largestFile: 0,
  };
  const recipients = IDS.map((id) => {
    const person = /** @type {NewRecipient} */ (people.get(id));
    // The first that there is, and so of this week: else it would begin with the week before.
    const due = dueStatement({...person.keyring, ratchet: ratchetAt(person.keyring.ratchet, WEEK)}, bare);
    if (!due) throw new Error('a statement is due');
    person.keyring = {...due.keyring, ratchet: person.keyring.ratchet};
    const body = /** @type {any} */ (due.body);
    return {recipient: id, statement: body.statement, key: body.keys[0]};
  });
  const keysAnswer = {day: dayText(TODAY), week: WEEK, recipients};
  const organisation = openOrganisation(directoryBytes, keysAnswer, TODAY, {pin: organisationId});
  return {random, rootSeed, organisationId, people, content, directoryBytes, keysAnswer, organisation};
}

/** @param {OpaqueOrganisation} world @param {string} id @returns {NewRecipient} */
export function person({people}, id) {
  const found = people.get(id);
  if (!found) throw new Error(`nobody is called ${id}`);
  return found;
}

/** @param {OpaqueOrganisation} world @param {Partial<Report>} [report] */
export async function sendReport(world, report = {}) {
  const {receipt, keys} = newReceipt(world.organisationId, world.random);
  const whole = {
    channel: 'adviser',
    kind: 'fraud',
    text: 'Something is wrong.',
    today: TODAY,
    rereadable: true,
    ...report,
  };
  const sealed = await sealReport(world.organisation, keys, whole, world.random);
  return {receipt, keys, ...split(sealed)};
}

/** @param {SealedReport} sealed */
export function split({mailbox, envelope, body}) {
  const creation = body.slice(0, CREATION_LENGTH);
  return {mailbox, envelope, creation, record: parseCreation(creation), bytes: body.slice(CREATION_LENGTH)};
}

/** @param {Uint8Array} id @param {Uint8Array} bytes @param {number} [day] @returns {StoredEnvelope} */
export const stored = (id, bytes, day = TODAY) => ({id, day, bytes});

/** @param {Uint8Array} read @param {Uint8Array} creation @param {StoredEnvelope[]} envelopes */
export const mailboxAnswer = (read, creation, envelopes) => buildMailboxAnswer(read, creation, envelopes);

/**
 * @param {{mailbox: Uint8Array, creation: Uint8Array, envelopes: StoredEnvelope[]}[]} mailboxes opening first
 */
export const dayAnswer = (mailboxes) =>
  buildDayAnswer(
    mailboxes.flatMap(({mailbox, creation, envelopes}) =>
      envelopes.map((envelope, index) => ({mailbox, envelope, creation: index === 0 ? creation : null})),
    ),
  );

/**
 * What a colleague seals: an opening of a kind of their own.
 * @param {OpaqueOrganisation} world
 * @param {string} kind
 * @param {string} author
 * @param {Record<string, unknown>} [more] members of meta
 * @returns {Draft}
 */
export function colleagueDraft(world, kind, author, more = {}) {
  const {random, organisation} = world;
  const {directory} = organisation;
  const to = addressees(organisation, 'adviser');
  const [seed, xwing] = [random(32), random(32)];
  const keys = {
    conversation: random(32),
    read: random(32),
    write: random(32),
    close: random(32),
    replace: random(32),
    signingKey: publicKey(seed),
    xwingPublic: publicBytes(xwing),
  };
  const meta = {
    kind,
    author,
    day: dayText(TODAY),
    directory: quoteJson(quoteOf(directory)),
    counter: 0,
    parents: [],
    to: to.map(({id}) => id),
    channel: 'adviser',
    ...more,
  };
  return {
    creation: creationOf(keys, directory.organisation, verifier('delete', random(32))),
    envelope: random(16),
    week: WEEK,
    slots: 2,
    recipientKeys: to.map(({key}) => key),
    keys,
    meta,
    text: '',
    signingSeed: author === 'reporter' ? seed : person(world, author).keyring.signingSeed,
  };
}
