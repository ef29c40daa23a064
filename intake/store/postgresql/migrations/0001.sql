-- Schema 1. The same things as SQLite's schema 1 keeps, each for the same reason and as long: see
-- intake/store/sqlite/migrations/0001.sql. Here stands what differs, and why.
--
-- No time finer than a day, no address, no counter. The order in which rows arrive is in no column; what the server
-- itself keeps of it (ctid, xmin, numbers of TOAST values) is rewritten each night (night.py).
-- What is random or sealed has no statistics (SET STATISTICS 0): ANALYZE would copy a sample of it into the catalogue,
-- where it would outlive its row.

CREATE TABLE release (
    one     integer NOT NULL PRIMARY KEY CHECK (one = 1),
    program text    NOT NULL CHECK (program = 'drempel'),
    version integer NOT NULL,                                         -- of this schema
    filling text    CHECK (filling IN ('restoring', 'migrating'))     -- by what; none: the store is whole
);

INSERT INTO release VALUES (1, 'drempel', 1);

CREATE TABLE organisation (
    id                bytea   NOT NULL PRIMARY KEY CHECK (octet_length(id) = 32),
    slug              text    NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{1,40}$'),
    retention_days    integer NOT NULL CHECK (retention_days > 0),
    slots             integer NOT NULL CHECK (slots > 0),
    directory_version integer NOT NULL CHECK (directory_version > 0),
    file_bytes        bigint  NOT NULL DEFAULT 0
);

CREATE TABLE directory (
    organisation bytea   NOT NULL REFERENCES organisation (id),
    version      integer NOT NULL CHECK (version > 0),
    bytes        bytea   NOT NULL,
    PRIMARY KEY (organisation, version)
);

CREATE TABLE recipient_login (
    organisation bytea NOT NULL REFERENCES organisation (id),
    login_key    bytea NOT NULL CHECK (octet_length(login_key) = 32),
    recipient    text  NOT NULL,
    PRIMARY KEY (organisation, login_key)
);

CREATE TABLE statement (
    organisation bytea   NOT NULL REFERENCES organisation (id),
    recipient    text    NOT NULL,
    counter      bigint  NOT NULL CHECK (counter >= 0),
    bytes        bytea   NOT NULL,
    PRIMARY KEY (organisation, recipient)
);

CREATE TABLE week_key (
    organisation bytea   NOT NULL REFERENCES organisation (id),
    recipient    text    NOT NULL,
    week         integer NOT NULL CHECK (week >= 0),
    key          bytea   NOT NULL CHECK (octet_length(key) = 1216),
    PRIMARY KEY (organisation, recipient, week)
);

CREATE TABLE keyring (
    organisation bytea   NOT NULL REFERENCES organisation (id),
    recipient    text    NOT NULL,
    version      bigint  NOT NULL CHECK (version > 0),
    bytes        bytea   NOT NULL,
    PRIMARY KEY (organisation, recipient)
);

-- Decides whether a mailbox exists, for all days and all hosts, and until when; in which days its envelopes lie.
-- Its contents are in `envelope` alone, so that this stays small enough to be written anew in a night.
-- No foreign keys here and below: checking one costs more than the insert. The statements look the organisation up.
CREATE TABLE mailbox_id (
    id           bytea     NOT NULL PRIMARY KEY CHECK (octet_length(id) = 32),
    organisation bytea     NOT NULL,
    expiry_day   integer   NOT NULL,
    tombstone_day integer  NOT NULL,
    days         integer[] NOT NULL CHECK (cardinality(days) > 0)    -- the first is that of its creation
);

CREATE INDEX ON mailbox_id (organisation, id);
CREATE INDEX ON mailbox_id (expiry_day);

CREATE TABLE tombstone (
    hash       bytea   NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 32),
    expiry_day integer NOT NULL
);

CREATE INDEX ON tombstone (expiry_day);

-- The envelopes, in a partition for each day of arrival, which goes with the last of them. The key without its day is
-- unique too: who adds one holds the row of `mailbox_id`. Contents lie as they are (EXTERNAL): ciphertext can't be
-- compressed.
CREATE TABLE envelope (
    day          integer NOT NULL,
    organisation bytea   NOT NULL,
    mailbox      bytea   NOT NULL,
    id           bytea   NOT NULL CHECK (octet_length(id) = 16),
    creation     bytea   CHECK (octet_length(creation) = 225),       -- of an opening; none: a later envelope
    size         integer NOT NULL CHECK (size = octet_length(bytes)),
    bytes        bytea   NOT NULL,
    PRIMARY KEY (organisation, mailbox, id, day) INCLUDE (size)
) PARTITION BY LIST (day);

CREATE TABLE blob (
    id           bytea   NOT NULL PRIMARY KEY CHECK (octet_length(id) = 32),
    organisation bytea   NOT NULL,
    day          integer NOT NULL,                                   -- the partition of its chunks: its first expiry day
    mailbox      bytea,
    chunks       integer CHECK (chunks BETWEEN 1 AND 65536),
    expiry_day   integer,
    CHECK ((mailbox IS NULL) = (chunks IS NULL)),
    CHECK ((mailbox IS NULL) = (expiry_day IS NOT NULL))
);

CREATE INDEX ON blob (mailbox) WHERE mailbox IS NOT NULL;
CREATE INDEX ON blob (expiry_day) WHERE expiry_day IS NOT NULL;

