/**
 * What screens are made of: elements, and words in the language at hand. Text only ever becomes text: nothing here reads a
 * string as markup.
 */

/** @import {Text as AnyText} from '../client/views.js' */
/** @typedef {AnyText} Text */
/** @typedef {typeof import('../../locales/reporter.en.json') & typeof import('../../locales/returning.en.json')} OfReporters */
/** @typedef {keyof OfReporters | keyof typeof import('../../locales/inbox.en.json') | keyof typeof import('../../locales/files.en.json')} Key */
/** @typedef {'reporter' | 'inbox'} PageName */
/** @typedef {'returning' | 'files'} PartName of a page, with words of its own */
/** @typedef {'nl' | 'en'} Language */
/** @typedef {Record<string, string | number>} Values what stands in a text's {braces} */
/** @typedef {Node | string | null | undefined | false | Child[]} Child */
/**
 * `on` are listeners by event; `value`, `checked`, `disabled`, `open` ... are set as properties, all else as attributes.
 * Null, undefined and false leave an attribute out.
 * @typedef {{[name: string]: string | number | boolean | null | undefined | Record<string, (event: Event) => void>}} Props
 */

const PROPERTIES = ['value', 'checked', 'disabled', 'open', 'readOnly', 'indeterminate'];

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Props} [props] @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  // Children first: a select has no value before its options.
  append(element, children);
  for (const [name, value] of Object.entries(props)) setProp(element, name, value);
  return element;
}

/** @param {HTMLElement} element @param {string} name @param {Props[string]} value */
function setProp(element, name, value) {
  if (value === null || value === undefined) return;
  if (typeof value === 'object') {
    for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
  } else if (PROPERTIES.includes(name)) {
    Reflect.set(element, name, value);
    if (element instanceof HTMLInputElement && name === 'checked') asDefault(element);
  } else if (value !== false) {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

/**
 * Let a choice be what the document says. Firefox writes to disk where the two differ, whatever autocomplete says.
 * @param {HTMLInputElement} input
 */
const asDefault = (input) => (input.defaultChecked = input.checked);

/** From now on, no choice that a person makes is for the browser to keep. */
export function keepChoicesUnsaved() {
  addEventListener('change', () => {
    // With one of them chosen, the others are not any more.
    document.querySelectorAll('input').forEach(asDefault);
  });
}

/** @param {Node} parent @param {Child[]} children */
function append(parent, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child);
    else if (child !== null && child !== undefined && child !== false) parent.appendChild(asNode(child));
  }
}

/** @param {Node | string} child */
const asNode = (child) => (typeof child === 'string' ? document.createTextNode(child) : child);

/** @param {Element} parent @param {...Child} children what it holds from now on */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/**
 * An element that the document is known to have.
 * @template {Element} T
 * @param {string} id @param {new () => T} type @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the document has no ${id}`);
  return found;
}

/** @param {Element} element @returns {element is HTMLTextAreaElement | HTMLInputElement} one that has a caret, as a radio button has not */
const isWritten = (element) =>
  (element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement) && element.selectionStart !== null;

/**
 * Where a person is in something that is about to be drawn anew, and what they opened there: it is drawn from what they typed
 * and chose, and knows nothing of that.
 * @param {Element} within @returns {() => void} puts it back
 */
export function remember(within) {
  const active = document.activeElement;
  const opened = [...within.querySelectorAll('details[open]')].map(({id}) => id);
  const fields = [...within.querySelectorAll('textarea, input')].filter(isWritten);
  const carets = fields.map(({id, selectionStart, selectionEnd, scrollTop}) => ({id, selectionStart, selectionEnd, scrollTop}));
  return () => {
    for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
    for (const {id, ...caret} of carets) Object.assign(document.getElementById(id) ?? {}, caret);
    const again = active?.id ? document.getElementById(active.id) : null;
    if (again && again !== document.activeElement) again.focus({preventScroll: true});
  };
}

/** @type {readonly Language[]} the first is the document's own */
export const LANGUAGES = Object.freeze(['nl', 'en']);

