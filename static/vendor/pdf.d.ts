/** The types of pdf.js: the same list as pdf.entry.js, which says why. */
export {AnnotationMode, VerbosityLevel, getDocument} from 'pdfjs-dist';
// @ts-expect-error it comes without types
export {WorkerMessageHandler} from 'pdfjs-dist/legacy/build/pdf.worker.mjs';
