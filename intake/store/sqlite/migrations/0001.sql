-- Schema 1. All that the server ever stores, column by column: what it is, why it is kept, how long.
--
-- For every table: no time finer than a day (days since 1970-01-01 UTC), no address, no counter of requests.
-- No table numbers its rows in the order in which they came: they lie in the order of random keys, or of what they
-- are named by (WITHOUT ROWID). What order is left inside the file is erased daily (shuffle_days.py).
-- STRICT and the CHECKs make a mistake of the service an error, not a strange row.

-- An organisation that this instance serves. Kept until the operator removes it.
CREATE TABLE organisation (
    id                BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),  -- hash of its first root key; public
    slug              TEXT    NOT NULL UNIQUE                                -- its name in addresses; public
                      CHECK (length(slug) BETWEEN 1 AND 40 AND slug NOT GLOB '*[^a-z0-9-]*'),
    retention_days    INTEGER NOT NULL CHECK (retention_days > 0),     -- from the directory: days a mailbox lives
    slots             INTEGER NOT NULL CHECK (slots > 0),              -- from the directory: key slots per opening
    directory_version INTEGER NOT NULL CHECK (directory_version > 0),  -- the newest version in `directory`
    -- The sum of the lengths of its chunks, those still to be erased among them, so that no upload has to count
    -- them. Without a CHECK: a wrong count must never keep a chunk from being erased.
    file_bytes        INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The signed directory, every version. Public; clients follow the chain of versions, so none is dropped.
CREATE TABLE directory (
    organisation BLOB    NOT NULL REFERENCES organisation (id),
    version      INTEGER NOT NULL CHECK (version > 0),
    bytes        BLOB    NOT NULL,                                     -- exactly as signed and as served
    PRIMARY KEY (organisation, version)
) STRICT, WITHOUT ROWID;

-- Which recipient signs in with which key. Recipients are named in the public directory; reporters have no row
-- anywhere. Kept until the operator removes it.
CREATE TABLE recipient_login (
    organisation BLOB NOT NULL REFERENCES organisation (id),
    login_key    BLOB NOT NULL CHECK (length(login_key) = 32),         -- Ed25519 public key from the access code
    recipient    TEXT NOT NULL,                                        -- its id in the directory
    PRIMARY KEY (organisation, login_key)
) STRICT, WITHOUT ROWID;

-- A recipient's newest signed announcement of coming keys. Public. The next one replaces it.
CREATE TABLE statement (
    organisation BLOB    NOT NULL REFERENCES organisation (id),
    recipient    TEXT    NOT NULL,
    counter      INTEGER NOT NULL CHECK (counter >= 0),                -- copied out of it, to refuse an older one
    bytes        BLOB    NOT NULL,                                     -- exactly as signed
    PRIMARY KEY (organisation, recipient)
) STRICT, WITHOUT ROWID;

-- The public key a reporter seals to in one calendar week. Public. Dropped with a later statement.
CREATE TABLE week_key (
    organisation BLOB    NOT NULL REFERENCES organisation (id),
    recipient    TEXT    NOT NULL,
    week         INTEGER NOT NULL CHECK (week >= 0),
    key          BLOB    NOT NULL CHECK (length(key) = 1216),          -- X-Wing
    PRIMARY KEY (organisation, recipient, week)
) STRICT, WITHOUT ROWID;

-- A recipient's keys, sealed by the recipient's client. Only the newest is kept: an older one would undo
-- forward secrecy.
CREATE TABLE keyring (
    organisation BLOB    NOT NULL REFERENCES organisation (id),
    recipient    TEXT    NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),                 -- so that two writers notice each other
    bytes        BLOB    NOT NULL,                                     -- padded and sealed
    PRIMARY KEY (organisation, recipient)
) STRICT, WITHOUT ROWID;

-- A conversation or case file with its opening envelope: which of them, and for which channel, the server cannot tell.
-- Kept until its expiry day, or until it is deleted with the receipt. One row in a table by an integer: rows of this
-- size make a WITHOUT ROWID table deep, since its inner pages hold whole rows (at 1,000,000 seven levels, 86 reads for
-- a report, now 12).
CREATE TABLE mailbox (
    key          INTEGER NOT NULL PRIMARY KEY,                               -- the first 63 bits of its id: random
    day          INTEGER NOT NULL,                                 -- of its creation; retention counts from it
    expiry_day   INTEGER NOT NULL,                                 -- the first day on which it is gone
    tombstone_day INTEGER NOT NULL,                                -- of its row in `tombstone`, once it is gone
    id           BLOB    NOT NULL CHECK (length(id) = 32),         -- random-looking, from the client
    organisation BLOB    NOT NULL REFERENCES organisation (id),
    -- The creation record as sent: recipients need it, as associated data, to open the envelope. It holds the
    -- verifiers, hashes of capability tokens that only clients have, which the service checks requests by.
    creation     BLOB    NOT NULL CHECK (length(creation) = 225),
    opening_id   BLOB    NOT NULL CHECK (length(opening_id) = 16), -- of the envelope; random, from the client
    -- Its length, before the bytes and in the index, so that summing sizes never walks through the contents. Not a
    -- generated column: an index does not cover a query for one (300,000 envelopes then take 2 s, not 0.04 s).
    size         INTEGER NOT NULL CHECK (size = length(opening)),
    opening      BLOB    NOT NULL                                  -- the ciphertext
) STRICT;