-- The chunks of files. The hash is there so that a repetition is compared without reading back what is stored.
CREATE TABLE chunk (
    day    integer NOT NULL,
    blob   bytea   NOT NULL,
    chunk  integer NOT NULL CHECK (chunk BETWEEN 0 AND 65535),
    sha256 bytea   NOT NULL CHECK (octet_length(sha256) = 32),
    bytes  bytea   NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 266240),
    PRIMARY KEY (blob, chunk, day)
) PARTITION BY LIST (day);

-- The bytes of chunks that are deleted and take their room until the night rewrites their partition.
CREATE TABLE erasing (
    organisation bytea   NOT NULL,
    day          integer NOT NULL,                                   -- the partition
    bytes        bigint  NOT NULL,
    PRIMARY KEY (organisation, day)
);

-- The partitions there are. Whoever writes into one holds its row, so that the night does not rewrite it meanwhile.
CREATE TABLE partition (
    parent text    NOT NULL CHECK (parent IN ('envelope', 'chunk')),
    day    integer NOT NULL,
    dirty  boolean NOT NULL DEFAULT true,                            -- written to since it was rewritten
    PRIMARY KEY (parent, day)
);

-- Stores new reports, each of the arrays having one value of each, and gives the mailboxes of those that it has stored.
-- A function, so that all of it, its COMMIT included, is one request: each more would be waited for once a batch. Its
-- statements see what was committed before each of them, as those of a transaction do. It leaves out, for the caller to
-- ask one by one, whatever is there already, was deleted, or has no organisation or no partition.
CREATE FUNCTION store_reports(
    mailboxes bytea[], hashes bytea[], organisations bytea[], days integer[], expiry_days integer[],
    tombstone_days integer[], creations bytea[], ids bytea[], contents bytea[]
) RETURNS SETOF bytea LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    held  integer[];
    known bytea[];
    gone  bytea[];
BEGIN
    -- As `hold` does in partitions.py. It comes before `envelope` is locked, for the night locks in this order.
    SELECT array_agg(p.day) INTO held FROM (
        SELECT day FROM partition WHERE parent = 'envelope' AND day = ANY(days) ORDER BY day FOR SHARE
    ) p;
    UPDATE partition SET dirty = true WHERE parent = 'envelope' AND day = ANY(held) AND NOT dirty;
    known := ARRAY(SELECT id FROM organisation WHERE id = ANY(organisations));
    gone := ARRAY(SELECT hash FROM tombstone WHERE hash = ANY(hashes));
    RETURN QUERY
        WITH sent AS (
            SELECT * FROM unnest(
                mailboxes, hashes, organisations, days, expiry_days, tombstone_days, creations, ids, contents
            ) AS sent (mailbox, hash, organisation, day, expiry_day, tombstone_day, creation, id, bytes)
        ), new AS (
            INSERT INTO mailbox_id AS m (id, organisation, expiry_day, tombstone_day, days)
            SELECT s.mailbox, s.organisation, s.expiry_day, s.tombstone_day, ARRAY[s.day] FROM sent s
            WHERE s.organisation = ANY(known) AND s.day = ANY(held) AND s.hash <> ALL(gone)
            ORDER BY s.mailbox                              -- one order: two hosts never wait for each other
            ON CONFLICT DO NOTHING RETURNING m.id
        )
        INSERT INTO envelope AS e (day, organisation, mailbox, id, creation, size, bytes)
        SELECT s.day, s.organisation, s.mailbox, s.id, s.creation, octet_length(s.bytes), s.bytes
        FROM sent s JOIN new ON new.id = s.mailbox RETURNING e.mailbox;
    -- The insert has waited for a deletion that was under way.
    IF EXISTS (SELECT FROM tombstone WHERE hash = ANY(hashes) AND hash <> ALL(gone)) THEN
        RAISE unique_violation;
    END IF;
END
$$;

-- The day of the last night's work that was finished.
CREATE TABLE settled (
    one integer NOT NULL PRIMARY KEY CHECK (one = 1),
    day integer NOT NULL
);

INSERT INTO settled VALUES (1, -1);

-- What all hosts sign sessions with. UNLOGGED: it is in no log, no standby and no base backup, and a crash ends all
-- sessions, which pages begin again by themselves. `made` tells when a host asked, and nothing of a client.
CREATE UNLOGGED TABLE token_key (
    key  bytea       NOT NULL PRIMARY KEY CHECK (octet_length(key) = 32),
    made timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE clock (
    one            integer NOT NULL PRIMARY KEY CHECK (one = 1),
    day            integer,
    doubted_day    integer,
    steady_seconds bigint  NOT NULL DEFAULT 0,
    beat           integer NOT NULL DEFAULT 0 CHECK (beat IN (0, 1))
);

INSERT INTO clock (one) VALUES (1);

ALTER TABLE mailbox_id ALTER id SET STATISTICS 0;
ALTER TABLE tombstone ALTER hash SET STATISTICS 0;
ALTER TABLE envelope ALTER mailbox SET STATISTICS 0, ALTER id SET STATISTICS 0, ALTER creation SET STATISTICS 0,
    ALTER bytes SET STATISTICS 0, ALTER bytes SET STORAGE EXTERNAL;
ALTER TABLE blob ALTER id SET STATISTICS 0, ALTER mailbox SET STATISTICS 0;
ALTER TABLE chunk ALTER blob SET STATISTICS 0, ALTER sha256 SET STATISTICS 0, ALTER bytes SET STATISTICS 0,
    ALTER bytes SET STORAGE EXTERNAL;
ALTER TABLE keyring ALTER bytes SET STATISTICS 0;
ALTER TABLE token_key ALTER key SET STATISTICS 0;
