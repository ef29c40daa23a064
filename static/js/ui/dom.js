/** Builds what a person sees. Text only ever becomes text: nothing here reads a string as markup. */

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
