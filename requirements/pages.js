/**
 * Usage: node requirements/pages.js FOLDER. Writes static/pages: scripts made of static/js, and the style
 * sheet of static/css.
 *
 * Over Tor each request costs, and each round of requests costs a second: so a page and its Worker are one
 * script each, and what only a press needs is one more. The browser runs what is committed, not what a build
 * makes; this only lets anyone make it again and compare.
 */
import {mkdirSync, writeFileSync} from 'node:fs';
import {basename, join, resolve} from 'node:path';
import {build} from 'esbuild';
import {shrink} from './shrink.js';

/** @import {Metafile, OutputFile, Plugin} from 'esbuild' */
/**
 * `main` is where it begins. `later`: by name, the source that is fetched when it is needed. What more than
 * one of those needs is named too, and fetched beside them, so that nothing waits for two rounds.
 * @typedef {{main: string, later?: Record<string, string>}} Script
 */

const SOURCES = resolve('static/js');
/** Of the reporter's page, and of the inbox. */
const STYLES = ['drempel.css', 'recipient.css'];
/** Where every page's scripts find what stays apart, since hardly anybody needs it. */
const APART = /\/vendor\/(noble-cipher|pdf)\.js$/;

/** @type {Record<string, Script>} by name, all scripts that a document or a page begins */
const SCRIPTS = {
  reporter: {
    main: 'reporter/main.js',
    later: {
      'reporter-visit': 'reporter/visit_screens.js',
      'reporter-files': 'reporter/sent_files.js',
      'reporter-received': 'reporter/received_files.js',
      'reporter-file-words': 'page/file_words.js',
    },
  },
  'reporter-worker': {
    main: 'worker/reporter.js',
    later: {
      'reporter-worker-visit': 'worker/reporter_visit.js',
      'reporter-worker-files': 'client/files/uploads.js',
      'reporter-worker-received': 'worker/received_files.js',
      'reporter-worker-attachment': 'crypto/secret/attachment.js',
    },
  },
  recipient: {main: 'recipient/main.js'},
  'recipient-worker': {main: 'worker/recipient.js'},
  'viewer-plain': {main: 'viewer/plain/worker.js'},
  'viewer-pdf': {main: 'viewer/pdf/worker.js'},
};

/**
 * Whatever comes later imports what is there already, as it does in a browser. So esbuild finds that all of
 * them share the whole of `main`, and makes one script of it.
 * @param {Script} script @returns {Plugin}
 */
const grouped = (script) => ({
  name: 'grouped',
  setup(building) {
    building.onResolve({filter: APART}, ({path}) => ({path: `../vendor/${basename(path)}`, external: true}));
    building.onResolve({filter: /^group:/}, ({path}) => ({
      path: path.slice('group:'.length),
      namespace: 'group',
    }));
    building.onResolve({filter: /./}, ({kind, path, resolveDir}) => {
      if (kind !== 'dynamic-import') return undefined;
      const name = Object.entries(script.later ?? {}).find(
        ([, source]) => resolve(SOURCES, source) === resolve(resolveDir, path),
      )?.[0];
      return name === undefined
        ? {errors: [{text: `${path} is fetched later, and requirements/pages.js has no script for it`}]}
        : {path: name, namespace: 'group'};
    });
    building.onLoad({filter: /./, namespace: 'group'}, ({path}) => {
      const own = script.later?.[path];
      const lines = [`import './${script.main}';`, own ? `export * from './${own}';` : ''];
      return {contents: lines.join('\n'), resolveDir: SOURCES};
    });
  },
});

/**
 * @param {Script} script
 * @param {string} name
 * @param {Metafile['outputs'][string]} output
 * @returns {string} its name, '' if it is empty
 */
function nameOf({main, later = {}}, name, {entryPoint = '', inputs}) {
  const has = (/** @type {string} */ source) => Object.keys(inputs).includes(`static/js/${source}`);
  if (has(main)) return name;
  if (entryPoint === '') {
    const shared = Object.keys(later).find((each) => has(later[each] ?? ''));
    if (shared !== undefined) return shared;
    throw new Error(
      `${name}: more than one script needs ${Object.keys(inputs).join(', ')}: name it as later`,
    );
  }
  const own = entryPoint.slice('group:'.length);
  return own === name ? '' : own;
}

/**
 * @param {string} name
 * @param {Script} script
 * @returns {Promise<Map<string, string>>} its text and those of what comes later, by file
 */
async function bundle(name, script) {
  const built = await build({
    entryPoints: [{in: `group:${name}`, out: name}],
    bundle: true,
    splitting: true,
    chunkNames: 'made-[hash]',
    outdir: 'made',
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    minify: true,
    legalComments: 'eof', // whose code of static/vendor is in it
    metafile: true,
    plugins: [grouped(script)],
    tsconfigRaw: {},
    write: false,
  });
  const outputs = Object.entries(built.metafile.outputs).map(
    ([path, output]) => /** @type {const} */ ([basename(path), output]),
  );
  const names = new Map(outputs.map(([path, output]) => [path, nameOf(script, name, output)]));
  const named = (/** @type {string} */ text) =>
    text.replace(/\bmade-[A-Z0-9]{8}\.js\b/g, (made) => `${names.get(made)}.js`);
  // What others need has a script of its own, and esbuild makes one more that says its names again.
  const repeats = (/** @type {string} */ path) =>
    outputs.some(
      ([other, {entryPoint}]) => !entryPoint && other !== path && names.get(other) === names.get(path),
    );
  const kept = built.outputFiles.filter(
    ({path}) => names.get(basename(path)) !== '' && !repeats(basename(path)),
  );
  const shrunk = await Promise.all(kept.map(({text}) => shrink(named(text))));
  return new Map(kept.map(({path}, place) => [`${names.get(basename(path))}.js`, shrunk[place] ?? '']));
}

/** @param {string} name @returns {Promise<string>} a style sheet, without what only its readers need */
async function style(name) {
  const built = await build({
    entryPoints: [`static/css/${name}`],
    bundle: true,
    charset: 'utf8',
    minify: true,
    write: false,
    tsconfigRaw: {},
  });
  return built.outputFiles.map(({text}) => text).join('');
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node requirements/pages.js FOLDER');
mkdirSync(folder, {recursive: true});
for (const [name, script] of Object.entries(SCRIPTS)) {
  for (const [file, text] of await bundle(name, script)) writeFileSync(join(folder, file), text);
}
for (const name of STYLES) writeFileSync(join(folder, name), await style(name));
