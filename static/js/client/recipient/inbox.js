/**
 * A recipient's inbox: what is new, what was said, and answering (PROTOCOL 6.6, 8, 12.5). The twin of
 * `intake/client/recipient/inbox.py`.
 */
import {conversationAuthors, openingAuthors, readThread} from '../../crypto/secret/conversation.js';
import {quoteOf, authorKeysOf} from '../../crypto/public/directory.js';
import {b64, unb64, weekOf} from '../../crypto/public/encoding.js';
import {concat, equal} from '../../crypto/public/bytes.js';
import {openConversation, openOpening, openWithSecret} from '../../crypto/secret/envelope_open.js';
import {parseCreation} from '../../crypto/public/mailbox.js';
import {DrempelError} from '../../crypto/public/errors.js';
import {forgotten, weekKeys} from '../../crypto/secret/ratchet.js';
import {parseMailboxAnswer} from '../../crypto/public/answers.js';
import {envelopeHash} from '../../crypto/public/envelope_format.js';
import {CLOCK_DAYS} from '../organisation.js';
import {sealMessage} from '../message.js';

/** @import {Thread} from '../../crypto/secret/conversation.js' */
/** @import {Directory} from '../../crypto/shapes.d.ts' */
/** @import {Random} from '../../crypto/public/encoding.js' */
/** @import {Opening} from '../../crypto/secret/envelope_open.js' */
/** @import {PrivateKey} from '../../crypto/secret/hpke_open.js' */
/** @import {Conversation, Keyring} from '../../crypto/secret/keyring.js' */
/** @import {SealedMessage} from '../message.js' */
/** @import {DayItem, StoredEnvelope} from '../../crypto/public/answers.js' */

/**
 * What has come of a day: `ids` names each envelope, whoever it is for (`envelopeName`), of days that come
 * again; `counts` are the messages of each mailbox (b64), `damaged` the items that can't be read.
 * @typedef {{ids: Set<string>, counts: Map<string, number>, damaged: number}} TakenDay
 */
/**
 * A sync at work. Days before `synced` don't come again; `answered` are the hashes (b64) that messages met on
 * the way name as parents.
 * @typedef {{keyring: Keyring, directory: Directory, keysOf: (week: number) => PrivateKey[], today: number,
 *   synced: number, conversations: Map<string, Conversation>, days: Map<number, TakenDay>, answered:
 *   Set<string>}} Sync
 */
/**
 * @typedef {{keyring: Keyring, recent: Map<string, number>, damaged: number, taken: Map<number, TakenDay>}}
 *   Synced `recent` counts days that come again, which are those of `taken`
 */

/**
 * A day is done for good once nothing can come on it any more. The server's day may be two days ahead of this
 * device's now, two behind when the next report comes, and a write may take until past midnight.
 */
const UNSETTLED_DAYS = 2 * CLOCK_DAYS + 1;

/**
 * @param {Keyring} keyring @param {Directory} directory @param {number} day when directory and keys came
 * @param {number} today the server's day now
 * @returns {Sync}
 */
export const beginSync = (keyring, directory, day, today) => ({
  keyring,
  directory,
  keysOf: weekKeys(keyring.ratchet, weekOf(day) + 1),
  today,
  synced: Math.max(keyring.synced ?? 0, today - UNSETTLED_DAYS),
  conversations: new Map(keyring.conversations),
  days: new Map(),
  answered: new Set(),
});

/** @returns {TakenDay} */
export const nothingTaken = () => ({ids: new Set(), counts: new Map(), damaged: 0});

/** @param {Uint8Array} mailbox @param {Uint8Array} id @returns {string} */
export const envelopeName = (mailbox, id) => b64(concat(mailbox, id));

/**
 * Openings first: the envelopes of a day come in random order.
 * @param {Sync} sync
 * @param {number} day
 * @param {DayItem[]} items
 */
