/**
 * A conversation as a page gets to see it: plain objects without a key in them. Also the types of all that the workers answer,
 * for the screens, which import nothing but types from this folder.
 */
import {findChannel, findRecipient} from '../crypto/directory.js';
import {b64, dayText} from '../crypto/encoding.js';
import {REPORTER} from '../crypto/wire.js';

/** @import {Directory} from '../crypto/shapes.d.ts' */
/** @import {Entry, Thread} from '../crypto/conversation.js' */
/** @import {Message} from '../crypto/message.js' */

/** @typedef {Record<string, string>} Text by language */
/** @typedef {{id: string, name: Text}} Named a channel, or a kind of report */
/** @typedef {{id: string, name: Text, role: Text}} Person a recipient */
/**
 * A channel as a reporter chooses it. `missing` are recipients whom nothing can be sealed to now, and the code that says why;
 * `closed` if that is all of them.
 * @typedef {{id: string, name: Text, description: Text, kinds: string[], recipients: Person[],
 *   missing: {id: string, name: Text, code: string}[], closed: boolean, informed: Text[],
 *   routes: {name: Text, url: string}[]}} ChannelView
 */
/** @typedef {{retention_days: number, acknowledge_days: number, feedback_days: number}} Policy */
/**
 * An organisation. `verified`: the link carried its fingerprint; `largestFile` is what its server takes, in bytes.
 * @typedef {{name: Text, fingerprint: string, verified: boolean, languages: string[], policy: Policy, kinds: Named[],
 *   channels: ChannelView[], largestFile: number}} Overview
 */
/**
 * A file that a message names, by its place among them. `name` and `type` are its author's words; `size` is in bytes.
 * @typedef {{index: number, name: string, size: number, type: string}} AttachmentView
 */
/**
 * A message. `author` is null for the reporter; `day` is the one its author signed; `report` is the kind of report, if any.
 * @typedef {{envelope: string, own: boolean, author: Person | null, day: string, text: string, kind: string,
 *   report: Named | null, attachments: AttachmentView[]}} MessageView
 */
/** @typedef {{code: string, envelope: string | null}} NoticeView of PROTOCOL 15.3 */
/**
 * A conversation. `channel` is null where the receipt can't tell; `lastDay` is that of the newest message that is there.
 * @typedef {{channel: Named | null, messages: MessageView[], notices: NoticeView[], lastDay: string | null,
 *   canWrite: boolean}} Visit
 */
/** @typedef {{recipient: Person, channels: Named[]}} SignedIn */
/**
 * A conversation in the list. `fresh`: something came since the keyring was read, or since it was last read here.
 * @typedef {{mailbox: string, channel: Named, report: Named | null, day: string, messages: number, fresh: boolean}} InboxItem
 */
/**
 * Newest first. `damaged` counts what could not be read, `gone` what is no longer on the server; `full`: the keyring takes no
 * more, so that a later sync begins where this one did.
 * @typedef {{items: InboxItem[], damaged: number, gone: number, full: boolean}} InboxList
 */
/** @typedef {{code: string, detail: string, group?: number, correction?: string, kind?: string}} Problem what a call fails with */
/** @typedef {{problem: {code: string, group: number, correction: string, kind: string} | null}} CodeCheck */
/**
 * A chosen file on its way. `id` is the page's; `share` is how much of it has arrived, up to 1; `code` says why it failed;
 * `changed`: it is sealed anew, since it changed while it was read.
 * @typedef {{id: number, state: 'waiting' | 'uploading' | 'paused' | 'done' | 'failed', share: number, code: string,
 *   changed: boolean}} FileView
 */
/**
 * What a worker tells without being asked. `seconds` is the pause before the next try; `done` and `total` are bytes; `perhaps`:
 * something may be stored under the receipt before this one; `line` is about the way of all files, with no code when it is well;
 * `download` of one that comes: `done` of its bytes are here.
 * @typedef {{event: 'waiting', code: string, seconds: number} | {event: 'slow'} | {event: 'renewed', perhaps: boolean}
 *   | {event: 'progress', done: number, total: number} | {event: 'file', file: FileView}
 *   | {event: 'line', code: string, seconds: number} | {event: 'download', id: string, done: number, code: string, seconds: number}} Told
 */

/** What the directory no longer names is called by its id. @param {Directory} directory @param {string} id @returns {Text} */
const byId = ({content}, id) => Object.fromEntries(content.languages.map((language) => [language, id]));

/** @param {Directory} directory @param {string} id @returns {Named} */
export const channelNamed = (directory, id) => ({id, name: findChannel(directory, id)?.name ?? byId(directory, id)});

/** @param {Directory} directory @param {string} id @returns {Named} */
export const kindNamed = (directory, id) => ({
  id,
  name: directory.content.kinds.find((kind) => kind.id === id)?.name ?? byId(directory, id),
});

/** @param {Directory} directory @param {string} id @returns {Person} */
export function personNamed(directory, id) {
  const found = findRecipient(directory, id);
  return {id, name: found?.name ?? byId(directory, id), role: found?.role ?? byId(directory, '')};
}

/** @param {Directory} directory @param {string} me the author whose own messages these are @param {Entry} entry @returns {MessageView} */
function messageView(directory, me, {envelope, message}) {
  const {author, day, text, kind, meta} = message;
  const report = kind === 'report' && typeof meta['report'] === 'string' ? kindNamed(directory, meta['report']) : null;
  const from = author === REPORTER ? null : personNamed(directory, author);
  return {envelope: b64(envelope), own: author === me, author: from, day: dayText(day), text, kind, report, attachments: attachmentViews(message)};
}

/** Without their secrets. @param {Message} message @returns {AttachmentView[]} */
const attachmentViews = ({attachments}) => attachments.map(({name, size, type}, index) => ({index, name, size, type}));

/**
 * @param {Directory} directory @param {string | null} channel id @param {Thread} thread
 * @param {string} me `REPORTER` or a recipient's id
 * @returns {Visit}
 */
export function visitView(directory, channel, {entries, notices, heads}, me) {
  const days = entries.map(({message}) => message.day);
  return {
    channel: channel === null ? null : channelNamed(directory, channel),
    messages: entries.map((entry) => messageView(directory, me, entry)),
    notices: notices.map(({code, envelope}) => ({code, envelope: envelope && b64(envelope)})),
    lastDay: days.length > 0 ? dayText(Math.max(...days)) : null,
    // Without the opening there is nothing to answer to: the server withheld it.
    canWrite: heads.size > 0,
  };
}
