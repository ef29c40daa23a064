/**
 * The browser's half as a command, for tests of the two languages against each other: `node
 * tests/js/kit/peer.js` reads one JSON object from standard input and writes one to standard output.
 *
 * Bytes are b64 (PROTOCOL 1.2), days `YYYY-MM-DD`. Each command has `command`, and those that need a
 * directory have `directory` (the DSSE envelope's bytes), `day` (this device's) and may have `pin`. A failure
 * is `{"error": {"code", "layer", "detail"}}`.
 *
 * Each command, its further input, and its output:
 *
 * - `new-recipient`: `organisation`, `recipient`, `week`; gives `access`, `login_key`, `signing_key`,
 *   `keyring`
 * - `statement`: `keys`, `access`, `recipient`, `keyring`; gives `body` of `PUT inbox/statement`, or null if
 *   none is due, and `keyring`
 * - `seal-report`: `keys` (answer to `GET keys`), `channel`, `kind` or null, `text`, `rereadable`, `without`,
 *   `receipt`; gives `receipt`, `mailbox`, `envelope`, `body`
 * - `read-as-reporter`: `receipt`, `mailbox_answer`; gives `channel`, `messages`, `notices`
 * - `seal-message`: `receipt`, `mailbox_answer`, `text`; gives `mailbox`, `envelope`, `body`, `write`
 * - `read-as-recipient`: `access`, `recipient`, `keyring`, `days` (`[{"day", "answer"}]`), `server_day`,
 *   `mailbox` and `mailbox_answer`; gives `conversations`, `damaged`, `messages`, `notices`, `keyring`
 * - `reply-as-recipient`: `access`, `recipient`, `keyring`, `mailbox`, `mailbox_answer`, `text`; gives
 *   `mailbox`, `envelope`, `body`, `write`
 *
 * `recipient` may be absent where there is a directory: then it is whoever's keyring the code opens.
 * `without`, `receipt`, `server_day`, and `mailbox` with `mailbox_answer` may be absent, and `statement` may
 * come without `keys`.
 */
