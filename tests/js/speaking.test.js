/** The words at hand: those of the page, and of the parts of it that were fetched, always in one language. */
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';

/** @typedef {(response: {ok: boolean, json: () => Promise<object>}) => void} Answer */
/** @type {Map<string, Answer[]>} the answers that are waited for, by catalogue */
const asked = new Map();
const root = {lang: 'nl'};
Object.assign(globalThis, {
  document: {documentElement: root},
  fetch: (/** @type {string} */ path) =>
    new Promise((resolve) => {
      const name = path.replace(/^\.\.\/static\/locales\/|\.json$/gu, '');
      asked.set(name, [...(asked.get(name) ?? []), resolve]);
    }),
});

/** @type {Record<string, Record<string, string>>} */
const CATALOGUES = {
  'reporter.nl': {next: 'Verder'},
  'reporter.en': {next: 'Continue'},
  'returning.nl': {'return.open': 'Openen'},
  'returning.en': {'return.open': 'Open'},
};

/** Let what was asked next arrive, or fail. @param {string} name @param {boolean} [ok] */
async function arrive(name, ok = true) {
  const [answer, ...others] = asked.get(name) ?? [];
  assert.ok(answer, `nobody asks for ${name}`);
  if (others.length > 0) asked.set(name, others);
  else asked.delete(name);
  answer({ok, json: async () => CATALOGUES[name] ?? {}});
  await new Promise((resolve) => {
    setTimeout(resolve);
  });
}

/** @type {typeof import('../../static/js/page/words.js')} */
let screen;
let copies = 0;
const said = () => [screen.t('next'), screen.t('return.open'), root.lang];

beforeEach(async () => {
  copies += 1;
  screen = await import(`../../static/js/page/words.js?${copies}`);
  const speaking = screen.speak('reporter', 'nl');
  await arrive('reporter.nl');
  await speaking;
  assert.deepEqual(said(), ['Verder', 'return.open', 'nl']);
});

test('the words of a part come beside those of the page, once', async () => {
  const coming = screen.speakOf('returning');
  await arrive('returning.nl');
  await coming;
  assert.deepEqual(said(), ['Verder', 'Openen', 'nl']);
  await screen.speakOf('returning');
  assert.equal(asked.size, 0);
});

test('another language is one of the page and of its parts, or none of them', async () => {
  const coming = screen.speakOf('returning');
  await arrive('returning.nl');
  await coming;
  const failing = assert.rejects(screen.speak('reporter', 'en'), TypeError);
  await arrive('reporter.en');
  await arrive('returning.en', false);
  await failing;
  assert.deepEqual(said(), ['Verder', 'Openen', 'nl']);
  const speaking = screen.speak('reporter', 'en');
  await arrive('returning.en');
  assert.deepEqual(said(), ['Verder', 'Openen', 'nl']);
  await arrive('reporter.en');
  await speaking;
  assert.deepEqual(said(), ['Continue', 'Open', 'en']);
});

test('a part that does not arrive leaves the page its words, and can be asked for again', async () => {
  const failing = assert.rejects(screen.speakOf('returning'), TypeError);
  await arrive('returning.nl', false);
  await failing;
  assert.deepEqual(said(), ['Verder', 'return.open', 'nl']);
  const coming = screen.speakOf('returning');
  await arrive('returning.nl');
  await coming;
  assert.deepEqual(said(), ['Verder', 'Openen', 'nl']);
});

test('a language that is chosen while a part comes is that of the part too', async () => {
  const coming = screen.speakOf('returning');
  const speaking = screen.speak('reporter', 'en');
  await arrive('reporter.en');
  await speaking;
  await arrive('returning.nl');
  assert.deepEqual(said(), ['Continue', 'return.open', 'en']);
  await arrive('returning.en');
  await coming;
  assert.deepEqual(said(), ['Continue', 'Open', 'en']);
});

test('a part that comes while a language does is in that language too', async () => {
  const coming = screen.speakOf('returning');
  const speaking = screen.speak('reporter', 'en');
  await arrive('returning.nl');
  await coming;
  assert.deepEqual(said(), ['Verder', 'Openen', 'nl']);
  await arrive('reporter.en');
  assert.deepEqual(said(), ['Verder', 'Openen', 'nl']);
  await arrive('reporter.en');
  await arrive('returning.en');
  await speaking;
  assert.deepEqual(said(), ['Continue', 'Open', 'en']);
});
