/**
 * This module turns organisations, conversations and inboxes into what a page gets: plain objects without a
 * key in them. Also the types of all that the workers answer, for the screens, which import nothing but types
 * from this folder.
 */
import {reachable} from '../client/organisation.js';
import {findChannel, findRecipient, fingerprint} from '../crypto/public/directory.js';
import {b64, dayText} from '../crypto/public/encoding.js';
import {REPORTER} from '../crypto/public/directory_schema.js';

/** @import {Synced} from '../client/recipient/inbox.js' */
/** @import {Session} from '../client/recipient/session.js' */
/** @import {Organisation} from '../client/shapes.d.ts' */
/** @import {Entry, Thread} from '../crypto/secret/conversation.js' */
/** @import {Message} from '../crypto/secret/message_unpack.js' */
/** @import {Channel, Directory, Recipient} from '../crypto/shapes.d.ts' */

/** @typedef {Record<string, string>} Text by language */
/** @typedef {{id: string, name: Text}} Named a channel, or a kind of report */
/** @typedef {{id: string, name: Text, role: Text}} Person a recipient */
/**
 * A channel as a reporter chooses it. `missing` are recipients whom nothing can be sealed to now, and the
 * code that says why; `closed` if that is all of them.
 * @typedef {{id: string, name: Text, description: Text, kinds: string[], recipients: Person[], missing: {id:
 *   string, name: Text, code: string}[], closed: boolean, informed: Text[], routes: {name: Text, url:
 *   string}[]}} ChannelView
 */
/** @typedef {{retention_days: number, acknowledge_days: number, feedback_days: number}} Policy */
/**
 * An organisation. `verified`: the link carried its fingerprint; `largestFile` is what its server takes, in
 * bytes.
 * @typedef {{name: Text, fingerprint: string, verified: boolean, languages: string[], policy: Policy, kinds:
 *   Named[], channels: ChannelView[], largestFile: number}} Overview
 */
/**
 * A file that a message names, by its place among them. `name` and `type` are its author's words; `size` is
 * in bytes.
 * @typedef {{index: number, name: string, size: number, type: string}} AttachmentView
 */
/**
 * A message. `author` is null for the reporter; `day` is the one its author signed; `report` is the kind of
 * report, if any.
 * @typedef {{envelope: string, own: boolean, author: Person | null, day: string, text: string, kind: string,
 *   report: Named | null, attachments: AttachmentView[]}} MessageView
 */
/** @typedef {{code: string, envelope: string | null}} NoticeView of PROTOCOL 15.3 */
/**
 * A conversation. `channel` is null where the receipt can't tell; `lastDay` is that of the newest message
 * that is there.
 * @typedef {{channel: Named | null, messages: MessageView[], notices: NoticeView[], lastDay: string | null,
 *   canWrite: boolean}} Visit
 */
/** @typedef {{recipient: Person, channels: Named[]}} SignedIn */
/**
 * A conversation in the list. `fresh`: something came since the keyring was read, or since it was last read
 * here.
 * @typedef {{mailbox: string, channel: Named, report: Named | null, day: string, messages: number, fresh:
 *   boolean}} InboxItem
 */
/**
 * Newest first. `damaged` counts what could not be read, `gone` what is no longer on the server; `full`: the
 * keyring takes no more, so that a later sync begins where this one did. `day` is the server's, since this
 * device's clock may be wrong.
 * @typedef {{day: string, items: InboxItem[], damaged: number, gone: number, full: boolean}} InboxList
 */
/**
 * @typedef {{code: string, detail: string, group?: number, correction?: string, kind?: string}} Problem what
 *   a call fails with
 */
/** @typedef {{problem: {code: string, group: number, correction: string, kind: string} | null}} CodeCheck */
/** @typedef {import('../client/shapes.d.ts').FileView} FileView */
/** @typedef {import('../client/shapes.d.ts').WorkerEvent} WorkerEvent */

/**
 * What the directory no longer names is called by its id.
 * @param {Directory} directory
 * @param {string} id
 * @returns {Text}
 */
const byId = ({content}, id) => Object.fromEntries(content.languages.map((language) => [language, id]));

/** @param {Directory} directory @param {string} id @returns {Named} */
export const channelNamed = (directory, id) => ({
  id,
  name: findChannel(directory, id)?.name ?? byId(directory, id),
});

/** @param {Directory} directory @param {string} id @returns {Named} */
const kindNamed = (directory, id) => ({
  id,
  name: directory.content.kinds.find((kind) => kind.id === id)?.name ?? byId(directory, id),
});

