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
 * `main` is where it begins. `later`: by name, the source that is fetched when it is needed. `early`: what
 * more than one of those needs, a part of the first script, so that nothing waits for two requests.
 * @typedef {{main: string, later?: Record<string, string>, early?: string[]}} Script
 */

const SOURCES = resolve('static/js');
const STYLE = 'drempel.css';
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
    },
    early: ['page/file_words.js', 'viewer/reveal_invisible.js'],
  },
  'reporter-worker': {
    main: 'worker/reporter.js',
    later: {
      'reporter-worker-visit': 'worker/reporter_visit.js',
      'reporter-worker-files': 'client/files/uploads.js',
      'reporter-worker-received': 'worker/received_files.js',
    },
    early: ['crypto/public/blobs.js', 'crypto/secret/attachment.js'],
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
      const lines = [...(script.early ?? []), script.main].map((source) => `import './${source}';`);
      return {contents: [...lines, own ? `export * from './${own}';` : ''].join('\n'), resolveDir: SOURCES};
    });
  },
});

/**
 * @param {Script} script
 * @param {string} name
 * @param {Metafile['outputs'][string]} output
 * @returns {string} its name, '' if it is empty
 */
function nameOf({main}, name, {entryPoint = '', inputs}) {
  if (Object.keys(inputs).includes(`static/js/${main}`)) return name;
  if (entryPoint === '') {
    throw new Error(
      `${name}: more than one script needs ${Object.keys(inputs).join(', ')}: name it as early`,
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
  const names = new Map(
    Object.entries(built.metafile.outputs).map(([path, output]) => [
      basename(path),
      nameOf(script, name, output),
    ]),
  );
  const named = (/** @type {string} */ text) =>
    text.replace(/\bmade-[A-Z0-9]{8}\.js\b/g, (made) => `${names.get(made)}.js`);
  const kept = built.outputFiles.filter(({path}) => names.get(basename(path)) !== '');
  const shrunk = await Promise.all(kept.map(({text}) => shrink(named(text))));
  return new Map(kept.map(({path}, place) => [`${names.get(basename(path))}.js`, shrunk[place] ?? '']));
}

/** @returns {Promise<string>} the style sheet of all pages, without what only its readers need */
async function style() {
  const built = await build({
    entryPoints: [`static/css/${STYLE}`],
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
writeFileSync(join(folder, STYLE), await style());
