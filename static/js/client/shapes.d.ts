/** What is handed about in this folder, member by member. In a file of its own, since a browser needs none of it. */
import type {Thread} from '../crypto/conversation.js';
import type {Json, Random} from '../crypto/encoding.js';
import type {Directory, Served} from '../crypto/shapes.d.ts';
import type {Attached} from './sending.js';
import type {Overview, Told} from './views.js';

export type Answer = {status: number, etag: string, content: Uint8Array};

/** Takes the pieces of an answer, in their order. */
export type Sink = (piece: Uint8Array) => void | Promise<void>;

/**
 * `json` is a body too. `media` is the type that an expected answer must have, and `longest` how many bytes it may have. `patience`: seconds to go on trying; Infinity is for ever.
 * `uploading` is how many seconds the body may take to go up, where more is known of the line than how long the body is.
 * With `begin` an expected answer is not kept: what `begin` gives takes each piece as it comes. It is called again for each
 * try, and what the tries before gave is to be forgotten.
 */
export type Options = {
  token?: Uint8Array | string;
  body?: Uint8Array | Blob;
  json?: unknown;
  match?: string;
  expected?: number[];
  media?: string;
  longest?: number;
  patience?: number;
  uploading?: number;
  begin?: () => Sink;
};

/**
 * An organisation's API. `begin` starts a call; `stop` ends the call that is going on, which fails with `stopped`; `hurry`
 * ends the present pause.
 */
export type Connection = {
  request: (method: string, path: string, options?: Options) => Promise<Answer>;
  json: (method: string, path: string, options?: Options) => Promise<Json>;
  begin: () => void;
  stop: () => void;
  hurry: () => void;
};

/** Seconds. */
export type Limits = {silence: number, slow: number, firstPause: number};

/**
 * `day` and `week` are the server's; `served` says for each recipient its key of the week, or why there is none;
 * `largestFile` is in bytes.
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
 * An organisation that is fetched again when what is known of it may be out of date: a page may stand open for days.
 * `current` is not older than an hour and of today; `again` is new; `reading` reads with the directory known, and once more
 * with a new one where something refers to one that is not known yet, which must not be told as a server's fraud.
 */
export type Followed = {
  current: () => Promise<Organisation>;
  again: () => Promise<Organisation>;
  reading: <T extends {thread: Thread}>(read: (organisation: Organisation) => Promise<T>) => Promise<T>;
};

export type Call = (args: any) => unknown;

export type Line = {
  addEventListener: (type: 'message', listener: (event: {data: any}) => void) => void;
  postMessage: (message: any) => void;
};

/** `now` in milliseconds since 1970. */
export type Outside = {tell: (event: Told) => void, now?: () => number, random?: Random, limits?: Limits};

/**
 * `organisation` is its id; `address` is where it was asked for, with which pin; `shown` is what the page was told last;
 * `beside` makes a connection that nobody else stops.
 */
export type Opened = {
  connection: Connection;
  beside: (tell?: (told: Told) => void) => Connection;
  followed: Followed;
  organisation: Uint8Array;
  address: string;
  shown: Overview;
};

/**
 * Where a worker's calls come together: `inTurn` makes a call that runs after those before it, since they change the same
 * things; `stop` makes the one that is going on, and those behind it, fail with `stopped`.
 */
export type Desk = {
  open: (address: {base: string, pin: string}) => Promise<Overview>;
  opened: () => Opened;
  inTurn: <A extends unknown[], T>(call: (...args: A) => Promise<T>) => (...args: A) => Promise<T>;
  stop: () => void;
  hurry: () => void;
};

/** `kind` is the kind of report, or null; `without` are recipients whose absence was accepted; `today` the author's day. */
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
export type SealedReport = {mailbox: Uint8Array, envelope: Uint8Array, body: Uint8Array};
