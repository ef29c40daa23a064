/**
 * What a reporter's page can ask of its worker. Screens know these calls and nothing of what is behind them. What only a return
 * visit needs is fetched when there is one.
 */
import {parseCode} from '../crypto/codes.js';
import {DrempelError} from '../crypto/errors.js';
import {osRandom} from '../crypto/sealing.js';
import {connect} from '../client/connection.js';
import {dayAt, follow, overviewOf} from '../client/organisation.js';
import {newReceipt, sealReport, sendReport} from '../client/report.js';
import {checkCode, oneAtATime, readPin} from '../client/serving.js';

/** @import {Random} from '../crypto/encoding.js' */
/** @import {ReporterKeys} from '../crypto/keys.js' */
/** @import {Connection, Limits} from '../client/connection.js' */
/** @import {Followed} from '../client/organisation.js' */
/** @import {SealedReport} from '../client/report.js' */
/** @import {Overview, Told, Visit} from '../client/views.js' */
/** @import {Returning} from './returning.js' */

/** @typedef {{tell: (event: Told) => void, now?: () => number, random?: Random, limits?: Limits}} Outside `now` in milliseconds since 1970 */
/** @typedef {{channel: string, kind: string | null, text: string, rereadable: boolean, without: string[]}} Asked */
/**
 * A report in the making. `asked` is what `sealed` holds; `spent`: the receipt must not be used for other content, since
 * something may be stored under it.
 * @typedef {{receipt: string, keys: ReporterKeys | null, asked: string, sealed: SealedReport | null, spent: boolean,
 *   state: 'new' | 'stored' | 'refused'}} Draft
 */
/** @typedef {{connection: Connection, followed: Followed, organisation: Uint8Array}} Opened */

/** @param {Outside} outside */
export function reporterCalls({tell, now = Date.now, random = osRandom, limits}) {
  const turns = oneAtATime();
  /** @type {Connection | null} */
  let connection = null;
  /** @type {Opened | null} */
  let opened = null;
  /** @type {Draft | null} */
  let draft = null;
  /** @type {{now: Returning | null, removed: boolean}} */
  const visiting = {now: null, removed: false};

  const stop = () => {
    turns.drop();
    connection?.stop();
  };

  /** @template A, T @param {(args: A) => Promise<T>} call @returns {(args: A) => Promise<T>} */
  const inTurn = (call) => (args) =>
    turns.run(() => {
      connection?.begin();
      return call(args);
    });

  const organisation = () => {
    if (!opened) throw new TypeError('open comes first');
    return opened;
  };

  /** @param {{base: string, pin: string}} address @returns {Promise<Overview>} */
  const open = async ({base, pin}) => {
    const wanted = readPin(pin);
    const line = connect(base, tell, limits);
    connection = line;
    const followed = await follow(line, wanted, now);
    const {directory} = await followed.current();
    // A receipt is for one organisation.
    if (opened && String(opened.organisation) !== String(directory.organisation)) draft = null;
    opened = {connection: line, followed, organisation: directory.organisation};
    return overviewOf(await followed.current());
  };

  /** Slow the first time. @returns {Draft} */
  const prepared = () => {
    draft ??= {...newReceipt(organisation().organisation, random), asked: '', sealed: null, spent: false, state: 'new'};
    return draft;
  };

  /** @param {Asked} asked */
  const seal = async (asked) => {
    const {followed} = organisation();
    const content = JSON.stringify(asked);
    // It may have arrived: only the very same bytes can be sent again.
    if (draft?.spent && draft.state === 'new' && draft.asked === content) return;
    if (draft) draft.sealed = null;
    const current = await followed.current();
    if (draft?.spent) {
      draft = null;
      prepared();
      tell({event: 'renewed'});
    }
    const {keys} = prepared();
    if (!keys) throw new TypeError('a spent receipt');
    const sealed = await sealReport(current, keys, {...asked, today: dayAt(now())}, random);
    Object.assign(prepared(), {sealed, asked: content});
  };

  const send = async () => {
    const sending = prepared();
    if (sending.state === 'stored') return;
    if (!sending.sealed) throw new TypeError('seal comes first');
    sending.spent = true;
    try {
      await sendReport(organisation().connection, sending.sealed);
    } catch (problem) {
      if (problem instanceof DrempelError && problem.code === 'conflict') sending.state = 'refused';
      throw problem;
    }
    Object.assign(sending, {state: 'stored', keys: null, asked: '', sealed: null});
  };

  /** @param {{code: string}} asked @returns {Promise<Visit>} */
  const visit = async ({code}) => {
    const secret = parseCode(code, 'receipt');
    const {connection: line, followed, organisation: id} = organisation();
    const {openReturning} = await arriving();
    const found = openReturning(line, followed, secret, id, {now, random});
    const view = await found.look();
    Object.assign(visiting, {now: found, removed: false});
    return view;
  };

  const visited = () => {
    if (!visiting.now) throw new TypeError('visit comes first');
    return visiting.now;
  };

  const remove = async () => {
    if (visiting.removed) return;
    await visited().remove();
    Object.assign(visiting, {now: null, removed: true});
  };

  return {
    open: inTurn(open),
    checkCode,
    prepare: () => void prepared(),
    receipt: () => prepared().receipt,
    seal: inTurn(seal),
    send: inTurn(send),
    stop,
    hurry: () => connection?.hurry(),
    visit: inTurn(visit),
    refresh: inTurn(() => visited().look()),
    write: inTurn((/** @type {{text: string}} */ {text}) => visited().write(text)),
    remove: inTurn(remove),
    leave: () => {
      stop();
      return turns.run(async () => void Object.assign(visiting, {now: null}));
    },
  };
}

/** All at once, since each of them is a round over Tor. */
async function arriving() {
  try {
    const [found] = await Promise.all([
      import('./returning.js'),
      import('../client/receipt.js'),
      import('../client/sending.js'),
      import('../client/views.js'),
      import('../crypto/conversation.js'),
    ]);
    return found;
  } catch {
    throw new DrempelError('server-unreachable');
  }
}
