/**
 * This module builds the elements of screens. Text only ever becomes text: nothing here reads a string as
 * markup.
 */

/** @typedef {Node | string | null | undefined | false | Child[]} Child */
/**
 * `on` are listeners by event; `value`, `checked`, `disabled`, `open` ... are set as properties, all else as
 * attributes. `read` takes what stands in a field, whenever it is needed: see readFields. Null, undefined and
 * false leave an attribute out.
 * @typedef {{[name: string]: string | number | boolean | null | undefined | Read | Record<string, (event:
 *   Event) => void>}} Props
 */
/**
 * Takes what stands in a field to where it is kept, and does nothing else.
 * @typedef {(field: {value: string, checked: boolean}) => void} Read
 */

/** @type {WeakMap<Element, Read>} */
const readers = new WeakMap();

/**
 * Read every field into the state. Programs that fill in forms, and some keyboards, put it there without an
 * event: so it is read before anything is drawn again, pressed, sent or asked about, and never only when an
 * event says so.
 */
export function readFields() {
  for (const field of document.querySelectorAll('input, textarea')) {
    // A read-only field has nothing new.
    if (!(/** @type {HTMLInputElement} */ (field).readOnly))
      readers.get(field)?.(/** @type {HTMLInputElement} */ (field));
  }
}

/** Read the fields before any listener for a press or a submit runs. */
export function readBeforeActing() {
  for (const act of ['click', 'submit', 'change']) addEventListener(act, readFields, {capture: true});
}

/** CSS pixels that a hand moves between the two ends of a press. */
const STILL = 8;

/**
 * Let a press count for the button on which it began, though the page moved before it ended: a file that is
 * ready or a message that appears would otherwise take the press away, without a word.
 */
export function keepPresses() {
  /** @type {{button: HTMLButtonElement, x: number, y: number} | null} */
  let begun = null;
  addEventListener(
    'pointerdown',
    ({target, button, clientX, clientY}) => {
      const pressed = target instanceof Element && button === 0 ? target.closest('button') : null;
      begun = pressed && {button: pressed, x: clientX, y: clientY};
    },
    {capture: true},
  );
  addEventListener(
    'pointerup',
    ({target, clientX, clientY}) => {
      const press = begun;
      begun = null;
      if (press === null || press.button.contains(/** @type {Node} */ (target))) return;
      if (Math.hypot(clientX - press.x, clientY - press.y) <= STILL) press.button.click();
    },
    {capture: true},
  );
}

/** Milliseconds. */
const AFTER_KEYS = 300;
/** Kinds of input that come key by key, those of keyboards that compose words among them. */
const TYPED = /^(insert(Text|CompositionText|LineBreak|Paragraph)|deleteContent(Backward|Forward))$/u;
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

/**
 * Read a field at each input, but a text only once typing has paused: to read a long one takes longer than a
 * key does. What needs it before reads it then (readFields).
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 * @param {Read} read
 */
function readOnInput(field, read) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  // What has left the page in the meantime says nothing any more.
  const readNow = () => field.isConnected && read(/** @type {HTMLInputElement} */ (field));
  field.addEventListener('input', (event) => {
    const isTyped = TYPED.test(/** @type {InputEvent} */ (event).inputType ?? '');
    clearTimeout(timer);
    if (isTyped && field instanceof HTMLTextAreaElement) timer = setTimeout(readNow, AFTER_KEYS);
    else readNow();
  });
}

/** @param {HTMLElement} element @param {string} name @param {Props[string]} value */
function setProp(element, name, value) {
  if (value === null || value === undefined) return;
  if (typeof value === 'function') {
    readers.set(element, value);
    readOnInput(/** @type {HTMLInputElement} */ (element), value);
  } else if (typeof value === 'object') {
    for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
  } else if (PROPERTIES.includes(name)) {
    Reflect.set(element, name, value);
    if (element instanceof HTMLInputElement && name === 'checked') asDefault(element);
  } else if (value !== false) {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

/**
 * Let a choice be what the document says. Firefox writes to disk where the two differ, whatever autocomplete
 * says.
 * @param {HTMLInputElement} input
 */
const asDefault = (input) => (input.defaultChecked = input.checked);

/** Keep the browser from storing any choice a person makes. */
export function keepChoicesUnsaved() {
  addEventListener('change', () => {
    // Selecting one radio button unselects the others.
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

/**
 * @param {Element} element
 * @returns {element is HTMLTextAreaElement | HTMLInputElement} one that has a caret, as a radio button has
 *   not
 */
const isWritten = (element) =>
  (element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement) &&
  element.selectionStart !== null;

/**
 * Note the focus, the carets and the open details in an element that is about to be drawn again: it is drawn
 * from what was typed and chosen, which says nothing of these.
 * @param {Element} within @returns {() => void} puts it back
 */
export function remember(within) {
  const active = document.activeElement;
  const opened = [...within.querySelectorAll('details[open]')].map(({id}) => id);
  const fields = [...within.querySelectorAll('textarea, input')].filter(isWritten);
  const carets = fields.map(({id, selectionStart, selectionEnd, scrollTop}) => ({
    id,
    selectionStart,
    selectionEnd,
    scrollTop,
  }));
  return () => {
    for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
    for (const {id, ...caret} of carets) Object.assign(document.getElementById(id) ?? {}, caret);
    const again = active?.id ? document.getElementById(active.id) : null;
    if (again && again !== document.activeElement) again.focus({preventScroll: true});
  };
}
