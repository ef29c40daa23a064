/** What the modules of a page fetch, as a parser reads it, and what is wrong with that. */
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {join, posix} from 'node:path';
import {Linter} from 'eslint';

/**
 * @typedef {object} Module
 * @property {string[]} imports addresses that the browser fetches before anything runs
 * @property {string[]} later addresses that it fetches when they are asked for
 * @property {string[]} faults
 */

const FOREIGN = /\b(?:https?|wss?|ftp):\/\/\w|^\/\/\w|^(?:data|blob|javascript):/i;
const PAGES = ['index.html', 'inbox.html'];
const PDF = '/static/vendor/pdf.js';
const NAMESPACE = 'http://www.w3.org/2000/svg';

/** @param {string} folder @returns {string[]} the modules below it that are delivered, as `/static/` addresses */
function addresses(folder) {
  const names = readdirSync(folder, {recursive: true, encoding: 'utf8'}).map((name) => name.replaceAll('\\', '/'));
  return names.filter((name) => name.endsWith('.js') && !name.endsWith('.entry.js')).map((name) => `/static/${name}`);
}

/** @param {string} folder @param {string} address */
const isThere = (folder, address) => address.startsWith('/static/') && existsSync(join(folder, address.slice('/static/'.length)));

/** @param {string} from @param {unknown} specifier @returns {string} the address that a browser makes of it, '' if it makes none */
function resolved(from, specifier) {
  if (typeof specifier !== 'string' || !/^\.{0,2}\/(?!\/)/.test(specifier)) return '';
  return posix.resolve(posix.dirname(from), specifier);
}

/** @param {string} folder @param {string} address @returns {Module} */
function read(folder, address) {
  /** @type {Module} */
  const found = {imports: [], later: [], faults: []};
  /** @param {string[]} list @param {unknown} specifier */
  const take = (list, specifier) => {
    const target = resolved(address, specifier);
    if (isThere(folder, target) && !target.endsWith('.entry.js')) list.push(target);
    else found.faults.push(`${address}: imports ${String(specifier)}`);
  };
  /** @param {string} text */
  const name = (text) => {
    const missing = text.startsWith('/static/') && /\.\w+$/.test(text) && !isThere(folder, text);
    // What PDF.js names are spaces of names; a tested Worker has taken from it whatever could follow an address.
    const named = text !== NAMESPACE && address !== PDF && FOREIGN.test(text);
    if (missing || named) found.faults.push(`${address}: names ${text}`);
  };
  visit(readFileSync(join(folder, address.slice('/static/'.length)), 'utf8'), {
    ImportDeclaration: (node) => take(found.imports, node.source.value),
    ExportAllDeclaration: (node) => take(found.imports, node.source.value),
    ExportNamedDeclaration: (node) => node.source && take(found.imports, node.source.value),
    ImportExpression: (node) => take(found.later, node.source.value),
    Literal: (node) => typeof node.value === 'string' && name(node.value),
    TemplateElement: (node) => name(node.value.cooked ?? node.value.raw),
  });
  return found;
}

/** @param {string} code @param {Record<string, (node: any) => unknown>} visitors */
function visit(code, visitors) {
  const gather = {create: () => /** @type {any} */ (visitors)};
  const messages = new Linter().verify(code, {
    languageOptions: {ecmaVersion: 2024, sourceType: 'module'},
    linterOptions: {reportUnusedDisableDirectives: 'off'},
    plugins: {modules: {rules: {gather}}},
    rules: {'modules/gather': 'error'},
  });
  const broken = messages.find((message) => message.fatal);
  if (broken) throw new SyntaxError(broken.message);
}

/** @param {Map<string, Module>} modules @param {string} from @returns {string[]} what `from` needs before it can run, itself aside */
function needed(modules, from) {
  const seen = new Set([from]);
  for (const address of seen) modules.get(address)?.imports.forEach((target) => seen.add(target));
  seen.delete(from);
  return [...seen].sort();
}

/** @param {string} page @param {RegExp} form @returns {string[]} the group of each match */
const all = (page, form) => [...page.matchAll(form)].map((match) => match[1] ?? '');

/**
 * A module that is found only inside another costs a round trip, which over Tor is a second: so a page preloads all that its
 * script needs, and nothing else.
 *
 * @param {Map<string, Module>} modules @param {string} name @param {string} page
 * @returns {string[]}
 */
function wrongPreloads(modules, name, page) {
  const preloaded = all(page, /<link\b[^>]*\brel="modulepreload"[^>]*\bhref="([^"]+)"/g);
  const scripts = all(page, /<script\b[^>]*\bsrc="([^"]+)"/g);
  const wanted = new Set(scripts.flatMap((script) => needed(modules, script)));
  return [
    ...preloaded.filter((address) => !wanted.has(address)).map((address) => `${name}: preloads ${address} in vain`),
    ...[...wanted].filter((address) => !preloaded.includes(address)).map((address) => `${name}: does not preload ${address}`),
    ...preloaded.filter((address, index) => preloaded.indexOf(address) !== index).map((address) => `${name}: preloads ${address} twice`),
  ];
}

/**
 * A Worker shares no module with its page, preloaded or not, so it names all of its own.
 *
 * @param {Map<string, Module>} modules @returns {string[]}
 */
function wrongWorkers(modules) {
  return [...modules].flatMap(([worker, {imports}]) => {
    const unnamed = needed(modules, worker).filter((address) => !imports.includes(address));
    return worker.endsWith('/worker.js') ? unnamed.map((address) => `${worker}: does not name ${address}`) : [];
  });
}

/** @param {Map<string, Module>} modules @returns {string[]} what is delivered, and so has to be answered for, without any use */
function unused(modules) {
  const reached = new Set([...modules.keys()].filter((address) => /\/(?:main|worker)\.js$/.test(address)));
  for (const address of reached) {
    const {imports = [], later = []} = modules.get(address) ?? {};
    for (const target of [...imports, ...later]) reached.add(target);
  }
  return [...modules.keys()].filter((address) => !reached.has(address)).map((address) => `${address}: nobody imports it`);
}

/** @param {string} folder a `static/` @returns {string[]} what is wrong with its modules and with how its pages load them */
export function faults(folder) {
  const modules = new Map(addresses(folder).map((address) => [address, read(folder, address)]));
  return [
    ...[...modules.values()].flatMap((module) => module.faults),
    ...PAGES.flatMap((name) => wrongPreloads(modules, name, readFileSync(join(folder, name), 'utf8'))),
    ...wrongWorkers(modules),
    ...unused(modules),
  ];
}
