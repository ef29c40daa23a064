/**
 * Conversations as a reporter and as a recipient sees them: ordinary ones, and all that can be odd about one.
 */
import {ADVISERS, KINDS, both} from './organisation.js';

/** @import {InboxItem, InboxList, MessageView} from '../../../../static/js/worker/views.js' */
/** @import {Person, Text, Visit} from '../../../../static/js/worker/views.js' */
/** @import {VisitWithFiles} from '../../../../static/js/worker/received_files.js' */

const DAY = 86_400_000;
const ADVISER = {id: 'confidential-adviser', name: both('Vertrouwenspersoon', 'Confidential adviser')};
const COMPLAINTS = {id: 'complaints-committee', name: both('Klachtencommissie', 'Complaints committee')};
export const CHANNELS = [ADVISER, COMPLAINTS];
const [ME] = /** @type {[Person]} */ (ADVISERS);
const [WRONGDOING, , BEHAVIOUR] =
  /** @type {[{id: string, name: Text}, unknown, {id: string, name: Text}]} */ (KINDS);

/** @param {number} days @returns {string} the day so long ago */
const ago = (days) => new Date(Date.now() - days * DAY).toISOString().slice(0, 10);

const REPORT = `De aanbesteding voor het onderhoud van de bruggen was vooraf beslist. Op dinsdag hoorde ik in de gang dat \
de uitslag al vaststond, terwijl de offertes nog niet geopend waren.

Ik heb zelf gezien dat de enveloppen open op tafel lagen.`;
const ANSWER = `Dank u dat u dit vertelt. Ik begrijp dat dat niet gemakkelijk is.

Weet u nog op welke datum dat was, en wie er verder in de kamer waren? Schrijf alleen wat veilig is.`;
const MORE = 'Het was in de tweede week van oktober. Meer durf ik nu niet te zeggen.';
/** What tries a page: words without end, another direction, markup, signs of two halves. */
const HARD = `https://intranet.voorbeeld.example/${'documenten/aanbestedingen/'.repeat(8)}?id=123456789012345678901234567890
${'Arbeidsongeschiktheidsverzekeringsmaatschappij'.repeat(4)}
<script>alert(1)</script><img src=x onerror=alert(1)>
هذا نص من اليمين إلى اليسار، مع كلمة Drempel في الوسط.
👩🏽‍💼 価格は前もって決まっていた。

    Ingesprongen,
        en nog verder.`;

const FILES = [
  {index: 0, name: 'Offertes bruggen (kopie).pdf', size: 2_411_724, type: 'application/pdf'},
  {index: 1, name: `foto\u202Egpj.exe ${'van het prikbord '.repeat(12)}.jpg`, size: 0, type: ''},
];

/**
 * @param {number} id
 * @param {Person | null} author null for the reporter
 * @param {number} days ago
 * @param {string} text
 * @returns {Omit<MessageView, 'own'>}
 */
const message = (id, author, days, text) => ({
  attachments: id === 0 ? FILES : [],
  envelope: `envelope-${id}`,
  author,
  day: ago(days),
  text,
  kind: id === 0 ? 'report' : 'message',
  report: id === 0 ? WRONGDOING : null,
});

const ORDINARY = [message(0, null, 12, REPORT), message(1, ME, 9, ANSWER), message(2, null, 1, MORE)];
const LONG = [
  message(0, null, 40, HARD),
  message(1, ME, 30, HARD),
  ...Array.from({length: 6}, (_, at) => message(at + 2, at % 2 ? ME : null, 20 - at, REPORT)),
];

/**
 * @param {Omit<MessageView, 'own'>[]} messages
 * @param {boolean} reporter whose page it is
 * @param {Partial<Visit>} [more]
 * @returns {Visit}
 */
function visit(messages, reporter, more = {}) {
  const seen = messages.map((each) => ({...each, own: (each.author === null) === reporter}));
  return {
    channel: ADVISER,
    messages: seen,
    notices: [],
    lastDay: messages.at(-1)?.day ?? null,
    canWrite: true,
    ...more,
  };
}

