/** A conversation as its reporter sees it: what was written, what is odd about it, how new it is. */
import {dayWords, el, t, tn, wordsFor} from '../ui/screen.js';
import {dayElement, inOwnWords} from '../ui/page.js';
import {fileNames} from '../ui/file_words.js';

/** @import {MessageView, Visit} from '../client/views.js' */
/** @import {Child} from '../ui/screen.js' */

/** @param {Visit} visit @param {(message: MessageView, place: number) => Child} received shows the files of others */
export function conversation(visit, received) {
  const {channel, messages, lastDay} = visit;
  return [
    el('p', {}, channel ? [t('thread.channel'), ' ', inOwnWords('strong', channel.name)] : t('thread.unknown')),
    notices(visit),
    messages.length === 0 ? el('p', {class: 'card'}, t('thread.none')) : el('ol', {class: 'thread', id: 'thread'}, messages.map((each, place) => message(each, each.own ? sentFiles(each) : received(each, place)))),
    lastDay && el('p', {class: 'hint', id: 'last-seen'}, t('thread.seen', {day: dayWords(lastDay)})),
  ];
}

/** Each once, however often: what to do is the same. @param {Visit} visit */
function notices({notices: found}) {
  const codes = [...new Set(found.map(({code}) => code))];
  return codes.map((code) =>
    el('div', {class: code === 'not-rereadable' ? 'card' : 'notice', 'data-notice': code}, el('p', {}, wordsFor('notice', code))),
  );
}

/** Which they are. @param {MessageView} message */
export const sentFiles = ({attachments}) =>
  attachments.length > 0 && el('div', {class: 'attachments'}, el('p', {class: 'hint'}, tn('thread.files', attachments.length)), fileNames(attachments));

/** @param {MessageView} message @param {Child} files */
const message = ({own, author, day, text, report}, files) =>
  el(
    'li',
    {class: own ? 'message own' : 'message'},
    el(
      'header',
      {},
      el('span', {}, own ? el('strong', {}, t('thread.own')) : author ? [inOwnWords('strong', author.name), ', ', inOwnWords('span', author.role)] : t('thread.reporter')),
      dayElement(day),
    ),
    report && el('p', {class: 'hint'}, t('thread.about'), ' ', inOwnWords('bdi', report.name)),
    el('p', {class: 'text', dir: 'auto'}, text),
    files,
  );
