/** Vectors of directories (PROTOCOL 9). */
import {makeStatements} from './statements.js';
import {signersHash} from '../../../static/js/crypto/public/directory.js';
import {makeDirectory, makeDsse, makeRotation, signersJson} from '../../js/kit/custodian.js';
import {TYPES, publicKey} from '../../../static/js/crypto/public/signatures.js';
import {
  b64,
  dayText,
  hashLabelled,
  parseObject,
  unb64,
  writeObject,
} from '../../../static/js/crypto/public/encoding.js';
import {utf8} from '../../../static/js/crypto/public/bytes.js';
import {seeded} from '../../js/kit/randomness.js';
import {TODAY, makeOpaqueOrganisation} from '../../js/kit/opaque_organisation.js';

/** @import {Maker} from '../make.js' */
/** @import {OpaqueOrganisation} from '../../js/kit/opaque_organisation.js' */

const today = dayText(TODAY);

/** A directory of version 2, whose history names the first. @param {OpaqueOrganisation} world */
function second(world) {
  const payload = unb64(parseObject(world.directoryBytes)['payload']);
  return {...world.content, version: 2, history: [b64(hashLabelled('directory', payload))]};
}

/** @param {Maker} maker @param {OpaqueOrganisation} world */
async function makeAccepting(maker, world) {
  const {content, rootSeed, random, organisationId} = world;
  const pin = b64(organisationId);
  const signed = (/** @type {any} */ changed, seeds = [rootSeed]) => b64(makeDirectory(changed, seeds));
  const input = (/** @type {any} */ bytes, change = {}) => ({bytes, today, pin, seen: [], ...change});
  const fails = (
    /** @type {string} */ name,
    /** @type {string} */ about,
    /** @type {any} */ bytes,
    /** @type {string} */ code,
    change = {},
  ) => maker.fails(`directory-${name}`, about, 'accept-directory', input(bytes, change), code);
  const v1 = b64(world.directoryBytes);
  await maker.ok('directory', 'A directory of version 1, with its pin.', 'accept-directory', input(v1), {
    version: 1,
  });
  await maker.ok('directory-no-pin', 'The same without a pin.', 'accept-directory', input(v1, {pin: null}));
  await maker.ok(
    'directory-members',
    'Members that nobody knows yet.',
    'accept-directory',
    input(signed({...content, later: [1.5, {deep: null}]})),
  );
  const v2 = second(world);
  const hash1 = v2.history[0];
  await maker.ok(
    'directory-second',
    'Version 2, after version 1 was seen.',
    'accept-directory',
    input(signed(v2), {seen: [{version: 1, hash: hash1}]}),
    {version: 2},
  );

  // Step 1: form and type.
  await fails('not-json', 'No JSON.', b64(utf8('{')), 'directory-format');
  const typed = (/** @type {string} */ type) =>
    b64(writeObject({...parseObject(world.directoryBytes), payloadType: type}));
  await fails('type', 'Of the type of a statement.', typed(TYPES.statement), 'directory-format');
  await fails(
    'newer',
    'Of version 2 of the type.',
    typed('application/vnd.drempel.directory.2+json'),
    'directory-newer',
  );
  await fails(
    'payload',
    'The payload is a list.',
    b64(makeDsse(TYPES.directory, utf8('[]'), [rootSeed])),
    'directory-format',
  );
  await fails(
    'b64',
    'The payload is written with padding.',
    b64(
      writeObject({
        ...parseObject(world.directoryBytes),
        payload: `${parseObject(world.directoryBytes)['payload']}=`,
      }),
    ),
    'directory-format',
  );
  // Step 2 to 5: signatures.
  await fails('unsigned', 'No signature at all.', signed(content, []), 'directory-unsigned');
  await fails('pin', 'Of another organisation than the link says.', v1, 'directory-pin', {
    pin: b64(random(32)),
  });
  const stranger = random(32);
  await fails('stranger', 'Signed by another key.', signed(content, [stranger]), 'directory-signature');
  await fails(
    'signers',
    'Other signers than those of the organisation id.',
    signed({...content, signers: signersJson({threshold: 1, keys: [publicKey(stranger)]})}, [stranger]),
    'directory-signers',
  );
  const changed = parseObject(world.directoryBytes);
  await fails(
    'payload-changed',
    'The payload is another one than was signed.',
    b64(writeObject({...changed, payload: b64(writeObject({...content, slug: 'other'}))})),
    'directory-signature',
  );
  await makeSigners(maker, world, input, fails);

  // Step 6: members.
  const channel = content.channels[0];
  const people = content.recipients;
  /** @type {[string, object][]} */
  const forms = [
    ['version', {version: 0}],
    ['version-fraction', {version: '1'}],
    ['history', {history: ['AA']}],
    ['dates', {issued: dayText(TODAY - 10), expires: dayText(TODAY + 357)}],
    ['expires-first', {expires: dayText(TODAY - 11)}],
    ['slug', {slug: 'Example'}],
    ['name', {name: {}}],
    ['languages', {languages: []}],
    ['slots-3', {slots: 3}],
    ['kinds', {kinds: [...content.kinds, content.kinds[0]]}],
    ['channels', {channels: [channel, channel]}],
    ['recipient', {channels: [{...channel, recipients: ['nobody']}]}],
    ['channel-kind', {channels: [{...channel, kinds: ['nothing']}]}],
    ['informed', {channels: [{...channel, informed: ['x']}]}],
    ['routes', {channels: [{...channel, routes: [{name: {en: 'x'}}]}]}],
    ['too-many', {channels: [{...channel, recipients: ['lee', 'kaya', 'mo']}]}],
    [
      'reporter',
      {
        recipients: people.map((/** @type {any} */ item) =>
          item.id === 'mo' ? {...item, id: 'reporter'} : item,
        ),
        channels: [channel],
      },
    ],
    ['key', {recipients: people.map((/** @type {any} */ item) => ({...item, signing_key: 'AAAA'}))}],
    ['former', {former: [{id: 'a', signing_key: hash1, channels: [], until: 0}]}],
    ['policy', {policy: {...content.policy, retention_days: 0}}],
    ['no-policy', {policy: undefined}],
  ];
  for (const [name, change] of forms)
    await fails(`form-${name}`, `Out of form: ${name}.`, signed({...content, ...change}), 'directory-format');
  /** @type {[string, string, string][]} */
  const urls = [
    // eslint-disable-next-line no-script-url -- the very thing that must be refused
    ['script', 'runs a script', 'javascript:alert(1)'],
    ['data', 'is a page in itself', 'data:text/html,x'],
    ['relative', 'is of the same server', '//example.org/'],
    ['capitals', 'has its scheme in capitals', 'HTTPS://example.org/'],
    ['space', 'holds a space', 'https://example. org/'],
    ['line', 'ends a line', 'https://example.org/\n'],
    ['letter', 'holds a letter that looks like another', 'https://\u0435xample.org/'],
    ['short', 'leads nowhere', 'https://'],
    ['long', 'is of 2,049 characters', `https://example.org/${'x'.repeat(2029)}`],
  ];
  const routed = (/** @type {string} */ url) =>
    signed({...content, channels: [{...channel, routes: [{name: {en: 'x'}, url}]}]});
  for (const [name, what, url] of urls)
    await fails(`url-${name}`, `A route's url ${what}.`, routed(url), 'directory-format');
  const good = [
    ['https', `https://example.org/${'x'.repeat(2028)}`],
    ['http', 'http://example.org'],
    ['mailto', 'mailto:a@example.org'],
    ['tel', 'tel:+31-70-000'],
  ];
  for (const [name, url] of good)
    await maker.ok(
      `directory-url-${name}`,
      "A route's url as it may be.",
      'accept-directory',
      input(routed(String(url))),
    );
  const text = JSON.stringify(content).replace('"version":1', '"version":1.0');
  await fails(
    'form-1.0',
    'The version is written 1.0.',
    b64(makeDsse(TYPES.directory, utf8(text), [rootSeed])),
    'directory-format',
  );
  // Steps 7 to 9: history, dates, what was seen before.
  await fails(
    'history-short',
    'Version 2 without a history.',
    signed({...v2, history: []}),
    'directory-chain',
  );
  await fails(
    'history-long',
    'Version 1 with a history.',
    signed({...content, history: [hash1]}),
    'directory-chain',
  );
  await fails(
    'expired',
    'Expired yesterday.',
    signed({...content, expires: dayText(TODAY - 1)}),
    'directory-expired',
  );
  await maker.ok(
    'directory-last-day',
    'Expires today.',
    'accept-directory',
    input(signed({...content, expires: today})),
  );
  await fails(
    'future',
    'Dated three days ahead.',
    signed({...content, issued: dayText(TODAY + 3)}),
    'directory-clock',
  );
  await maker.ok(
    'directory-ahead',
    'Dated two days ahead.',
    'accept-directory',
    input(signed({...content, issued: dayText(TODAY + 2)})),
  );
  await fails('older', 'Version 2 was seen before.', v1, 'directory-rolled-back', {
    seen: [{version: 2, hash: hash1}],
  });
  await fails('same-version', 'The same version under another hash.', v1, 'directory-chain', {
    seen: [{version: 1, hash: b64(random(32))}],
  });
  await fails('other-history', 'Another version 1 than in its history.', signed(v2), 'directory-chain', {
    seen: [{version: 1, hash: b64(random(32))}],
  });
}

