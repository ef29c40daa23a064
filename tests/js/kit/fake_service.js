/**
 * A service that only remembers, in the words of PROTOCOL 12, so that a test can change whatever it
 * remembers.
 */
import {concat, u32} from '../../../static/js/crypto/public/bytes.js';
import {b64, dayNumber, dayText, unb64} from '../../../static/js/crypto/public/encoding.js';
import {lockKeyring} from '../../../static/js/client/recipient/keyring_access.js';
import {CREATION_LENGTH} from '../../../static/js/crypto/public/limits.js';
import {given, problem} from './serving.js';
import {TODAY, person} from './opaque_organisation.js';
import {buildDayAnswer, buildList, buildMailboxAnswer} from './protocol.js';

/** @import {DayItem, StoredEnvelope} from '../../../static/js/crypto/public/answers.js' */
/** @import {Asked, Between, Given} from './serving.js' */
/** @import {OpaqueOrganisation} from './opaque_organisation.js' */
/** @typedef {{creation: Uint8Array, envelopes: StoredEnvelope[]}} Mailbox opening first */
/**
 * `keyrings` by recipient; `tokens` are those that a session still holds with; `who` signs in next; `change`
 * may give another answer to any request.
 * @typedef {{world: OpaqueOrganisation, day: number, mailboxes: Map<string, Mailbox>, keyrings: Map<string,
 *   {bytes: Uint8Array, version: number}>, statements: string[], tokens: Set<string>, who: string, change:
 *   (asked: Asked) => Given | null | undefined}} FakeService
 */

/** The day on which all that it remembers expires. */
const UNTIL = TODAY + 365;

/** @param {OpaqueOrganisation} world @returns {Promise<FakeService>} with a keyring for everybody */
export async function remember(world) {
  const keyrings = new Map();
  for (const [id, one] of world.people)
    keyrings.set(id, {bytes: await lockKeyring(one, world.random), version: 1});
  const empty = {mailboxes: new Map(), statements: [], tokens: new Set(), change: () => undefined};
  return {world, day: TODAY, keyrings, who: 'lee', ...empty};
}

/** @param {unknown} value */
const json = (value) => given(200, JSON.stringify(value), {'Content-Type': 'application/json'});

/** @param {FakeService} fake @returns {Between} */
export const answering = (fake) => (asked) => {
  const changed = fake.change(asked);
  return changed === undefined ? route(fake, asked) : changed;
};

/** @param {FakeService} fake @param {Asked} asked @returns {Given} */
export function route(fake, asked) {
  const [first = '', second = ''] = asked.path.split(/[/?]/);
  if (first === 'directory') return given(200, fake.world.directoryBytes);
  if (first === 'keys') return json({...fake.world.keysAnswer, day: dayText(fake.day)});
  if (first === 'mailboxes') return mailboxes(fake, asked);
  if (first === 'sign-in') return signIn(fake, second);
  const recipient = asked.headers.authorization?.split(' ')[1]?.split('.')[0] ?? '';
  if (!fake.tokens.has(asked.headers.authorization?.split(' ')[1] ?? ''))
    return problem(401, 'sign-in-again');
  if (second === 'keyring') return keyring(fake, asked, recipient);
  if (second === 'statement') return given(fake.statements.push(asked.body.toString()) && 204);
  if (second === 'mailboxes')
    return given(200, buildList([...fake.mailboxes.keys()].map((id) => concat(unb64(id), u32(UNTIL)))));
  return days(fake, asked);
}

/** @param {FakeService} fake @param {string} what @returns {Given} */
function signIn(fake, what) {
  if (what === 'challenge') return json({challenge: b64(fake.world.random(32))});
  const token = `${fake.who}.${b64(fake.world.random(8))}`;
  fake.tokens.add(token);
  return json({token, recipient: fake.who, day: dayText(fake.day)});
}

/** @param {FakeService} fake @param {Asked} asked @returns {Given} */
function mailboxes({mailboxes: all, day}, {method, path, headers, body}) {
  const [, mailbox = '', what = '', id = ''] = path.split('/');
  const known = all.get(mailbox);
  if (method === 'GET') {
    const token = unb64(headers.authorization?.split(' ')[1]);
    return given(
      200,
      known ? buildMailboxAnswer(token, known.creation, known.envelopes) : new Uint8Array(65_536),
    );
  }
  const bytes = new Uint8Array(body);
  if (what === 'opening') {
    const envelopes = [{id: unb64(id), day, bytes: bytes.slice(CREATION_LENGTH)}];
    all.set(mailbox, {creation: bytes.slice(0, CREATION_LENGTH), envelopes});
  } else if (!known?.envelopes.some((item) => b64(item.id) === id))
    known?.envelopes.push({id: unb64(id), day, bytes});
  return given(204);
}

/** @param {FakeService} fake @param {Asked} asked @param {string} recipient @returns {Given} */
function keyring({keyrings}, {method, headers, body}, recipient) {
  const known = keyrings.get(recipient);
  if (!known) return problem(404, 'not-found');
  if (method === 'GET') return given(200, known.bytes, {ETag: `"${known.version}"`});
  if (headers['if-match'] !== `"${known.version}"`) return problem(412, 'keyring-changed');
  const version = known.version + 1;
  keyrings.set(recipient, {bytes: new Uint8Array(body), version});
  return given(204, '', {ETag: `"${version}"`});
}

/** @param {FakeService} fake @param {number} wanted a day @returns {DayItem[]} what came on it */
const itemsOf = ({mailboxes: all}, wanted) =>
  [...all].flatMap(([id, {creation, envelopes}]) =>
    envelopes.flatMap((envelope, index) =>
      envelope.day === wanted
        ? [{mailbox: unb64(id), envelope, creation: index === 0 ? creation : null}]
        : [],
    ),
  );

/** @param {DayItem} item */
const nameOf = ({mailbox, envelope}) => concat(mailbox, envelope.id);

/** @param {FakeService} fake @param {Asked} asked @returns {Given} */
function days(fake, {method, path, body}) {
  const [, , wanted = '', what = ''] = path.split('/');
  if (wanted === '') {
    const start = dayNumber(path.split('from=')[1] ?? '1970-01-01');
    const known = new Set(
      [...fake.mailboxes.values()].flatMap(({envelopes}) => envelopes.map(({day}) => day)),
    );
    const listed = [...known]
      .filter((day) => day >= start)
      .map((day) => {
        const items = itemsOf(fake, day);
        return {day: dayText(day), envelopes: items.length, bytes: buildDayAnswer(items).length};
      });
    return json({day: dayText(fake.day), days: listed});
  }
  const items = itemsOf(fake, dayNumber(wanted));
  if (what === 'ids') return given(200, buildList(items.map(nameOf)));
  if (method === 'GET') return given(200, buildDayAnswer(items));
  const asked = Array.from({length: body.length / 48}, (_, at) => b64(body.subarray(48 * at, 48 * at + 48)));
  return given(200, buildDayAnswer(items.filter((item) => asked.includes(b64(nameOf(item))))));
}

/** @param {FakeService} fake @param {string} id who signs in @returns {string} the code */
export function codeOf(fake, id) {
  fake.who = id;
  return person(fake.world, id).code;
}
