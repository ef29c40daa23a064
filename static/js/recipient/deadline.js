/**
 * This module says until when a reporter must be told that the report arrived: the policy counts days from
 * the report's.
 */
import {dayWords, t} from '../page/words.js';
import {el} from '../page/elements.js';
import {state} from './state.js';

const DAY = 86_400_000;
const LAST = '9999-12-31';

/**
 * So many days later. A reporter may claim any day, the last one too: what lies beyond has no such name, and
 * to ask for its words is an error in Firefox, which would keep the whole list from being shown.
 * @param {string} day `YYYY-MM-DD` @param {number} days @returns {string}
 */
export const daysAfter = (day, days) =>
  new Date(Math.min(Date.parse(`${day}T00:00:00Z`) + days * DAY, Date.parse(LAST)))
    .toISOString()
    .slice(0, 10);

/**
 * The deadline of an unanswered report, late or not by the day of the last sync.
 * @param {string} day of the report
 */
export function deadlineLine(day) {
  const {overview, list} = state;
  if (!overview || !list) return null;
  const last = daysAfter(day, overview.policy.acknowledge_days);
  const late = last < list.day;
  return el(
    'span',
    {class: late ? 'deadline late' : 'deadline'},
    t(late ? 'deadline.late' : 'deadline.until', {day: dayWords(last)}),
  );
}
