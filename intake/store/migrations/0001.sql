-- Schema 1. All that the server ever stores, column by column: what it is, why it is kept, how long.
--
-- For every table: no time finer than a day (days since 1970-01-01 UTC), no address, no counter of requests.
-- WITHOUT ROWID: a rowid would number the reports in the order in which they came. Rows lie in the order of
-- their random ids instead; what order is left inside the file is erased daily (settle.py).
-- STRICT and the CHECKs make a mistake of the service an error, not a strange row.

-- An organisation that this instance serves. Kept until the operator removes it.
CREATE TABLE organisation (
    id                BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),  -- hash of its first root key; public
    slug              TEXT    NOT NULL UNIQUE                                -- its name in addresses; public
                      CHECK (length(slug) BETWEEN 1 AND 40 AND slug NOT GLOB '*[^a-z0-9-]*'),
    retention_days    INTEGER NOT NULL CHECK (retention_days > 0),     -- from the directory: days a mailbox lives
    slots             INTEGER NOT NULL CHECK (slots > 0),              -- from the directory: key slots per opening
    directory_version INTEGER NOT NULL CHECK (directory_version > 0)   -- the newest version in `directory`
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

-- A conversation or case file: which of them, and for which channel, the server cannot tell. Kept until its
-- expiry day, or until it is deleted with the receipt.
CREATE TABLE mailbox (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),   -- random-looking, from the client
    organisation     BLOB    NOT NULL REFERENCES organisation (id),
    day              INTEGER NOT NULL,                                 -- of its creation; retention counts from it
    expiry_day       INTEGER NOT NULL,                                 -- the first day on which it is gone
    -- The five verifiers are hashes of capability tokens that only clients hold. Kept to check requests.
    read_verifier    BLOB    NOT NULL CHECK (length(read_verifier) = 32),
    write_verifier   BLOB    NOT NULL CHECK (length(write_verifier) = 32),
    close_verifier   BLOB    NOT NULL CHECK (length(close_verifier) = 32),
    replace_verifier BLOB    NOT NULL CHECK (length(replace_verifier) = 32),
    delete_verifier  BLOB    NOT NULL CHECK (length(delete_verifier) = 32),
    -- The creation record as sent: recipients need it, as associated data, to open the envelope.
    creation         BLOB    NOT NULL CHECK (length(creation) = 225)
) STRICT, WITHOUT ROWID;

CREATE INDEX mailbox_by_expiry ON mailbox (expiry_day, id);

-- A sealed item. Lives and goes with its mailbox.
CREATE TABLE envelope (
    mailbox      BLOB    NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    id           BLOB    NOT NULL CHECK (length(id) = 16),             -- random, from the client
    organisation BLOB    NOT NULL,                                     -- of its mailbox, repeated for the index
    day          INTEGER NOT NULL,                                     -- it came; recipients sync by day
    opening      INTEGER NOT NULL CHECK (opening IN (0, 1)),           -- began its mailbox; its form shows it too
    -- Its length, before `bytes` and in the index, so that summing sizes never walks through the contents. Not a
    -- generated column: an index does not cover a query for one (300,000 envelopes then take 2 s, not 0.04 s).
    size         INTEGER NOT NULL CHECK (size = length(bytes)),
    bytes        BLOB    NOT NULL,                                     -- the ciphertext
    PRIMARY KEY (mailbox, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX envelope_by_day ON envelope (organisation, day, mailbox, id, size);

-- The last day whose rows were put into an order that tells nothing (settle.py). One row.
CREATE TABLE settled (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO settled VALUES (1, -1);
