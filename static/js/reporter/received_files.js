/**
 * What a return visit shows of the files that recipients have sent: what a reporter is to mind, and the
 * command for large ones. It is in a script that is fetched when the reporter asks for files.
 */
import {el} from '../page/elements.js';
import {t} from '../page/words.js';
import {fileList as list, fileWordsHere, forgetFiles} from '../parts/received_files.js';

/** @import {AboutFiles} from '../parts/received_files.js' */
/** @import {MessageWithFiles} from '../worker/received_files.js' */
/** @import {MessageView} from '../worker/views.js' */

export {fileWordsHere, forgetFiles};

/** Whether the worker has made them ready. @param {MessageView} message */
export const areNamed = ({attachments}) => attachments.length > 0 && 'id' in (attachments[0] ?? {});

/** @type {AboutFiles} */
const ABOUT_FILES = Object.freeze({
  warning: (id) =>
    el(
      'div',
      {class: 'notice received-warning', id},
      el(
        'ul',
        {},
        /** @type {const} */ (['look', 'traces', 'care']).map((each) => el('li', {}, t(`mind.${each}`))),
      ),
    ),
  command: () =>
    el('code', {}, 'drempel receipt export ', el('span', {class: 'unbroken'}, `--to ${t('files.folder')}`)),
});

/** @param {MessageView} message @param {number} place of the message in the conversation */
export const fileList = (message, place) =>
  list(/** @type {MessageWithFiles} */ (message), place, ABOUT_FILES);