/**
 * @param {Maker} maker
 * @param {OpaqueOrganisation} world
 * @param {(bytes: any, change?: object) => any} input
 * @param {(name: string, about: string, bytes: any, code: string, change?: object) => Promise<void>} fails
 */
async function makeSigners(maker, world, input, fails) {
  const {content, rootSeed, random, organisationId} = world;
  const [a, b, c] = [random(32), random(32), random(32)];
  const next = {threshold: 2, keys: [a, b, c].map(publicKey)};
  const first = content.signers;
  const v2 = second(world);
  const rotation = makeRotation(organisationId, 1, next, [rootSeed]);
  const rotated = (change = {}, seeds = [a, c]) =>
    b64(
      makeDirectory(
        {...v2, signers: signersJson(next), first_signers: first, rotations: [rotation], ...change},
        seeds,
      ),
    );
  await maker.ok(
    'rotation',
    'Signed by two of three, whom the first signer appointed.',
    'accept-directory',
    input(rotated()),
    {organisation: b64(organisationId)},
  );
  const last = {threshold: 1, keys: [publicKey(random(32))]};
  const lastSeed = random(32);
  last.keys = [publicKey(lastSeed)];
  const twice = {
    signers: signersJson(last),
    rotations: [rotation, makeRotation(organisationId, 2, last, [b, c])],
  };
  await maker.ok(
    'rotation-twice',
    'And by whom two of those appointed after.',
    'accept-directory',
    input(rotated(twice, [lastSeed])),
  );
  await fails('rotation-too-few', 'One of two signatures.', rotated({}, [a]), 'directory-signature');
  await fails('rotation-one-twice', 'One key signed twice.', rotated({}, [a, a]), 'directory-signature');
  await fails(
    'rotation-first',
    'Signed by the first signer, who was replaced.',
    rotated({}, [rootSeed]),
    'directory-signature',
  );
  await fails(
    'rotation-none',
    'No rotation leads to these signers.',
    rotated({rotations: []}),
    'directory-signers',
  );
  await fails(
    'rotation-no-first',
    'Without the first signers nothing can be followed.',
    rotated({first_signers: undefined}),
    'directory-signers',
  );
  await fails(
    'rotation-stranger',
    'The rotation is signed by another key.',
    rotated({rotations: [makeRotation(organisationId, 1, next, [a])]}),
    'directory-signers',
  );
  await fails(
    'rotation-sequence',
    'The rotation has another number.',
    rotated({rotations: [makeRotation(organisationId, 2, next, [rootSeed])]}),
    'directory-signers',
  );
  await fails(
    'rotation-organisation',
    'The rotation is of another organisation.',
    rotated({rotations: [makeRotation(random(32), 1, next, [rootSeed])]}),
    'directory-signers',
  );
  await fails(
    'rotation-not-last',
    'The rotations lead to other signers than those stated.',
    rotated({...twice, signers: signersJson(next)}),
    'directory-signers',
  );
  await fails('rotation-object', 'The rotations are no list.', rotated({rotations: {}}), 'directory-signers');
  await fails(
    'rotation-newer',
    'A rotation of version 2 of the type.',
    rotated({rotations: [{...rotation, payloadType: 'application/vnd.drempel.rotation.2+json'}]}),
    'directory-newer',
  );
  await fails(
    'threshold',
    'A threshold that no set of signers can reach.',
    rotated({signers: {threshold: 4, keys: signersJson(next)['keys']}}),
    'directory-signers',
  );
  const three = {threshold: 2, keys: [a, b, c].map(publicKey)};
  const organisation = b64(signersHash(three));
  const own = {...content, organisation, signers: signersJson({...three, keys: [...three.keys].reverse()})};
  await maker.ok('directory-three', 'Three signers in any order have one hash.', 'accept-directory', {
    ...input(b64(makeDirectory(own, [a, b]))),
    pin: organisation,
  });
}

/** @param {Maker} maker */
export async function makeDirectories(maker) {
  const world = await makeOpaqueOrganisation(seeded('vectors: directories'));
  await makeAccepting(maker, world);
  await makeStatements(maker, world);
}
