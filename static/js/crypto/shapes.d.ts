/**
 * What is handed about in this folder, member by member. In a file of its own, since a browser needs none of
 * it.
 */
import type {Json} from './public/encoding.js';

export type Capability = 'read' | 'write' | 'close' | 'replace' | 'delete';

/** What a mailbox is made from (PROTOCOL 5.3): ids and verifiers of 32 bytes each, no token. */
export type CreationRecord = {
  organisation: Uint8Array;
  mailbox: Uint8Array;
  read: Uint8Array;
  write: Uint8Array;
  close: Uint8Array;
  replace: Uint8Array;
  delete: Uint8Array;
};

/** One signature, not verified yet. */
export type Signed = {key: Uint8Array; signature: Uint8Array};

/** A parsed DSSE envelope. */
export type Dsse = {type: string; payload: Uint8Array; signatures: Signed[]};

export type Kind = 'receipt' | 'access' | 'custodian';

/** Tokens, keys and seeds of 32 bytes each; `signingKey` and `mailbox` are public. */
export type ReporterKeys = {
  read: Uint8Array;
  write: Uint8Array;
  delete: Uint8Array;
  conversation: Uint8Array;
  signingSeed: Uint8Array;
  xwingSeed: Uint8Array;
  stub: Uint8Array;
  signingKey: Uint8Array;
  mailbox: Uint8Array;
};

/** By language. */
export type Text = Record<string, string>;

export type KindOfReport = {id: string; name: Text};

export type Route = {name: Text; url: string};

export type Channel = {
  id: string;
  name: Text;
  description: Text;
  kinds: string[];
  recipients: string[];
  informed: Text[];
  routes: Route[];
};

export type Recipient = {id: string; name: Text; role: Text; signing_key: string};

export type Former = {id: string; signing_key: string; channels: string[]; until: number};

/** A directory's payload (PROTOCOL 9.1). */
export type Content = {
  organisation: string;
  version: number;
  history: string[];
  issued: string;
  expires: string;
  signers: Json;
  first_signers?: Json;
  rotations: Json[];
  slug: string;
  name: Text;
  languages: string[];
  slots: number;
  kinds: KindOfReport[];
  channels: Channel[];
  recipients: Recipient[];
  former: Former[];
  policy: {retention_days: number; acknowledge_days: number; feedback_days: number};
};

/** Signing keys and how many of them must sign. */
export type Signers = {threshold: number; keys: Uint8Array[]};

/** A directory as messages, stubs, statements and keyrings refer to it. */
export type Quote = {version: number; hash: Uint8Array};

/**
 * An accepted directory. `signerHashes` are the b64 hashes of the sets of signers from the first to the
 * present one.
 */
export type Directory = {
  organisation: Uint8Array;
  version: number;
  hash: Uint8Array;
  signers: Signers;
  signerHashes: Set<string>;
  content: Content;
};

/** An accepted statement; `keys` are the hashes of the keys of `firstWeek` and the next 25. */
export type Statement = {
  recipient: string;
  counter: number;
  directory: Quote;
  firstWeek: number;
  keys: Uint8Array[];
};

/**
 * What a recipient can be reached by: its public key of the week, or the code that says why there is none.
 */
export type Served = {id: string; key: Uint8Array | null; code: string; statement: Statement | null};

/** The keys and tokens of a mailbox (PROTOCOL 6.4): 32 bytes each, the X-Wing public key 1,216. */
export type KeyBlock = {
  conversation: Uint8Array;
  read: Uint8Array;
  write: Uint8Array;
  close: Uint8Array;
  replace: Uint8Array;
  signingKey: Uint8Array;
  xwingPublic: Uint8Array;
};

/** An opening that is to be sealed: its place, who may open it, and what it says (PROTOCOL 6.3). */
export type Draft = {
  creation: CreationRecord;
  envelope: Uint8Array;
  week: number;
  slots: number;
  recipientKeys: Uint8Array[];
  keys: KeyBlock;
  meta: Json;
  text: string;
  signingSeed: Uint8Array;
};

export type ConversationPlace = {organisation: Uint8Array; mailbox: Uint8Array; envelope: Uint8Array};

/**
 * What the reporter's client noted at sending: the signers hash of then, the directory used, `Z` or filler,
 * the channel.
 */
export type Stub = {
  rereadable: boolean;
  signers: Uint8Array;
  directory: Quote;
  secret: Uint8Array;
  channel: string;
};

/** Where a message belongs; it is signed for this place only. `keyBlock` is that of an opening. */
export type Place = {
  organisation: Uint8Array;
  mailbox: Uint8Array;
  envelope: Uint8Array;
  commitment: Uint8Array;
  keyBlock?: Uint8Array;
};
