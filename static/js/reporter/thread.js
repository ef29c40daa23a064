/**
 * This module draws a conversation for its reporter: messages, notices, and the day of the newest message.
 */
import {dayWords, t, tn, wordsFor} from '../page/words.js';
import {el} from '../page/elements.js';
import {dayElement, inOwnWords} from '../page/frame.js';
import {writtenText} from '../page/written_text.js';
import {fileNames} from '../page/file_words.js';

/** @import {MessageView, Visit} from '../worker/views.js' */
/** @import {Child} from '../page/elements.js' */

/**
 * @param {Visit} visit
 * @param {(message: MessageView, place: number) => Child} received shows the files of others
 */
export function conversation(visit, received) {
  const {channel, messages, lastDay} = visit;
  return [
    el(
      'p',
      {},
      channel ? [t('thread.channel'), ' ', inOwnWords('strong', channel.name)] : t('thread.unknown'),
    ),
    notices(visit),
    messages.length === 0
      ? el('p', {class: 'card'}, t('thread.none'))
      : el(
          'ol',
          {class: 'thread', id: 'thread'},
          messages.map((each, place) => message(each, each.own ? sentFiles(each) : received(each, place))),
        ),
    lastDay && el('p', {class: 'hint', id: 'last-seen'}, t('thread.seen', {day: dayWords(lastDay)})),
  ];
}

/** Each once, however often: what to do is the same. @param {Visit} visit */
function notices({notices: found}) {
  const codes = [...new Set(found.map(({code}) => code))];
  return codes.map((code) =>
    el(
      'div',
      {class: code === 'not-rereadable' ? 'card' : 'notice', 'data-notice': code},
      el('p', {}, wordsFor('notice', code)),
    ),
  );
}

/** Which they are. @param {MessageView} message */
export const sentFiles = ({attachments}) =>
  attachments.length > 0 &&
  el(
    'div',
    {class: 'attachments'},
    el('p', {class: 'hint'}, tn('thread.files', attachments.length)),
    fileNames(attachments),
  );

/** @param {MessageView} message @param {Child} files */
const message = ({own, author, day, text, report}, files) =>
  el(
    'li',
    {class: own ? 'message own' : 'message'},
    el(
      'header',
      {},
      el(
        'span',
        {},
        own
          ? el('strong', {}, t('thread.own'))
          : author
            ? [inOwnWords('strong', author.name), ', ', inOwnWords('span', author.role)]
            : t('thread.reporter'),
      ),
      dayElement(day),
    ),
    report && el('p', {class: 'hint'}, t('thread.about'), ' ', inOwnWords('bdi', report.name)),
    writtenText(text),
    files,
  );
