/**
 * A recipient's session: sign in, open the keyring, keep both up to date (PROTOCOL 11.5, 12.7). The twin of
 * `intake/client/recipient/session.py`.
 */
import {checkSeen} from '../../crypto/public/directory.js';
import {b64, isId, parseObject, unb64} from '../../crypto/public/encoding.js';
import {concat, readAs} from '../../crypto/public/bytes.js';
import {DrempelError} from '../../crypto/public/errors.js';
import {keyringJson, mergeKeyrings} from '../../crypto/secret/keyring.js';
import {TYPES, sign} from '../../crypto/public/signatures.js';
import {dueStatement, lockKeyring, unlockKeyring} from './keyring_access.js';
import {isPrintable} from '../connection.js';

/** @import {Json, Random} from '../../crypto/public/encoding.js' */
/** @import {Keyring} from '../../crypto/secret/keyring.js' */
/** @import {AccessKeys} from '../../crypto/secret/codes.js' */
/** @import {TakenDay} from './inbox.js' */
/** @import {Lock} from './keyring_access.js' */
/** @import {Answer, Connection, Followed, Options, Organisation} from '../shapes.d.ts' */
/**
 * A recipient who is signed in. `version` is that of the keyring on the server, whose content is `stored`;
 * `read` are the heads by which conversations are known as read, by mailbox; `taken` is what the last sync
 * has taken of the days that come again, by the directory of that version; `full`: the keyring has grown
 * beyond its largest size, so that it stays on the server as it was.
 * @typedef {{connection: Connection, organisation: Uint8Array, keys: AccessKeys, recipient: string, token:
 *   string, keyring: Keyring, lock: Lock, stored: string, version: string, read: Map<string, Set<string>>,
 *   taken: {directory: number, days: Map<number, TakenDay>}, full: boolean}} Session
 */
/** @typedef {Pick<Session, 'connection' | 'organisation' | 'keys'>} Caller who signs in where */
/** @typedef {Pick<Session, 'recipient' | 'token'>} Granted */
/** @typedef {Caller & Granted} SignedInto */

const MOST_TRIES = 8;
/** Bytes of a keyring of 32 MiB with all that is around it. */
const LONGEST_KEYRING = 34 * 1024 * 1024;

/**
 * Prove who this is without saying it. Throws `access-unknown` if the code belongs to no recipient here.
 * @param {Caller} caller @returns {Promise<Granted>}
 */
async function signIn({connection, organisation, keys}) {
  const offered = await connection.json('POST', 'sign-in/challenge');
  const challenge = readAs('answer-damaged', () => unb64(offered['challenge']));
  const signature = sign(keys.loginSeed, TYPES.signIn, concat(organisation, challenge));
  const json = {login_key: b64(keys.loginKey), challenge: b64(challenge), signature: b64(signature)};
  const {token, recipient} = await connection.json('POST', 'sign-in', {json});
  // The token goes into a header.
  if (typeof token !== 'string' || !isPrintable(token) || !isId(recipient))
    throw new DrempelError('answer-damaged');
  return {token, recipient};
}

/**
 * A request of this session; signs in again, once, if the session has ended.
 * @param {SignedInto} session @param {string} method @param {string} path @param {Options} [options]
 * @returns {Promise<Answer>}
 */
export async function ask(session, method, path, options = {}) {
  try {
    return await session.connection.request(method, path, {...options, token: session.token});
  } catch (problem) {
    if (!(problem instanceof DrempelError) || problem.code !== 'sign-in-again') throw problem;
  }
  const {token, recipient} = await signIn(session);
  // One code is one person's; another name would make a colleague's words look like one's own.
  if (recipient !== session.recipient) throw new DrempelError('answer-damaged');
  Object.assign(session, {token});
  return session.connection.request(method, path, {...options, token});
}

/**
 * The JSON object that a request of this session is answered with.
 * @param {Session} session
 * @param {string} path
 * @returns {Promise<Json>}
 */
