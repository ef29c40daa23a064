/**
 * What a server does with files, in memory and behind `fetch`, and every fault of a line that a test asks
 * for; and files that change.
 */
import {CHUNK_LENGTH, blobId} from '../../../static/js/crypto/public/blobs.js';
import {b64, unb64} from '../../../static/js/crypto/public/encoding.js';
import {equal} from '../../../static/js/crypto/public/bytes.js';
import {ERRORS} from '../../../static/js/crypto/public/errors.js';

/**
 * @typedef {{method: string, path: string, blob: string, first: number, body: Uint8Array, headers:
 *   Record<string, string>}} Asked
 */
/**
 * What comes of a request instead: a code, a proxy's refusal, a broken line before or after the server did
 * it, or null for what the server says.
 * @typedef {string | 'proxy' | 'broken' | 'answer lost' | null} Fault
 */

const PATH = /\/api\/1\/(blobs\/([\w-]{43})(?:\/chunks(?:\/(\d+))?)?)$/u;

export class FakeBlobs {
  constructor() {
    /** @type {Map<string, Map<number, Uint8Array>>} */
    this.blobs = new Map();
    /** @type {Asked[]} */
    this.asked = [];
    this.flying = 0;
    this.mostFlying = 0;
    /** @type {(asked: Asked) => Fault | Promise<Fault>} */
    this.fault = () => null;
    this.before = globalThis.fetch;
    globalThis.fetch = /** @type {typeof fetch} */ ((url, options) => this.fetch(String(url), options ?? {}));
  }

  close() {
    globalThis.fetch = this.before;
  }

  /** @param {string} url @param {RequestInit} options @returns {Promise<Response>} */
  async fetch(url, {method = 'GET', body, headers, signal}) {
    const [, path = '', blob = '', first = ''] = PATH.exec(url) ?? [];
    const sent = /** @type {Record<string, string>} */ (headers);
    const asked = {method, path, blob, first: Number(first), body: await bytesOf(body), headers: sent};
    this.asked.push(asked);
    this.flying += 1;
    this.mostFlying = Math.max(this.mostFlying, this.flying);
    try {
      return await this.answer(asked, signal ?? undefined);
    } finally {
      this.flying -= 1;
    }
  }

  /** @param {Asked} asked @param {AbortSignal} [signal] */
  async answer(asked, signal) {
    const fault = await Promise.race([this.fault(asked), brokenOff(signal)]);
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
    signal?.throwIfAborted();
    if (fault === 'broken') throw new TypeError('fetch failed');
    if (fault === 'proxy')
      return new Response('<h1>413 Request Entity Too Large</h1>', {
        status: 413,
        headers: {'Content-Type': 'text/html'},
      });
    if (fault && fault !== 'answer lost') return problem(fault);
    const answer = this.does(asked);
    if (fault) throw new TypeError('fetch failed');
    return answer;
  }

  /** @param {Asked} asked @returns {Response} */
  does({method, path, blob, first, body, headers}) {
    const token = unb64(String(headers['Authorization']).replace('Bearer ', ''), 32);
    if (b64(blobId(token)) !== blob) return problem('blob-unknown');
    const stored = this.blobs.get(blob) ?? new Map();
    if (method === 'DELETE') this.blobs.delete(blob);
    if (method === 'GET' && path.endsWith('/chunks'))
      return Response.json({stored: ranges([...stored.keys()])});
    if (method !== 'PUT') return new Response(null, {status: 204});
    const count = body.length / CHUNK_LENGTH;
    if (!Number.isInteger(count) || count < 1 || count > 16) return problem('request-malformed');
    this.blobs.set(blob, stored);
    for (let at = 0; at < count; at += 1) {
      const chunk = body.slice(at * CHUNK_LENGTH, (at + 1) * CHUNK_LENGTH);
      const before = stored.get(first + at);
      if (before && !equal(before, chunk)) return problem('conflict');
      stored.set(first + at, chunk);
    }
    return new Response(null, {status: 204});
  }
}

/**
 * @param {AbortSignal} [signal]
 * @returns {Promise<never>} fails when whoever asked does not wait any longer
 */
const brokenOff = (signal) =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });

/** @param {BodyInit | null | undefined} body */
const bytesOf = async (body) => new Uint8Array(await new Response(body).arrayBuffer());

/** @param {string} code */
const problem = (code) => Response.json({code}, {status: Number(ERRORS[code]?.status)});

/** @param {number[]} numbers @returns {[number, number][]} */
function ranges(numbers) {
  /** @type {[number, number][]} */
  const found = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && last[1] === number) last[1] = number + 1;
    else found.push([number, number + 1]);
  }
  return found;
}

/**
 * A file on a disk, whose content another program may change at any time; as Firefox gives it, which tells of
 * nothing.
 */
export class ChangingFile {
  /** @param {Uint8Array} content @param {string} [name] */
  constructor(content, name = 'Notulen.odt') {
    this.content = content;
    this.size = content.length;
    this.name = name;
    this.type = 'application/vnd.oasis.opendocument.text';
    this.isGone = false;
    /** Is called before each reading. */
    this.reading = () => {};
  }

  /** @param {number} from @param {number} to */
  slice(from, to) {
    return {
      arrayBuffer: async () => {
        this.reading();
        if (this.isGone) throw new DOMException('gone', 'NotReadableError');
        return this.content.slice(from, Math.min(to, this.size)).buffer;
      },
    };
  }

  stream() {
    this.reading();
    return new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (this.content)]).stream();
  }

  /** @returns {File} */
  get file() {
    return /** @type {File} */ (/** @type {unknown} */ (this));
  }
}
