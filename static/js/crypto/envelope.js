/** Sealing and opening envelopes (PROTOCOL 6). The twin of `crypto/envelope.py`. */
import {concat, equal, isId, readU32, u32, u8, utf8} from './encoding.js';
import {DrempelError} from './errors.js';
import {openSlot, publicBytes, sealSlot} from './hpke.js';
import {packMessage, unpackMessage} from './message.js';
import {derive, seal, unseal} from './sealing.js';
import {
  CONVERSATION,
  CONVERSATION_SIZES,
  KEY_BLOCK_LENGTH,
  OPENING,
  OPENING_SIZES,
  SLOT_LENGTH,
  SUITE,
  creationBytes,
  mailboxId,
  parseConversation,
  parseOpening,
  verifier,
} from './wire.js';

/** @import {Json, Random} from './encoding.js' */
/** @import {PrivateKey} from './hpke.js' */
/** @import {Message} from './message.js' */
/** @import {Quote} from './directory.js' */
/** @import {CreationRecord} from './wire.js' */

/**
 * The keys and tokens of a mailbox (PROTOCOL 6.4): 32 bytes each, the X-Wing public key 1,216.
 * @typedef {{conversation: Uint8Array, read: Uint8Array, write: Uint8Array, close: Uint8Array, replace: Uint8Array,
 *   signingKey: Uint8Array, xwingPublic: Uint8Array}} KeyBlock
 */
/** @typedef {{secret: Uint8Array, keys: KeyBlock, message: Message}} Opening what an opening says; `secret` is `Z` */
/**
 * An opening that is to be sealed: its place, who may open it, and what it says (PROTOCOL 6.3).
 * @typedef {{creation: CreationRecord, envelope: Uint8Array, week: number, slots: number, recipientKeys: Uint8Array[],
 *   keys: KeyBlock, meta: Json, text: string, signingSeed: Uint8Array}} Draft
 */
/** @typedef {{organisation: Uint8Array, mailbox: Uint8Array, envelope: Uint8Array}} ConversationPlace */
/**
 * What the reporter's client noted at sending: the signers hash of then, the directory used, `Z` or filler, the channel.
 * @typedef {{rereadable: boolean, signers: Uint8Array, directory: Quote, secret: Uint8Array, channel: string}} Stub
 */
/** @typedef {(message: Message, keys: KeyBlock) => Uint8Array[]} OpeningAuthors */

const STUB_PLAIN_LENGTH = 142;
const CHANNEL_LENGTH = 40;

/** @param {KeyBlock} keys @returns {Uint8Array} 1,408 bytes */
export const keyBlockBytes = (keys) =>
  concat(keys.conversation, keys.read, keys.write, keys.close, keys.replace, keys.signingKey, keys.xwingPublic);

/** @param {Uint8Array} bytes 1,408 @returns {KeyBlock} */
function readKeyBlock(bytes) {
  const field = (/** @type {number} */ n) => bytes.slice(32 * n, 32 * n + 32);
  return {
    conversation: field(0),
    read: field(1),
    write: field(2),
    close: field(3),
    replace: field(4),
    signingKey: field(5),
    xwingPublic: bytes.slice(192),
  };
}

/**
 * The creation record of a mailbox with these keys; who holds the delete token is decided elsewhere.
 * @param {KeyBlock} keys @param {Uint8Array} organisation @param {Uint8Array} deleteVerifier
 * @returns {CreationRecord}
 */
export function creationOf(keys, organisation, deleteVerifier) {
  const read = verifier('read', keys.read);
  return {
    organisation,
    mailbox: mailboxId(read, keys.signingKey),
    read,
    write: verifier('write', keys.write),
    close: verifier('close', keys.close),
    replace: verifier('replace', keys.replace),
    delete: deleteVerifier,
  };
}

/** @param {Uint8Array} header @param {CreationRecord} creation @param {Uint8Array} envelope @param {number} index */
function slotInfo(header, creation, envelope, index) {
  const [week, commitment] = [header.subarray(3, 7), header.subarray(39, 71)];
  const place = concat(creation.organisation, creation.mailbox, envelope);
  return concat(utf8('drempel/1/slot'), u8(SUITE), place, week, commitment, u8(index));
}

/**
 * In a uniformly random order (Fisher-Yates, without the bias of a remainder).
 * @template T
 * @param {T[]} items @param {Random} random
 * @returns {T[]}
 */
export function shuffled(items, random) {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const limit = 2 ** 32 - (2 ** 32 % (last + 1));
    let number = readU32(random(4));
    while (number >= limit) number = readU32(random(4));
    const other = number % (last + 1);
    const moved = /** @type {T} */ (result[last]);
    result[last] = /** @type {T} */ (result[other]);
    result[other] = moved;
  }
  return result;
}

/**
 * PROTOCOL 6.3 steps 2 and 3: an unused slot is a real seal too, or it could be told apart.
 * @param {Draft} draft @param {Uint8Array} header @param {Uint8Array} secret @param {Random} random
 * @returns {Promise<Uint8Array>}
 */
