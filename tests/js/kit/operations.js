/** What a vector can ask for: each operation of `tests/vectors/README.md`, on the browser's half. */
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import {addressees, checkKind, openOrganisation} from '../../../static/js/client/organisation.js';
import {readVisit} from '../../../static/js/client/reporter/visit.js';
import {attachmentJson} from '../../../static/js/crypto/secret/attachment.js';
import {accessKeys, formatCode, parseCode, reporterKeys} from '../../../static/js/crypto/secret/codes.js';
import {custodianKeys} from './custodian.js';
import {
  conversationAuthors,
  parentsOf,
  openingAuthors,
  readThread,
} from '../../../static/js/crypto/secret/conversation.js';
import {acceptDirectory, readQuote} from '../../../static/js/crypto/public/directory.js';
import {b64, dayNumber, dayText, unb64} from '../../../static/js/crypto/public/encoding.js';
import {equal, isObject, readAs} from '../../../static/js/crypto/public/bytes.js';
import {CodeError, DrempelError} from '../../../static/js/crypto/public/errors.js';
import {creationOf} from '../../../static/js/crypto/public/envelope_format.js';
import {parseCreation} from '../../../static/js/crypto/public/mailbox.js';
import {sealConversation, sealOpening, makeStub} from '../../../static/js/crypto/secret/envelope_seal.js';
import {
  openConversation,
  openOpening,
  openWithSecret,
} from '../../../static/js/crypto/secret/envelope_open.js';
import {parseConversation, parseOpening} from '../../../static/js/crypto/public/envelope_format.js';
import {isPublicKey} from '../../../static/js/crypto/secret/hpke_seal.js';
import {publicBytes} from '../../../static/js/crypto/secret/hpke.js';
import {expandKey, openSlot} from '../../../static/js/crypto/secret/hpke_open.js';
import {
  keyringJson,
  mergeKeyrings,
  openKeyring,
  readKeyring,
  unlockRootKey,
} from '../../../static/js/crypto/secret/keyring.js';
import {parseKeyring} from '../../../static/js/crypto/public/keyring_format.js';
import {forgotten, ratchetAt, weekSeed} from '../../../static/js/crypto/secret/ratchet.js';
import {verify} from '../../../static/js/crypto/public/signatures.js';
import {acceptStatement, checkKey} from '../../../static/js/crypto/public/statement.js';
import {parseMailboxAnswer} from '../../../static/js/crypto/public/answers.js';
import {ATTACHMENT_OPERATIONS} from './attachment_operations.js';
import {seeded} from './randomness.js';
import {threadJson} from './peer.js';
import {openOpeningWithReceipt, parseDayAnswer, parseList} from './protocol.js';

/** @import {Message} from '../../../static/js/crypto/secret/message_unpack.js' */
/** @import {Opening} from '../../../static/js/crypto/secret/envelope_open.js' */
/** @import {Stub} from '../../../static/js/crypto/shapes.d.ts' */
/** @typedef {any} Input */
/**
 * @typedef {{layer: string, code?: string, group?: number, kind?: string, correction?: string, output?:
 *   Record<string, unknown>}} Outcome
 */

const directoryOf = (/** @type {Input} */ {directory, today}) =>
  acceptDirectory(unb64(directory), dayNumber(today));
const sha256 = (/** @type {Uint8Array} */ bytes) =>
  b64(new Uint8Array(createHash('sha256').update(Buffer.from(bytes)).digest()));

/** @param {Record<string, unknown>} object @returns {Record<string, unknown>} with bytes as b64 */
const written = (object) =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, value instanceof Uint8Array ? b64(value) : value]),
  );

/** @param {Message} message */
const messageJson = ({kind, author, day, counter, text, attachments}) => {
  const files = attachments.length ? {attachments: attachments.map(attachmentJson)} : {};
  return {kind, author, day: dayText(day), counter, text, ...files};
};

/** @param {Opening} opening */
const openingJson = ({secret, keys, message}) => ({
  secret: b64(secret),
  keys: written({...keys}),
  ...messageJson(message),
});

/** @param {Stub} stub */
const stubJson = ({rereadable, signers, directory, channel}) => ({
  rereadable,
  signers: b64(signers),
  version: directory.version,
  hash: b64(directory.hash),
  channel,
});

/** @param {Input} input */
const organisationOf = (input) =>
  openOrganisation(unb64(input.directory), input.keys, dayNumber(input.today));

/** @param {Input} keys @returns {any} */
const readKeys = (keys) =>
  Object.fromEntries(Object.entries(keys).map(([name, value]) => [name, unb64(value)]));

/** @param {unknown} value */
const keyringOf = (value) =>
  readAs('keyring-damaged', () => {
    if (!isObject(value)) throw new DrempelError('keyring-damaged');
    return readKeyring(value);
  });

