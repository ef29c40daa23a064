/**
 * The field in which a receipt is typed. It splits the receipt into groups during typing and names a slip at
 * once, before anything slow.
 */
import {groupsOf} from '../crypto/public/code_text.js';
import {el, fill} from '../page/elements.js';
import {t, tn} from '../page/words.js';

/** @import {CodeCheck} from '../worker/views.js' */
/** @import {Key} from '../page/words.js' */
/**
 * @typedef {{value: string, changed: (text: string) => void, check: (text: string) => Promise<CodeCheck>}}
 *   Asked
 */
/** @typedef {NonNullable<CodeCheck['problem']>} Slip */

const GROUPS = 8;
const LETTERS = 5;
/** A group as far as it is typed: consonant, vowel, consonant, vowel, consonant (PROTOCOL 3.1). */
const PATTERN = ['bdfghjklmnprstvz', 'aiou', 'bdfghjklmnprstvz', 'aiou', 'bdfghjklmnprstvz'];

/** @param {string} text */
const lettersOf = (text) => groupsOf(text).join('');

/** @param {string} letters */
const inGroups = (letters) => letters.match(/.{1,5}/gsu) ?? [];

/** @param {string} group */
const fits = (group) => [...group].every((letter, place) => PATTERN[place]?.includes(letter));

/** @param {Asked} asked */
export function codeField({value, changed, check}) {
  const list = el('ol', {class: 'groups typed', 'aria-label': t('code.letters')});
  const words = el('div', {id: 'code-words', role: 'status'});
  const field = {
    autocomplete: 'off',
    autocorrect: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    inputmode: 'text',
  };
  const input = el('input', {
    type: 'text',
    class: 'code',
    id: 'code',
    value,
    ...field,
    'aria-describedby': 'code-hint code-words',
    read: ({value: typed}) => changed(typed),
  });
  let before = lettersOf(value);

  const show = (/** @type {string} */ text, good = false) => {
    fill(words, text && el('p', {class: good ? 'right' : 'wrong'}, text));
    input.setAttribute('aria-invalid', String(text !== '' && !good));
  };
  const correct = (/** @type {string} */ code) => {
    input.value = code;
    update();
    input.focus();
  };
  const update = () => {
    changed(input.value);
    before = lettersOf(input.value);
    const groups = inGroups(before);
    fill(
      list,
      groups.map((group) => el('li', {class: fits(group) ? null : 'bad'}, group)),
    );
    list.hidden = groups.length === 0;
    const bad = groups.findIndex((group) => !fits(group));
    show(bad < 0 ? '' : t('code.group', {n: bad + 1, group: groups[bad] ?? ''}));
    if (before.length >= GROUPS * LETTERS) void look(before);
  };
  const look = async (/** @type {string} */ letters) => {
    const {problem} = await check(input.value);
    if (letters !== before) return;
    show(problem ? slipWords(problem, inGroups(letters)) : t('code.complete'), !problem);
    if (problem?.correction) words.append(...offer(problem.correction, correct));
  };

  input.addEventListener('input', (event) => {
    // A keyboard that composes words must not have its letters changed under it.
    if (!(event instanceof InputEvent && event.isComposing)) cut(input, before, event);
    update();
  });
  input.addEventListener('compositionend', () => {
    cut(input, before);
    update();
  });
  update();
  return el(
    'div',
    {class: 'field'},
    el('label', {for: 'code'}, t('return.code')),
    el('p', {class: 'hint', id: 'code-hint'}, t('return.hint')),
    input,
    list,
    words,
  );
}

/**
 * Hyphens where they belong, and the caret by the same letter as before.
 * @param {HTMLInputElement} input @param {string} before its letters until now @param {Event} [event]
 */
function cut(input, before, event) {
  let letters = lettersOf(input.value);
  let caret = lettersOf(input.value.slice(0, input.selectionStart ?? input.value.length)).length;
  // Deleting a hyphen means deleting the letter beside it: the hyphen comes back by itself.
  const deleted = event instanceof InputEvent && letters === before ? event.inputType : '';
  if (deleted.startsWith('delete')) {
    if (deleted.endsWith('Backward')) caret = Math.max(0, caret - 1);
    letters = letters.slice(0, caret) + letters.slice(caret + 1);
  }
  const text = inGroups(letters).join('-');
  if (text === input.value) return;
  input.value = text;
  const offset = caret + Math.max(0, Math.floor((caret - 1) / LETTERS));
  input.setSelectionRange(offset, offset);
}

/** @param {Slip} slip @param {string[]} groups */
function slipWords({code, group, kind}, groups) {
  if (code === 'code-wrong-kind') return t(/** @type {Key} */ (`code.kind.${kind}`));
  if (code === 'code-checksum') return t('code.checksum');
  return group > 0
    ? t('code.group', {n: group, group: groups[group - 1] ?? ''})
    : tn('code.groups', groups.length);
}

/** @param {string} code @param {(code: string) => void} correct */
const offer = (code, correct) => [
  el('p', {}, t('code.correction')),
  el('p', {class: 'code', id: 'correction'}, code),
  el('button', {type: 'button', id: 'code-correct', on: {click: () => correct(code)}}, t('code.correct')),
];
