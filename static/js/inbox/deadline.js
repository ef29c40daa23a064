/** When a reporter must have heard that the report arrived: the policy counts in days from the report's. */
import {dayWords, el, t} from '../ui/screen.js';
import {desk} from './desk.js';

const DAY = 86_400_000;
const LAST = '9999-12-31';

/**
 * So many days later. A reporter may claim any day, the last one too: what lies beyond has no such name, and to ask for its
 * words is an error in Firefox, which would keep the whole list from being shown.
 * @param {string} day `YYYY-MM-DD` @param {number} days @returns {string}
 */
export const daysAfter = (day, days) =>
  new Date(Math.min(Date.parse(`${day}T00:00:00Z`) + days * DAY, Date.parse(LAST))).toISOString().slice(0, 10);

/** For a report that nobody has answered. @param {string} day of the report */
export function deadlineLine(day) {
  const {overview} = desk;
  if (!overview) return null;
  const last = daysAfter(day, overview.policy.acknowledge_days);
  const late = last < new Date(Date.now()).toISOString().slice(0, 10);
  return el('span', {class: late ? 'deadline late' : 'deadline'}, t(late ? 'deadline.late' : 'deadline.until', {day: dayWords(last)}));
}
