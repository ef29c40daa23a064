/**
 * This module counts the files of the message that is being written, those included that wait for the script
 * that shows and sends them.
 */
import {call} from '../page/calls.js';
import {state} from './state.js';

/** @import {Item} from './state.js' */

/**
 * @param {Item[]} items
 * @returns {number} how many were chosen for this message that are not in its list yet: it must not go
 *   without them
 */
export const numberComing = (items) =>
  state.choosing.coming.reduce(
    (sum, {items: of, given}) => sum + (of === items ? given.files.length + given.folders.length : 0),
    0,
  );

/** @param {Item[]} items */
export const areComing = (items) => numberComing(items) > 0;

/** @param {Item[]} items */
export const areChosen = (items) => items.length > 0 || areComing(items);

/** Whether nothing that was chosen for this message is still to arrive. @param {Item[]} items */
export const haveArrived = (items) => items.every((item) => item.state === 'done') && !areComing(items);

/** @param {Item[]} items that are part of a message by now, or of none */
export function clearFiles(items) {
  if (items.length > 0) call('removeFiles', {ids: items.map(({id}) => id)}).catch(() => undefined);
  items.length = 0;
}
