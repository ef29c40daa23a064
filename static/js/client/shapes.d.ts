/**
 * What is handed about in this folder, member by member. In a file of its own, since a browser needs none of
 * it.
 */
import type {Thread} from '../crypto/secret/conversation.js';
import type {Json} from '../crypto/public/encoding.js';
import type {Directory, Served} from '../crypto/shapes.d.ts';
import type {Attached} from './message.js';

export type Answer = {status: number; etag: string; content: Uint8Array};

/** Takes the pieces of an answer, in their order. */
export type Sink = (piece: Uint8Array) => void | Promise<void>;

/**
 * `json` is a body too. `media` is the type that an expected answer must have, and `longest` how many bytes
 * it may have. `retryFor`: seconds to go on trying; Infinity is for ever. `uploading` is how many seconds the
 * body may take to go up, where the speed of the connection is known. With `begin` an expected answer is not
 * kept: what `begin` gives takes each piece as it comes. It is called again for each try, and what the tries
 * before gave is to be forgotten.
 */
export type Options = {
  token?: Uint8Array | string;
  body?: Uint8Array | Blob;
  json?: unknown;
  match?: string;
  expected?: number[];
  media?: string;
  longest?: number;
  retryFor?: number;
  uploading?: number;
  begin?: () => Sink;
};

/**
 * An organisation's API. `begin` starts a call; `stop` ends the call that is going on, which fails with
 * `stopped`; `hurry` ends the present pause.
 */
export type Connection = {
  request: (method: string, path: string, options?: Options) => Promise<Answer>;
  json: (method: string, path: string, options?: Options) => Promise<Json>;
  begin: () => void;
  stop: () => void;
  hurry: () => void;
};

/** Seconds. */
export type Limits = {silence: number; slow: number; firstPause: number};

/**
 * `day` and `week` are the server's; `served` says for each recipient its key of the week, or why there is
 * none; `largestFile` is in bytes.
 */
export type Organisation = {
  directory: Directory;
  day: number;
  week: number;
  verifiedByLink: boolean;
  served: Served[];
  largestFile: number;
};

/**
 * An organisation that is fetched again when what is known of it may be out of date: a page may stand open
 * for days. `current` is not older than an hour and of today; `again` is new; `reading` reads with the
 * directory known, and once more with a new one where something refers to one that is not known yet, which
 * must not be told as a server's fraud.
 */
export type Followed = {
  current: () => Promise<Organisation>;
  again: () => Promise<Organisation>;
  reading: <T extends {thread: Thread}>(read: (organisation: Organisation) => Promise<T>) => Promise<T>;
};

/**
 * `kind` is the kind of report, or null; `without` are recipients whose absence was accepted; `today` the
 * author's day.
 */
export type Report = {
  channel: string;
  kind: string | null;
  text: string;
  today: number;
  rereadable: boolean;
  without?: string[];
  attached?: Attached;
};

/** `body` is all that the server gets. */
export type SealedReport = {mailbox: Uint8Array; envelope: Uint8Array; body: Uint8Array};

/**
 * A chosen file on its way. `id` is the page's; `share` is how much of it has arrived, up to 1; `code` says
 * why it failed; `changed`: it is sealed again, since it changed while it was read.
 */
export type FileView = {
  id: number;
  state: 'waiting' | 'uploading' | 'paused' | 'done' | 'failed';
  share: number;
  code: string;
  changed: boolean;
};

/**
 * What a Worker sends without being asked. `seconds` is the pause before the next try; `done` and `total` are
 * bytes; `maybeStored`: something may be stored under the receipt before this one; `line` is about the way of
 * all files, with no code when it is well; `download` of one that comes: `done` of its bytes are here.
 */
export type WorkerEvent =
  | {event: 'waiting'; code: string; seconds: number}
  | {event: 'slow'}
  | {event: 'renewed'; maybeStored: boolean}
  | {event: 'progress'; done: number; total: number}
  | {event: 'file'; file: FileView}
  | {event: 'connection'; code: string; seconds: number}
  | {event: 'download'; id: string; done: number; code: string; seconds: number};
