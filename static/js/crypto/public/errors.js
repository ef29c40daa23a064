/**
 * The registry of errors and notices (PROTOCOL 15), and the exception that carries them. Python has their
 * sentences, too: what a page says is in its catalogues.
 */

/** @typedef {{layer: string, status: number}} Entry */

/**
 * By the layer that fails: the codes, with the status of an answer of the API that says so; 0 if none does.
 */
const REGISTRY = {
  code: {'code-malformed': 0, 'code-checksum': 0, 'code-wrong-kind': 0},
  header: {'envelope-header': 400, 'envelope-suite': 400},
  slot: {'envelope-no-slot': 0},
  commitment: {'envelope-commitment': 0},
  body: {'envelope-body': 0},
  stub: {'envelope-stub': 0},
  record: {'envelope-record': 0},
  padding: {'envelope-padding': 0},
  message: {'envelope-message': 0},
  author: {'envelope-author': 0},
  signature: {'envelope-signature': 0},
  directory: {
    'directory-format': 400,
    'directory-newer': 400,
    'directory-unsigned': 400,
    'directory-pin': 0,
    'directory-signers': 400,
    'directory-signature': 400,
    'directory-chain': 409,
    'directory-expired': 0,
    'directory-clock': 0,
    'directory-rolled-back': 0,
  },
  statement: {
    'statement-format': 400,
    'statement-signature': 400,
    'statement-key': 400,
    'statement-expired': 0,
  },
  keyring: {'keyring-format': 400, 'keyring-suite': 400, 'keyring-locked': 0, 'keyring-damaged': 0},
  clock: {'clock-wrong': 0},
  client: {
    'channel-unknown': 0,
    'channel-closed': 0,
    'recipient-unreachable': 0,
    'kind-unknown': 0,
    'text-empty': 0,
    'text-too-long': 0,
    'text-not-utf8': 0,
    'receipt-unknown': 0,
    'attachment-changed': 0,
    'attachment-unreadable': 0,
    'attachments-too-many': 0,
    'conversation-unknown': 0,
    'conversation-gone': 0,
    'answer-damaged': 0,
    'server-unreachable': 0,
    'proxy-limit': 0,
  },
  attachment: {'attachment-damaged': 0},
  api: {
    'mailbox-unknown': 404,
    'blob-unknown': 404,
    'attachments-incomplete': 409,
    'attachment-too-large': 413,
    'storage-full': 507,
    'access-unknown': 401,
    'sign-in-again': 401,
    'organisation-unknown': 404,
    'not-found': 404,
    'unsupported-version': 404,
    'method-not-allowed': 405,
    'request-malformed': 400,
    'body-too-large': 413,
    'envelope-week': 400,
    conflict: 409,
    'mailbox-full': 409,
    'keyring-changed': 412,
    'precondition-required': 428,
    'server-busy': 503,
    'server-unavailable': 503,
    'server-fault': 500,
  },
};

/** @type {Readonly<Record<string, Entry>>} */
export const ERRORS = Object.freeze(
  Object.fromEntries(
    Object.entries(REGISTRY).flatMap(([layer, codes]) =>
      Object.entries(codes).map(([code, status]) => [code, {layer, status}]),
    ),
  ),
);

/** Something that PROTOCOL 15.2 has a word for. `detail` never holds a secret. */
export class DrempelError extends Error {
  /**
   * @param {string} code a code of the registry
   * @param {string} [detail] what the person needs to find the thing
   */
  constructor(code, detail = '') {
    const entry = ERRORS[code];
    if (!entry) throw new TypeError('not a code of the registry');
    super(`${code} ${detail}`.trim());
    this.name = 'DrempelError';
    this.code = code;
    this.detail = detail;
    this.layer = entry.layer;
  }
}

/** A code that can't be read (PROTOCOL 3.4). */
export class CodeError extends DrempelError {
  /**
   * @param {string} code a code of the registry
   * @param {{detail?: string, group?: number, kind?: string, correction?: string}} [found] group at fault
   *   (from 1; 0: their number), the kind it is of, the correction on offer
   */
  constructor(code, {detail = '', group = 0, kind = '', correction = ''} = {}) {
    super(code, detail);
    this.name = 'CodeError';
    this.group = group;
    this.kind = kind;
    this.correction = correction;
  }
}
