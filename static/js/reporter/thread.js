/** A conversation as its reporter sees it: what was written, what is odd about it, how new it is. */
import {dayWords, el, t, tn, wordsFor} from '../ui/screen.js';
import {dayElement, inOwnWords} from '../ui/page.js';
import {fileNames} from '../ui/file_words.js';

/** @import {MessageView, Visit} from '../client/views.js' */

/** @param {Visit} visit */
export function conversation(visit) {
  const {channel, messages, lastDay} = visit;
  return [
    el('p', {}, channel ? [t('thread.channel'), ' ', inOwnWords('strong', channel.name)] : t('thread.unknown')),
    notices(visit),
    messages.length === 0 ? el('p', {class: 'card'}, t('thread.none')) : el('ol', {class: 'thread', id: 'thread'}, messages.map(message)),
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

/** @param {MessageView} message */
const message = ({own, author, day, text, report, attachments}) =>
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
    attachments.length > 0 && el('div', {class: 'attachments'}, el('p', {class: 'hint'}, tn('thread.files', attachments.length)), fileNames(attachments)),
  );
