/** The reporter's page has words for all that can happen on it, in both languages, and no others. */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {test} from 'node:test';

import {ERRORS} from '../../static/js/crypto/public/errors.js';
import {noticeCodes} from './kit/protocol.js';

const STATIC = new URL('../../static/', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, STATIC), 'utf8');
const folder = (/** @type {string} */ path) =>
  readdirSync(new URL(path, STATIC)).map((name) => read(`${path}${name}`));
/** @type {(name: string) => Record<string, string>} */
const catalogue = (name) => JSON.parse(read(`locales/${name}.json`));
const PARTS = ['reporter', 'attaching', 'returning'];
const [first = {}, attaching = {}, returning = {}] = PARTS.map((name) => catalogue(`${name}.nl`));
const nl = {...first, ...attaching, ...returning};
const en = Object.assign({}, ...PARTS.map((name) => catalogue(`${name}.en`)));
const DOCUMENT = read('index.html');
const SHARED = [...folder('js/page/'), read('js/parts/code_field.js')];
const SOURCE = [...folder('js/reporter/'), ...SHARED].join('\n');
/** What nothing but a return visit fetches, together with its words. */
const OF_RETURNING = [
  'reporter/visit_screens',
  'reporter/thread',
  'reporter/received_files',
  'parts/code_field',
].map((name) => read(`js/${name}.js`));
/** What no report meets. */
const ONLY_RETURNING = /^error\.(code-|receipt-unknown$|mailbox-(full|unknown)$)/u;
/** What is fetched with the first file that is chosen, and what can go wrong with it alone. */
const OF_ATTACHING = read('js/reporter/sent_files.js');
const ONLY_ATTACHING = /^error\.(attachments?-|blob-unknown$|files-stopped$|storage-full$)/u;

/** Beside the registry: what the page and its worker themselves refuse with. */
const OWN = [
  'channel-changed',
  'client-fault',
  'files-stopped',
  'language',
  'page-incomplete',
  'pin-malformed',
  'stopped',
];
/** What only one who signs in with an access code meets, or one who names a conversation. */
const OF_RECIPIENTS = /^(keyring-|access-unknown$|sign-in-again$|precondition-required$|conversation-)/u;
/** Said of a download, by `download.*`; what else ends one can be said of a file that is sent, too. */
const OF_DOWNLOADS = 'attachment-damaged';
/** An envelope that can't be opened becomes a notice, unless the service refuses it. */
const AS_NOTICE = Object.keys(ERRORS).filter(
  (code) => code.startsWith('envelope-') && ERRORS[code]?.status === 0,
);

/**
 * Keys that are put together from parts: each part stands in the source, so that none of these is without
 * use.
 * @param {string} source
 */
const builtIn = (source) =>
  [
    ...source.matchAll(/\(\[([^\]]+)\]\)\.map\(\(each\) => el\('li', \{\}, t\(`(\w+)\.\$\{each\}`\)\)\)/gu),
  ].flatMap(([, parts = '', family]) =>
    [...parts.matchAll(/'(\w+)'/gu)].map(([, part]) => `${family}.${part}`),
  );
/** Of the code that is typed on a return visit, from what the Worker says of it. */
const KINDS = ['receipt', 'access', 'custodian'].map((kind) => `code.kind.${kind}`);
const BUILT = [...builtIn(SOURCE), ...KINDS];

test('both languages say the same things with the same values', () => {
  assert.deepEqual(Object.keys(en), Object.keys(nl));
  for (const part of PARTS) {
    assert.deepEqual(Object.keys(catalogue(`${part}.en`)), Object.keys(catalogue(`${part}.nl`)), part);
  }
  const values = (/** @type {string | undefined} */ text) => (text?.match(/\{\w+\}/gu) ?? []).sort();
  for (const key of Object.keys(nl)) {
    assert.notEqual(nl[key]?.trim(), '', key);
    assert.notEqual(en[key]?.trim(), '', key);
    assert.deepEqual(values(en[key]), values(nl[key]), key);
  }
});

