/** What a page gives to the files that it shows: its line to the worker, and what its reader is to mind. */

/** @import {Child} from '../ui/screen.js' */
/**
 * `warning` stands before files that somebody else has sent, with an id of its own; `command` is what brings a file that is too
 * large for a browser.
 * @typedef {{ask: (call: string, args?: object) => Promise<any>, warning: (id: string) => Child, command: () => Child}} Host
 */

/** @type {{host: Host}} */
const at = {host: {ask: () => Promise.reject(new TypeError('hostFiles comes first')), warning: () => null, command: () => null}};

/** @param {Host} host */
export function hostFiles(host) {
  Object.assign(at, {host});
}

/** @param {string} call @param {object} [args] */
export const ask = (call, args) => at.host.ask(call, args);

/** @param {string} id */
export const warning = (id) => at.host.warning(id);

export const command = () => at.host.command();
