/** What a page has of its files on their way, without a page. */
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {connect} from '../../../static/js/client/connection.js';
import {Uploads} from '../../../static/js/client/files/uploads.js';

/** @import {Limits} from '../../../static/js/client/shapes.d.ts' */
/** @import {FileView, WorkerEvent} from '../../../static/js/worker/views.js' */

/** @type {Limits} */
const LIMITS = {silence: 5, slow: 5, firstPause: 0.001};
export const ORGANISATION = randomBytes(32);

/** The files of a page, and what it was told. @param {Limits} [limits] */
export function page(limits = LIMITS) {
  /** @type {WorkerEvent[]} */
  const emitted = [];
  const beside = (emit = (/** @type {WorkerEvent} */ _event) => {}) =>
    connect('http://127.0.0.1/demo/', emit, limits);
  const random = (/** @type {number} */ length) => new Uint8Array(randomBytes(length));
  const uploads = new Uploads(
    {organisation: ORGANISATION, beside, random},
    (event) => void emitted.push(event),
    limits,
  );
  /** @returns {FileView | undefined} what was told last */
  const last = (/** @type {number} */ id) =>
    emitted.flatMap((event) => (event.event === 'file' && event.file.id === id ? event.file : [])).at(-1);
  const lines = () => emitted.flatMap((event) => (event.event === 'connection' ? event.code : []));
  return {uploads, emitted, last, lines};
}

/**
 * @param {ReturnType<typeof page>} page
 * @param {number[]} ids
 * @returns {any[]} what a message would say of them
 */
export function named({uploads}, ids) {
  const {attached, isWhole} = uploads.attached(ids);
  assert.equal(isWhole, true);
  return attached?.meta ?? [];
}

/** @param {Uint8Array} bytes @param {string} [name] */
export const fileOf = (bytes, name = 'foto.jpg') =>
  new File([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)], name, {type: 'image/jpeg'});

/** @param {number} length */
export const content = (length) => new Uint8Array(randomBytes(length));
