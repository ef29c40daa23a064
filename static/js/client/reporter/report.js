/**
 * This module seals and sends a report (PROTOCOL 6.3): everything is sealed before anything is sent. The twin
 * of `intake/client/reporter/report.py`.
 */
import {newCode, parseCode, reporterKeys} from '../../crypto/secret/codes.js';
import {quoteJson, quoteOf, signersHash} from '../../crypto/public/directory.js';
import {b64, dayText} from '../../crypto/public/encoding.js';
import {concat} from '../../crypto/public/bytes.js';
import {REPORTER} from '../../crypto/public/directory_schema.js';
import {checkText, membersOf} from '../../crypto/secret/message_pack.js';
import {creationRecordBytes, verifier} from '../../crypto/public/mailbox.js';
import {creationOf} from '../../crypto/public/envelope_format.js';
import {sealOpening, makeStub} from '../../crypto/secret/envelope_seal.js';
import {publicBytes} from '../../crypto/secret/hpke.js';
import {ENVELOPE_ID_LENGTH} from '../../crypto/public/limits.js';
import {addressees, checkKind} from '../organisation.js';

/** @import {Random} from '../../crypto/public/encoding.js' */
/** @import {KeyBlock, ReporterKeys} from '../../crypto/shapes.d.ts' */
/** @import {Connection, Organisation, Report, SealedReport} from '../shapes.d.ts' */

const NOTHING = new Uint8Array(0);

/**
 * A fresh receipt and its keys. Slow, so it is made while the person types.
 * @param {Uint8Array} organisation its id @param {Random} random
 * @returns {{receipt: string, keys: ReporterKeys}}
 */
export function newReceipt(organisation, random) {
  const receipt = newCode('receipt', random);
  return {receipt, keys: reporterKeys(parseCode(receipt, 'receipt'), organisation)};
}

/**
 * @param {ReporterKeys} keys
 * @param {Random} random
 * @returns {KeyBlock} close and replace are not the receipt's (PROTOCOL 6.4)
 */
const keyBlockOf = (keys, random) => ({
  conversation: keys.conversation,
  read: keys.read,
  write: keys.write,
  close: random(32),
  replace: random(32),
  signingKey: keys.signingKey,
  xwingPublic: publicBytes(keys.xwingSeed),
});

/**
 * The sealed report under a fresh receipt's keys. Throws if it can't be sent as asked: see `addressees`,
 * `checkKind`, `checkText`.
 * @param {Organisation} organisation @param {ReporterKeys} keys @param {Report} report @param {Random} random
 * @returns {Promise<SealedReport>}
 */
export async function sealReport(organisation, keys, report, random) {
  const {channel, kind, text, today, rereadable, without = [], attached} = report;
  checkKind(organisation, channel, kind);
  const to = addressees(organisation, channel, without);
  checkText(text);
  const {directory, week} = organisation;
  const block = keyBlockOf(keys, random);
  const creation = creationOf(block, directory.organisation, verifier('delete', keys.delete));
  const envelope = random(ENVELOPE_ID_LENGTH);
  const meta = {
    kind: 'report',
    author: REPORTER,
    day: dayText(today),
    directory: quoteJson(quoteOf(directory)),
    counter: 0,
    parents: [],
    to: to.map(({id}) => id),
    channel,
    report: kind,
    ...(attached ? membersOf(attached.meta) : {}),
  };
  const draft = {
    creation,
    envelope,
    week,
    slots: directory.content.slots,
    recipientKeys: to.map(({key}) => key),
    keys: block,
    meta,
    text,
    signingSeed: keys.signingSeed,
  };
  const make = makeStub(signersHash(directory.signers), quoteOf(directory), channel, rereadable, random);
  const {bytes} = await sealOpening(draft, random, {key: keys.stub, make});
  return {
    mailbox: creation.mailbox,
    envelope,
    body: concat(creationRecordBytes(creation), attached?.claims ?? NOTHING, bytes),
  };
}

/**
 * Bring a sealed report to the server; when this returns it is stored durably. For ever, while the failure
 * may pass.
 * @param {Connection} connection @param {SealedReport} report
 */
export async function sendReport(connection, {mailbox, envelope, body}) {
  const path = `mailboxes/${b64(mailbox)}/opening/${b64(envelope)}`;
  // 204 alone: a page that a proxy in between answers with is a 200.
  await connection.request('PUT', path, {body, expected: [204], retryFor: Infinity});
}
