/**
 * What is handed about in this folder, member by member. In a file of its own, since a browser needs none of
 * it.
 */
import type {Random} from '../crypto/public/encoding.js';
import type {Connection, Followed, Limits, WorkerEvent} from '../client/shapes.d.ts';
import type {Overview} from './views.js';

export type Call = (args: any) => unknown;

export type Line = {
  addEventListener: (type: 'message', listener: (event: {data: any}) => void) => void;
  postMessage: (message: any) => void;
};

/** `now` in milliseconds since 1970. */
export type Outside = {
  emit: (event: WorkerEvent) => void;
  now?: () => number;
  random?: Random;
  limits?: Limits;
};

/**
 * `organisation` is its id; `address` is where it was asked for, with which pin; `shown` is what the page was
 * told last; `beside` makes a connection of its own, which `stop` does not end.
 */
export type Opened = {
  connection: Connection;
  beside: (emit?: (event: WorkerEvent) => void) => Connection;
  followed: Followed;
  organisation: Uint8Array;
  address: string;
  shown: Overview;
};

/**
 * Where a worker's calls come together: `inTurn` makes a call that runs after those before it, since they
 * change the same things; `stop` makes the one that is going on, and those behind it, fail with `stopped`.
 */
export type WorkerContext = {
  open: (address: {base: string; pin: string}) => Promise<Overview>;
  opened: () => Opened;
  inTurn: <A extends unknown[], T>(call: (...args: A) => Promise<T>) => (...args: A) => Promise<T>;
  stop: () => void;
  hurry: () => void;
};
