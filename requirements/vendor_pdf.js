/**
 * What is changed in PDF.js when it is bundled: it fetches code while it runs, and as a Worker it listens
 * from the start. Ours must have all of it before a stranger's file comes near, and hears nobody but us.
 */
import {readFileSync} from 'node:fs';

/** @typedef {{find: RegExp, put: string}} Change */

const FETCHED_CODE = /await import\(\s*\/\*webpackIgnore: true\*\/\s*\/\*@vite-ignore\*\/[^)]*\)/g;
const DECODERS = `
import * as jbig2File from '../../wasm/jbig2_nowasm_fallback.js';
import * as openjpegFile from '../../wasm/openjpeg_nowasm_fallback.js';
const DECODERS = {'jbig2_nowasm_fallback.js': jbig2File, 'openjpeg_nowasm_fallback.js': openjpegFile};
`;

/**
 * By file: what comes before it, and its changes, each of which must fit exactly once.
 * @type {Record<string, {before: string, changes: Change[]}>}
 */
const FILES = {
  'pdf.worker.mjs': {
    before: DECODERS,
    changes: [
      // Scanners' images are decoded without WebAssembly, which the page's policy forbids.
      {find: FETCHED_CODE, put: 'DECODERS[this._noWasmFilename]'},
      {find: /if \([^\n]*"onmessage" in self\) \{\s*this\.initializeFromPort\(self\);\s*\}/g, put: ''},
    ],
  },
  'pdf.mjs': {
    before: '',
    changes: [
      {find: FETCHED_CODE, put: '{}'},
      {find: /`await import\("\$\{new URL\([^`]*`/g, put: "''"},
    ],
  },
};

/** @param {string} text @param {Change} change @returns {string} */
function changed(text, {find, put}) {
  const found = text.match(find)?.length ?? 0;
  if (found !== 1) throw new Error(`PDF.js has changed: ${find} is there ${found} times`);
  return text.replace(find, () => put);
}

/** @type {import('esbuild').Plugin} */
export const pdfChanges = {
  name: 'pdf',
  setup: (build) => {
    build.onLoad({filter: /pdfjs-dist\/legacy\/build\/[\w.]+\.mjs$/}, ({path}) => {
      const file = FILES[path.replace(/^.*\//, '')];
      if (!file) throw new Error(`a file of PDF.js that nobody has looked at: ${path}`);
      return {contents: file.before + file.changes.reduce(changed, readFileSync(path, 'utf8'))};
    });
  },
};
