/** Answers that are broken in themselves, made of the true ones as `tests/vectors/answers/` says. */
import {Buffer} from 'node:buffer';
import {readFileSync, readdirSync} from 'node:fs';
import {STATUS_CODES} from 'node:http';
import {constants, crc32, deflateRawSync} from 'node:zlib';

/** @import {ServerResponse} from 'node:http' */
/** @import {Given} from './serving.js' */

/** @typedef {{text?: string, b64?: string, times?: number, true?: keyof typeof SLICES, set?: object}} Part */
/**
 * @typedef {{cut?: number, short?: number, silent?: number, 'silent-before-end'?: number, endless?: string}}
 *   Line
 */
/**
 * @typedef {{status?: number, headers?: Record<string, string>, body?: Part[], gzip?: boolean, spaces?:
 *   number, line?: Line}} Recipe
 */
/** @typedef {string | {again: string}} Outcome */
/**
 * @typedef {{name: string, answer: Recipe, calls: 'reads' | 'all' | string[], expect: Record<string,
 *   Outcome>, javascript?: Record<string, Outcome>}} Case
 */

const FOLDER = new URL('../../vectors/answers/', import.meta.url);
const MEBIBYTE = 1024 * 1024;
/** MiB of what does not end: more than any client may take. */
const MOST = 512;

const SLICES = {
  whole: (/** @type {Buffer} */ bytes) => bytes,
  half: (/** @type {Buffer} */ bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)),
  'but-last': (/** @type {Buffer} */ bytes) => bytes.subarray(0, -1),
  'first-100': (/** @type {Buffer} */ bytes) => bytes.subarray(0, 100),
  'last-flipped': (/** @type {Buffer} */ bytes) =>
    Buffer.concat([bytes.subarray(0, -1), Buffer.of(Number(bytes.at(-1)) ^ 1)]),
};

/** @returns {[string, Case[]][]} the cases by the name of their file */
export const readGroups = () =>
  readdirSync(FOLDER)
    .sort()
    .map((name) => [
      name.replace('.json', ''),
      JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')).cases,
    ]);

/**
 * What this client says of a case, as an answer to the call.
 * @param {Case} made @param {string} call @returns {Outcome}
 */
export function expectedOf({expect, javascript = {}}, call) {
  const said = javascript[call] ?? javascript['*'] ?? expect[call] ?? expect['*'];
  if (said === undefined) throw new TypeError(`${call} expects nothing`);
  return said;
}

/** @param {Part} part @param {Buffer} content @returns {Buffer} */
function bytesOf({text, b64 = '', times = 1, true: slice, set}, content) {
  if (slice) return SLICES[slice](content);
  if (set) return Buffer.from(JSON.stringify({...JSON.parse(content.toString()), ...set}));
  const once = text === undefined ? Buffer.from(b64, 'base64url') : Buffer.from(text);
  return Buffer.alloc(once.length * times, once);
}

/**
 * @param {Buffer} first
 * @param {number} mebibytes
 * @returns {Buffer} `first` and so many MiB of spaces, packed; the same piece again and again
 */
function packed(first, mebibytes) {
  const spaces = Buffer.alloc(MEBIBYTE, ' ');
  const flush = {finishFlush: constants.Z_FULL_FLUSH};
  const [begun, piece] = [deflateRawSync(first, flush), deflateRawSync(spaces, flush)];
  const pieces = Array(mebibytes).fill(piece);
  const checksum = pieces.reduce((sum) => crc32(spaces, sum), crc32(first));
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum);
  trailer.writeUInt32LE(first.length + mebibytes * MEBIBYTE, 4);
  const head = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);
  return Buffer.concat([head, begun, ...pieces, deflateRawSync(Buffer.alloc(0)), trailer]);
}

/** @param {Recipe} recipe @param {Given} given what the service says @returns {Given} what is said instead */
function madeOf({status, headers = {}, body, gzip, spaces = 0}, given) {
  const content = body ? Buffer.concat(body.map((part) => bytesOf(part, given.body))) : given.body;
  const kept = status === undefined ? lowered(given.headers) : {};
  return {
    status: status ?? given.status,
    headers: {...kept, ...headers, ...(gzip ? {'content-encoding': 'gzip'} : {})},
    body: gzip ? packed(content, spaces) : content,
  };
}

/** @param {Record<string, string>} headers */
const lowered = (headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** @param {Given} given @param {boolean} isLong whether its length is told @returns {Buffer} */
function headOf({status, headers, body}, isLong) {
  const more = {connection: 'close', ...(isLong ? {'content-length': String(body.length)} : {})};
  const lines = Object.entries({...headers, ...more}).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', ''].join('\r\n'), 'latin1');
}

/**
 * Answers a request as the recipe says, over its own socket.
 * @param {Recipe} recipe @param {Given} given what the service says @param {ServerResponse} response
 */
export function sendBroken(recipe, given, response) {
  const made = madeOf(recipe, given);
  const {socket} = response;
  if (!socket) return;
  socket.on('error', () => {});
  const {cut, short = 0, silent, 'silent-before-end': late, endless} = recipe.line ?? {};
  const whole = Buffer.concat([headOf(made, endless === undefined), made.body]);
  if (endless !== undefined) {
    const filler = Buffer.alloc(MEBIBYTE, endless);
    // What fails calls back before the socket is destroyed: to write on then never ends.
    let left = MOST;
    const more = (/** @type {unknown} */ problem) => {
      left -= 1;
      if (!problem) void (left > 0 ? socket.write(filler, more) : socket.end());
    };
    socket.write(whole, more);
  } else if (silent !== undefined || late !== undefined)
    socket.write(whole.subarray(0, silent ?? whole.length - Number(late)));
  else socket.end(whole.subarray(0, cut ?? whole.length - short));
}
