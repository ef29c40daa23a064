/**
 * What the custodian signs, and the keys of the custodian's code: the pages only read it, so nothing that is
 * delivered makes it.
 */
import {TYPES, dsseObject, publicKey} from '../../../static/js/crypto/public/signatures.js';
import {b64, writeObject} from '../../../static/js/crypto/public/encoding.js';
import {utf8} from '../../../static/js/crypto/public/bytes.js';
import {argon2id, derive} from '../../../static/js/crypto/secret/primitives.js';

/** @import {Json} from '../../../static/js/crypto/public/encoding.js' */
/** @import {Content, Signers} from '../../../static/js/crypto/shapes.d.ts' */
/** @typedef {{rootSeed: Uint8Array, rootKey: Uint8Array}} CustodianKeys */

const CUSTODIAN_SALT = utf8('drempel/1/custodian');

/** @param {Signers} signers @returns {Json} */
export const signersJson = ({threshold, keys}) => ({threshold, keys: keys.map(b64)});

/**
 * @param {string} type
 * @param {Uint8Array} payload
 * @param {Iterable<Uint8Array>} seeds
 * @returns {Uint8Array} JSON
 */
export const makeDsse = (type, payload, seeds) => writeObject(dsseObject(type, payload, seeds));

/**
 * @param {Content | Json} content
 * @param {Iterable<Uint8Array>} seeds
 * @returns {Uint8Array} the signed DSSE envelope
 */
export const makeDirectory = (content, seeds) => makeDsse(TYPES.directory, writeObject(content), seeds);

/**
 * A change of the signers (PROTOCOL 9.5), signed with the seeds of the signers before.
 * @param {Uint8Array} organisation
 * @param {number} sequence
 * @param {Signers} signers
 * @param {Iterable<Uint8Array>} seeds
 * @returns {Json}
 */
export const makeRotation = (organisation, sequence, signers, seeds) =>
  dsseObject(
    TYPES.rotation,
    writeObject({organisation: b64(organisation), sequence, signers: signersJson(signers)}),
    seeds,
  );

/** @param {Uint8Array} master @returns {CustodianKeys} */
function fromCustodian(master) {
  const rootSeed = derive(master, null, 'custodian/root');
  return {rootSeed, rootKey: publicKey(rootSeed)};
}

/** Slow on purpose. @param {Uint8Array} secret 14 bytes @returns {CustodianKeys} */
export const custodianKeys = (secret) => fromCustodian(argon2id(secret, CUSTODIAN_SALT));
