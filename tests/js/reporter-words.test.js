/** The reporter's page has words for every refusal that can reach it, in both languages. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';

import {ERRORS, NOTICES} from '../../static/js/crypto/errors.js';

/** @type {(language: string) => Record<string, string>} */
const catalogue = (language) =>
  JSON.parse(readFileSync(new URL(`../../static/locales/reporter.${language}.json`, import.meta.url), 'utf8'));
const [nl, en] = [catalogue('nl'), catalogue('en')];

/** Beside the registry: what the page and its worker themselves refuse with. */
const OWN = ['client-fault', 'language', 'page-incomplete', 'pin-malformed', 'stopped'];
/** Layers of a recipient alone, and of an envelope's inside, where a failure becomes a notice. */
const ELSEWHERE = ['keyring', 'slot', 'commitment', 'body', 'stub', 'padding', 'message', 'author', 'signature'];
/** What only a recipient asks for. */
const OF_RECIPIENTS = ['conversation-unknown', 'conversation-gone', 'access-unknown', 'sign-in-again', 'keyring-changed', 'precondition-required'];

test('both catalogues say the same things', () => {
  assert.deepEqual(Object.keys(en), Object.keys(nl));
});

test('every error and notice that can reach a reporter has words', () => {
  const codes = Object.entries(ERRORS).flatMap(([code, {layer}]) => (ELSEWHERE.includes(layer) ? [] : [code]));
  const wanted = [...codes.filter((code) => !OF_RECIPIENTS.includes(code)), ...OWN].map((code) => `error.${code}`);
  assert.deepEqual(Object.keys(nl).filter((key) => key.startsWith('error.')).sort(), wanted.sort());
  const notices = Object.keys(NOTICES).map((code) => `notice.${code}`);
  assert.deepEqual(Object.keys(nl).filter((key) => key.startsWith('notice.')).sort(), notices.sort());
});
