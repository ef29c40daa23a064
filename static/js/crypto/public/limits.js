/**
 * Sizes and counts that every part keeps to. None of them is a secret, so that a screen may know them, too.
 */

/** Bytes of UTF-8 in the text of a message (PROTOCOL 13). */
export const TEXT_LIMIT = 1_044_480;
/** Messages that one follows on (PROTOCOL 7.3). */
export const MOST_PARENTS = 8;
/** Files of one message (PROTOCOL 16.5), their bytes, and those of their names and types. */
export const MOST_CLAIMS = 64;
export const LONGEST_FILE = 2 ** 34;
export const LONGEST_NAME = 1024;
export const LONGEST_TYPE = 127;
/** Bytes of ids, and of a key that one seals to. */
export const MAILBOX_ID_LENGTH = 32;
export const ENVELOPE_ID_LENGTH = 16;
export const PUBLIC_KEY_LENGTH = 1216;
/** Of a mailbox (PROTOCOL 5.3, 13): its creation record, its envelopes, the bodies that make them. */
export const CREATION_LENGTH = 225;
export const MOST_ENVELOPES = 1024;
/** Of a day's envelopes, those that are asked for at once (PROTOCOL 12.11). */
export const MOST_WANTED = 1024;
/** Bytes that the list of mailboxes has of each beside its id (PROTOCOL 12.10). */
export const EXPIRY_LENGTH = 4;
export const OPENING_BODY_LIMIT = 1_310_720;
export const CONVERSATION_BODY_LIMIT = 1_064_960;
export const LONGEST_OPENING = OPENING_BODY_LIMIT - CREATION_LENGTH;
/** Of an inner message (PROTOCOL 7.2). */
export const LONGEST_META = 0xffff;
/** Every format begins with it. */
export const SUITE = 1;
export const SLOT_COUNTS = Object.freeze([2, 4, 8, 16, 32, 64]);
