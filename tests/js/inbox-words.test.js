/**
 * The inbox has words for all that can happen to it, in both languages, and its document begins with the same
 * ones.
 */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {test} from 'node:test';

import {ERRORS} from '../../static/js/crypto/public/errors.js';
import {noticeCodes} from './kit/protocol.js';

const STATIC = new URL('../../static/', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, STATIC), 'utf8');
/** @type {(name: string) => Record<string, string>} */
const catalogue = (name) => JSON.parse(read(`locales/${name}.json`));
const [nl, en] = [catalogue('inbox.nl'), catalogue('inbox.en')];
/** With what a conversation brings. */
const all = {...nl, ...catalogue('files.nl')};
const SOURCES = readdirSync(new URL('js/recipient/', STATIC)).map((name) => read(`js/recipient/${name}`));

/** Beside the registry: what the page and its worker themselves refuse with. */
const OWN = ['client-fault', 'language', 'page-incomplete', 'pin-malformed', 'stopped'];
/** Said beside the code, with the group, by `code.*`. */
const OF_CODES = ['code-malformed', 'code-checksum', 'code-wrong-kind'];
/** What only a reporter's page meets. */
const OF_REPORTERS = [
  'channel-unknown',
  'channel-closed',
  'recipient-unreachable',
  'kind-unknown',
  'receipt-unknown',
];
/** What only who sends files meets; the inbox sends none. */
const OF_SENDERS = [
  'attachment-changed',
  'attachment-unreadable',
  'attachment-too-large',
  'attachments-incomplete',
  'attachments-too-many',
  'storage-full',
];
/** Said of a download, by `download.*`. */
const OF_DOWNLOADS = ['attachment-damaged', 'blob-unknown'];
/**
 * Layers that never refuse a whole call here: an envelope becomes a notice, and others' statements are not
 * read.
 */
const AS_NOTICE = Object.keys(ERRORS).filter(
  (code) => code.startsWith('envelope-') || code === 'statement-expired',
);

test('both catalogues say the same things with the same values', () => {
  assert.deepEqual(Object.keys(en), Object.keys(nl));
  const values = (/** @type {string | undefined} */ text) => (text?.match(/\{\w+\}/gu) ?? []).sort();
  for (const key of Object.keys(nl)) {
    assert.notEqual(nl[key]?.trim(), '', key);
    assert.deepEqual(values(en[key]), values(nl[key]), key);
  }
});

test('every error and notice that can reach a recipient has words', () => {
  const elsewhere = new Set([...OF_CODES, ...OF_REPORTERS, ...OF_SENDERS, ...OF_DOWNLOADS, ...AS_NOTICE]);
  const wanted = [...Object.keys(ERRORS).filter((code) => !elsewhere.has(code)), ...OWN].map(
    (code) => `error.${code}`,
  );
  const found = Object.keys(nl).filter((key) => key.startsWith('error.'));
  assert.deepEqual(found.sort(), wanted.sort());
  const notices = Object.keys(nl).filter((key) => key.startsWith('notice.'));
  assert.deepEqual(
    notices.sort(),
    noticeCodes()
      .map((code) => `notice.${code}`)
      .sort(),
  );
});

test('what the document says before any script runs is what the catalogue says', () => {
  const marked = [...read('inbox.html').matchAll(/data-words="([^"]+)"[^>]*>([^<]*)</gu)];
  assert.ok(marked.length > 8);
  for (const [, key = '', words] of marked) assert.equal(words, nl[key], key);
});

test('every key that a screen names is there', () => {
  const named = SOURCES.flatMap((source) => [
    ...source.matchAll(/\bt\('([^']+)'/gu),
    ...source.matchAll(/, '([a-z-]+\.[a-z.-]+)'/gu),
  ]);
  assert.ok(named.length > 30);
  for (const [, key = ''] of named) assert.ok(key in all, key);
  const counted = SOURCES.flatMap((source) => [...source.matchAll(/\btn\('([^']+)'/gu)]);
  assert.ok(counted.length > 4);
  for (const [, key = ''] of counted) assert.ok(`${key}.one` in all && `${key}.other` in all, key);
});
