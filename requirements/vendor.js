/**
 * Usage: node requirements/vendor.js FOLDER. Writes the modules and the README.md of static/vendor, which are
 * made.
 *
 * The browser runs what is committed, not what a build makes; this only lets anyone make it again and
 * compare.
 */
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {build} from 'esbuild';
import {shrink} from './shrink.js';
import {pdfChanges} from './vendor_pdf.js';

/** @typedef {{name: string, packages: string[], code: string}} Made */

/** What a reporter waits for. Terser makes it a twentieth smaller than esbuild does. */
const SMALLEST = ['noble', 'noble-cipher'];

/** By the name of the module: the packages that its `.entry.js` takes from. */
const BUNDLES = {
  noble: ['@noble/hashes', '@noble/curves', '@noble/post-quantum'],
  'noble-cipher': ['@noble/ciphers'],
  pdf: ['pdfjs-dist'],
};

/** The notices of packages that hold more than one. */
const NOTICES = {
  'pdfjs-dist': [
    'LICENSE',
    ...['PDFJS_JBIG2', 'JBIG2', 'PDFJS_OPENJPEG', 'OPENJPEG'].map((of) => `wasm/LICENSE_${of}`),
  ],
};

/** By licence, whose it is: a line in the module itself. */
const OWNERS = {
  MIT: 'MIT License, (c) Paul Miller (paulmillr.com)',
  'Apache-2.0': 'Apache License 2.0, (c) Mozilla Foundation',
};

/** @param {string} name @returns {{version: string, license: keyof typeof OWNERS, notice: string}} */
function describe(name) {
  const folder = join('node_modules', name);
  const {version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = Object.entries(NOTICES).find(([known]) => known === name)?.[1] ?? ['LICENSE'];
  return {
    version,
    license,
    notice: files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n\n'),
  };
}

/**
 * @param {string} name
 * @param {string[]} packages
 * @returns {Promise<string>} as small as it gets: pages wait for it, over Tor too
 */
async function bundle(name, packages) {
  const smallest = SMALLEST.includes(name);
  const versions = packages.map((from) => `${from} ${describe(from).version}`).join(', ');
  const owners = new Set(packages.map((from) => OWNERS[describe(from).license]));
  const built = await build({
    entryPoints: [`static/vendor/${name}.entry.js`],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    minifyIdentifiers: !smallest,
    minifySyntax: true,
    minifyWhitespace: !smallest,
    legalComments: 'none',
    banner: {js: `/*! ${versions}. ${[...owners].join(', ')}; see README.md in static/vendor. */`}, // instead of one for each part
    plugins: [pdfChanges],
    tsconfigRaw: {},
    write: false,
  });
  const {text} = /** @type {import('esbuild').OutputFile} */ (built.outputFiles[0]);
  return smallest ? shrink(text) : text;
}

/** @param {Made[]} made @returns {string} */
function readme(made) {
  const rows = made.flatMap(({name, packages}) =>
    packages.map(
      (from) => `| ${name}.js | ${from} | ${describe(from).version} | ${describe(from).license} |`,
    ),
  );
  const hashes = made.map(
    ({name, code}) => `    sha256  ${createHash('sha256').update(code).digest('hex')}  ${name}.js`,
  );
  const notices = made
    .flatMap(({packages}) => packages)
    .map((from) => `### ${from}\n\n${describe(from).notice.replace(/^/gm, '    ').replace(/ +$/gm, '')}\n`);
  return `# Vendored code

Each module here is made from the packages beside it. It imports nothing, and these are all the foreign code that a page of
Drempel runs. What is in one is listed in its \`.entry.js\`; its \`.d.ts\` gives it types. \`noble-cipher.js\` is fetched only
where a browser has no \`crypto.subtle\`, \`pdf.js\` only by the Worker that shows a recipient a PDF file. What is changed in the
latter is in \`requirements/vendor_pdf.js\`.

| module | package | version | licence |
|---|---|---|---|
${rows.join('\n')}

${hashes.join('\n')}

\`make vendor-verify\` makes the modules again from the npm packages, whose hashes are in \`package-lock.json\`, and compares
every byte; \`make check\` runs it. To take a newer version: change it in \`package.json\`, then \`make lock vendor\`. This page
is written by \`make vendor\` too.

## Licences

${notices.join('\n')}`;
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node requirements/vendor.js FOLDER');
mkdirSync(folder, {recursive: true});
const made = await Promise.all(
  Object.entries(BUNDLES).map(async ([name, packages]) => ({
    name,
    packages,
    code: await bundle(name, packages),
  })),
);
for (const {name, code} of made) writeFileSync(join(folder, `${name}.js`), code);
writeFileSync(join(folder, 'README.md'), readme(made));