/** @param {Directory} directory @param {string} id @returns {Person} */
export function personNamed(directory, id) {
  const found = findRecipient(directory, id);
  return {id, name: found?.name ?? byId(directory, id), role: found?.role ?? byId(directory, '')};
}

/**
 * @param {Directory} directory
 * @param {string} me the author whose own messages these are
 * @param {Entry} entry
 * @returns {MessageView}
 */
function messageView(directory, me, {envelope, message}) {
  const {author, day, text, kind, meta} = message;
  const report =
    kind === 'report' && typeof meta['report'] === 'string' ? kindNamed(directory, meta['report']) : null;
  const from = author === REPORTER ? null : personNamed(directory, author);
  return {
    envelope: b64(envelope),
    own: author === me,
    author: from,
    day: dayText(day),
    text,
    kind,
    report,
    attachments: attachmentViews(message),
  };
}

/** Without their secrets. @param {Message} message @returns {AttachmentView[]} */
const attachmentViews = ({attachments}) =>
  attachments.map(({name, size, type}, index) => ({index, name, size, type}));

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

/** @param {Organisation} organisation @returns {Overview} */
export function overviewOf(organisation) {
  const {directory, verifiedByLink, largestFile} = organisation;
  const {name, languages, policy, kinds, channels} = directory.content;
  const {retention_days, acknowledge_days, feedback_days} = policy;
  return {
    name,
    fingerprint: fingerprint(directory.organisation),
    verified: verifiedByLink,
    languages,
    policy: {retention_days, acknowledge_days, feedback_days},
    kinds: kinds.map((kind) => ({id: kind.id, name: kind.name})),
    channels: channels.map((channel) => channelView(organisation, channel)),
    largestFile,
  };
}

/**
 * Whether a channel is as a page has shown it: only the recipients named there may get to read a report,
 * whatever has been published since, and even if more can be reached again.
 * @param {Overview} shown @param {Organisation} organisation @param {string} channel id
 */
export function isAsShown(shown, organisation, channel) {
  const of = (/** @type {Overview} */ {channels}) => JSON.stringify(channels.find(({id}) => id === channel));
  return of(shown) === of(overviewOf(organisation));
}

/** @param {Organisation} organisation @param {Channel} channel @returns {ChannelView} */
function channelView({directory, served}, {id, name, description, kinds, recipients, informed, routes}) {
  const listed = directory.content.recipients;
  const people = recipients.map(
    (person) => /** @type {Recipient} */ (listed.find((item) => item.id === person)),
  );
  const {recipients: reached, missing} = reachable(directory, id, served);
  const nameOf = (/** @type {string} */ person) => people.find((item) => item.id === person)?.name ?? {};
  return {
    id,
    name,
    description,
    kinds,
    recipients: people.map((person) => ({id: person.id, name: person.name, role: person.role})),
    missing: missing.map(({id: person, code}) => ({id: person, name: nameOf(person), code})),
    closed: reached.length === 0,
    informed,
    routes: routes.map((route) => ({name: route.name, url: route.url})),
  };
}

/**
 * Newest first, then by id so that their order tells no time of day.
 * @param {InboxItem} one
 * @param {InboxItem} other
 */
const byDay = (one, other) =>
  one.day === other.day ? Number(one.mailbox > other.mailbox) || -1 : Number(one.day < other.day) || -1;

/**
 * The reports' conversations. One that is gone is not listed, but its keys stay: a server that withholds must
 * not make us drop them.
 * @param {Session} session @param {Directory} directory @param {Synced} found @param {Set<string>} gone
 * @returns {InboxItem[]}
 */
function listed({keyring, read}, directory, {recent}, gone) {
  const shown = [...keyring.conversations].filter(
    ([mailbox, {kind}]) => kind === 'report' && !gone.has(mailbox),
  );
  const items = shown.map(([mailbox, known]) => ({
    mailbox,
    channel: channelNamed(directory, known.channel),
    report: known.report === null ? null : kindNamed(directory, known.report),
    day: dayText(known.day),
    messages: known.messages + (recent.get(mailbox) ?? 0),
    fresh: [...known.heads].some((head) => !read.get(mailbox)?.has(head)),
  }));
  return items.sort(byDay);
}

/**
 * @param {Session} session
 * @param {{directory: Directory, day: number}} organisation
 * @param {Synced} found
 * @param {Set<string>} gone
 * @returns {InboxList}
 */
export const listView = (session, {directory, day}, found, gone) => ({
  day: dayText(day),
  items: listed(session, directory, found, gone),
  damaged: found.damaged,
  gone: gone.size,
  full: session.full,
});
