/** What a page fetches is there, is ours, and is fetched at once. */
import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {faults} from './modules.js';

test('every module of ours is there, preloaded where it is needed, and used', () => {
  assert.deepEqual(faults(fileURLToPath(new URL('../../static/', import.meta.url))), []);
});

/** @param {string} body */
const head = (body) => `<!doctype html><title>x</title>${body}`;
const PRELOADS = '<link rel="modulepreload" href="/static/js/ui/dom.js"><link rel="modulepreload" href="/static/js/ui/words.js">';
const PAGE = head(`${PRELOADS}<script type="module" src="/static/js/reporter/main.js"></script>`);

/** @type {Record<string, string>} */
const SITE = {
  'index.html': PAGE,
  'inbox.html': head(''),
  'js/ui/dom.js': "export {t} from './words.js'; const space = 'http://www.w3.org/2000/svg'; const path = '/static/locales/';",
  'js/ui/words.js': "// https://www.rfc-editor.org/rfc/rfc9180\nexport const t = () => `/static/locales/${'nl'}.json`;",
  'js/reporter/main.js': "import {t} from '../ui/dom.js'; t('/static/js/reporter/worker.js');",
  'js/reporter/worker.js': "import '../crypto/a.js'; import '/static/js/crypto/b.js'; const more = () => import('../crypto/c.js');",
  'js/crypto/a.js': "import './b.js'; /** @typedef {import('./gone.js').Gone} Gone */",
  'js/crypto/b.js': '',
  'js/crypto/c.js': "export * from './a.js';",
  'vendor/all.entry.js': "export * from '@noble/hashes/utils.js';",
};

/** @param {Record<string, string>} planted files in place of those of the site @returns {string[]} */
function found(planted) {
  const folder = mkdtempSync(join(tmpdir(), 'drempel-site-'));
  try {
    for (const [name, text] of Object.entries({...SITE, ...planted})) {
      mkdirSync(dirname(join(folder, name)), {recursive: true});
      writeFileSync(join(folder, name), text);
    }
    return faults(folder);
  } finally {
    rmSync(folder, {recursive: true});
  }
}

test('a site as it should be passes', () => assert.deepEqual(found({}), []));

/** @type {[string, string, string][]} */
const PLANTED = [
  ['js/crypto/b.js', "import './gone.js';", '/static/js/crypto/b.js: imports ./gone.js'],
  ['js/crypto/b.js', "export * from './gone.js';", '/static/js/crypto/b.js: imports ./gone.js'],
  ['js/crypto/b.js', "export {x} from 'noble';", '/static/js/crypto/b.js: imports noble'],
  ['js/crypto/b.js', "import '../../vendor/all.entry.js';", '/static/js/crypto/b.js: imports ../../vendor/all.entry.js'],
  ['js/crypto/b.js', "import '../../../package.js';", '/static/js/crypto/b.js: imports ../../../package.js'],
  ['js/crypto/b.js', "import('//third.example/x.js');", '/static/js/crypto/b.js: imports //third.example/x.js'],
  ['js/crypto/b.js', 'const any = (x) => import(x);', '/static/js/crypto/b.js: imports undefined'],
  ['js/crypto/b.js', "fetch('https://third.example/');", '/static/js/crypto/b.js: names https://third.example/'],
  ['js/crypto/b.js', 'fetch(`wss://third.example/${x}`);', '/static/js/crypto/b.js: names wss://third.example/'],
  ['js/crypto/b.js', "new Worker('blob:x');", '/static/js/crypto/b.js: names blob:x'],
  ['js/crypto/b.js', "f('/static/js/inbox/worker.js');", '/static/js/crypto/b.js: names /static/js/inbox/worker.js'],
  ['js/crypto/b.js', "import './c.js';", '/static/js/reporter/worker.js: does not name /static/js/crypto/c.js'],
  ['js/ui/words.js', "import './more.js'; export const t = 1;", '/static/js/ui/words.js: imports ./more.js'],
  ['js/ui/dom.js', 'export const t = 1;', 'index.html: preloads /static/js/ui/words.js in vain'],
  ['js/crypto/d.js', '', '/static/js/crypto/d.js: nobody imports it'],
  ['index.html', PAGE.replace(PRELOADS, ''), 'index.html: does not preload /static/js/ui/dom.js'],
  ['index.html', PAGE + PRELOADS, 'index.html: preloads /static/js/ui/dom.js twice'],
  ['inbox.html', PRELOADS, 'inbox.html: preloads /static/js/ui/dom.js in vain'],
];

for (const [name, text, fault] of PLANTED) {
  test(`seen: ${fault}, by ${text.slice(0, 40)}`, () => assert.ok(found({[name]: text}).includes(fault), found({[name]: text}).join('\n')));
}

test('a module that is none is seen', () => assert.throws(() => found({'js/crypto/b.js': 'let = ;'}), SyntaxError));
