/** The files of a conversation, as an inbox shows them: what it gives to them, and what a recipient is to mind. */
import {el, speakOf, t} from '../ui/screen.js';
import {Refusal} from '../ui/page.js';
import {forgetFiles} from '../received/files.js';
import {hostFiles} from '../received/host.js';
import {forgetPreview} from '../received/preview.js';
import {ask, desk, whenCleared} from './desk.js';

hostFiles({ask, warning, command});
whenCleared(forgetFiles);
whenCleared(forgetPreview);

/** The words of files come with the first conversation. */
export async function haveWords() {
  await speakOf('files').catch(() => {
    throw new Refusal({code: 'page-incomplete', detail: ''});
  });
}

/** @param {string} id */
function warning(id) {
  return el(
    'div',
    {class: 'notice received-warning'},
    el('p', {}, t('files.warning')),
    el('details', {id}, el('summary', {}, t('files.safer')), el('ul', {}, el('li', {}, t('files.dangerzone')), el('li', {}, t('files.offline'), ' ', command()))),
  );
}

function command() {
  return el('code', {}, `drempel inbox export ${desk.item?.mailbox} `, el('span', {class: 'unbroken'}, `--to ${t('files.folder')}`));
}