test('every error and notice that can reach a reporter has words, and no other', () => {
  const wanted = [
    ...Object.keys(ERRORS).filter(
      (code) => !OF_RECIPIENTS.test(code) && code !== OF_DOWNLOADS && !AS_NOTICE.includes(code),
    ),
    ...OWN,
  ];
  const found = (/** @type {string} */ family) =>
    Object.keys(nl)
      .filter((key) => key.startsWith(`${family}.`))
      .sort();
  assert.deepEqual(found('error'), wanted.map((code) => `error.${code}`).sort());
  assert.deepEqual(
    found('notice'),
    noticeCodes()
      .map((code) => `notice.${code}`)
      .sort(),
  );
});

test('what the document says before any script runs is what the catalogue says', () => {
  const marked = [...DOCUMENT.matchAll(/data-words="([^"]+)"[^>]*>([^<]*)</gu)];
  assert.ok(marked.length > 10);
  for (const [, key = '', words] of marked) assert.equal(words, nl[key], key);
  assert.match(DOCUMENT, new RegExp(`<title>${nl['title']}</title>`, 'u'));
});

/** @param {string} key @param {string} source */
const isNamed = (key, source) =>
  source.includes(`'${key.replace(/\.(one|other)$/u, '')}'`) || builtIn(source).includes(key);

/**
 * The keys that nothing names but a part that is fetched later.
 * @param {string[]} part its sources
 */
function onlyIn(part) {
  const others = part.reduce((left, text) => left.replace(text, ''), SOURCE);
  assert.equal(others.length, SOURCE.length - part.join('').length);
  const elsewhere = `${others}${DOCUMENT.replaceAll('"', "'")}`;
  return Object.keys(nl).filter((key) => isNamed(key, part.join('\n')) && !isNamed(key, elsewhere));
}

test('words that only a return visit needs come with it, and no others', () => {
  const met = Object.keys(nl).filter((key) => /^(notice|download)\./u.test(key) || ONLY_RETURNING.test(key));
  const wanted = new Set([...onlyIn(OF_RETURNING), ...met, ...KINDS]);
  assert.deepEqual(Object.keys(returning).sort(), [...wanted].sort());
});

test('words that only files need come with the first that is chosen, and no others', () => {
  const met = Object.keys(nl).filter((key) => ONLY_ATTACHING.test(key));
  const wanted = new Set([...onlyIn([OF_ATTACHING]), ...met]);
  assert.deepEqual(Object.keys(attaching).sort(), [...wanted].sort());
});

test('no word comes twice', () => {
  const counts = PARTS.map((name) => Object.keys(catalogue(`${name}.nl`)).length);
  assert.equal(
    Object.keys(nl).length,
    counts.reduce((sum, count) => sum + count),
  );
});

test('every key that is named is there', () => {
  assert.ok(BUILT.length > 10);
  const named = [...SOURCE.matchAll(/\bt\('([^']+)'/gu)].map(([, key = '']) => key);
  assert.ok(named.length > 80);
  const fetched = catalogue('files.nl');
  for (const key of [...named, ...BUILT]) assert.ok(key in nl || key in fetched, key);
  const counted = [...SOURCE.matchAll(/\btn\('([^']+)'/gu)].map(([, key = '']) => key);
  assert.ok(counted.length > 5);
  for (const key of counted) assert.ok(`${key}.one` in nl && `${key}.other` in nl, key);
});

test('every key is named', () => {
  const used = (/** @type {string} */ key) =>
    SOURCE.includes(`'${key}'`) || DOCUMENT.includes(`data-words="${key}"`) || BUILT.includes(key);
  const keys = Object.keys(nl).filter((key) => !/^(error|notice|download)\./u.test(key));
  assert.deepEqual(
    keys.filter((key) => !used(key.replace(/\.(one|other)$/u, ''))),
    [],
  );
});

test('whatever is said of dates looks at those of this device first', () => {
  for (const page of ['inbox', 'reporter']) {
    for (const language of ['nl', 'en']) {
      /** @type {Record<string, string>} */
      const texts = JSON.parse(
        readFileSync(new URL(`../../static/locales/${page}.${language}.json`, import.meta.url), 'utf8'),
      );
      for (const code of ['directory-expired', 'directory-clock', 'clock-wrong']) {
        const [first = ''] = String(texts[`error.${code}`]).split('. ');
        assert.match(first, /(dit apparaat|this device)\b.*\{today\}/iu, `${page} ${language} ${code}`);
      }
    }
  }
});
