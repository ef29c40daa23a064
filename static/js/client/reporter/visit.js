/**
 * This module reads the conversation of a receipt, and seals messages to it (PROTOCOL 6.7, 8, 12.4). The twin
 * of `intake/client/reporter/visit.py`.
 */
import {conversationAuthors, readThread} from '../../crypto/secret/conversation.js';
import {checkSeen} from '../../crypto/public/directory.js';
import {b64} from '../../crypto/public/encoding.js';
import {equal} from '../../crypto/public/bytes.js';
import {openConversation, openWithSecret, readStub} from '../../crypto/secret/envelope_open.js';
import {parseCreation, verifier} from '../../crypto/public/mailbox.js';
import {DrempelError} from '../../crypto/public/errors.js';
import {parseMailboxAnswer} from '../../crypto/public/answers.js';
import {OPENING} from '../../crypto/public/envelope_format.js';
import {SUITE} from '../../crypto/public/limits.js';
import {REPORTER} from '../../crypto/public/directory_schema.js';
import {sealMessage} from '../message.js';

/** @import {Thread} from '../../crypto/secret/conversation.js' */
/** @import {CreationRecord, Directory, ReporterKeys, Stub} from '../../crypto/shapes.d.ts' */
/** @import {Random} from '../../crypto/public/encoding.js' */
/** @import {Message} from '../../crypto/secret/message_unpack.js' */
/** @import {Attached, SealedMessage} from '../message.js' */
/** @import {MailboxAnswer, StoredEnvelope} from '../../crypto/public/answers.js' */
/** @typedef {{channel: string | null, thread: Thread}} Visit `channel` is null if the stub is damaged */

/**
 * @param {ReporterKeys} keys
 * @param {MailboxAnswer} answer
 * @param {Uint8Array} organisation
 * @returns {CreationRecord}
 */
function ownCreation(keys, answer, organisation) {
  // What is not this receipt's mailbox is not the answer to what was asked.
  if (answer.creation[0] !== SUITE) throw new DrempelError('answer-damaged');
  const creation = parseCreation(answer.creation);
  const own =
    equal(creation.organisation, organisation) &&
    equal(creation.mailbox, keys.mailbox) &&
    equal(creation.read, verifier('read', keys.read)) &&
    equal(creation.write, verifier('write', keys.write));
  if (!own) throw new DrempelError('answer-damaged');
  return creation;
}

/**
 * The opening is the one whose stub the receipt opens: the server can't make another.
 * @param {Directory} directory
 * @param {ReporterKeys} keys
 * @param {CreationRecord} creation
 * @param {StoredEnvelope[]} envelopes
 * @returns {Promise<{id: Uint8Array, stub: Stub | null}>} an empty id if there is no opening
 */
async function findOpening(directory, keys, creation, envelopes) {
  const openings = envelopes.filter(({bytes}) => bytes[0] === SUITE && bytes[1] === OPENING);
  for (const {id, bytes} of openings) {
    const stub = await readStub(bytes, creation, id, keys.stub).catch(unlessBroken);
    if (!stub) continue;
    if (!directory.signerHashes.has(b64(stub.signers))) throw new DrempelError('directory-signers');
    checkSeen(directory, [stub.directory]);
    return {id, stub};
  }
  return {id: openings[0]?.id ?? new Uint8Array(0), stub: null};
}

/** @param {unknown} problem @returns {null} */
function unlessBroken(problem) {
  if (problem instanceof DrempelError) return null;
  throw problem;
}

/**
 * PROTOCOL 7.4; without a readable stub the channel is not known, and any of the directory's will do.
 * @param {Directory} directory @param {ReporterKeys} keys @param {Stub | null} stub
 * @returns {(message: Message) => Uint8Array[]}
 */
const authorsFor = (directory, keys, stub) => (message) => {
  if (message.author === REPORTER) return [keys.signingKey];
  const channels = stub ? [stub.channel] : directory.content.channels.map(({id}) => id);
  return channels.flatMap((channel) =>
    conversationAuthors(directory, 'report', channel, keys.signingKey)(message),
  );
};

/**
 * The conversation that belongs to a receipt. Throws `receipt-unknown` if none does, `answer-damaged`, and
 * the errors of PROTOCOL 6.7 about the directory.
 * @param {ReporterKeys} keys
 * @param {Directory} directory
 * @param {Uint8Array} answerBytes the answer to `GET mailboxes/M`
 * @returns {Promise<Visit>}
 */
export async function readVisit(keys, directory, answerBytes) {
  const answer = parseMailboxAnswer(answerBytes, keys.read);
  const creation = ownCreation(keys, answer, directory.organisation);
  const {id: opening, stub} = await findOpening(directory, keys, creation, answer.envelopes);
  const authors = authorsFor(directory, keys, stub);
  const openOne = async (/** @type {StoredEnvelope} */ {id, bytes}) => {
    if (!equal(id, opening)) {
      const place = {organisation: creation.organisation, mailbox: creation.mailbox, envelope: id};
      return openConversation(bytes, place, keys.conversation, authors);
    }
    if (!stub) throw new DrempelError('envelope-stub');
    return stub.rereadable ? (await openWithSecret(bytes, creation, id, stub.secret, authors)).message : null;
  };
  const thread = await readThread(creation.mailbox, answer.envelopes, opening, openOne, directory);
  if (stub && !stub.rereadable) thread.notices.push({code: 'not-rereadable', envelope: null});
  if (opening.length === 0) thread.notices.push({code: 'gap', envelope: null});
  return {channel: stub?.channel ?? null, thread};
}

/**
 * A message to the conversation of a receipt.
 * @param {ReporterKeys} keys @param {Directory} directory @param {Thread} thread @param {string} text
 * @param {number} today @param {Random} random @param {Attached} [attached] its files
 * @returns {Promise<SealedMessage>}
 */
export const sealFollowUp = (keys, directory, thread, text, today, random, attached) =>
  sealMessage(
    {mailbox: keys.mailbox, conversation: keys.conversation, author: REPORTER, signingSeed: keys.signingSeed},
    directory,
    thread,
    text,
    today,
    random,
    attached,
  );