async function sealSlots(draft, header, secret, random) {
  const unused = draft.slots - draft.recipientKeys.length;
  if (unused < 0) throw new RangeError('more recipients than slots');
  const nobody = publicBytes(random(32));
  const slots = draft.recipientKeys.map((key) => ({key, content: secret}));
  for (let left = unused; left > 0; left -= 1) slots.push({key: nobody, content: random(32)});
  const sealed = [];
  for (const [index, {key, content}] of shuffled(slots, random).entries()) {
    sealed.push(await sealSlot(key, slotInfo(header, draft.creation, draft.envelope, index), content, random));
  }
  return concat(...sealed);
}

/** @param {Stub} stub @returns {Uint8Array} 142 bytes */
function stubBytes({rereadable, signers, directory, secret, channel}) {
  const name = utf8(channel);
  const filling = new Uint8Array(CHANNEL_LENGTH - name.length);
  const quote = concat(u32(directory.version), directory.hash);
  return concat(u8(rereadable ? 1 : 0), signers, quote, secret, u8(name.length), name, filling);
}

/**
 * Always 158 bytes; without a stub, zeros under a key that nobody keeps.
 * @param {Stub | null} stub @param {Uint8Array} key @param {Uint8Array} salt @param {Uint8Array} ad
 * @returns {Promise<Uint8Array>}
 */
export const sealStub = (stub, key, salt, ad) =>
  seal(derive(key, salt, 'opening/stub'), ad, stub ? stubBytes(stub) : new Uint8Array(STUB_PLAIN_LENGTH));

/**
 * @param {Uint8Array} sealed @param {Uint8Array} key @param {Uint8Array} salt @param {Uint8Array} ad
 * @returns {Promise<Stub>} throws `envelope-stub`
 */
export async function openStub(sealed, key, salt, ad) {
  const plain = await unseal(derive(key, salt, 'opening/stub'), ad, sealed);
  if (!plain) throw new DrempelError('envelope-stub');
  const channel = String.fromCharCode(...plain.subarray(102, 102 + Number(plain[101])));
  const stub = {
    rereadable: plain[0] === 1,
    signers: plain.slice(1, 33),
    directory: {version: readU32(plain, 33), hash: plain.slice(37, 69)},
    secret: plain.slice(69, 101),
    channel,
  };
  if (!isId(channel) || !stub.directory.version || !equal(stubBytes(stub), plain)) throw new DrempelError('envelope-stub');
  return stub;
}

/**
 * The opening envelope and its secret `Z`. A reporter passes the receipt's stub key and what makes the stub from `Z`;
 * others leave both out. Throws `text-too-long`.
 * @param {Draft} draft @param {Random} random
 * @param {{key: Uint8Array, make: (secret: Uint8Array) => Stub}} [stub]
 * @returns {Promise<{bytes: Uint8Array, secret: Uint8Array}>}
 */
export async function sealOpening(draft, random, stub) {
  const [secret, salt] = [random(32), random(32)];
  const commitment = derive(secret, salt, 'opening/commit');
  const header = concat(Uint8Array.of(SUITE, OPENING, draft.slots), u32(draft.week), salt, commitment);
  const slots = await sealSlots(draft, header, secret, random);
  const place = concat(creationBytes(draft.creation), draft.envelope, header);
  const plainStub = stub ? stub.make(secret) : null;
  const sealedStub = await sealStub(plainStub, stub?.key ?? random(32), salt, place);
  const keyBlock = keyBlockBytes(draft.keys);
  const {organisation, mailbox} = draft.creation;
  const signedFor = {organisation, mailbox, envelope: draft.envelope, commitment, keyBlock};
  const padded = packMessage(draft.meta, draft.text, signedFor, draft.signingSeed, OPENING_SIZES);
  const ad = concat(place, slots, sealedStub);
  const body = await seal(derive(secret, salt, 'opening/body'), ad, concat(keyBlock, padded));
  return {bytes: concat(header, slots, sealedStub, body), secret};
}

/**
 * An opening read by a recipient (PROTOCOL 6.6). `envelope-no-slot` just means that it is for somebody else.
 * @param {Uint8Array} bytes @param {CreationRecord} creation @param {Uint8Array} envelope
 * @param {(week: number) => Iterable<PrivateKey>} weekKeys the private keys held for a week
 * @param {OpeningAuthors} authorKeys
 * @returns {Promise<Opening>}
 */
export async function openOpening(bytes, creation, envelope, weekKeys, authorKeys) {
  const {header, count, week, slots} = parseOpening(bytes);
  for (const key of weekKeys(week)) {
    for (let index = 0; index < count; index += 1) {
      const slot = slots.subarray(index * SLOT_LENGTH, (index + 1) * SLOT_LENGTH);
      const secret = await openSlot(key, slotInfo(header, creation, envelope, index), slot);
      if (secret) return openWithSecret(bytes, creation, envelope, secret, authorKeys);
    }
  }
  throw new DrempelError('envelope-no-slot');
}

