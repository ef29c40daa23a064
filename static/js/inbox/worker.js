/**
 * The inbox's worker: all secrets and all traffic of the page are here, and end with it. Every module is named, so that the
 * browser fetches them all at once instead of finding one in the other.
 */
import '../../vendor/noble.js';
import '../client/access.js';
import '../client/connection.js';
import '../client/inbox.js';
import '../client/organisation.js';
import '../client/sending.js';
import '../client/session.js';
import '../client/sync.js';
import '../client/views.js';
import '../crypto/codes.js';
import '../crypto/conversation.js';
import '../crypto/directory.js';
import '../crypto/directory_form.js';
import '../crypto/encoding.js';
import '../crypto/envelope.js';
import '../crypto/errors.js';
import '../crypto/hpke.js';
import '../crypto/keyring.js';
import '../crypto/keys.js';
import '../crypto/message.js';
import '../crypto/ratchet.js';
import '../crypto/sealing.js';
import '../crypto/signatures.js';
import '../crypto/statement.js';
import '../crypto/wire.js';
import './conversations.js';
import {serve} from '../client/serving.js';
import {inboxCalls} from './calls.js';

serve(inboxCalls({tell: (event) => globalThis.postMessage(event)}), globalThis);
