/** The lint refuses what would turn a person's text into markup or code, and what would stay on the device. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {ESLint} from 'eslint';

const root = fileURLToPath(new URL('../../', import.meta.url));
const eslint = new ESLint({cwd: root});

/** @param {string} code @returns {Promise<(string | null)[]>} the rules that object to it in a page */
async function objections(code) {
  const [result] = await eslint.lintText(code, {filePath: 'static/js/ui/example.js'});
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