/**
 * An opening read with its secret `Z`: PROTOCOL 6.6 from step 3 on.
 * @param {Uint8Array} bytes @param {CreationRecord} creation @param {Uint8Array} envelope @param {Uint8Array} secret
 * @param {OpeningAuthors} authorKeys
 * @returns {Promise<Opening>}
 */
export async function openWithSecret(bytes, creation, envelope, secret, authorKeys) {
  const {header, salt, commitment, slots, stub, body} = parseOpening(bytes);
  if (!equal(derive(secret, salt, 'opening/commit'), commitment)) throw new DrempelError('envelope-commitment');
  const record = creationBytes(creation);
  const ad = concat(record, envelope, header, slots, stub);
  const content = await unseal(derive(secret, salt, 'opening/body'), ad, body);
  if (!content) throw new DrempelError('envelope-body');
  const keyBlock = content.slice(0, KEY_BLOCK_LENGTH);
  const keys = readKeyBlock(keyBlock);
  const {organisation, mailbox} = creation;
  // Whoever sealed this also made the mailbox, and every holder gets the tokens that the server will honour.
  if (!equal(creationBytes(creationOf(keys, organisation, creation.delete)), record)) {
    throw new DrempelError('envelope-record');
  }
  const place = {organisation, mailbox, envelope, commitment, keyBlock};
  const padded = content.subarray(KEY_BLOCK_LENGTH);
  return {secret, keys, message: unpackMessage(padded, place, (message) => authorKeys(message, keys), true)};
}

/**
 * The stub of an opening, read with the receipt (PROTOCOL 6.7); throws `envelope-stub`.
 * @param {Uint8Array} bytes @param {CreationRecord} creation @param {Uint8Array} envelope @param {Uint8Array} stubKey
 * @returns {Promise<Stub>}
 */
export async function readStub(bytes, creation, envelope, stubKey) {
  const {header, salt, stub} = parseOpening(bytes);
  return openStub(stub, stubKey, salt, concat(creationBytes(creation), envelope, header));
}

/**
 * An opening read with the receipt (PROTOCOL 6.7): `opening` is null if the reporter chose so.
 * @param {Uint8Array} bytes @param {CreationRecord} creation @param {Uint8Array} envelope @param {Uint8Array} stubKey
 * @param {OpeningAuthors} authorKeys
 * @returns {Promise<{stub: Stub, opening: Opening | null}>}
 */
export async function openOpeningWithReceipt(bytes, creation, envelope, stubKey, authorKeys) {
  const stub = await readStub(bytes, creation, envelope, stubKey);
  if (!stub.rereadable) return {stub, opening: null};
  return {stub, opening: await openWithSecret(bytes, creation, envelope, stub.secret, authorKeys)};
}

/**
 * How a reporter's stub is made once `Z` is known; filler takes the place of `Z` if it may not be read again.
 * @param {Uint8Array} signers @param {Quote} directory @param {string} channel @param {boolean} rereadable @param {Random} random
 * @returns {(secret: Uint8Array) => Stub}
 */
export const stubMaker = (signers, directory, channel, rereadable, random) => (secret) => ({
  rereadable,
  signers,
  directory,
  secret: rereadable ? secret : random(32),
  channel,
});

/**
 * A conversation envelope under the mailbox's conversation key (PROTOCOL 6.9).
 * @param {ConversationPlace} place @param {Uint8Array} key @param {Json} meta @param {string} text
 * @param {Uint8Array} signingSeed @param {Random} random
 * @returns {Promise<Uint8Array>}
 */
export async function sealConversation(place, key, meta, text, signingSeed, random) {
  const salt = random(32);
  const commitment = derive(key, salt, 'conversation/commit');
  const header = concat(Uint8Array.of(SUITE, CONVERSATION), salt, commitment);
  const padded = packMessage(meta, text, {...place, commitment}, signingSeed, CONVERSATION_SIZES);
  const ad = concat(place.organisation, place.mailbox, place.envelope, header);
  return concat(header, await seal(derive(key, salt, 'conversation/body'), ad, padded));
}

/**
 * The message in a conversation envelope; the error names the layer (PROTOCOL 6.9).
 * @param {Uint8Array} bytes @param {ConversationPlace} place @param {Uint8Array} key
 * @param {(message: Message) => Uint8Array[]} authorKeys
 * @returns {Promise<Message>}
 */
export async function openConversation(bytes, place, key, authorKeys) {
  const {header, salt, commitment, body} = parseConversation(bytes);
  if (!equal(derive(key, salt, 'conversation/commit'), commitment)) throw new DrempelError('envelope-commitment');
  const ad = concat(place.organisation, place.mailbox, place.envelope, header);
  const padded = await unseal(derive(key, salt, 'conversation/body'), ad, body);
  if (!padded) throw new DrempelError('envelope-body');
  return unpackMessage(padded, {...place, commitment}, authorKeys, false);
}
