/**
 * A viewer is a Worker that knows no secret and is about to read a stranger's file. Before that it lays down
 * all that could reach anything outside of it, except the messages to its page: whatever a browser may come
 * to offer, only what is named here stays.
 */

/**
 * @typedef {{transfer?: Transferable[], [name: string]: unknown}} Reply what goes with `transfer` is moved to
 *   the page, not copied
 */

const LANGUAGE = `AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError
  FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map
  Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String SuppressedError Symbol SyntaxError TypeError
  URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI
  encodeURIComponent escape globalThis isFinite isNaN parseFloat parseInt undefined unescape`;
/** Canvases, pictures and what PDF.js is made of. None of it takes an address. */
const DRAWING = `AbortController AbortSignal Blob DOMException DOMMatrix Event EventTarget ImageBitmap ImageData MessageEvent OffscreenCanvas
  OffscreenCanvasRenderingContext2D Path2D ReadableStream TextDecoder TextEncoder URL addEventListener atob btoa clearTimeout console
  constructor createImageBitmap dispatchEvent pdfjsWorker performance postMessage queueMicrotask removeEventListener self setTimeout
  structuredClone`;
const KEPT = new Set(`${LANGUAGE} ${DRAWING}`.split(/\s+/u));

/** @returns {Generator<object>} the global object, and what it has its names from */
function* scopes() {
  const end = EventTarget.prototype;
  for (let at = globalThis; at && at !== end; at = Object.getPrototypeOf(at)) yield at;
}

/**
 * Throws if anything that can be called stays against our will: better no preview than one with a way out.
 */
export function confine() {
  for (const scope of scopes()) {
    for (const name of Object.getOwnPropertyNames(scope)) {
      if (KEPT.has(name) || Reflect.deleteProperty(scope, name)) continue;
      if (!['string', 'number', 'boolean'].includes(typeof Reflect.get(scope, name, globalThis)))
        throw new TypeError(name);
    }
  }
}

/** Answer the page, one question at a time. @param {(asked: any) => Promise<Reply>} view */
export function answerWith(view) {
  addEventListener('message', ({data}) => {
    view(data).then(
      ({transfer = [], ...reply}) => postMessage(reply, {transfer}),
      // Whatever it is that a file has brought about: its words are the file's.
      () => postMessage({problem: 'broken'}),
    );
  });
  postMessage({ready: true});
}