export async function askJson(session, path) {
  const {content} = await ask(session, 'GET', path);
  return readAs('answer-damaged', () => parseObject(content));
}

/** What differs in a keyring differs here. @param {Keyring} keyring */
const contentOf = (keyring) => JSON.stringify(keyringJson(keyring));

/** The keyring on the server, opened. @param {SignedInto} session */
async function readStored(session) {
  const {content, etag} = await ask(session, 'GET', 'inbox/keyring', {longest: LONGEST_KEYRING});
  if (!etag) throw new DrempelError('answer-damaged');
  const {keyring, lock} = await unlockKeyring(
    content,
    session.keys.unlocker,
    session.organisation,
    session.recipient,
  );
  return {keyring, lock, stored: contentOf(keyring), version: etag};
}

/**
 * Signs in, opens the keyring, and holds the directory against what it notes. Throws `access-unknown`, the
 * errors of a keyring, `directory-rolled-back`, `directory-chain`.
 * @param {Caller} caller @param {Followed} followed
 * @returns {Promise<Session>}
 */
export async function openSession(caller, followed) {
  const session = {...caller, ...(await signIn(caller))};
  const found = await readStored(session);
  await checkNoted(found.keyring, followed);
  const read = new Map([...found.keyring.conversations].map(([mailbox, {heads}]) => [mailbox, heads]));
  return Object.assign(session, {...found, read, taken: {directory: 0, days: new Map()}, full: false});
}

/** @param {Keyring} keyring @param {Followed} followed */
async function checkNoted({directory: noted}, followed) {
  if (!noted) return;
  const {directory} = await followed.current();
  // A page that stands open may know an older directory than the one this recipient's other device has noted
  // since.
  checkSeen(noted.version > directory.version ? (await followed.again()).directory : directory, [noted]);
}

/**
 * Write the keyring if it changed; when another device was faster, merge with what it wrote.
 * @param {Session} session @param {Random} random
 */
export async function saveKeyring(session, random) {
  for (let left = MOST_TRIES; left > 0; left -= 1) {
    const content = contentOf(session.keyring);
    if (content === session.stored) return;
    const body = await sealed(session, random);
    if (!body) return;
    const {status, etag} = await ask(session, 'PUT', 'inbox/keyring', {
      body,
      match: session.version,
      expected: [204, 412],
    });
    if (status === 204) return void Object.assign(session, {stored: content, version: etag});
    // Also the way out when an earlier try arrived and its answer was lost: the merge changes nothing then.
    const found = await readStored(session);
    Object.assign(session, {...found, keyring: mergeKeyrings(session.keyring, found.keyring)});
  }
  throw new DrempelError('keyring-changed');
}

/**
 * @param {Session} session
 * @param {Random} random
 * @returns {Promise<Uint8Array | null>} null if it has become too large
 */
async function sealed(session, random) {
  try {
    return await lockKeyring(session, random);
  } catch (problem) {
    if (!(problem instanceof DrempelError) || problem.code !== 'keyring-format') throw problem;
    // Anybody can send that many reports: it must not keep the others from being read.
    Object.assign(session, {full: true});
    return null;
  }
}

/**
 * Announce the keys of last week, this one and the coming ones when that is due (PROTOCOL 10.6). The keyring
 * notes it, unsaved. If another device is faster, its statement stands, and the next sign-in looks again.
 * @param {Session} session @param {Organisation} organisation
 */
export async function renewStatement(session, organisation) {
  const due = dueStatement(session.keyring, organisation);
  if (!due) return;
  try {
    await ask(session, 'PUT', 'inbox/statement', {json: due.body, expected: [204]});
  } catch (problem) {
    if (!(problem instanceof DrempelError) || problem.code !== 'conflict') throw problem;
    return;
  }
  Object.assign(session, {keyring: due.keyring});
}
