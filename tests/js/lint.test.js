/**
 * The lint refuses what would turn a person's text into markup or code, what would stay on the device, and
 * imports beyond the wall.
 */
import assert from 'node:assert/strict';
import {posix} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {ESLint} from 'eslint';

const root = fileURLToPath(new URL('../../', import.meta.url));
const eslint = new ESLint({cwd: root});

/**
 * @param {string} code
 * @param {string} [file]
 * @returns {Promise<(string | null)[]>} the rules that object to it, in a page if nothing else is said
 */
async function objections(code, file = 'page/example.js') {
  const [result] = await eslint.lintText(code, {filePath: `static/js/${file}`});
  return [...new Set(result?.messages.map((message) => message.ruleId))];
}

const REFUSED = {
  'document.body.innerHTML = name;': 'no-restricted-syntax',
  'document.body["innerHTML"] = name;': 'no-restricted-syntax',
  'document.body.outerHTML = name;': 'no-restricted-syntax',
  'Object.assign(document.body, {innerHTML: name});': 'no-restricted-syntax',
  'document.body.insertAdjacentHTML("beforeend", name);': 'no-restricted-syntax',
  'document.body.setAttribute("onclick", name);': 'no-restricted-syntax',
  'document.write(name);': 'no-restricted-syntax',
  'document.writeln(name);': 'no-restricted-syntax',
  'eval(name);': 'no-eval',
  'new Function(name)();': 'no-new-func',
  'setTimeout("name()", 1);': 'no-implied-eval',
  'console.log(name);': 'no-console',
  'const unused = 1;': 'no-unused-vars',
  'localStorage.setItem("receipt", name);': 'no-restricted-globals',
  'window.sessionStorage.setItem("receipt", name);': 'no-restricted-properties',
  'document.cookie = name;': 'no-restricted-properties',
  'process.exit();': 'no-restricted-globals',
};

for (const [code, rule] of Object.entries(REFUSED)) {
  test(`refused: ${code}`, async () => assert.deepEqual(await objections(code), [rule]));
}

test('taken: text as text', async () => {
  assert.deepEqual(await objections('document.body.textContent = name;'), []);
});

const FILES = [
  'crypto/public/a.js',
  'crypto/secret/a.js',
  'client/a.js',
  'client/files/a.js',
  'worker/a.js',
  'page/a.js',
  'parts/a.js',
  'reporter/a.js',
  'recipient/a.js',
  'viewer/a.js',
  'viewer/pdf/a.js',
];
const ALONE = [
  'crypto/public/code_text.js',
  'crypto/public/limits.js',
  'viewer/reveal_invisible.js',
  '../vendor/noble.js',
];
/** What each of them may import, by how the addresses begin. @type {Record<string, string[]>} */
const OPEN = {
  'crypto/public/a.js': ['crypto/public/', '../vendor/'],
  'crypto/secret/a.js': ['crypto/', '../vendor/'],
  'client/a.js': ['client/', 'crypto/'],
  'client/files/a.js': ['client/', 'crypto/'],
  'worker/a.js': ['worker/', 'client/', 'crypto/', '../vendor/'],
  'page/a.js': ['page/', 'viewer/reveal_invisible.js'],
  'parts/a.js': ['parts/', 'page/', 'viewer/reveal_invisible.js', 'crypto/public/code_text.js'],
  'reporter/a.js': [
    'reporter/',
    'parts/',
    'page/',
    'viewer/reveal_invisible.js',
    'crypto/public/code_text.js',
    'crypto/public/limits.js',
  ],
  'recipient/a.js': [
    'recipient/',
    'parts/',
    'page/',
    'viewer/reveal_invisible.js',
    'crypto/public/code_text.js',
    'crypto/public/limits.js',
  ],
  'viewer/a.js': ['viewer/', '../vendor/'],
  'viewer/pdf/a.js': ['viewer/', '../vendor/'],
};

/** @param {string} from @param {string} to @returns {string} as an import names it */
function specifier(from, to) {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

for (const from of FILES) {
  test(`the wall around ${from}`, async () => {
    const targets = [...FILES, ...ALONE];
    const open = targets.filter((to) => OPEN[from]?.some((beginning) => to.startsWith(beginning)));
    const found = await Promise.all(
      targets.map(async (to) => [to, await objections(`import '${specifier(from, to)}';`, from)]),
    );
    assert.deepEqual(
      found,
      targets.map((to) => [to, open.includes(to) ? [] : ['ours/wall']]),
    );
  });
}

for (const code of [
  "import {a} from 'X'; a();",
  "export {a} from 'X';",
  "export * from 'X';",
  "void import('X');",
]) {
  test(`the wall holds for ${code}`, async () => {
    assert.deepEqual(await objections(code.replace('X', '../client/connection.js'), 'reporter/a.js'), [
      'ours/wall',
    ]);
    assert.deepEqual(await objections(code.replace('X', '../page/frame.js'), 'reporter/a.js'), []);
  });
}

test('a folder that nobody has thought of gets through to nothing', async () => {
  assert.deepEqual(await objections("import '../page/frame.js';", 'more/a.js'), ['ours/wall']);
  assert.deepEqual(await objections("import '../more/a.js';", 'reporter/a.js'), ['ours/wall']);
});
