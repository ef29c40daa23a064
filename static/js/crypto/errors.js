/**
 * The registry of errors and notices (PROTOCOL 15), and the exception that carries them. The twin of `crypto/errors.py`.
 */

/** @typedef {{layer: string, status: number, sentence: string}} Entry */

/** @type {Readonly<Record<string, Entry>>} */
export const ERRORS = Object.freeze({
  'code-malformed': { layer: 'code', status: 0, sentence: "This is not a complete code: a code is eight groups of five letters." },
  'code-checksum': { layer: 'code', status: 0, sentence: "The code has a typing error. Compare it with your note, group by group." },
  'code-wrong-kind': { layer: 'code', status: 0, sentence: "This is another kind of code than the one asked for." },
  'envelope-header': { layer: 'header', status: 400, sentence: "This is not an envelope of Drempel, or it was cut short." },
  'envelope-suite': { layer: 'header', status: 400, sentence: "This was made by a newer version of Drempel. Update to read it." },
  'envelope-no-slot': { layer: 'slot', status: 0, sentence: "This is not addressed to this key." },
  'envelope-commitment': { layer: 'commitment', status: 0, sentence: "This message was not made by an honest client: its key does not match its commitment." },
  'envelope-body': { layer: 'body', status: 0, sentence: "This message is damaged or was moved from elsewhere." },
  'envelope-stub': { layer: 'stub', status: 0, sentence: "The receipt does not fit this report." },
  'envelope-record': { layer: 'record', status: 0, sentence: "This report does not fit the mailbox it lies in." },
  'envelope-padding': { layer: 'padding', status: 0, sentence: "This message is padded wrongly." },
  'envelope-message': { layer: 'message', status: 0, sentence: "This message is not in the form of Drempel." },
  'envelope-author': { layer: 'author', status: 0, sentence: "This message names an author who does not belong to this conversation." },
  'envelope-signature': { layer: 'signature', status: 0, sentence: "This message is not signed by the author it names." },
  'directory-format': { layer: 'directory', status: 400, sentence: "The directory is not in the form of Drempel. Nothing was sent." },
  'directory-newer': { layer: 'directory', status: 400, sentence: "The directory was made by a newer version of Drempel. Update, then try again." },
  'directory-unsigned': { layer: 'directory', status: 400, sentence: "The directory is not signed. Nothing was sent." },
  'directory-pin': { layer: 'directory', status: 0, sentence: "The directory belongs to another organisation than your link says. Nothing was sent." },
  'directory-signers': { layer: 'directory', status: 400, sentence: "The directory's signing keys do not follow from the organisation's first key. Nothing was sent." },
  'directory-signature': { layer: 'directory', status: 400, sentence: "The directory is signed by another key, or too few. Nothing was sent." },
  'directory-chain': { layer: 'directory', status: 409, sentence: "The directory does not follow from the versions before it. Nothing was sent." },
  'directory-expired': { layer: 'directory', status: 0, sentence: "The directory has expired. The organisation must sign a new one; nothing was sent." },
  'directory-clock': { layer: 'directory', status: 0, sentence: "The directory is dated in the future. Check this device's date; nothing was sent." },
  'directory-rolled-back': { layer: 'directory', status: 0, sentence: "The server shows an older directory than one seen before. Nothing was sent." },
  'statement-format': { layer: 'statement', status: 400, sentence: "The recipient's keys are not in the form of Drempel." },
  'statement-signature': { layer: 'statement', status: 400, sentence: "The recipient's keys are not signed by that recipient." },
  'statement-key': { layer: 'statement', status: 400, sentence: "The recipient's key is not the one the recipient announced." },
  'statement-expired': { layer: 'statement', status: 0, sentence: "The recipient's keys have run out. The recipient must sign in once." },
  'keyring-format': { layer: 'keyring', status: 400, sentence: "The keyring is not in the form of Drempel." },
  'keyring-suite': { layer: 'keyring', status: 400, sentence: "The keyring was written by a newer version of Drempel. Update to open it." },
  'keyring-locked': { layer: 'keyring', status: 0, sentence: "This access code does not open the keyring." },
  'keyring-damaged': { layer: 'keyring', status: 0, sentence: "The keyring is damaged. Nothing was changed." },
  'clock-wrong': { layer: 'clock', status: 0, sentence: "This device's date and the server's differ by more than two days. Set the date, then try again." },
  'channel-unknown': { layer: 'client', status: 0, sentence: "There is no such channel." },
  'channel-closed': { layer: 'client', status: 0, sentence: "This channel can't take reports now: none of its recipients has valid keys." },
  'recipient-unreachable': { layer: 'client', status: 0, sentence: "Not every recipient of this channel can be reached." },
  'kind-unknown': { layer: 'client', status: 0, sentence: "This channel does not take that kind of report." },
  'text-empty': { layer: 'client', status: 0, sentence: "There is no text." },
  'text-too-long': { layer: 'client', status: 0, sentence: "The text is too long: at most 1,044,480 bytes." },
  'text-not-utf8': { layer: 'client', status: 0, sentence: "The text is not valid UTF-8." },
  'receipt-unknown': { layer: 'client', status: 0, sentence: "No report belongs to this receipt here. Check the address and the receipt; deleted and expired reports are gone." },
  'attachment-damaged': { layer: 'attachment', status: 0, sentence: "This file is damaged: what the server gave is not what was sent." },
  'attachment-changed': { layer: 'client', status: 0, sentence: "This file changed while it was read. It must be read again." },
  'attachment-unreadable': { layer: 'client', status: 0, sentence: "This file can't be read." },
  'attachments-too-many': { layer: 'client', status: 0, sentence: "A message takes at most 64 files, and fewer with very long names. Send the rest with another message." },
  'conversation-unknown': { layer: 'client', status: 0, sentence: "There is no such conversation in this inbox." },
  'conversation-gone': { layer: 'client', status: 0, sentence: "This conversation is no longer on the server: the reporter deleted it, or it expired." },
  'answer-damaged': { layer: 'client', status: 0, sentence: "The server's answer was cut off or damaged. Try again." },
  'server-unreachable': { layer: 'client', status: 0, sentence: "The server can't be reached. Check the address and the connection, then try again." },
  'mailbox-unknown': { layer: 'api', status: 404, sentence: "There is no such mailbox, or the token is not for it." },
  'blob-unknown': { layer: 'api', status: 404, sentence: "There is no such file, or the token is not for it." },
  'attachments-incomplete': { layer: 'api', status: 409, sentence: "Not all parts of a file have arrived. Nothing of the message was stored." },
  'attachment-too-large': { layer: 'api', status: 413, sentence: "This file is larger than the server takes." },
  'storage-full': { layer: 'api', status: 507, sentence: "The server has no room for files now. What arrived is kept for a day. Try again later, or send no files." },
  'access-unknown': { layer: 'api', status: 401, sentence: "No recipient belongs to this access code here." },
  'sign-in-again': { layer: 'api', status: 401, sentence: "The session has ended. Sign in again." },
  'organisation-unknown': { layer: 'api', status: 404, sentence: "There is no such organisation at this address." },
  'not-found': { layer: 'api', status: 404, sentence: "There is nothing at this address." },
  'unsupported-version': { layer: 'api', status: 404, sentence: "The server speaks another version of Drempel. Update this client, or ask for the server to be updated." },
  'method-not-allowed': { layer: 'api', status: 405, sentence: "This address does not take that method." },
  'request-malformed': { layer: 'api', status: 400, sentence: "The request is not in the form the API describes." },
  'body-too-large': { layer: 'api', status: 413, sentence: "This is larger than the server takes." },
  'envelope-week': { layer: 'api', status: 400, sentence: "This was sealed too long ago, or for a week to come. Seal it again." },
  'conflict': { layer: 'api', status: 409, sentence: "Something else is stored under this id. Nothing was changed." },
  'mailbox-full': { layer: 'api', status: 409, sentence: "This conversation has reached its largest size. Start a new report." },
  'keyring-changed': { layer: 'api', status: 412, sentence: "The keyring was changed elsewhere. Read it again, merge, and write." },
  'precondition-required': { layer: 'api', status: 428, sentence: "A keyring is written with If-Match or If-None-Match." },
  'server-busy': { layer: 'api', status: 503, sentence: "The server is busy. Try again in a moment." },
  'server-unavailable': { layer: 'api', status: 503, sentence: "The server can't store anything now. Try again later." },
  'server-fault': { layer: 'api', status: 500, sentence: "The server made an error. Nothing was confirmed." },
});

