/** The frame around the screens. */
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {isOverheard} from '../../static/js/page/frame.js';

test('plain http is overheard unless it stays on this machine or goes to an onion', () => {
  const overheard = [
    'http://melden.example/demo/',
    'http://10.0.0.1/',
    'http://127.0.0.1.example/',
    'http://localhost.example/',
    'http://onion/',
    'http://[::2]/',
  ];
  const fine = [
    'https://melden.example/',
    'https://10.0.0.1/',
    'http://127.0.0.1:8000/demo/',
    'http://127.8.0.1/',
    'http://localhost:8000/',
    'http://a.localhost/',
    'http://[::1]/',
    'http://abc.onion/',
  ];
  const found = [...overheard, ...fine].filter((address) => isOverheard(new URL(address)));
  assert.deepEqual(found, overheard);
});
