/** What a recipient has sent along, on a return visit: what it takes to show it, and what a reporter is to mind. */
import {el, speakOf, t} from '../ui/screen.js';
import {Refusal} from '../ui/page.js';

/** @import {MessageWithFiles, NamedFile} from '../client/fetching.js' */
/** @import {MessageView, Told} from '../client/views.js' */
/** @import {Link} from '../ui/page.js' */
/** @typedef {typeof import('../received/files.js') & typeof import('../received/preview.js') & typeof import('../received/host.js')} Parts */

/** @type {{parts: Parts | null}} */
const at = {parts: null};

/** Whether the worker has made them ready. @param {MessageView} message */
export const areNamed = ({attachments}) => attachments.length > 0 && 'id' in (attachments[0] ?? {});

/** The files of a message, and the way to look at one and back. @param {MessageView} message @param {number} place @param {() => void} back */
export function fileList(message, place, back) {
  const preview = (/** @type {NamedFile} */ file, /** @type {string} */ button) =>
    at.parts?.showPreview(file, () => {
      back();
      document.getElementById(button)?.focus();
    });
  return at.parts?.fileList(/** @type {MessageWithFiles} */ (message), place, preview);
}

/** Have all that it takes. @param {Link} link */
export async function begin(link) {
  const parts =
    at.parts ??
    (await fetched().catch(() => {
      throw new Refusal({code: 'page-incomplete', detail: ''});
    }));
  Object.assign(at, {parts});
  parts.hostFiles({ask: (call, args) => link.call(call, args), warning, command});
}

/** All at once, since each round over Tor costs a second. @returns {Promise<Parts>} */
async function fetched() {
  const [files, preview, host] = await Promise.all([
    import('../received/files.js'),
    import('../received/preview.js'),
    import('../received/host.js'),
    import('../received/names.js'),
    import('../received/saving.js'),
    import('../received/viewing.js'),
    import('../client/kind.js'),
    speakOf('files'),
  ]);
  return {...files, ...preview, ...host};
}

/** @param {string} id */
const warning = (id) =>
  el('div', {class: 'notice received-warning', id}, el('ul', {}, /** @type {const} */ (['look', 'traces', 'care']).map((each) => el('li', {}, t(`mind.${each}`)))));

const command = () => el('code', {}, 'drempel receipt export ', el('span', {class: 'unbroken'}, `--to ${t('files.folder')}`));

/** @param {Told} told */
export function hear(told) {
  at.parts?.hearFiles(told);
  at.parts?.hearPreview(told);
}

/** Whether something of a file would be left on the device. */
export const isSaving = () => at.parts?.isSaving() ?? false;

/** The page is left, or begins anew. @returns {Promise<unknown> | undefined} see `forgetFiles` */
export function forget() {
  at.parts?.forgetPreview();
  return at.parts?.forgetFiles();
}
