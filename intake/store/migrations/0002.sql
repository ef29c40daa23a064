-- Schema 2. Files: a blob is a sealed file, kept in chunks in a second database (chunks.py), so that large files
-- neither hold up texts nor swell this one. What is here decides: chunks that no row here names are erased.

-- A sealed file. Until it is claimed by an envelope it belongs to nobody, and goes on its expiry day; from then on
-- it lives and goes with its mailbox.
CREATE TABLE blob (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),       -- hash of its verifier, from the client
    organisation BLOB    NOT NULL REFERENCES organisation (id),
    -- Drawn at random for each blob, and never used again: the place of its chunks, which so tells no order, and
    -- which a blob that is deleted and begun anew under the same id does not share.
    number       INTEGER NOT NULL UNIQUE CHECK (number BETWEEN 0 AND 140737488355327),
    -- Once claimed. Deferred, since a mailbox is deleted and put back when its day is over (settle.py).
    mailbox      BLOB    REFERENCES mailbox (id) DEFERRABLE INITIALLY DEFERRED,
    chunks       INTEGER CHECK (chunks BETWEEN 1 AND 65536),                 -- once claimed: how many it has
    expiry_day   INTEGER,                                                    -- until claimed: the day it goes
    CHECK ((mailbox IS NULL) = (chunks IS NULL)),
    CHECK ((mailbox IS NULL) = (expiry_day IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_by_mailbox ON blob (mailbox) WHERE mailbox IS NOT NULL;
CREATE INDEX blob_by_expiry ON blob (expiry_day) WHERE expiry_day IS NOT NULL;

-- Numbers whose blob is gone, and whose chunks may still lie in the other database. Erased in small steps, which a
-- crash may interrupt; a row goes with the last chunk.
CREATE TABLE erasing (
    number INTEGER NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
