/** What a page fetches is there, is ours, and is fetched at once. */
import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {faults} from './kit/modules.js';

test('every delivered script is there, is found without a further round, and is used', () => {
  assert.deepEqual(faults(fileURLToPath(new URL('../../static/', import.meta.url))), []);
});

/** @param {string} body */
const head = (body) => `<!doctype html><title>x</title>${body}`;
const PAGE = head('<script type="module" src="../static/pages/reporter.js"></script>');

/** @type {Record<string, string>} */
const SITE = {
  'index.html': PAGE,
  'inbox.html': head(''),
  'pages/reporter.js': `
    // https://www.rfc-editor.org/rfc/rfc9180
    const space = 'http://www.w3.org/2000/svg'; const path = '../static/locales/';
    export const t = () => \`../static/locales/\${'nl'}.json\`;
    t('../static/pages/reporter-worker.js', '../static/pages/viewer.js');
    import('./reporter-visit.js');`,
  'pages/reporter-visit.js':
    "import {t} from './reporter.js'; t([import('./reporter-files.js'), import('./reporter-names.js')]);",
  'pages/reporter-files.js':
    "import {t} from './reporter.js'; import './reporter-visit.js'; import './reporter-names.js'; t();",
  'pages/reporter-names.js': "import './reporter.js';",
  'pages/reporter-worker.js':
    "const more = () => import('../vendor/cipher.js'); export * from './reporter-worker.js';",
  'pages/viewer.js': "import '../vendor/pdf.js';",
  'vendor/cipher.js': '',
  'vendor/pdf.js': '',
  'vendor/all.entry.js': "export * from '@noble/hashes/utils.js';",
  'vendor/noble.js': '',
  'js/reporter/main.js': "import './gone.js';",
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

const WORKER = 'pages/reporter-worker.js';

/** @type {[string, string, string][]} */
const PLANTED = [
  [WORKER, "import './gone.js';", `/static/${WORKER}: imports ./gone.js`],
  [WORKER, "export * from './gone.js';", `/static/${WORKER}: imports ./gone.js`],
  [WORKER, "export {x} from 'noble';", `/static/${WORKER}: imports noble`],
  [WORKER, "import '../vendor/all.entry.js';", `/static/${WORKER}: imports ../vendor/all.entry.js`],
  [WORKER, "import '../vendor/noble.js';", `/static/${WORKER}: imports ../vendor/noble.js`],
  [WORKER, "import '../js/reporter/main.js';", `/static/${WORKER}: imports ../js/reporter/main.js`],
  [WORKER, "import '../../package.js';", `/static/${WORKER}: imports ../../package.js`],
  [WORKER, "import('//third.example/x.js');", `/static/${WORKER}: imports //third.example/x.js`],
  [WORKER, 'const any = (x) => import(x);', `/static/${WORKER}: imports undefined`],
  [WORKER, "fetch('https://third.example/');", `/static/${WORKER}: names https://third.example/`],
  [WORKER, 'fetch(`wss://third.example/${x}`);', `/static/${WORKER}: names wss://third.example/`],
  [WORKER, "new Worker('blob:x');", `/static/${WORKER}: names blob:x`],
  [WORKER, "f('/static/pages/viewer.js');", `/static/${WORKER}: names /static/pages/viewer.js`],
  [WORKER, "f('../static/js/reporter/main.js');", `/static/${WORKER}: names ../static/js/reporter/main.js`],
  [WORKER, "import './viewer.js';", `/static/${WORKER}: waits for /static/pages/viewer.js`],
  ['vendor/pdf.js', "import './cipher.js';", '/static/pages/viewer.js: waits for /static/vendor/cipher.js'],
  [
    'pages/reporter-visit.js',
    "import './viewer.js';",
    '/static/pages/reporter-visit.js: waits for /static/pages/viewer.js',
  ],
  [
    'pages/reporter-files.js',
    "import './viewer.js';",
    '/static/pages/reporter-files.js: waits for /static/pages/viewer.js',
  ],
  [
    'pages/reporter-visit.js',
    "import('./reporter-names.js'); import('./reporter-files.js');",
    '/static/pages/reporter-files.js: waits for /static/pages/reporter-names.js',
  ],
  ['pages/more.js', '', '/static/pages/more.js: nobody imports it'],
  ['index.html', head(''), '/static/pages/reporter.js: nobody imports it'],
];

for (const [name, text, fault] of PLANTED) {
  test(`seen: ${fault}, by ${text.slice(0, 40)}`, () =>
    assert.ok(found({[name]: text}).includes(fault), found({[name]: text}).join('\n')));
}

test('a module that is none is seen', () => assert.throws(() => found({[WORKER]: 'let = ;'}), SyntaxError));
