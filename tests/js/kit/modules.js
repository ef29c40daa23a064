/** What the delivered scripts of a page fetch, as a parser reads them, and what is wrong with that. */
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {join, posix} from 'node:path';
import {Linter} from 'eslint';

/**
 * @typedef {object} Module
 * @property {string[]} imports addresses that the browser fetches before anything runs
 * @property {string[][]} later addresses that it fetches when they are asked for, those of a round together
 * @property {string[]} workers modules that it names, and neither imports nor fetches: what it can do with
 *   one is to start a Worker
 * @property {string[]} faults
 */

const FOREIGN = /\b(?:https?|wss?|ftp):\/\/\w|^\/\/\w|^(?:data|blob|javascript):/i;
const PAGES = ['index.html', 'inbox.html'];
const PDF = '/static/vendor/pdf.js';
const NAMESPACE = 'http://www.w3.org/2000/svg';

/** No browser gets these, as `intake/assets.py` says too: what the scripts are made of. */
const KEPT_BACK = /^\/static\/js\/|\.entry\.js$|^\/static\/vendor\/noble\.js$/;

/**
 * @param {string} folder
 * @returns {string[]} the modules below it that are delivered, as `/static/` addresses
 */
function addresses(folder) {
  const names = readdirSync(folder, {recursive: true, encoding: 'utf8'}).map(
    (name) => `/static/${name.replaceAll('\\', '/')}`,
  );
  return names.filter((name) => name.endsWith('.js') && !KEPT_BACK.test(name));
}

/** @param {string} folder @param {string} address */
const isThere = (folder, address) =>
  address.startsWith('/static/') &&
  !KEPT_BACK.test(address) &&
  existsSync(join(folder, address.slice('/static/'.length)));

/**
 * @param {string} from
 * @param {unknown} specifier
 * @returns {string} the address that a browser makes of it, '' if it makes none
 */
function resolved(from, specifier) {
  if (typeof specifier !== 'string' || !/^\.{0,2}\/(?!\/)/.test(specifier)) return '';
  return posix.resolve(posix.dirname(from), specifier);
}

/** @param {string} folder @param {string} address @returns {Module} */
function read(folder, address) {
  /** @type {Module} */
  const found = {imports: [], later: [], workers: [], faults: []};
  /** @param {string[]} list @param {unknown} specifier */
  const take = (list, specifier) => {
    const target = resolved(address, specifier);
    if (isThere(folder, target)) list.push(target);
    else found.faults.push(`${address}: imports ${String(specifier)}`);
  };
  /** @type {Map<unknown, string[]>} by the list in which they stand, or each by itself */
  const rounds = new Map();
  /** @param {any} node */
  const fetched = (node) => {
    const list = node.parent?.type === 'ArrayExpression' ? node.parent : node;
    const round = rounds.get(list) ?? [];
    take(round, node.source.value);
    rounds.set(list, round);
  };
  /** @param {string} text */
  const name = (text) => {
    // As a document names it, which may lie below a proxy's path: from the root it would not be found there.
    const file = text.startsWith('../static/') ? text.slice('..'.length) : '';
    const missing = text.startsWith('/static/') || (/\.\w+$/.test(file) && !isThere(folder, file));
    // What PDF.js names are spaces of names; a tested Worker has taken from it whatever could follow an
    // address.
    const named = text !== NAMESPACE && address !== PDF && FOREIGN.test(text);
    if (missing || named) found.faults.push(`${address}: names ${text}`);
    else if (file.endsWith('.js')) found.workers.push(file);
  };
  visit(readFileSync(join(folder, address.slice('/static/'.length)), 'utf8'), {
    ImportDeclaration: (node) => take(found.imports, node.source.value),
    ExportAllDeclaration: (node) => take(found.imports, node.source.value),
    ExportNamedDeclaration: (node) => node.source && take(found.imports, node.source.value),
    ImportExpression: fetched,
    Literal: (node) => typeof node.value === 'string' && name(node.value),
    TemplateElement: (node) => name(node.value.cooked ?? node.value.raw),
  });
  return {...found, later: [...rounds.values()]};
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

/**
 * @param {Map<string, Module>} modules
 * @param {string} from
 * @returns {string[]} what `from` needs before it can run, itself aside
 */
function needed(modules, from) {
  const seen = new Set([from]);
  for (const address of seen) modules.get(address)?.imports.forEach((target) => seen.add(target));
  seen.delete(from);
  return [...seen].sort();
}

/** @param {string} page @returns {string[]} the modules that it begins with */
const scriptsOf = (page) =>
  [...page.matchAll(/<script\b[^>]*\bsrc="\.\.([^"]+)"/g)].map((match) => match[1] ?? '');

/**
 * A module that is found only inside another costs a round trip, which over Tor is a second: so what a page
 * begins with is one script, and what is fetched later needs nothing but what is there by then.
 *
 * @param {Map<string, Module>} modules @param {string[]} pages @returns {string[]}
 */
function wrongRounds(modules, pages) {
  const begun = pages
    .flatMap((page) => scriptsOf(page))
    .flatMap((script) => [script, ...(modules.get(script)?.workers ?? [])]);
  return [...new Set(begun)].flatMap((script) => lateFinds(modules, [script], new Set([script]), true));
}

/**
 * What is named in the first script of all arrives with the second round, as PDF.js does; what only that
 * names is too late.
 *
 * @param {Map<string, Module>} modules
 * @param {string[]} round the scripts that are fetched at once
 * @param {Set<string>} there what a browser has before them
 * @param {boolean} isFirst @returns {string[]}
 */
function lateFinds(modules, round, there, isFirst) {
  const imports = round.flatMap((script) => modules.get(script)?.imports ?? []);
  const own = isFirst && imports.every((address) => address.startsWith('/static/vendor/')) ? imports : [];
  const known = new Set([...there, ...round, ...own]);
  const waits = round.flatMap((script) =>
    needed(modules, script)
      .filter((address) => !known.has(address))
      .map((address) => ({script, address})),
  );
  const all = new Set([...known, ...waits.map(({address}) => address)]);
  const next = round
    .flatMap((script) => modules.get(script)?.later ?? [])
    .filter((addresses) => !addresses.every((address) => there.has(address)))
    .flatMap((addresses) => lateFinds(modules, addresses, all, false));
  return [...waits.map(({script, address}) => `${script}: waits for ${address}`), ...next];
}

/**
 * @param {Map<string, Module>} modules
 * @param {string[]} pages
 * @returns {string[]} what is delivered, and so has to be answered for, without any use
 */
function unused(modules, pages) {
  const reached = new Set(pages.flatMap(scriptsOf));
  for (const address of reached) {
    const {imports = [], later = [], workers = []} = modules.get(address) ?? {};
    for (const target of [...imports, ...later.flat(), ...workers]) reached.add(target);
  }
  return [...modules.keys()]
    .filter((address) => !reached.has(address))
    .map((address) => `${address}: nobody imports it`);
}

/**
 * @param {string} folder a `static/`
 * @returns {string[]} what is wrong with its modules and with how its pages load them
 */
export function faults(folder) {
  const modules = new Map(addresses(folder).map((address) => [address, read(folder, address)]));
  const pages = PAGES.map((name) => readFileSync(join(folder, name), 'utf8'));
  return [
    ...[...modules.values()].flatMap((module) => module.faults),
    ...wrongRounds(modules, pages),
    ...unused(modules, pages),
  ];
}
