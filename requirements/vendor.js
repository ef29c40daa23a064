/**
 * Usage: node requirements/vendor.js FOLDER. Writes noble.js and README.md, the two made files of static/vendor.
 *
 * The browser runs what is committed, not what a build makes; this only lets anyone make it again and compare.
 */
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {buildSync} from 'esbuild';

const PACKAGES = ['@noble/hashes', '@noble/curves', '@noble/ciphers', '@noble/post-quantum'];

/** @param {string} name @returns {{version: string, license: string, notice: string}} */
function describe(name) {
  const folder = join('node_modules', name);
  const {version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return {version, license, notice: readFileSync(join(folder, 'LICENSE'), 'utf8').trim()};
}

/** @returns {Uint8Array} the bundle, as small as it gets: it is the largest thing that a page waits for over Tor */
function bundle() {
  const versions = PACKAGES.map((name) => `${name} ${describe(name).version}`).join(', ');
  const built = buildSync({
    entryPoints: ['static/vendor/noble.entry.js'],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    minify: true,
    legalComments: 'eof',
    banner: {js: `/*! ${versions}. MIT License, (c) Paul Miller (paulmillr.com); see README.md beside this file. */`},
    tsconfigRaw: {},
    write: false,
  });
  return /** @type {import('esbuild').OutputFile} */ (built.outputFiles[0]).contents;
}

/** @param {Uint8Array} code @returns {string} */
function readme(code) {
  const rows = PACKAGES.map((name) => {
    const {version, license} = describe(name);
    return `| ${name} | ${version} | ${license} |`;
  });
  const notices = PACKAGES.map((name) => `### ${name}\n\n${describe(name).notice.replace(/^/gm, '    ').replace(/ +$/gm, '')}\n`);
  return `# Vendored code

\`noble.js\` is one ES module made from the packages below. It imports nothing, and it is all the foreign code that a
page of Drempel runs. \`noble.entry.js\` lists what is in it, \`noble.d.ts\` gives it types.

| package | version | licence |
|---|---|---|
${rows.join('\n')}

    sha256  ${createHash('sha256').update(code).digest('hex')}  noble.js

\`make vendor-verify\` makes the file again from the npm packages, whose hashes are in \`package-lock.json\`, and compares
every byte; \`make check\` runs it. To take a newer version: change it in \`package.json\`, then \`make lock vendor\`. This page
is written by \`make vendor\` too.

## Licences

${notices.join('\n')}`;
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node requirements/vendor.js FOLDER');
mkdirSync(folder, {recursive: true});
const code = bundle();
writeFileSync(join(folder, 'noble.js'), code);
writeFileSync(join(folder, 'README.md'), readme(code));
