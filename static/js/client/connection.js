/**
 * Requests to a service: repeated while that can help, and with nothing in them that tells who asks. The twin of
 * `intake/client/connection.py`.
 */
import {b64, parseJson, readAs, writeJson} from '../crypto/encoding.js';
import {DrempelError, ERRORS} from '../crypto/errors.js';

/** @import {Told} from './views.js' */
/** @import {Answer, Connection, Limits, Options, Sink} from './shapes.d.ts' */

const PATIENCE = 30;
const LONGEST_PAUSE = 5;
const LONGEST_PAUSE_FOR_EVER = 30;
export const BYTES = 'application/octet-stream';
const LONGEST_ANSWER = 64 * 1024 * 1024;
const PASSING = [429, 500, 502, 503, 504];
/** Bytes a second: while a body goes up nothing can come down, and a full report over a bad circuit takes minutes. */
const SLOWEST_UPLOAD = 4096;
/** @type {Limits} */
export const LIMITS = Object.freeze({silence: 60, slow: 8, firstPause: 0.2});

/** What is no error of the protocol, but has a word that the page knows: `stopped`, `pin-malformed`, `channel-changed`, `page-incomplete`. */
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

/** @param {Options} options @returns {{body?: Uint8Array | Blob, headers: Record<string, string>}} no header that identifies */
function sent({token, body, json, match}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body) headers['Content-Type'] = BYTES;
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  if (token !== undefined) headers['Authorization'] = `Bearer ${typeof token === 'string' ? token : b64(token)}`;
  if (match !== undefined) headers['If-Match'] = match;
  const bytes = json === undefined ? body : writeJson(json);
  return bytes ? {body: bytes, headers} : {headers};
}

/** @param {string} text @returns {boolean} whether it may stand in a header */
export const isPrintable = (text) => /^[\x21-\x7e]+$/.test(text);

/** @param {Response} response @returns {string} the one header that means something here; '' if it is none to send back */
function etagOf(response) {
  const etag = response.headers.get('ETag') ?? '';
  return isPrintable(etag) ? etag : '';
}

/** @param {Response} response */
const mediaOf = (response) => response.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase();

/** What an answer other than the expected means: the service's own word for it, if it is one of its words. @param {Answer} answer */
function problemOf({status, content}) {
  const code = codeIn(content);
  if (ERRORS[code]?.status === status) return new DrempelError(code);
  if (status === 429) return new DrempelError('server-busy');
  if (status >= 500) return new DrempelError('server-unavailable');
  // Something else than a Drempel service answers there, or one of another version.
  return new DrempelError(status === 404 ? 'organisation-unknown' : 'answer-damaged');
}

/** @param {Uint8Array} content @returns {string} */
function codeIn(content) {
  try {
    return String(parseJson(content)['code']);
  } catch {
    return '';
  }
}

/**
 * @param {Response} response @param {Sink} take @param {number} longest
 * @param {(work: Promise<ReadableStreamReadResult<Uint8Array>>) => Promise<ReadableStreamReadResult<Uint8Array>>} within
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

/** A hostile server may send more pieces than a call has arguments. @param {Uint8Array[]} pieces @returns {Uint8Array} */
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
 * @param {string} url @param {string} method @param {Options} options @param {AbortSignal} stopped @param {number} silence
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
    const response = await within(fetch(url, {...FIXED, method, headers, body: bodyOf(body), signal: aborting.signal}), uploading);
    /** @type {Uint8Array[]} */
    const pieces = [];
    const keep = (/** @type {Uint8Array} */ piece) => void pieces.push(piece);
    const isExpected = expected.includes(response.status);
    // A page that somebody between answers with says that it is one.
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

/** @param {number} pause @param {number} patience @param {number} passed seconds @returns {number} the pause after that one */
const nextPause = (pause, patience, passed) =>
  Math.min(2 * pause, patience === Infinity && passed > PATIENCE ? LONGEST_PAUSE_FOR_EVER : LONGEST_PAUSE);

/**
 * @param {string} base the organisation's address, `https://host/slug/`
 * @param {(event: Told) => void} tell is told `slow` and `waiting`
 * @param {Limits} [limits]
 * @returns {Connection}
 */
export function connect(base, tell, {silence, slow, firstPause} = LIMITS) {
  let stopping = new AbortController();
  /** @type {Set<() => void>} */
  const pauses = new Set();
  const hurry = () => pauses.forEach((end) => end());

  const wait = (/** @type {number} */ seconds) =>
    new Promise((resolve) => {
      const end = () => {
        callOff();
        pauses.delete(end);
        resolve(null);
      };
      const callOff = after(seconds, end);
      pauses.add(end);
    });

  /** @param {string} method @param {string} path @param {Options} options @param {AbortSignal} stopped @returns {Promise<{answer: Answer} | {problem: DrempelError}>} */
  const attempt = async (method, path, options, stopped) => {
    // What is taken piece by piece tells of its progress by itself.
    const callOff = options.begin ? () => {} : after(slow, () => tell({event: 'slow'}));
    try {
      const answer = await once(`${base}api/1/${path}`, method, options, stopped, silence);
      if ((options.expected ?? [200]).includes(answer.status)) return {answer};
      if (!PASSING.includes(answer.status)) throw problemOf(answer);
      return {problem: problemOf(answer)};
    } catch (problem) {
      if (!(problem instanceof Unreachable)) throw problem;
      return {problem: new DrempelError('server-unreachable')};
    } finally {
      callOff();
    }
  };

  /**
   * The answer. Repeats the very same bytes while the failure may pass; every write of the API may be repeated.
   * @param {string} method @param {string} path @param {Options} [options]
   */
  const request = async (method, path, options = {}) => {
    const {patience = PATIENCE} = options;
    const {signal} = stopping;
    const start = performance.now();
    for (let pause = firstPause; ; ) {
      if (signal.aborted) throw new ClientProblem('stopped');
      const found = await attempt(method, path, options, signal);
      if ('answer' in found) return found.answer;
      if (signal.aborted) throw new ClientProblem('stopped');
      const passed = (performance.now() - start) / 1000;
      if (passed + pause > patience) throw found.problem;
      // Spreads clients, and guards nothing.
      const seconds = pause * (0.5 + Math.random() / 2);
      tell({event: 'waiting', code: found.problem.code, seconds});
      await wait(seconds);
      pause = nextPause(pause, patience, passed);
    }
  };

  return {
    request,
    json: async (method, path, options) => {
      const {content} = await request(method, path, options);
      return readAs('answer-damaged', () => parseJson(content));
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