export async function takeDay(sync, day, items) {
  const taken = sync.days.get(day) ?? nothingTaken();
  sync.days.set(day, taken);
  const fresh = day < sync.synced ? items : items.filter((item) => isNew(taken, item));
  const open = fresh.filter(({mailbox}) => !sync.keyring.closed.has(b64(mailbox)));
  for (const item of open.filter(({creation}) => creation)) {
    if (sync.conversations.has(b64(item.mailbox)) || (await takeOpening(sync, taken, item)))
      count(taken, item);
  }
  for (const item of open.filter(({creation}) => !creation)) {
    if (await takeMessage(sync, item)) count(taken, item);
  }
}

/**
 * Notes that it has come. What a server repeats is not counted twice.
 * @param {TakenDay} taken @param {DayItem} item
 */
function isNew({ids}, {mailbox, envelope}) {
  const known = ids.size;
  return ids.add(envelopeName(mailbox, envelope.id)).size > known;
}

/** @param {TakenDay} taken @param {DayItem} item */
function count({counts}, {mailbox}) {
  counts.set(b64(mailbox), (counts.get(b64(mailbox)) ?? 0) + 1);
}

/**
 * @param {Sync} sync
 * @param {TakenDay} taken
 * @param {DayItem} item
 * @returns {Promise<boolean>} whether a new conversation of this recipient begins here
 */
async function takeOpening(sync, taken, {mailbox, envelope, creation: record}) {
  /** @type {Opening} */
  let opening;
  try {
    const creation = parseCreation(record ?? new Uint8Array(0));
    opening = await openOpening(
      envelope.bytes,
      creation,
      envelope.id,
      sync.keysOf,
      openingAuthors(sync.directory),
    );
    if (!isForMe(sync, opening) || !equal(creation.mailbox, mailbox))
      throw new DrempelError('envelope-record');
  } catch (problem) {
    if (!(problem instanceof DrempelError)) throw problem;
    // No slot for this key is the common case: the report is for other recipients.
    if (problem.code !== 'envelope-no-slot') taken.damaged += 1;
    return false;
  }
  if (opening.message.kind === 'decoy') return false;
  const hash = envelopeHash(mailbox, envelope.id, envelope.bytes);
  sync.conversations.set(b64(mailbox), conversationOf(opening, envelope.id, hash));
  return true;
}

/**
 * Only what was signed for this recipient, in a channel that is theirs.
 * @param {Sync} sync
 * @param {Opening} opening
 */
function isForMe({keyring: {recipient}, directory}, {message: {meta, directory: quote}}) {
  const to = /** @type {string[]} */ (meta['to']);
  return (
    to.includes(recipient) &&
    authorKeysOf(directory, recipient, String(meta['channel']), quote.version).length > 0
  );
}

/** @param {Opening} opening @param {Uint8Array} envelope @param {Uint8Array} hash @returns {Conversation} */
function conversationOf({secret, keys, message}, envelope, hash) {
  const {kind, meta, day} = message;
  return {
    kind,
    opening: envelope,
    secret,
    conversation: keys.conversation,
    read: keys.read,
    write: keys.write,
    close: keys.close,
    replace: keys.replace,
    signing: keys.signingKey,
    channel: String(meta['channel']),
    // Only a report's was checked: a stranger must not put into the keyring what it can't be read back with.
    report: kind === 'report' && typeof meta['report'] === 'string' ? meta['report'] : null,
    day,
    messages: 0,
    heads: new Set([b64(hash)]),
  };
}

/** @param {Directory} directory @param {Conversation} known */
const authorsOf = (directory, known) =>
  conversationAuthors(directory, known.kind, known.channel, known.signing);

/**
 * @param {Sync} sync
 * @param {DayItem} item
 * @returns {Promise<boolean>} whether it is a message; moves the heads on
 */
async function takeMessage({conversations, directory, answered}, {mailbox, envelope}) {
  const known = conversations.get(b64(mailbox));
  if (!known) return false;
  const place = {organisation: directory.organisation, mailbox, envelope: envelope.id};
  try {
    const message = await openConversation(
      envelope.bytes,
      place,
      known.conversation,
      authorsOf(directory, known),
    );
    const heads = [...known.heads, b64(envelopeHash(mailbox, envelope.id, envelope.bytes))];
    for (const parent of message.parents) answered.add(b64(parent));
    // An answer may come before what it answers, since the envelopes of a day come in random order.
    conversations.set(b64(mailbox), {...known, heads: new Set(heads.filter((head) => !answered.has(head)))});
    return true;
  } catch (problem) {
    // Told, with its reason, when the conversation is opened.
    if (problem instanceof DrempelError) return false;
    throw problem;
  }
}