-- The days of expiry are in it for the list of all mailboxes, which so reads no row.
CREATE INDEX mailbox_by_day ON mailbox (organisation, day, id, size, expiry_day);
CREATE INDEX mailbox_by_expiry ON mailbox (expiry_day);

-- That a mailbox was deleted or has expired, while its opening could still be sent again: whoever has the bytes, as
-- every recipient has, could else undo a deletion.
CREATE TABLE tombstone (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32), -- of the mailbox's id, which it doesn't tell
    expiry_day INTEGER NOT NULL                                        -- the first day on which it is gone
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstone_by_expiry ON tombstone (expiry_day);

-- A sealed item that came after the opening. Lives and goes with its mailbox.
CREATE TABLE envelope (
    key          INTEGER NOT NULL PRIMARY KEY,                     -- 24 bits of its mailbox's, 39 drawn at random
    day          INTEGER NOT NULL,                                 -- it came; recipients sync by day
    -- The key of its mailbox. Deferred, since a mailbox is deleted and put back when its day is over (shuffle_days.py).
    mailbox      INTEGER NOT NULL REFERENCES mailbox (key) DEFERRABLE INITIALLY DEFERRED,
    organisation BLOB    NOT NULL,                                 -- of its mailbox, repeated for the index
    id           BLOB    NOT NULL CHECK (length(id) = 16),         -- random, from the client
    size         INTEGER NOT NULL CHECK (size = length(bytes)),    -- as in `mailbox`
    bytes        BLOB    NOT NULL                                  -- the ciphertext
) STRICT;

CREATE INDEX envelope_by_mailbox ON envelope (mailbox, id, size);
CREATE INDEX envelope_by_day ON envelope (organisation, day, mailbox, id, size);

-- A sealed file, kept in chunks in a flat file (slots.py), so that large files neither hold up texts nor swell this
-- one. What is here decides: what no row here names is erased from the flat file. Until it is claimed by an
-- envelope it belongs to nobody, and goes on its expiry day; from then on it lives and goes with its mailbox.
CREATE TABLE blob (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),       -- hash of its verifier, from the client
    organisation BLOB    NOT NULL REFERENCES organisation (id),
    -- Drawn at random for each blob, and never used again: the number of its chunks, whose place so tells no
    -- order, and which a blob that is deleted and begun anew under the same id does not share.
    number       INTEGER NOT NULL UNIQUE CHECK (number BETWEEN 0 AND 140737488355327),
    -- Once claimed: the key of its mailbox. Deferred, as in `envelope`.
    mailbox      INTEGER REFERENCES mailbox (key) DEFERRABLE INITIALLY DEFERRED,
    chunks       INTEGER CHECK (chunks BETWEEN 1 AND 65536),                 -- once claimed: how many it has
    expiry_day   INTEGER,                                                    -- until claimed: the day it goes
    CHECK ((mailbox IS NULL) = (chunks IS NULL)),
    CHECK ((mailbox IS NULL) = (expiry_day IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_by_mailbox ON blob (mailbox) WHERE mailbox IS NOT NULL;
CREATE INDEX blob_by_expiry ON blob (expiry_day) WHERE expiry_day IS NOT NULL;

-- Where the chunks of a blob lie. Goes once its bytes are overwritten, so a little later than the blob.
CREATE TABLE chunk (
    number INTEGER NOT NULL,                                                 -- of its blob
    chunk  INTEGER NOT NULL CHECK (chunk BETWEEN 0 AND 65535),               -- which of the blob's
    slot   INTEGER NOT NULL UNIQUE CHECK (slot >= 0),                        -- of the flat file: random
    length INTEGER NOT NULL CHECK (length > 0),                              -- in bytes
    PRIMARY KEY (number, chunk)
) STRICT, WITHOUT ROWID;

-- Numbers whose blob is gone, and whose chunks may still lie in the flat file. Erased in small steps, which a crash
-- may interrupt; a row goes with the last chunk.
CREATE TABLE erasing (
    number       INTEGER NOT NULL PRIMARY KEY,
    organisation BLOB    NOT NULL                              -- whose room the chunks take until then
) STRICT, WITHOUT ROWID;

-- The last day whose rows were put into an order that tells nothing (shuffle_days.py). One row.
CREATE TABLE settled (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO settled VALUES (1, -1);

-- What is kept of the server's clock (interface.Clock), so that a wrong one erases nothing; and the beat, which
-- changes with each write that only shows that one can be committed. One row.
CREATE TABLE clock (
    one            INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    day            INTEGER,                                            -- none before the first round
    doubted_day    INTEGER,
    steady_seconds INTEGER NOT NULL DEFAULT 0,
    beat           INTEGER NOT NULL DEFAULT 0 CHECK (beat IN (0, 1))
) STRICT, WITHOUT ROWID;

INSERT INTO clock (one) VALUES (1);