/** @type {Record<string, (input: Input) => unknown>} */
const OPERATIONS = {
  ...ATTACHMENT_OPERATIONS,

  'format-code': ({secret, kind}) => ({code: formatCode(unb64(secret, 14), kind)}),

  'parse-code': ({text, kind}) => ({secret: b64(parseCode(text, kind))}),

  keys({kind, secret, organisation}) {
    const code = unb64(secret, 14);
    if (kind === 'custodian') return written({root_seed: custodianKeys(code).rootSeed});
    if (kind === 'access') {
      const {loginSeed, unlocker} = accessKeys(code, unb64(organisation, 32));
      return written({login_seed: loginSeed, unlocker});
    }
    const {signingSeed, xwingSeed, signingKey, ...keys} = reporterKeys(code, unb64(organisation, 32));
    return written({...keys, signing_seed: signingSeed, xwing_seed: xwingSeed, signing_key: signingKey});
  },

  'verify-signature': ({key, type, body, signature}) => ({
    valid: verify(unb64(key), type, unb64(body), unb64(signature)),
  }),

  'public-key': ({key}) => ({valid: isPublicKey(unb64(key))}),

  async 'open-slot'({seed, info, sealed}) {
    const plaintext = await openSlot(expandKey(unb64(seed, 32)), unb64(info), unb64(sealed));
    if (!plaintext) throw new DrempelError('envelope-no-slot');
    return written({plaintext});
  },

  ratchet({week, chain, at}) {
    const step = ratchetAt({week, chain: unb64(chain, 32)}, at);
    const seed = weekSeed(step);
    return {chain: b64(step.chain), seed: b64(seed), public_sha256: sha256(publicBytes(seed))};
  },

  forget: ({week, chain, synced, today}) =>
    written({...forgotten({week, chain: unb64(chain, 32)}, dayNumber(synced), dayNumber(today))}),

  async 'seal-opening'(input) {
    const {
      random: seed,
      week,
      slots,
      recipient_keys: keys,
      delete_verifier: deleteVerifier,
      meta,
      text,
      stub,
    } = input;
    const random = seeded(seed);
    const block = readKeys(input.keys);
    const draft = {
      creation: creationOf(block, unb64(input.organisation, 32), unb64(deleteVerifier, 32)),
      envelope: unb64(input.envelope, 16),
      week,
      slots,
      recipientKeys: keys.map((/** @type {string} */ key) => unb64(key)),
      keys: block,
      meta,
      text,
      signingSeed: unb64(input.signing_seed, 32),
    };
    const make =
      stub && makeStub(unb64(stub.signers), readQuote(stub), stub.channel, stub.rereadable, random);
    const {bytes, secret} = await sealOpening(draft, random, stub ? {key: unb64(stub.key), make} : undefined);
    return {secret: b64(secret), length: bytes.length, sha256: sha256(bytes)};
  },

  async 'open-opening'(input) {
    const {creation, envelope, bytes, week_seeds: seeds} = input;
    const keysOf = (/** @type {number} */ week) =>
      (seeds[String(week)] ?? []).map((/** @type {string} */ seed) => expandKey(unb64(seed, 32)));
    const record = parseCreation(unb64(creation));
    return openingJson(
      await openOpening(
        unb64(bytes),
        record,
        unb64(envelope, 16),
        keysOf,
        openingAuthors(directoryOf(input)),
      ),
    );
  },

  async 'open-with-secret'(input) {
    const {creation, envelope, bytes, secret} = input;
    const record = parseCreation(unb64(creation));
    return openingJson(
      await openWithSecret(
        unb64(bytes),
        record,
        unb64(envelope, 16),
        unb64(secret, 32),
        openingAuthors(directoryOf(input)),
      ),
    );
  },

  async 'open-with-receipt'(input) {
    const {creation, envelope, bytes, stub_key: key} = input;
    const authors = openingAuthors(directoryOf(input));
    const found = await openOpeningWithReceipt(
      unb64(bytes),
      parseCreation(unb64(creation)),
      unb64(envelope, 16),
      unb64(key, 32),
      authors,
    );
    return {stub: stubJson(found.stub), message: found.opening && messageJson(found.opening.message)};
  },

  async 'seal-conversation'({random, organisation, mailbox, envelope, key, meta, text, signing_seed: seed}) {
    const place = {organisation: unb64(organisation), mailbox: unb64(mailbox), envelope: unb64(envelope)};
    return written({
      bytes: await sealConversation(place, unb64(key), meta, text, unb64(seed), seeded(random)),
    });
  },

  async 'open-conversation'(input) {
    const {organisation, mailbox, envelope, bytes, key, kind, channel, signing_key: signingKey} = input;
    const place = {
      organisation: unb64(organisation, 32),
      mailbox: unb64(mailbox, 32),
      envelope: unb64(envelope, 16),
    };
    const authors = conversationAuthors(directoryOf(input), kind, channel, unb64(signingKey, 32));
    return messageJson(await openConversation(unb64(bytes), place, unb64(key, 32), authors));
  },

  async 'read-conversation'(input) {
    const {
      creation,
      envelopes,
      opening,
      secret,
      key,
      kind,
      channel,
      signing_key: signingKey,
      noted_heads: noted,
    } = input;
    const directory = directoryOf(input);
    const record = parseCreation(unb64(creation));
    const items = envelopes.map((/** @type {any} */ item) => ({
      id: unb64(item.id, 16),
      day: dayNumber(item.day),
      bytes: unb64(item.bytes),
    }));
    const authors = conversationAuthors(directory, kind, channel, unb64(signingKey, 32));
    const thread = await readThread(
      record.mailbox,
      items,
      unb64(opening, 16),
      async ({id, bytes}) => {
        if (!equal(id, unb64(opening))) {
          return openConversation(
            bytes,
            {organisation: record.organisation, mailbox: record.mailbox, envelope: id},
            unb64(key, 32),
            authors,
          );
        }
        if (secret === null) return null;
        return (await openWithSecret(bytes, record, id, unb64(secret, 32), openingAuthors(directory)))
          .message;
      },
      directory,
      noted,
    );
    const {parents, counter} = thread.heads.size ? parentsOf(thread.heads) : {parents: [], counter: 0};
    return {...threadJson(thread), next: {parents, counter}};
  },

  async 'read-visit'(input) {
    const directory = directoryOf(input);
    const keys = reporterKeys(unb64(input.secret, 14), directory.organisation);
    const {channel, thread} = await readVisit(keys, directory, unb64(input.answer));
    return {channel, ...threadJson(thread)};
  },

  'accept-directory'({bytes, today, pin, seen}) {
    const quotes = (seen ?? []).map(readQuote);
    const found = acceptDirectory(unb64(bytes), dayNumber(today), {
      pin: pin ? unb64(pin, 32) : null,
      seen: quotes,
    });
    const {organisation, version, hash, signerHashes} = found;
    return {
      organisation: b64(organisation),
      version,
      hash: b64(hash),
      signer_hashes: [...signerHashes].sort(),
    };
  },

  'accept-statement'(input) {
    const {recipient, counter, directory, firstWeek} = acceptStatement(
      input.statement,
      directoryOf(input),
      input.recipient,
    );
    return {recipient, counter, version: directory.version, hash: b64(directory.hash), first_week: firstWeek};
  },

  'check-week-key'(input) {
    const statement = acceptStatement(input.statement, directoryOf(input), input.recipient);
    return {sha256: sha256(checkKey(statement, input.week, input.key === null ? null : unb64(input.key)))};
  },

  addressees(input) {
    const organisation = organisationOf(input);
    checkKind(organisation, input.channel, input.kind);
    const found = addressees(organisation, input.channel, input.without);
    return {week: organisation.week, recipients: found.map(({id}) => id)};
  },

  async 'open-keyring'({bytes, unlocker, organisation, recipient}) {
    const sealed = parseKeyring(unb64(bytes));
    const rootKey = await unlockRootKey(sealed, unb64(unlocker, 32), unb64(organisation, 32), recipient);
    return {keyring: keyringJson(await openKeyring(sealed, rootKey, unb64(organisation, 32), recipient))};
  },

  'merge-keyrings': ({one, other}) => ({
    keyring: keyringJson(mergeKeyrings(keyringOf(one), keyringOf(other))),
  }),

  'parse-wire'({what, bytes, read, told: length}) {
    const data = unb64(bytes);
    if (what === 'creation') return written(parseCreation(data));
    if (what === 'opening') {
      const {week, count, salt, commitment, body} = parseOpening(data);
      return {...written({salt, commitment}), week, slots: count, body: body.length};
    }
    if (what === 'conversation') {
      const {salt, commitment, body} = parseConversation(data);
      return {...written({salt, commitment}), body: body.length};
    }
    const item = (/** @type {any} */ {id, day, bytes: content}) => ({
      id: b64(id),
      day,
      length: content.length,
      sha256: sha256(content),
    });
    if (what === 'mailbox-answer') {
      const {creation, envelopes} = parseMailboxAnswer(data, unb64(read, 32));
      return {creation: b64(creation), envelopes: envelopes.map(item)};
    }
    if (what === 'list')
      return {items: parseList(data, length).map(({mailbox, told}) => written({mailbox, told}))};
    const items = parseDayAnswer(data);
    return {
      items: items.map(({mailbox, envelope, creation}) => ({
        mailbox: b64(mailbox),
        creation: creation && b64(creation),
        ...item(envelope),
      })),
    };
  },
};

/** @param {string} operation @param {Input} input @returns {Promise<Outcome>} */
export async function perform(operation, input) {
  const perform = Object.hasOwn(OPERATIONS, operation) && OPERATIONS[operation];
  if (!perform) throw new TypeError(`no such operation: ${operation}`);
  try {
    return {layer: 'ok', output: /** @type {any} */ (await perform(input))};
  } catch (problem) {
    if (!(problem instanceof DrempelError)) throw problem;
    const {layer, code} = problem;
    if (!(problem instanceof CodeError)) return {layer, code};
    const {group, kind, correction} = problem;
    return {layer, code, group, kind, correction};
  }
}