import {readFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {
  dueStatement,
  lockKeyring,
  unlockKeyring,
} from '../../../static/js/client/recipient/keyring_access.js';
import {
  beginSync,
  findConversation,
  finishSync,
  readInboxThread,
  sealReply,
  takeDay,
} from '../../../static/js/client/recipient/inbox.js';
import {openOrganisation} from '../../../static/js/client/organisation.js';
import {readVisit, sealFollowUp} from '../../../static/js/client/reporter/visit.js';
import {newReceipt, sealReport} from '../../../static/js/client/reporter/report.js';
import {accessKeys, parseCode, reporterKeys} from '../../../static/js/crypto/secret/codes.js';
import {acceptDirectory} from '../../../static/js/crypto/public/directory.js';
import {b64, dayNumber, dayText, unb64, weekOf} from '../../../static/js/crypto/public/encoding.js';
import {DrempelError} from '../../../static/js/crypto/public/errors.js';
import {osRandom} from '../../../static/js/crypto/secret/primitives.js';
import {newRecipient, parseDayAnswer} from './protocol.js';

/** @import {Thread} from '../../../static/js/crypto/secret/conversation.js' */
/** @import {Directory} from '../../../static/js/crypto/shapes.d.ts' */
/** @import {Keyring} from '../../../static/js/crypto/secret/keyring.js' */
/** @import {Opened} from '../../../static/js/client/recipient/keyring_access.js' */
/** @import {SealedMessage} from '../../../static/js/client/message.js' */
/** @typedef {any} Input a command as described above */

const pinOf = (/** @type {Input} */ {pin}) => (pin ? unb64(pin, 32) : null);

/** @param {Input} input @returns {Directory} */
const directoryOf = (input) =>
  acceptDirectory(unb64(input.directory), dayNumber(input.day), {pin: pinOf(input)});

/** @param {Input} input */
const organisationOf = (input) =>
  openOrganisation(unb64(input.directory), input.keys, dayNumber(input.day), {pin: pinOf(input)});

/** @param {Input} input @param {Directory} directory */
const receiptKeys = ({receipt}, {organisation}) => reporterKeys(parseCode(receipt, 'receipt'), organisation);

/** @param {Thread} thread */
export const threadJson = ({entries, notices}) => ({
  messages: entries.map(({envelope, message: {kind, author, day, counter, text}}) => ({
    envelope: b64(envelope),
    kind,
    author,
    day: dayText(day),
    counter,
    text,
  })),
  notices: notices.map(({code, envelope}) => ({code, envelope: envelope && b64(envelope)})),
});

/** @param {SealedMessage} message @param {Uint8Array} write */
const sealedJson = ({mailbox, envelope, bytes}, write) => ({
  mailbox: b64(mailbox),
  envelope: b64(envelope),
  body: b64(bytes),
  write: b64(write),
});

/** @param {Keyring} keyring */
const conversationsJson = ({conversations}) =>
  [...conversations].map(([mailbox, {kind, channel, report, day, messages, read, write}]) => ({
    mailbox,
    kind,
    channel,
    report,
    day: dayText(day),
    messages,
    read: b64(read),
    write: b64(write),
  }));

/** @param {Input} input @param {Directory} directory @returns {Promise<Opened>} */
async function unlock({access, keyring, recipient}, {organisation, content}) {
  const {unlocker} = accessKeys(parseCode(access, 'access'), organisation);
  const candidates = recipient ? [recipient] : content.recipients.map(({id}) => id);
  for (const id of candidates) {
    try {
      return await unlockKeyring(unb64(keyring), unlocker, organisation, id);
    } catch (problem) {
      if (!(problem instanceof DrempelError) || problem.code !== 'keyring-locked') throw problem;
    }
  }
  throw new DrempelError('keyring-locked');
}

/** @type {Record<string, (input: Input) => Promise<object>>} */
const COMMANDS = {
  async 'new-recipient'({organisation, recipient, week}) {
    const made = await newRecipient(unb64(organisation, 32), recipient, week, osRandom);
    const keyring = b64(await lockKeyring(made, osRandom));
    return {access: made.code, login_key: b64(made.loginKey), signing_key: b64(made.signingKey), keyring};
  },

  async statement(input) {
    const day = dayNumber(input.day);
    const bare = {
      directory: directoryOf(input),
      day,
      week: weekOf(day),
      verifiedByLink: false,
      served: [],
      largestFile: 0,
    };
    const organisation = input.keys ? organisationOf(input) : bare;
    const opened = await unlock(input, organisation.directory);
    const due = dueStatement(opened.keyring, organisation);
    const keyring = due?.keyring ?? opened.keyring;
    return {body: due?.body ?? null, keyring: b64(await lockKeyring({...opened, keyring}, osRandom))};
  },

  async 'seal-report'(input) {
    const organisation = organisationOf(input);
    const fresh = newReceipt(organisation.directory.organisation, osRandom);
    const {receipt = fresh.receipt, channel, kind, text, rereadable, without = []} = input;
    const keys = receiptKeys({receipt}, organisation.directory);
    const report = {channel, kind, text, rereadable, without, today: dayNumber(input.day)};
    const {mailbox, envelope, body} = await sealReport(organisation, keys, report, osRandom);
    return {receipt, mailbox: b64(mailbox), envelope: b64(envelope), body: b64(body)};
  },

  async 'read-as-reporter'(input) {
    const directory = directoryOf(input);
    const {channel, thread} = await readVisit(
      receiptKeys(input, directory),
      directory,
      unb64(input.mailbox_answer),
    );
    return {channel, ...threadJson(thread)};
  },

  async 'seal-message'(input) {
    const directory = directoryOf(input);
    const keys = receiptKeys(input, directory);
    const {thread} = await readVisit(keys, directory, unb64(input.mailbox_answer));
    return sealedJson(
      await sealFollowUp(keys, directory, thread, input.text, dayNumber(input.day), osRandom),
      keys.write,
    );
  },

  async 'read-as-recipient'(input) {
    const directory = directoryOf(input);
    const opened = await unlock(input, directory);
    const serverDay = dayNumber(input.server_day ?? input.day);
    const sync = beginSync(opened.keyring, directory, serverDay, serverDay);
    for (const {day, answer} of input.days)
      await takeDay(sync, dayNumber(day), parseDayAnswer(unb64(answer)));
    const {keyring, damaged} = finishSync(sync);
    const thread = input.mailbox
      ? threadJson(await readInboxThread(keyring, directory, input.mailbox, unb64(input.mailbox_answer)))
      : {messages: [], notices: []};
    const bytes = await lockKeyring({...opened, keyring}, osRandom);
    return {conversations: conversationsJson(keyring), damaged, ...thread, keyring: b64(bytes)};
  },

  async 'reply-as-recipient'(input) {
    const directory = directoryOf(input);
    const {keyring} = await unlock(input, directory);
    const {mailbox, text, day} = input;
    const thread = await readInboxThread(keyring, directory, mailbox, unb64(input.mailbox_answer));
    const reply = await sealReply(keyring, directory, mailbox, thread, text, dayNumber(day), osRandom);
    return sealedJson(reply, findConversation(keyring, mailbox).write);
  },
};

/** @param {Input} input @returns {Promise<object>} */
export async function answer(input) {
  const command = Object.hasOwn(COMMANDS, input.command) && COMMANDS[input.command];
  if (!command) throw new TypeError('no such command');
  try {
    return await command(input);
  } catch (problem) {
    if (!(problem instanceof DrempelError)) throw problem;
    return {error: {code: problem.code, layer: problem.layer, detail: problem.detail}};
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(readFileSync(0, 'utf8')))));
}
