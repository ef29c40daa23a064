/** How saving a file and looking at one can end, with files that a real viewer draws. */

/** @import {Looked, Saved} from '../../../../static/js/worker/received_files.js' */

/** @type {Record<string, Saved>} */
export const SAVINGS = {
  plain: {end: 'saved', blob: null},
  handed: {end: 'saved', blob: new Blob(['x'])},
  damaged: {end: 'attachment-damaged', blob: null},
  full: {end: 'unsaved', blob: null},
  gone: {end: 'blob-unknown', blob: null},
};

const bytes = (/** @type {string} */ text) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

const PAGES = `%PDF-1.7
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length 48>>stream
BT /F 24 Tf 20 150 Td (De offertes lagen open) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>`;

const LETTER = `Geachte commissie,

Op dinsdag lagen de offertes open op tafel.
${'Arbeidsongeschiktheidsverzekeringsmaatschappij'.repeat(4)}

`;

/** A drawing that says it is larger than a house. */
const BOMB = '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0';

/** @type {Record<string, Looked>} */
export const LOOKS = {
  plain: {end: 'saved', kind: 'text', bytes: bytes(LETTER.repeat(2000))},
  pages: {end: 'saved', kind: 'pdf', bytes: bytes(PAGES)},
  bomb: {end: 'saved', kind: 'picture', bytes: bytes(BOMB)},
  unknown: {end: 'kind', kind: null, bytes: null},
  damaged: {end: 'attachment-damaged', kind: null, bytes: null},
};
