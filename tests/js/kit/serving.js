/** A real service, as a process, and a server between it and a client that does as a test says. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const DREMPEL = join(root, '.venv/bin/drempel');

/**
 * `url` is the organisation's address without its fingerprint; `codes` the access codes by recipient.
 * @typedef {{url: string, fingerprint: string, codes: Map<string, string>, stop: () => Promise<void>}}
 *   Service
 */

/** @param {string} output @returns {Omit<Service, 'stop'>} what `drempel demo --json` says when it listens */
function announced(output) {
  const {url, fingerprint, channels} = JSON.parse(output);
  const people = channels.flatMap((/** @type {any} */ channel) => channel.recipients);
  return {
    url,
    fingerprint,
    codes: new Map(people.map((/** @type {any} */ item) => [item.id, item.access_code])),
  };
}

/** @returns {Promise<Service>} a demonstration on a free port, in a folder of its own */
export async function startService() {
  const folder = await mkdtemp(join(tmpdir(), 'drempel-'));
  const child = spawn(DREMPEL, ['demo', '--port', '0', '--data', join(folder, 'data'), '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8');
  for await (const piece of child.stdout.iterator({destroyOnReturn: false})) {
    output += piece;
    if (output.includes('\n')) break;
  }
  child.stdout.resume();
  const stop = async () => {
    child.kill();
    await ended;
    await rm(folder, {recursive: true});
  };
  return {...announced(output), stop};
}

/**
 * @typedef {{method: string, path: string, headers: http.IncomingHttpHeaders, body: Buffer}} Asked `path` is
 *   below `api/1/`
 */
/** @typedef {{status: number, headers: Record<string, string>, body: Buffer}} Given */
/**
 * What is done with a request: an answer, or null when the response was dealt with. `pass` gives what the
 * real service says.
 * @typedef {(asked: Asked, pass: () => Promise<Given>, response: http.ServerResponse) => Promise<Given |
 *   null> | Given | null} Between
 */
/**
 * @typedef {{url: string, seen: Asked[], between: (what: Between | null) => void, stop: () => Promise<void>}}
 *   Relay
 */

/** @param {http.IncomingMessage} request @returns {Promise<Buffer>} */
async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * @param {number} status
 * @param {string | Uint8Array} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Given}
 */
export const given = (status, body = '', headers = {}) => ({status, headers, body: Buffer.from(body)});

/** @param {number} status @param {string} code @returns {Given} */
export const problem = (status, code) =>
  given(status, JSON.stringify({status, title: '', code}), {'Content-Type': 'application/problem+json'});

/**
 * Passes on what it is asked, unless it was told to do otherwise; keeps what it saw.
 * @param {string} url the real service's
 * @returns {Promise<Relay>}
 */
export async function openRelay(url) {
  /** @type {Asked[]} */
  const seen = [];
  /** @type {Between | null} */
  let between = null;
  const server = http.createServer((request, response) => {
    request.on('error', () => {});
    void (async () => {
      const body = await bodyOf(request);
      const {method = '', headers} = request;
      const path = String(request.url).split('/api/1/')[1] ?? '';
      const asked = {method, path, headers, body};
      seen.push(asked);
      const answer = await (between ?? ((_, pass) => pass()))(asked, () => pass(url, asked), response);
      if (answer)
        response
          .writeHead(answer.status, {...answer.headers, 'Content-Length': String(answer.body.length)})
          .end(answer.body);
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = /** @type {import('node:net').AddressInfo} */ (server.address());
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const slug = new URL(url).pathname;
  return {url: `http://127.0.0.1:${port}${slug}`, seen, between: (what) => (between = what), stop};
}

/** @param {string} url @param {Asked} asked @returns {Promise<Given>} */
async function pass(url, {method, path, headers, body}) {
  const kept = Object.entries(headers).filter(([name]) =>
    ['authorization', 'content-type', 'if-match'].includes(name),
  );
  const sent = /** @type {Record<string, string>} */ (Object.fromEntries(kept));
  const response = await fetch(`${url}api/1/${path}`, {
    method,
    headers: sent,
    ...(body.length ? {body: new Uint8Array(body)} : {}),
  });
  const answered = ['etag', 'content-type'].flatMap((name) =>
    response.headers.has(name) ? [[name, response.headers.get(name)]] : [],
  );
  return given(response.status, Buffer.from(await response.arrayBuffer()), Object.fromEntries(answered));
}

/** @param {() => boolean} true_ @param {string} what */
export async function until(true_, what) {
  const end = performance.now() + 20_000;
  while (!true_()) {
    if (performance.now() > end) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
