/** This module holds the texts of a page, in the chosen language. */

/** @typedef {import('../worker/views.js').Text} Text */
/**
 * @typedef {typeof import('../../locales/reporter.en.json') & typeof
 *   import('../../locales/attaching.en.json') & typeof
 *   import('../../locales/returning.en.json')} OfReporters
 */
/**
 * @typedef {keyof OfReporters | keyof typeof import('../../locales/inbox.en.json') | keyof typeof
 *   import('../../locales/files.en.json')} Key
 */
/** @typedef {'reporter' | 'inbox'} PageName */
/** @typedef {'attaching' | 'returning' | 'files'} PartName of a page, with words of its own */
/** @typedef {'nl' | 'en'} Language */
/** @typedef {Record<string, string | number>} Values what stands in a text's {braces} */

/** @type {readonly Language[]} the first is the document's own */
export const LANGUAGES = Object.freeze(['nl', 'en']);

/**
 * How dates and numbers are written: English as in Europe, where everybody reads it the same way.
 * @type {Readonly<Record<Language, string>>}
 */
const LOCALES = Object.freeze({nl: 'nl-NL', en: 'en-GB'});

/**
 * `parts` are those whose words are there too.
 * @type {{language: Language, texts: Record<string, string>, parts: readonly PartName[]}}
 */
const current = {language: 'nl', texts: {}, parts: []};

/** @returns {Language} */
export const language = () => current.language;

/** @returns {Language} the first of this browser's languages that there is, else the document's own */
export const preferred = () =>
  navigator.languages.flatMap(
    (tag) => LANGUAGES.find((known) => known === tag.slice(0, 2).toLowerCase()) ?? [],
  )[0] ?? 'nl';

/**
 * Take another language; on failure all stays as it was, and the error goes on.
 * @param {PageName} page
 * @param {Language} wanted
 */
export async function speak(page, wanted) {
  const {parts} = current;
  const texts = await Promise.all([page, ...parts].map((name) => catalogue(name, wanted)));
  // While these were fetched, a part arrived in the former language.
  if (parts !== current.parts) return speak(page, wanted);
  Object.assign(current, {language: wanted, texts: Object.assign({}, ...texts)});
  document.documentElement.lang = wanted;
}

/**
 * Fetch the words of a part of the page, once; on failure all stays as it was, and the error goes on.
 * @param {PartName} part
 * @returns {Promise<void>}
 */
export async function speakOf(part) {
  const {language: wanted, parts} = current;
  if (parts.includes(part)) return;
  const texts = await catalogue(part, wanted);
  // Another language was chosen while this was fetched.
  if (wanted !== current.language) return speakOf(part);
  Object.assign(current, {texts: {...current.texts, ...texts}, parts: [...parts, part]});
}

/** @param {PageName | PartName} name @param {Language} wanted @returns {Promise<Record<string, string>>} */
async function catalogue(name, wanted) {
  const response = await fetch(`../static/locales/${name}.${wanted}.json`, {
    credentials: 'omit',
    cache: 'no-store',
    redirect: 'error',
  });
  if (!response.ok) throw new TypeError('no catalogue');
  return response.json();
}

/** @param {Key} key @param {Values} [values] @returns {string} */
export const t = (key, values = {}) => put(current.texts[key] ?? key, values);

/**
 * The form for a number: the catalogue has KEY.one and KEY.other.
 * @param {string} key
 * @param {number} n
 * @param {Values} [values]
 */
export const tn = (key, n, values = {}) =>
  put(
    current.texts[`${key}.${new Intl.PluralRules(current.language).select(n)}`] ??
      current.texts[`${key}.other`] ??
      key,
    {n: number(n), ...values},
  );

/** @param {string} text @param {Values} values */
const put = (text, values) => text.replace(/\{(\w+)\}/g, (brace, name) => String(values[name] ?? brace));

/**
 * Words for a problem of PROTOCOL 15, or of the page itself. Those about dates name this device's: its clock
 * is wrong more often than an organisation is late. What is wrong with a `download` is told apart where it
 * would else be said of something that a person sends.
 * @param {'error' | 'notice' | 'download'} family @param {string} code
 */
export const wordsFor = (family, code) =>
  put(current.texts[`${family}.${code}`] ?? current.texts[`error.${code}`] ?? t('error.client-fault'), {
    today: dayWords(today()),
  });

/** This device's UTC day. */
const today = () => new Date(Date.now()).toISOString().slice(0, 10);

/** @param {number} value */
export const number = (value) => new Intl.NumberFormat(LOCALES[current.language]).format(value);

/** @param {string} day `YYYY-MM-DD`, a UTC day @returns {string} as a person writes it */
export const dayWords = (day) =>
  new Intl.DateTimeFormat(LOCALES[current.language], {dateStyle: 'long', timeZone: 'UTC'}).format(
    new Date(`${day}T00:00:00Z`),
  );

/** @param {string[]} items @returns {string} "a, b and c" */
export const listWords = (items) =>
  new Intl.ListFormat(current.language, {type: 'conjunction'}).format(items);

/**
 * An organisation's text in the language at hand, else in one that it has.
 * @param {Text} text
 * @returns {{lang: string, text: string}}
 */
export function pick(text) {
  const lang =
    [current.language, ...LANGUAGES, ...Object.keys(text)].find((each) => Object.hasOwn(text, each)) ?? '';
  return {lang, text: text[lang] ?? ''};
}
