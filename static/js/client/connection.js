/**
 * This module sends requests to a service. It retries transient failures, and sends nothing that identifies
 * the sender. The twin of `intake/client/connection.py`.
 */
import {b64, parseObject, writeObject} from '../crypto/public/encoding.js';
import {readAs} from '../crypto/public/bytes.js';
import {DrempelError, ERRORS} from '../crypto/public/errors.js';
import {FIRST_PAUSE, Retry} from './retry.js';

/** @import {Answer, Connection, Limits, Options, Sink, WorkerEvent} from './shapes.d.ts' */

const RETRY_SECONDS = 30;
export const BYTES = 'application/octet-stream';
const LONGEST_ANSWER = 64 * 1024 * 1024;
const TRANSIENT_STATUS = [429, 500, 502, 503, 504];
/**
 * Bytes a second: while a body goes up nothing can come down, and a full report over a bad circuit takes
 * minutes.
 */
const SLOWEST_UPLOAD = 4096;
/** @type {Limits} */
export const LIMITS = Object.freeze({silence: 60, slow: 8, firstPause: FIRST_PAUSE});

/**
 * A problem that is no error of the protocol, with a code that the page knows: `stopped`, `pin-malformed`,
 * `channel-changed`, `page-incomplete`.
 */
export class ClientProblem extends Error {
  /** @param {'stopped' | 'pin-malformed' | 'channel-changed' | 'page-incomplete'} code */
  constructor(code) {
    super(code);
    this.name = 'ClientProblem';
    this.code = code;
  }
}

/** No answer, or not the whole of one. */
class Unreachable extends Error {}

/** @param {number} seconds @param {() => void} then @returns {() => void} calls it off */
function after(seconds, then) {
  const timer = setTimeout(then, 1000 * seconds);
  return () => clearTimeout(timer);
}

/**
 * @param {Options} options
 * @returns {{body?: Uint8Array | Blob, headers: Record<string, string>}} no header that identifies
 */
function sent({token, body, json, match}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body) headers['Content-Type'] = BYTES;
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  if (token !== undefined)
    headers['Authorization'] = `Bearer ${typeof token === 'string' ? token : b64(token)}`;
  if (match !== undefined) headers['If-Match'] = match;
  const bytes = json === undefined ? body : writeObject(json);
  return bytes ? {body: bytes, headers} : {headers};
}

/** @param {string} text @returns {boolean} whether it may stand in a header */
export const isPrintable = (text) => /^[\x21-\x7e]+$/.test(text);

/**
 * @param {Response} response
 * @returns {string} the one header that means something here; '' if it is none to send back
 */
function etagOf(response) {
  const etag = response.headers.get('ETag') ?? '';
  return isPrintable(etag) ? etag : '';
}

/** @param {Response} response */
const mediaOf = (response) => response.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase();

/**
 * The error of an unexpected answer: the service's own code, if it is a known one.
 * @param {Answer} answer
 */
function problemOf({status, content}) {
  const code = codeIn(content);
  if (ERRORS[code]?.status === status) return new DrempelError(code);
  if (status === 429) return new DrempelError('server-busy');
  if (status >= 500) return new DrempelError('server-unavailable');
  // The service would have said so in a word of its own.
  if (status === 413) return new DrempelError('proxy-limit');
  // Something else than a Drempel service answers there, or one of another version.
  return new DrempelError(status === 404 ? 'organisation-unknown' : 'answer-damaged');
}

/** @param {Uint8Array} content @returns {string} */
function codeIn(content) {
  try {
    return String(parseObject(content)['code']);
  } catch {
    return '';
  }
}

/**
 * @param {Response} response @param {Sink} take @param {number} longest
 * @param {(work: Promise<ReadableStreamReadResult<Uint8Array>>) =>
 *   Promise<ReadableStreamReadResult<Uint8Array>>} within
 */
async function readAll(response, take, longest, within) {
  const reader = response.body?.getReader();
  let length = 0;
  while (reader) {
    const {done, value} = await within(reader.read());
    if (done) return;
    length += value.length;
    if (length > longest) throw new DrempelError('answer-damaged', 'It is too long.');
    await take(value);
  }
}

/**
 * A hostile server may send more pieces than a call has arguments.
 * @param {Uint8Array[]} pieces
 * @returns {Uint8Array}
 */
function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * One try. Throws Unreachable if there is no answer, or not the whole of one.
 * @param {string} url
 * @param {string} method
 * @param {Options} options
 * @param {AbortSignal} stopped
 * @param {number} silence
 * @returns {Promise<Answer>}
 */
