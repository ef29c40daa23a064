/**
 * Looks at a screen as it is laid out, and says what a person would stumble over. Each finding is a line for
 * the test's account.
 */

/** What a person can neither see nor press: kept for ears, or for password managers. */
const UNSEEN = '.for-ears, .for-managers';
/** A person's own: nobody knows in which language. */
const OWN_WORDS = '.text, textarea, bdi:not([lang])';
const TARGETS = 'button, summary, select, textarea, a[href], input';
const LEAST = 44;
const LEAST_IN_TEXT = 24;
/** A pixel of rounding is nobody's. */
const ROUNDING = 1;
const KEY = /^[a-z-]+(\.[a-z-]+)+$/u;
/** Words that only the one language has, and that hardly a sentence of it does without. */
const ONLY = Object.freeze({
  en: /\b(the|and|your|you|this|with|from|can't|not|have|that)\b/iu,
  nl: /\b(het|een|uw|niet|voor|wordt|deze|dit|zijn|naar|kunt)\b/iu,
});

/** @param {Element} element */
const seen = (element) =>
  element.checkVisibility({visibilityProperty: true}) &&
  element.getClientRects().length > 0 &&
  !element.closest(UNSEEN);

/** @param {string} css @returns {HTMLElement[]} */
const all = (css) => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(css)]).filter(seen);

/** @param {Element} element */
const named = (element) =>
  `${element.tagName.toLowerCase()}${element.id && `#${element.id}`} „${(element.textContent ?? '').trim().slice(0, 40)}”`;

/** What is wider than the page, or than the box that hides the rest. @returns {string[]} */
export function overflowing() {
  const {clientWidth, scrollWidth} = document.documentElement;
  const found =
    scrollWidth > clientWidth ? [`the page scrolls sideways: ${scrollWidth} of ${clientWidth}`] : [];
  for (const element of all('body *')) {
    const {left, right} = element.getBoundingClientRect();
    if (right > clientWidth + ROUNDING || left < -ROUNDING)
      found.push(`beyond the edge: ${named(element)} ${left} to ${right}`);
    const {overflowX, overflowY} = getComputedStyle(element);
    const narrow = element.scrollWidth > element.clientWidth + ROUNDING && element.clientWidth > 0;
    if (narrow && overflowX !== 'visible' && !element.matches('input'))
      found.push(`cut off: ${named(element)}`);
    if (overflowY === 'hidden' && element.scrollHeight > element.clientHeight + ROUNDING)
      found.push(`cut off below: ${named(element)}`);
    if (narrow && element.matches('button, summary, select'))
      found.push(`too long for its button: ${named(element)}`);
  }
  return found;
}

/** @param {HTMLElement} element @returns {DOMRect[]} what can be pressed for it */
function pressable(element) {
  const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
  return [element, ...labels].map((each) => each.getBoundingClientRect());
}

/**
 * Whether a point is the target's own, or its label's.
 * @param {HTMLElement} element
 * @param {number} x
 * @param {number} y
 */
function hits(element, x, y) {
  const hit = document.elementFromPoint(x, y);
  return (
    hit !== null &&
    (element.contains(hit) ||
      hit.contains(element) ||
      (element instanceof HTMLInputElement &&
        [...(element.labels ?? [])].some((label) => label.contains(hit))))
  );
}

/** @param {HTMLElement} element @param {number} least */
function isSmall(element, least) {
  const [box] = pressable(element);
  if (!box) return true;
  if (box.width >= least - ROUNDING && box.height >= least - ROUNDING) return false;
  element.scrollIntoView({block: 'center'});
  const {left, top, width, height} = element.getBoundingClientRect();
  const [x, y, half] = [left + width / 2, top + height / 2, least / 2 - ROUNDING];
  const around = /** @type {const} */ ([
    [0, -half],
    [0, half],
    [-half, 0],
    [half, 0],
  ]);
  const short = around.filter(([right, down]) => !hits(element, x + right, y + down));
  return short.length > 0;
}

/** What is hard to press. Links that stand in a text may be lower. @returns {string[]} */
export function small() {
  const found = all(TARGETS).filter((element) =>
    isSmall(element, element.matches('a') ? LEAST_IN_TEXT : LEAST),
  );
  scrollTo(0, 0);
  return found.map((element) => {
    const {width, height} = element.getBoundingClientRect();
    return `small: ${named(element)} ${Math.round(width)} x ${Math.round(height)}`;
  });
}

/**
 * @returns {Iterable<{words: string, lang: string}>} all that is read or spoken, with the language it is
 *   marked with
 */
function* spoken() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const {parentElement, textContent} = walker.currentNode;
    if (parentElement && seen(parentElement) && !parentElement.closest(OWN_WORDS))
      yield {words: (textContent ?? '').trim(), lang: languageOf(parentElement)};
  }
  for (const element of all('[aria-label]'))
    yield {words: element.getAttribute('aria-label') ?? '', lang: languageOf(element)};
}

/** @param {Element} element */
const languageOf = (element) => element.closest('[lang]')?.getAttribute('lang') ?? '';

/** @param {'nl' | 'en'} language @returns {string[]} */
export function misspoken(language) {
  const found =
    document.documentElement.lang === language
      ? []
      : [`the page says it is ${document.documentElement.lang}`];
  const other = language === 'nl' ? ONLY.en : ONLY.nl;
  for (const {words, lang} of spoken()) {
    if (KEY.test(words) && !words.includes('.example')) found.push(`a key: ${words}`);
    if (lang === language && other.test(words)) found.push(`not ${language}: ${words}`);
    if (/\{\w+\}|undefined|\[object|NaN/u.test(words)) found.push(`not filled in: ${words}`);
  }
  return found;
}

/** @param {string} focus where the keyboard must be; '' if it does not matter @returns {string[]} */
export function disorder(focus) {
  const headings = all('h1');
  const found = headings.length === 1 ? [] : [`${headings.length} headings of the first level`];
  const active = document.activeElement;
  if (focus && !active?.matches(focus))
    found.push(`the keyboard is at ${active ? named(active) : 'nothing'}, not at ${focus}`);
  const ids = [...document.querySelectorAll('[id]')].map(({id}) => id);
  return [...found, ...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => `twice: #${id}`)];
}
