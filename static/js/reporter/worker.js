/**
 * The reporter's worker: all secrets and all traffic of the page are here, and end with it. Every module of a report is named,
 * so that the browser fetches them all at once instead of finding one in the other: over Tor each such round costs a second.
 */
import '../../vendor/noble.js';
import '../client/connection.js';
import '../client/organisation.js';
import '../client/report.js';
import '../crypto/codes.js';
import '../crypto/directory.js';
import '../crypto/directory_form.js';
import '../crypto/encoding.js';
import '../crypto/envelope.js';
import '../crypto/errors.js';
import '../crypto/hpke.js';
import '../crypto/keys.js';
import '../crypto/message.js';
import '../crypto/sealing.js';
import '../crypto/signatures.js';
import '../crypto/statement.js';
import '../crypto/wire.js';
import {serve} from '../client/serving.js';
import {reporterCalls} from './calls.js';

serve(reporterCalls({tell: (event) => globalThis.postMessage(event)}), globalThis);