const NOTICES = ['gap', 'order', 'damaged', 'forged', 'newer-version', 'directory-unknown'].map((code) => ({
  code,
  envelope: null,
}));

/** How the files of somebody else's message are called, and under which names they are saved. */
const RECEIVED = [
  {...FILES[0], id: 'file 0', safe: 'Offertes bruggen (kopie).pdf', twin: false, canShow: true},
  {
    ...FILES[1],
    id: 'file 1',
    safe: `foto gpj_exe ${'van het prikbord '.repeat(5)}van.jpg`,
    twin: false,
    canShow: false,
  },
  {
    index: 2,
    name: 'Offertes bruggen (kopie).pdf',
    size: 81_920,
    type: 'application/pdf',
    id: 'file 2',
    safe: 'Offertes bruggen (kopie) (2).pdf',
    twin: true,
    canShow: true,
  },
  {
    index: 3,
    name: 'camera.mp4',
    size: 5_368_709_120,
    type: 'video/mp4',
    id: 'file 3',
    safe: 'camera.mp4',
    twin: false,
    canShow: false,
  },
];

/** @param {Visit} seen @param {Person | null} of whose files they are @returns {VisitWithFiles} */
const received = (seen, of) =>
  /** @type {VisitWithFiles} */ ({
    ...seen,
    messages: seen.messages.map((each) => ({
      ...each,
      attachments: each.author === of && each.attachments.length > 0 ? RECEIVED : each.attachments,
    })),
  });

/** @param {boolean} reporter @returns {Record<string, Visit>} */
export const visits = (reporter) => ({
  plain: visit(ORDINARY, reporter),
  answered: visit(
    [message(0, null, 12, REPORT), {...message(1, ME, 9, ANSWER), attachments: FILES}],
    reporter,
  ),
  waiting: visit(ORDINARY.slice(0, 1), reporter),
  odd: visit(LONG, reporter, {notices: NOTICES}),
  hidden: visit([], reporter, {notices: [{code: 'not-rereadable', envelope: null}], lastDay: null}),
  withheld: visit(ORDINARY.slice(1, 2), reporter, {
    channel: null,
    notices: [{code: 'gap', envelope: null}],
    canWrite: false,
  }),
});

/** @type {Record<string, VisitWithFiles>} by what the reporter asked for */
export const ready = {ready: received(/** @type {Visit} */ (visits(true)['answered']), ME)};

/** The same conversations as a recipient gets them. @returns {Record<string, VisitWithFiles>} */
export const receivedVisits = () =>
  Object.fromEntries(Object.entries(visits(false)).map(([name, seen]) => [name, received(seen, null)]));

/** @param {number} at @param {Partial<InboxItem>} [more] @returns {InboxItem} */
const item = (at, more = {}) => ({
  mailbox: `mailbox-${at}`,
  channel: at % 3 === 2 ? COMPLAINTS : ADVISER,
  report: at % 3 === 2 ? BEHAVIOUR : WRONGDOING,
  day: ago(2 * at),
  messages: 1 + (at % 4),
  fresh: at < 2,
  ...more,
});

const SOME = [item(0), item(1), item(2), item(3, {report: null}), item(8), item(20)];

/** @param {InboxItem[]} items @param {Partial<InboxList>} [more] @returns {InboxList} */
const list = (items, more = {}) => ({
  day: ago(0),
  items,
  damaged: 0,
  gone: 0,
  full: false,
  ...more,
});

/** @type {Record<string, InboxList>} */
export const LISTS = {
  plain: list(SOME),
  empty: list([]),
  noticed: list(
    SOME.map((each) => ({...each, fresh: false})),
    {damaged: 2, gone: 1, full: true},
  ),
  many: list(Array.from({length: 120}, (_, at) => item(at))),
};