/** How dates and numbers are written: English as in Europe, where everybody reads it the same way. @type {Readonly<Record<Language, string>>} */
const LOCALES = Object.freeze({nl: 'nl-NL', en: 'en-GB'});

/** `parts` are those whose words are there too. @type {{language: Language, texts: Record<string, string>, parts: readonly PartName[]}} */
const current = {language: 'nl', texts: {}, parts: []};

/** @returns {Language} */
export const language = () => current.language;

/** @returns {Language} the first of this browser's languages that there is, else the document's own */
export const preferred = () =>
  navigator.languages.flatMap((tag) => LANGUAGES.find((known) => known === tag.slice(0, 2).toLowerCase()) ?? [])[0] ?? 'nl';

/** Take another language; on failure all stays as it was, and the error goes on. @param {PageName} page @param {Language} wanted */
export async function speak(page, wanted) {
  const {parts} = current;
  const texts = await Promise.all([page, ...parts].map((name) => catalogue(name, wanted)));
  // A part came meanwhile, in the language of before.
  if (parts !== current.parts) return speak(page, wanted);
  Object.assign(current, {language: wanted, texts: Object.assign({}, ...texts)});
  document.documentElement.lang = wanted;
}

/** Fetch the words of a part of the page, once; on failure all stays as it was, and the error goes on. @param {PartName} part @returns {Promise<void>} */
export async function speakOf(part) {
  const {language: wanted, parts} = current;
  if (parts.includes(part)) return;
  const texts = await catalogue(part, wanted);
  // Another language was chosen meanwhile.
  if (wanted !== current.language) return speakOf(part);
  Object.assign(current, {texts: {...current.texts, ...texts}, parts: [...parts, part]});
}

/** @param {PageName | PartName} name @param {Language} wanted @returns {Promise<Record<string, string>>} */
async function catalogue(name, wanted) {
  const response = await fetch(`/static/locales/${name}.${wanted}.json`, {credentials: 'omit', cache: 'no-store', redirect: 'error'});
  if (!response.ok) throw new TypeError('no catalogue');
  return response.json();
}

/** @param {Key} key @param {Values} [values] @returns {string} */
export const t = (key, values = {}) => put(current.texts[key] ?? key, values);

/** The form for a number: the catalogue has KEY.one and KEY.other. @param {string} key @param {number} n @param {Values} [values] */
export const tn = (key, n, values = {}) =>
  put(current.texts[`${key}.${new Intl.PluralRules(current.language).select(n)}`] ?? current.texts[`${key}.other`] ?? key, {n: number(n), ...values});

/** @param {string} text @param {Values} values */
const put = (text, values) => text.replace(/\{(\w+)\}/g, (brace, name) => String(values[name] ?? brace));

/**
 * Words for a problem of PROTOCOL 15, or of the page itself. What is wrong with a `download` is told apart where it would else be
 * said of something that a person sends.
 * @param {'error' | 'notice' | 'download'} family @param {string} code
 */
export const wordsFor = (family, code) => current.texts[`${family}.${code}`] ?? current.texts[`error.${code}`] ?? t('error.client-fault');

/** @param {number} value */
export const number = (value) => new Intl.NumberFormat(LOCALES[current.language]).format(value);

/** @param {string} day `YYYY-MM-DD`, a UTC day @returns {string} as a person writes it */
export const dayWords = (day) =>
  new Intl.DateTimeFormat(LOCALES[current.language], {dateStyle: 'long', timeZone: 'UTC'}).format(new Date(`${day}T00:00:00Z`));

/** @param {string[]} items @returns {string} "a, b and c" */
export const listWords = (items) => new Intl.ListFormat(current.language, {type: 'conjunction'}).format(items);

/** An organisation's text in the language at hand, else in one that it has. @param {Text} text @returns {{lang: string, text: string}} */
export function pick(text) {
  const lang = [current.language, ...LANGUAGES, ...Object.keys(text)].find((each) => Object.hasOwn(text, each)) ?? '';
  return {lang, text: text[lang] ?? ''};
}
