/**
 * What the page's Workers say of broken answers: the vectors of `tests/vectors/answers/`, over a real socket.
 * `tests/client/test_answers.py` runs the same.
 */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {connect} from '../../static/js/client/connection.js';
import {follow} from '../../static/js/client/organisation.js';
import {openSession, renewStatement, saveKeyring} from '../../static/js/client/recipient/session.js';
import {b64} from '../../static/js/crypto/public/encoding.js';
import {DrempelError} from '../../static/js/crypto/public/errors.js';
import {accessKeys, parseCode} from '../../static/js/crypto/secret/codes.js';
import {inboxCalls} from '../../static/js/worker/recipient.js';
import {reporterCalls} from '../../static/js/worker/reporter.js';
import {expectedOf, readGroups, sendBroken} from './kit/broken_answers.js';
import {codeOf, remember, route} from './kit/fake_service.js';
import {TODAY, makeOpaqueOrganisation, person} from './kit/opaque_organisation.js';
import {seeded} from './kit/randomness.js';
import {given, openRelay} from './kit/serving.js';

/** @import {WorkerEvent} from '../../static/js/worker/views.js' */
/** @import {Case, Outcome} from './kit/broken_answers.js' */
/** @import {FakeService} from './kit/fake_service.js' */
/** @import {Asked, Relay} from './kit/serving.js' */
/** @import {OpaqueOrganisation} from './kit/opaque_organisation.js' */

