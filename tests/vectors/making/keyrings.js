/** Vectors of keyrings (PROTOCOL 11). */
import {lockKeyring} from '../../../static/js/client/recipient/keyring_access.js';
import {accessKeys, parseCode} from '../../../static/js/crypto/secret/codes.js';
import {keyringJson} from '../../../static/js/crypto/secret/keyring.js';
import {ratchetAt} from '../../../static/js/crypto/secret/ratchet.js';
import {b64} from '../../../static/js/crypto/public/encoding.js';
import {seeded} from '../../js/kit/randomness.js';
import {WEEK, makeOpaqueOrganisation, person} from '../../js/kit/opaque_organisation.js';

/** @import {Maker} from '../make.js' */
/** @import {Random} from '../../../static/js/crypto/public/encoding.js' */

/** @param {Random} random @param {object} [change] */
const conversation = (random, change = {}) => ({
  kind: 'report',
  opening: b64(random(16)),
  channel: 'adviser',
  report: 'fraud',
  ...Object.fromEntries(
    ['secret', 'conversation', 'read', 'write', 'close', 'replace', 'signing'].map((name) => [
      name,
      b64(random(32)),
    ]),
  ),
  day: '2026-11-01',
  messages: 1,
  heads: [b64(random(32))],
  ...change,
});

/** @param {Maker} maker */
export async function makeKeyrings(maker) {
  const random = seeded('vectors: keyrings');
  const world = await makeOpaqueOrganisation(random);
  const lee = person(world, 'lee');
  const organisation = b64(world.organisationId);
  const {unlocker} = accessKeys(parseCode(lee.code, 'access'), world.organisationId);
  const bytes = maker.file('keyring.bin', await lockKeyring(lee, random));
  const base = {bytes, unlocker: b64(unlocker), organisation, recipient: 'lee'};
  await maker.ok('keyring', 'A keyring of one unlocker.', 'open-keyring', base);
  const fails = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {string} */ code,
    change = {},
  ) => maker.fails(`keyring-${name}`, about, 'open-keyring', {...base, ...change}, code);
  const flip = (/** @type {number} */ at, mask = 1) => ({bytes: {...bytes, xor: {[at]: mask}}});
  await fails('suite', 'The suite byte is 0.', 'keyring-suite', flip(0));
  await fails('form', 'The form is that of a conversation envelope.', 'keyring-format', flip(1));
  await fails('no-unlocker', 'No unlocker.', 'keyring-format', flip(2));
  await fails('more-unlockers', 'Three unlockers are announced.', 'keyring-format', flip(2, 2));
  await fails('short', 'Cut off.', 'keyring-format', {bytes: {...bytes, length: 1000}});
  await fails('empty', 'No bytes.', 'keyring-format', {bytes: ''});
  await fails('locked', 'Another access code.', 'keyring-locked', {unlocker: b64(random(32))});
  await fails('recipient', "Another recipient's.", 'keyring-locked', {recipient: 'kaya'});
  await fails('organisation', "Another organisation's.", 'keyring-locked', {organisation: b64(random(32))});
  await fails('type', 'The type of the unlocker is changed.', 'keyring-locked', flip(3));
  await fails('unlocker', 'The unlocker is changed.', 'keyring-locked', flip(50));
  await fails('salt', 'The salt is changed.', 'keyring-damaged', flip(84));
  await fails('body', 'The body is changed.', 'keyring-damaged', flip(1000));
  await makeMerging(maker, random, keyringJson(lee.keyring), lee.keyring.ratchet);
}

/**
 * @param {Maker} maker
 * @param {Random} random
 * @param {any} empty
 * @param {{week: number, chain: Uint8Array}} ratchet
 */
async function makeMerging(maker, random, empty, ratchet) {
  const [a, b, c] = [b64(random(32)), b64(random(32)), b64(random(32))];
  const shared = conversation(random);
  const heads = [b64(random(32)), b64(random(32))];
  const later = ratchetAt(ratchet, WEEK - 3);
  const one = {
    ...empty,
    conversations: {[a]: shared, [b]: conversation(random)},
    closed: [c],
    synced: '2026-11-20',
    counter: 5,
    stated: {week: WEEK, version: 1},
    directory: {version: 2, hash: a},
  };
  const other = {
    ...empty,
    ratchet: {week: later.week, chain: b64(later.chain)},
    conversations: {[a]: {...shared, messages: 4, heads}, [c]: conversation(random)},
    closed: [],
    synced: null,
    counter: 6,
    stated: {week: WEEK - 1, version: 1},
    directory: {version: 2, hash: b},
  };
  const both = async (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {any} */ left,
    /** @type {any} */ right,
  ) => {
    await maker.ok(`merge-${name}`, about, 'merge-keyrings', {one: left, other: right});
    await maker.ok(`merge-${name}-turned`, `${about} The other way round.`, 'merge-keyrings', {
      one: right,
      other: left,
    });
    const result = (/** @type {string} */ file) =>
      JSON.stringify(JSON.parse(String(maker.made.get(file))).expect);
    if (result(`merge-${name}.json`) !== result(`merge-${name}-turned.json`))
      throw new Error(`${name} depends on the order`);
  };
  await both(
    'both',
    'Union, tombstone, later ratchet, later day, larger counter with what it stated, smaller hash.',
    one,
    other,
  );
  await both('empty', 'With a keyring that has nothing yet.', one, {...empty, counter: 0, stated: null});
  await both('stated', 'One counter twice: the later statement.', {...one, counter: 6}, other);
  await both(
    'opening',
    'Two openings of one mailbox, which only a server can show: the smaller one, on all devices.',
    one,
    {...other, conversations: {[a]: {...shared, secret: b}}},
  );
  await both(
    'null',
    'A report of no kind.',
    {...one, conversations: {[b]: {...shared, report: null}}},
    other,
  );
  const fails = (/** @type {string} */ name, /** @type {string} */ about, /** @type {any} */ right) =>
    maker.fails(`merge-${name}`, about, 'merge-keyrings', {one, other: right}, 'keyring-damaged');
  await fails('recipient', 'Of two recipients.', {...other, recipient: 'kaya'});
  await fails('seed', 'Of two signing seeds.', {...other, signing_seed: a});
  await fails('chain', 'Two chains of one week.', {...one, ratchet: {...one.ratchet, chain: a}});
  await fails('no-ratchet', 'Out of form: no ratchet.', {...other, ratchet: undefined});
  await fails('report', 'Out of form: a kind of report that is no id.', {
    ...other,
    conversations: {[a]: {...shared, report: 3}},
  });
  await fails('mailbox', 'Out of form: a mailbox id that is none.', {
    ...other,
    conversations: {AAAA: shared},
  });
  await fails('synced', 'Out of form: a day that no calendar has.', {...other, synced: '2026-02-30'});
}