/** @type {Readonly<Record<string, string>>} */
export const NOTICES = Object.freeze({
  'gap': "A message that others refer to is missing.",
  'order': "Messages were reordered.",
  'damaged': "An item could not be opened.",
  'forged': "An item is not from the author it names.",
  'newer-version': "An item was made by a newer version of Drempel. Update to read it.",
  'directory-unknown': "A message refers to a directory that is not part of this one's history.",
  'not-rereadable': "The report itself can't be read again with this receipt, as was chosen when it was sent.",
});

/** Something that PROTOCOL 15.2 has a word for. `message` is the sentence; `detail` never holds a secret. */
export class DrempelError extends Error {
  /**
   * @param {string} code a code of the registry
   * @param {string} [detail] what the person needs to find the thing
   */
  constructor(code, detail = '') {
    const entry = ERRORS[code];
    if (!entry) throw new TypeError('not a code of the registry');
    super(`${entry.sentence} ${detail}`.trim());
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
   * @param {{detail?: string, group?: number, kind?: string, correction?: string}} [found] group at fault (from 1; 0: their
   *   number), the kind it is of, the correction on offer
   */
  constructor(code, { detail = '', group = 0, kind = '', correction = '' } = {}) {
    super(code, detail);
    this.name = 'CodeError';
    this.group = group;
    this.kind = kind;
    this.correction = correction;
  }
}