/** Each call's method, and what its path begins with. @type {Record<string, [string, RegExp]>} */
const READS = {
  directory: ['GET', /^directory/],
  keys: ['GET', /^keys/],
  mailbox: ['GET', /^mailboxes\//],
  challenge: ['POST', /^sign-in\/challenge/],
  'sign-in': ['POST', /^sign-in$/],
  keyring: ['GET', /^inbox\/keyring/],
  days: ['GET', /^inbox\/days\?/],
  day: ['GET', /^inbox\/days\//],
  present: ['GET', /^inbox\/mailboxes/],
};
/** @type {typeof READS} */
const WRITES = {
  opening: ['PUT', /^mailboxes\/[^/]+\/opening\//],
  message: ['PUT', /^mailboxes\/[^/]+\/envelopes\//],
  delete: ['DELETE', /^mailboxes\//],
  save: ['PUT', /^inbox\/keyring/],
  statement: ['PUT', /^inbox\/statement/],
};
const CALLS = {...READS, ...WRITES};

const REPORT = {channel: 'adviser', kind: null, text: 'Something.', rereadable: true, without: []};
const LIMITS = {silence: 60, slow: 60, firstPause: 0.001};
const now = () => TODAY * 86_400_000 + 1000;

/** @type {OpaqueOrganisation} */
let world;
/** @type {Relay} */
let server;
/** @type {FakeService} */
let memory;
/** @type {WorkerEvent[]} */
const events = [];
before(async () => {
  world = await makeOpaqueOrganisation(seeded('answers'));
  server = await openRelay('http://127.0.0.1:9/example/');
});
after(() => server?.stop());

/** What the service says. @param {Asked} asked */
function honest(asked) {
  if (asked.method !== 'DELETE') return route(memory, asked);
  memory.mailboxes.delete(String(asked.path.split('/')[1]));
  return given(204);
}

/** @param {typeof LIMITS} limits */
const outside = (limits) => ({
  emit: (/** @type {WorkerEvent} */ event) => void events.push(event),
  now,
  limits,
});
const address = () => ({base: server.url, pin: b64(world.organisationId)});

/** @param {typeof LIMITS} limits a reporter whose report is there, and is looked at */
async function visitor(limits) {
  const calls = reporterCalls(outside(limits));
  await calls.open(address());
  await calls.seal(REPORT);
  await calls.send();
  await calls.visit({code: calls.receipt()});
  return calls;
}

/** @param {typeof LIMITS} limits a recipient who has seen what is there */
async function signedIn(limits) {
  const calls = inboxCalls(outside(limits));
  await calls.open(address());
  await calls.signIn({code: codeOf(memory, 'lee')});
  await calls.sync();
  return calls;
}

/** What makes each call, by people who are there already. @param {typeof LIMITS} limits */
async function people(limits) {
  const {emit} = outside(limits);
  const [writer, inbox] = [await visitor(limits), await signedIn(limits)];
  const connection = connect(server.url, emit, limits);
  const followed = await follow(connection, world.organisationId, now);
  const keys = accessKeys(parseCode(person(world, 'lee').code, 'access'), world.organisationId);
  const signIn = () => openSession({connection, organisation: world.organisationId, keys}, followed);
  const enter = () => reporterCalls(outside(limits)).open(address());
  return {
    directory: enter,
    keys: enter,
    mailbox: () => writer.refresh(),
    challenge: signIn,
    'sign-in': signIn,
    keyring: signIn,
    days: () => inbox.sync(),
    day: () => inbox.sync(),
    present: () => inbox.sync(),
    opening: async () => {
      await writer.seal(REPORT);
      await writer.send();
    },
    message: () => writer.write({text: 'More.'}),
    delete: async () => (await visitor(limits)).remove(),
    save: async () => saveKeyring({...(await signIn()), stored: ''}, world.random),
    statement: async () => {
      const session = await signIn();
      const keyring = {...session.keyring, stated: null};
      await renewStatement({...session, keyring}, await followed.current());
    },
  };
}

/**
 * Breaks the first answer to a call.
 * @param {Case} made @param {string} call @param {() => Promise<unknown>} ask
 * @returns {Promise<Outcome>} what the client says of it
 */
async function outcome(made, call, ask) {
  const [method, path] = /** @type {[string, RegExp]} */ (CALLS[call]);
  /** @type {Asked[]} */
  const asked = [];
  server.between((request, _pass, response) => {
    const said = honest(request);
    if (request.method !== method || !path.test(request.path)) return said;
    if (asked.push(request) > 1) return said;
    sendBroken(made.answer, said, response);
    return null;
  });
  events.length = 0;
  server.seen.length = 0;
  /** @type {unknown} */
  let problem = null;
  await ask().catch((/** @type {unknown} */ raised) => (problem = raised));
  server.between(honest);
  // Not compared as they are: what node says of two long buffers that differ takes minutes and gigabytes.
  assert.ok(asked.length > 0, `${made.name}, ${call}: it was never asked`);
  const same = asked.filter(({path, body}) => path === asked[0]?.path && body.equals(asked[0].body));
  assert.equal(same.length, asked.length, `${made.name}, ${call}: not the very same bytes`);
  const seen = server.seen.map((request) => `${request.method} ${request.path}`);
  assert.deepEqual(
    seen.filter((line) => line.includes('elsewhere')),
    [],
  );
  const again = events.flatMap((event) => (event.event === 'waiting' ? event.code : []));
  if (problem === null) return again[0] === undefined ? 'ok' : {again: again[0]};
  assert.ok(problem instanceof DrempelError, `${made.name}, ${call}: ${problem}`);
  assert.equal(asked.length, 1, `${made.name}, ${call}: ${again}`);
  const written = seen.filter((line) => call in READS && /^(PUT|DELETE)/.test(line));
  assert.deepEqual(written, [], `${made.name}, ${call}`);
  return problem.code;
}

/** @param {Case} made @returns {string[]} the calls it is for */
const callsOf = ({calls}) => (Array.isArray(calls) ? calls : Object.keys(calls === 'all' ? CALLS : READS));

/** Whether nothing more comes. @param {Case} made */
const isSilent = ({answer: {line = {}}}) => Object.keys(line).some((name) => name.startsWith('silent'));

for (const [group, cases] of readGroups()) {
  test(`what is said of answers whose fault is of the group ${group}`, async () => {
    memory = await remember(world);
    server.between(honest);
    const patient = await people(LIMITS);
    const hasty = cases.some(isSilent) ? await people({...LIMITS, silence: 0.5}) : patient;
    /** @type {any[]} */
    const [found, expected] = [[], []];
    for (const made of cases) {
      const all = isSilent(made) ? hasty : patient;
      for (const call of callsOf(made)) {
        found.push([made.name, call, await outcome(made, call, all[/** @type {keyof typeof all} */ (call)])]);
        expected.push([made.name, call, expectedOf(made, call)]);
      }
    }
    assert.deepEqual(found, expected);
  });
}
