/**
 * What the viewer of PDF files uses of PDF.js, and nothing else: `make vendor` bundles this file into pdf.js.
 * Both halves of it are here, since they run in one Worker, and requirements/vendor_pdf.js takes from it what
 * would load code or begin by itself.
 *
 * pdf.d.ts repeats this list as types; tests/js/vendor.test.js holds the two and the bundle to the same
 * names.
 */
export {AnnotationMode, VerbosityLevel, getDocument} from 'pdfjs-dist/legacy/build/pdf.mjs';
export {WorkerMessageHandler} from 'pdfjs-dist/legacy/build/pdf.worker.mjs';
