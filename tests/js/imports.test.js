/** What the sources of scripts import, directly or not, never imports them in turn. */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {posix} from 'node:path';
import {test} from 'node:test';

const SOURCES = new URL('../../static/js/', import.meta.url);
/** Comments name types only, and what is fetched later is there already when it runs. */
const IMPORT = /^(?:import|export|\}) (?:[^;]*? from )?'(\.[^']+)';$/gmu;

/** @returns {Map<string, string>} the text of each source, by its path */
const sources = () =>
  new Map(
    readdirSync(SOURCES, {recursive: true, encoding: 'utf8'})
      .map((name) => name.replaceAll('\\', '/'))
      .filter((name) => name.endsWith('.js'))
      .map((name) => [name, readFileSync(new URL(name, SOURCES), 'utf8')]),
  );

/** @param {Map<string, string>} texts @returns {string[]} every circle, as the path through it */
function circles(texts) {
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} name @param {string[]} path @returns {string[]} */
  const walk = (name, path) => {
    if (path.includes(name)) return [[...path.slice(path.indexOf(name)), name].join(' > ')];
    if (done.has(name)) return [];
    const imported = [...(texts.get(name) ?? '').matchAll(IMPORT)].map(([, to = '']) =>
      posix.join(posix.dirname(name), to),
    );
    const found = imported.flatMap((each) => walk(each, [...path, name]));
    done.add(name);
    return found;
  };
  return [...texts.keys()].flatMap((name) => walk(name, []));
}

test('no module imports itself, by whatever way', () => {
  const texts = sources();
  assert.ok(texts.size > 80);
  assert.ok([...texts.values()].flatMap((text) => [...text.matchAll(IMPORT)]).length > 300);
  assert.deepEqual(circles(texts), []);
});

test('a circle is seen, whatever the form of its imports', () => {
  const texts = sources();
  const screen = 'reporter/channel_screen.js';
  for (const line of ["import './write_screen.js';", "import {\n  asked,\n} from './write_screen.js';"]) {
    const found = circles(new Map([...texts, [screen, `${line}\n${texts.get(screen)}`]]));
    assert.deepEqual(found, [`${screen} > reporter/write_screen.js > ${screen}`]);
  }
});
