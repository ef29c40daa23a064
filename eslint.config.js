import js from '@eslint/js';

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
      selector: "CallExpression[callee.property.name='setAttribute'][arguments.0.value=/^(on|style$|srcdoc$)/i]",
      message: 'No inline handlers or styles: the policy forbids them.',
    },
  ],
  'no-eval': 'error',
  'no-implied-eval': 'error',
  'no-new-func': 'error',
  'no-script-url': 'error',
  'no-undef': 'off', // tsc does this, and knows the platform
  'no-unused-vars': ['error', {args: 'all', argsIgnorePattern: '^_', caughtErrors: 'all', caughtErrorsIgnorePattern: '^_'}],
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

/** no-implied-eval looks only at names that it knows to be the platform's. */
const TIMERS = /** @type {const} */ ({globalThis: 'readonly', self: 'readonly', setInterval: 'readonly', setTimeout: 'readonly', window: 'readonly'});

export default [
  {ignores: ['node_modules/', '.venv/', 'test-output/', 'static/vendor/*.js', '!static/vendor/*.entry.js', 'static/vendor/*.d.ts']},
  js.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: {ecmaVersion: 2024, sourceType: 'module', globals: TIMERS},
    linterOptions: {reportUnusedDisableDirectives: 'error'},
    rules,
  },
  {
    files: ['static/js/**/*.js'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        ...ABSENT.map((name) => ({name, message: 'A browser has no such thing.'})),
        ...KEPT.map((name) => ({name, message: 'Nothing may stay on the device.'})),
      ],
      'no-restricted-properties': [
        'error',
        ...KEPT.flatMap((property) =>
          ['window', 'globalThis', 'self'].map((object) => ({object, property, message: 'Nothing may stay on the device.'})),
        ),
        {object: 'document', property: 'cookie', message: 'Nothing may stay on the device.'},
      ],
    },
  },
];
