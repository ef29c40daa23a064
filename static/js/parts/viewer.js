/**
 * This module starts a viewer, a Worker that draws one file, and ends it, whatever the file has made of it.
 */
import {startWorker} from '../page/calls.js';

/**
 * What a viewer answers: signs, or a picture, or how many pages there are; `problem` is why none of these.
 * `slow`: it does not answer.
 * @typedef {{ready?: true, problem?: 'kind' | 'pixels' | 'password' | 'broken' | 'slow', text?: string, cut?:
 *   boolean, bitmap?: ImageBitmap, pages?: number}} Shown
 */
/**
 * @typedef {{ready: Promise<Shown>, ask: (question: object, transfer?: Transferable[]) => Promise<Shown>,
 *   end: () => void}} Viewer
 */

/** Seconds. A file that takes longer was made to, or is not worth it. */
const ANSWERED_WITHIN = 10;
/** Seconds for its own parts to arrive, over Tor too. */
const LOADED_WITHIN = 120;

/** @param {'plain' | 'pdf'} name @returns {Viewer} which answers one question at a time */
export function openViewer(name) {
  const worker = startWorker(name);
  /** @type {(shown: Shown) => void} */
  let answer = () => undefined;
  worker.onmessage = ({data}) => answer(data);
  worker.onerror = (event) => {
    event.preventDefault();
    answer({problem: 'broken'});
  };
  /** @param {number} seconds @returns {Promise<Shown>} */
  const answered = (seconds) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve({problem: 'slow'}), 1000 * seconds);
      answer = (shown) => {
        clearTimeout(timer);
        resolve(shown);
      };
    });
  return {
    ready: answered(LOADED_WITHIN),
    ask: (question, transfer = []) => {
      worker.postMessage(question, transfer);
      return answered(ANSWERED_WITHIN);
    },
    end: () => worker.terminate(),
  };
}
