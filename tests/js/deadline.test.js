/** The day until which a reporter must have heard that the report arrived. */
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {daysAfter} from '../../static/js/recipient/deadline.js';

test('days are counted on the calendar, whatever the clock of this place does', () => {
  assert.equal(daysAfter('2026-11-23', 7), '2026-11-30');
  assert.equal(daysAfter('2026-12-28', 7), '2027-01-04');
  assert.equal(daysAfter('2028-02-24', 7), '2028-03-02');
  assert.equal(daysAfter('2026-03-25', 7), '2026-04-01');
});

test('a report that claims the last of days has a deadline that can be written', () => {
  assert.equal(daysAfter('9999-12-31', 7), '9999-12-31');
  assert.equal(daysAfter('9999-12-30', 3650), '9999-12-31');
});