async function once(url, method, options, stopped, silence) {
  const {expected = [200], longest = LONGEST_ANSWER, media, begin} = options;
  const {headers, body} = sent(options);
  const {uploading = lengthOf(body) / SLOWEST_UPLOAD} = options;
  const aborting = new AbortController();
  const abort = () => aborting.abort();
  stopped.addEventListener('abort', abort);
  /** @template T @param {Promise<T>} work @param {number} [more] seconds @returns {Promise<T>} */
  const within = async (work, more = 0) => {
    const callOff = after(silence + more, abort);
    return work.catch(unreachable).finally(callOff);
  };
  try {
    const response = await within(
      fetch(url, {...FIXED, method, headers, body: bodyOf(body), signal: aborting.signal}),
      uploading,
    );
    /** @type {Uint8Array[]} */
    const pieces = [];
    const keep = (/** @type {Uint8Array} */ piece) => void pieces.push(piece);
    const isExpected = expected.includes(response.status);
    // A page that a proxy in between answers with has another type.
    if (isExpected && media && mediaOf(response) !== media) throw new DrempelError('answer-damaged');
    await readAll(response, begin && isExpected ? begin() : keep, longest, within);
    return {status: response.status, etag: etagOf(response), content: joined(pieces)};
  } finally {
    // Also what is left of an answer that is too long.
    abort();
    stopped.removeEventListener('abort', abort);
  }
}

/** @type {RequestInit} */
const FIXED = Object.freeze({
  mode: 'same-origin',
  credentials: 'omit',
  cache: 'no-store',
  redirect: 'error',
  referrerPolicy: 'no-referrer',
});

/** @param {Uint8Array | Blob | undefined} body */
const lengthOf = (body) => (body instanceof Blob ? body.size : body?.length) ?? 0;

/** @param {Uint8Array | Blob | undefined} body */
const bodyOf = (body) => /** @type {BodyInit | null} */ (body ?? null);

/** @returns {never} */
function unreachable() {
  throw new Unreachable();
}

/**
 * @param {string} base the organisation's address, `https://host/slug/`
 * @param {(event: WorkerEvent) => void} emit gets `slow` and `waiting`
 * @param {Limits} [limits]
 * @returns {Connection}
 */
export function connect(base, emit, {silence, slow, firstPause} = LIMITS) {
  let stopping = new AbortController();
  /** One for each request that goes on. @type {Set<Retry>} */
  const retries = new Set();
  const hurry = () => retries.forEach((retry) => retry.hurry());

  /**
   * @param {string} method
   * @param {string} path
   * @param {Options} options
   * @param {AbortSignal} stopped
   * @returns {Promise<{answer: Answer} | {problem: DrempelError}>}
   */
  const attempt = async (method, path, options, stopped) => {
    // What is taken piece by piece tells of its progress by itself.
    const callOff = options.begin ? () => {} : after(slow, () => emit({event: 'slow'}));
    try {
      const answer = await once(`${base}api/1/${path}`, method, options, stopped, silence);
      if ((options.expected ?? [200]).includes(answer.status)) return {answer};
      if (!TRANSIENT_STATUS.includes(answer.status)) throw problemOf(answer);
      return {problem: problemOf(answer)};
    } catch (problem) {
      if (!(problem instanceof Unreachable)) throw problem;
      return {problem: new DrempelError('server-unreachable')};
    } finally {
      callOff();
    }
  };

  /**
   * Send a request and return the answer. Repeats the very same bytes while the failure is transient; every
   * write of the API may be repeated.
   * @param {string} method @param {string} path @param {Options} [options]
   */
  const request = async (method, path, options = {}) => {
    const {retryFor = RETRY_SECONDS} = options;
    const {signal} = stopping;
    const waiting = (/** @type {string} */ code, /** @type {number} */ seconds) =>
      emit({event: 'waiting', code, seconds});
    const retry = new Retry(retryFor, waiting, firstPause);
    retries.add(retry);
    try {
      for (;;) {
        if (signal.aborted) throw new ClientProblem('stopped');
        const found = await attempt(method, path, options, signal);
        if ('answer' in found) return found.answer;
        if (signal.aborted) throw new ClientProblem('stopped');
        await retry.pause(found.problem);
      }
    } finally {
      retries.delete(retry);
    }
  };

  return {
    request,
    json: async (method, path, options) => {
      const {content} = await request(method, path, options);
      return readAs('answer-damaged', () => parseObject(content));
    },
    begin: () => {
      stopping = new AbortController();
    },
    stop: () => {
      stopping.abort();
      hurry();
    },
    hurry,
  };
}