/**
 * Note in the keyring what is done for good: the days on which nothing can come any more.
 * @param {Sync} sync
 * @returns {Synced}
 */
export function finishSync({keyring, directory, today, synced, conversations: found, days}) {
  const [conversations, recent] = [new Map(found), new Map()];
  let damaged = 0;
  for (const [day, taken] of days) {
    damaged += taken.damaged;
    for (const [mailbox, messages] of taken.counts) {
      const known = /** @type {Conversation} */ (conversations.get(mailbox));
      if (day < synced) conversations.set(mailbox, {...known, messages: known.messages + messages});
      else recent.set(mailbox, (recent.get(mailbox) ?? 0) + messages);
    }
  }
  const ratchet = forgotten(keyring.ratchet, synced, today);
  return {
    keyring: {...keyring, conversations, synced, ratchet, directory: quoteOf(directory)},
    recent,
    damaged,
    taken: new Map([...days].filter(([day]) => day >= synced)),
  };
}

/**
 * A report's.
 * @param {Keyring} keyring
 * @param {string} mailbox b64
 * @returns {Conversation} throws `conversation-unknown`
 */
export function findConversation(keyring, mailbox) {
  const known = keyring.conversations.get(mailbox);
  if (known?.kind !== 'report') throw new DrempelError('conversation-unknown');
  return known;
}

/**
 * All that was said in a conversation. Throws `conversation-unknown`, `conversation-gone`, `answer-damaged`.
 * @param {Keyring} keyring @param {Directory} directory @param {string} mailbox b64
 * @param {Uint8Array} answerBytes the answer to `GET mailboxes/M`
 * @returns {Promise<Thread>}
 */
export async function readInboxThread(keyring, directory, mailbox, answerBytes) {
  const known = findConversation(keyring, mailbox);
  const {organisation} = directory;
  const {creation, envelopes} = readAnswer(known, answerBytes);
  const isThis = equal(creation.organisation, organisation) && equal(creation.mailbox, unb64(mailbox, 32));
  if (!isThis) throw new DrempelError('answer-damaged');
  const openOne = async (/** @type {StoredEnvelope} */ {id, bytes}) =>
    equal(id, known.opening)
      ? (await openWithSecret(bytes, creation, id, known.secret, openingAuthors(directory))).message
      : openConversation(
          bytes,
          {organisation, mailbox: unb64(mailbox, 32), envelope: id},
          known.conversation,
          authorsOf(directory, known),
        );
  return readThread(unb64(mailbox, 32), envelopes, known.opening, openOne, directory, known.heads);
}

/** @param {Conversation} known @param {Uint8Array} bytes */
function readAnswer(known, bytes) {
  try {
    const {creation, envelopes} = parseMailboxAnswer(bytes, known.read);
    return {creation: parseCreation(creation), envelopes};
  } catch (problem) {
    if (!(problem instanceof DrempelError)) throw problem;
    throw new DrempelError(problem.code === 'receipt-unknown' ? 'conversation-gone' : 'answer-damaged');
  }
}

/**
 * An answer in a conversation.
 * @param {Keyring} keyring @param {Directory} directory @param {string} mailbox b64 @param {Thread} thread
 * @param {string} text @param {number} today @param {Random} random
 * @returns {Promise<SealedMessage>}
 */
export async function sealReply(keyring, directory, mailbox, thread, text, today, random) {
  const {conversation} = findConversation(keyring, mailbox);
  const {recipient: author, signingSeed} = keyring;
  return sealMessage(
    {mailbox: unb64(mailbox, 32), conversation, author, signingSeed},
    directory,
    thread,
    text,
    today,
    random,
  );
}
