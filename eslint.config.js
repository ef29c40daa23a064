import {dirname, relative, resolve, sep} from 'node:path';
import {fileURLToPath} from 'node:url';
import js from '@eslint/js';

/** @import {Rule} from 'eslint' */

/** Ways to turn a string into markup or code. Text of people goes through textContent, and nothing else. */
const MARKUP = /** @type {const} */ ([
  'innerHTML',
  'outerHTML',
  'insertAdjacentHTML',
  'setHTML',
  'setHTMLUnsafe',
  'parseHTMLUnsafe',
  'createContextualFragment',
  'parseFromString',
  'srcdoc',
]);

const names = MARKUP.join('|');

const rules = /** @type {const} */ ({
  'no-restricted-syntax': [
    'error',
    ...[
      `MemberExpression[property.name=/^(${names})$/]`,
      `MemberExpression[computed=true][property.value=/^(${names})$/]`,
      `Property[key.name=/^(${names})$/]`,
      `Property[key.value=/^(${names})$/]`,
    ].map((selector) => ({selector, message: 'No markup from strings: build elements, set textContent.'})),
    {
      selector: "CallExpression[callee.object.name='document'][callee.property.name=/^write(ln)?$/]",
      message: 'No document.write.',
    },
    {
      selector:
        "CallExpression[callee.property.name='setAttribute'][arguments.0.value=/^(on|style$|srcdoc$)/i]",
      message: 'No inline handlers or styles: the policy forbids them.',
    },
  ],
  // What prettier can't break: comments.
  'max-len': [
    'error',
    {
      code: 110,
      ignoreStrings: true,
      ignoreTemplateLiterals: true,
      ignoreRegExpLiterals: true,
      ignoreUrls: true,
    },
  ],
  'no-eval': 'error',
  'no-implied-eval': 'error',
  'no-new-func': 'error',
  'no-script-url': 'error',
  'no-undef': 'off', // tsc does this, and knows the platform
  'no-unused-vars': [
    'error',
    {args: 'all', argsIgnorePattern: '^_', caughtErrors: 'all', caughtErrorsIgnorePattern: '^_'},
  ],
  'no-var': 'error',
  'prefer-const': 'error',
  eqeqeq: 'error',
  'no-throw-literal': 'error',
  'no-promise-executor-return': 'error',
  'require-atomic-updates': 'error',
});

/** What a page must not touch: node's names, and everything that outlives the tab. */
const ABSENT = ['Buffer', 'process', 'require', 'global', '__dirname', '__filename'];
const KEPT = ['localStorage', 'sessionStorage', 'indexedDB', 'cookieStore', 'caches'];

const STATIC = fileURLToPath(new URL('static/', import.meta.url));
const VENDOR = 'vendor/';
const FOR_EYES = 'js/viewer/reveal_invisible.js';
/** It knows no key and no code, and must read a code as the client does. */
const HOW_CODES_ARE_TYPED = 'js/crypto/public/code_text.js';
const FOR_SCREENS = ['js/page/', 'js/parts/', FOR_EYES, 'js/crypto/public/limits.js', HOW_CODES_ARE_TYPED];

/**
 * The wall: what each folder may import from, itself aside. All secrets and all traffic are in a Worker; what
 * draws screens gets at them by calls alone. What strangers have sent is drawn by a viewer, which has nothing
 * to give away.
 * @type {Record<string, string[]>}
 */
const MAY_IMPORT = {
  'js/crypto/public/': [VENDOR],
  'js/crypto/secret/': ['js/crypto/public/', VENDOR],
  'js/client/': ['js/crypto/'],
  'js/worker/': ['js/client/', 'js/crypto/', VENDOR],
  'js/page/': [FOR_EYES],
  'js/parts/': ['js/page/', FOR_EYES, HOW_CODES_ARE_TYPED],
  'js/reporter/': FOR_SCREENS,
  'js/recipient/': FOR_SCREENS,
  'js/viewer/': [VENDOR],
};

/**
 * @param {string} from
 * @param {string} to files below static/
 * @returns {boolean} also false for what is in no folder that is named above
 */
function mayImport(from, to) {
  const own = Object.keys(MAY_IMPORT).find((folder) => from.startsWith(folder));
  return own !== undefined && [own, ...(MAY_IMPORT[own] ?? [])].some((place) => to.startsWith(place));
}

/** @type {Rule.RuleModule} */
const wall = {
  create(context) {
    const below = (/** @type {string} */ path) => relative(STATIC, path).split(sep).join('/');
    const check = (/** @type {any} */ node) => {
      if (!node.source) return;
      const to = below(resolve(dirname(context.filename), String(node.source.value)));
      if (!mayImport(below(context.filename), to)) context.report({node, message: `Beyond the wall: ${to}`});
    };
    return {
      ImportDeclaration: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
      ImportExpression: check,
    };
  },
};

/** no-implied-eval looks only at names that it knows to be the platform's. */
const TIMERS = /** @type {const} */ ({
  globalThis: 'readonly',
  self: 'readonly',
  setInterval: 'readonly',
  setTimeout: 'readonly',
  window: 'readonly',
});

export default [
  {
    ignores: [
      'node_modules/',
      '.venv/',
      'test-output/',
      'static/pages/',
      'static/vendor/*.js',
      '!static/vendor/*.entry.js',
      'static/vendor/*.d.ts',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: {ecmaVersion: 2024, sourceType: 'module', globals: TIMERS},
    linterOptions: {reportUnusedDisableDirectives: 'error'},
    rules,
  },
  {
    files: ['static/js/**/*.js'],
    plugins: {ours: {rules: {wall}}},
    rules: {
      'ours/wall': 'error',
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        ...ABSENT.map((name) => ({name, message: 'A browser has no such thing.'})),
        ...KEPT.map((name) => ({name, message: 'Nothing may stay on the device.'})),
      ],
      'no-restricted-properties': [
        'error',
        ...KEPT.flatMap((property) =>
          ['window', 'globalThis', 'self'].map((object) => ({
            object,
            property,
            message: 'Nothing may stay on the device.',
          })),
        ),
        {object: 'document', property: 'cookie', message: 'Nothing may stay on the device.'},
      ],
    },
  },
];
