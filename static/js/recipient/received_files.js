/** What an inbox says of the files of others: what a recipient is to mind, and the command for large ones. */
import {el} from '../page/elements.js';
import {t} from '../page/words.js';
import {state} from './state.js';

/** @import {AboutFiles} from '../parts/received_files.js' */

const command = () =>
  el(
    'code',
    {},
    `drempel inbox export ${state.item?.mailbox} `,
    el('span', {class: 'unbroken'}, `--to ${t('files.folder')}`),
  );

/** @type {AboutFiles} */
export const ABOUT_FILES = Object.freeze({
  command,
  warning: (id) =>
    el(
      'div',
      {class: 'notice received-warning'},
      el('p', {}, t('files.warning')),
      el(
        'details',
        {id},
        el('summary', {}, t('files.safer')),
        el('ul', {}, el('li', {}, t('files.dangerzone')), el('li', {}, t('files.offline'), ' ', command())),
      ),
    ),
});
