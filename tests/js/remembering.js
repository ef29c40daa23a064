/** A service that only remembers, in the words of PROTOCOL 12, so that a test can change whatever it remembers. */
import {b64, dayText, unb64} from '../../static/js/crypto/encoding.js';
import {lockKeyring} from '../../static/js/client/access.js';
import {buildMailboxAnswer} from '../../static/js/crypto/answers.js';
import {CREATION_LENGTH} from '../../static/js/crypto/wire.js';
import {given, problem} from './serving.js';
import {TODAY, dayAnswer, person} from './world.js';

/** @import {StoredEnvelope} from '../../static/js/crypto/answers.js' */
/** @import {Asked, Between, Given} from './serving.js' */
/** @import {World} from './world.js' */
/** @typedef {{creation: Uint8Array, envelopes: StoredEnvelope[]}} Mailbox opening first */
/**
 * `keyrings` by recipient; `tokens` are those that a session still holds with; `who` signs in next; `change` may give another
 * answer to any request.
 * @typedef {{world: World, day: number, mailboxes: Map<string, Mailbox>, keyrings: Map<string, {bytes: Uint8Array, version: number}>,
 *   statements: string[], tokens: Set<string>, who: string, change: (asked: Asked) => Given | null | undefined}} Memory
 */

/** @param {World} world @returns {Promise<Memory>} with a keyring for everybody */
export async function remember(world) {
  const keyrings = new Map();
  for (const [id, one] of world.people) keyrings.set(id, {bytes: await lockKeyring(one, world.random), version: 1});
  const empty = {mailboxes: new Map(), statements: [], tokens: new Set(), change: () => undefined};
  return {world, day: TODAY, keyrings, who: 'lee', ...empty};
}

/** @param {unknown} value */
const json = (value) => given(200, JSON.stringify(value), {'Content-Type': 'application/json'});

/** @param {Memory} memory @returns {Between} */
export const answering = (memory) => (asked) => {
  const changed = memory.change(asked);
  return changed === undefined ? route(memory, asked) : changed;
};

/** @param {Memory} memory @param {Asked} asked @returns {Given} */
export function route(memory, asked) {
  const [first = '', second = ''] = asked.path.split(/[/?]/);
  if (first === 'directory') return given(200, memory.world.directoryBytes);
  if (first === 'keys') return json({...memory.world.keysAnswer, day: dayText(memory.day)});
  if (first === 'mailboxes') return mailboxes(memory, asked);
  if (first === 'sign-in') return signIn(memory, second);
  const recipient = asked.headers.authorization?.split(' ')[1]?.split('.')[0] ?? '';
  if (!memory.tokens.has(asked.headers.authorization?.split(' ')[1] ?? '')) return problem(401, 'sign-in-again');
  if (second === 'keyring') return keyring(memory, asked, recipient);
  if (second === 'statement') return given(memory.statements.push(asked.body.toString()) && 204);
  if (second === 'mailboxes') return given(200, Buffer.concat([...memory.mailboxes.keys()].map((id) => unb64(id))));
  return days(memory, asked);
}

/** @param {Memory} memory @param {string} what @returns {Given} */
function signIn(memory, what) {
  if (what === 'challenge') return json({challenge: b64(memory.world.random(32))});
  const token = `${memory.who}.${b64(memory.world.random(8))}`;
  memory.tokens.add(token);
  return json({token, recipient: memory.who, day: dayText(memory.day)});
}

/** @param {Memory} memory @param {Asked} asked @returns {Given} */
function mailboxes({mailboxes: all, day}, {method, path, headers, body}) {
  const [, mailbox = '', what = '', id = ''] = path.split('/');
  const known = all.get(mailbox);
  if (method === 'GET') {
    const token = unb64(headers.authorization?.split(' ')[1]);
    return given(200, known ? buildMailboxAnswer(token, known.creation, known.envelopes) : new Uint8Array(65_536));
  }
  const bytes = new Uint8Array(body);
  if (what === 'opening') {
    const envelopes = [{id: unb64(id), day, bytes: bytes.slice(CREATION_LENGTH)}];
    all.set(mailbox, {creation: bytes.slice(0, CREATION_LENGTH), envelopes});
  } else if (!known?.envelopes.some((item) => b64(item.id) === id)) known?.envelopes.push({id: unb64(id), day, bytes});
  return given(204);
}

/** @param {Memory} memory @param {Asked} asked @param {string} recipient @returns {Given} */
function keyring({keyrings}, {method, headers, body}, recipient) {
  const known = keyrings.get(recipient);
  if (!known) return problem(404, 'not-found');
  if (method === 'GET') return given(200, known.bytes, {ETag: `"${known.version}"`});
  if (headers['if-match'] !== `"${known.version}"`) return problem(412, 'keyring-changed');
  const version = known.version + 1;
  keyrings.set(recipient, {bytes: new Uint8Array(body), version});
  return given(204, '', {ETag: `"${version}"`});
}

/** @param {Memory} memory @param {Asked} asked @returns {Given} */
function days({mailboxes: all, day}, {path}) {
  const wanted = path.split('/')[2];
  const openings = [...all].map(([id, {creation, envelopes}]) => ({mailbox: unb64(id), creation, envelopes}));
  const bytes = dayAnswer(openings);
  if (wanted) return given(200, bytes);
  const listed = all.size > 0 ? [{day: dayText(day), envelopes: all.size, bytes: bytes.length}] : [];
  return json({day: dayText(day), days: listed});
}

/** @param {Memory} memory @param {string} id who signs in @returns {string} the code */
export function codeOf(memory, id) {
  memory.who = id;
  return person(memory.world, id).code;
}
