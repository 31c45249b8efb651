-- Erasure (CC-10, CF-8; GDPR, Article 17): who is to be erased, by whose order, from when on, and what became of it. It is a
-- ledger: a database that comes back from a backup is erased again by it. Until all is done a row says whom it means;
-- afterwards a keyed hash alone, by which the same id is known again. Its own id is the pseudonym in the audit log.
CREATE TABLE erasures (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL CHECK (kind IN ('account', 'record')),
    -- Of a record, its kind.
    entity TEXT,
    -- The account or the record; and the records that the account was, as JSON.
    subject_id TEXT,
    selves TEXT,
    fingerprint BLOB,
    ordered_at TEXT NOT NULL,
    -- None where somebody deletes their own account.
    ordered_by_id TEXT,
    -- What must be kept is kept until then.
    due_at TEXT NOT NULL,
    carried_out_at TEXT,
    -- From then on nothing tells whom it meant.
    settled_at TEXT,
    removed INTEGER NOT NULL DEFAULT 0,
    rewritten INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT erasures_settled CHECK (settled_at IS NULL OR (subject_id IS NULL AND selves IS NULL AND carried_out_at IS NOT NULL))
) STRICT;
CREATE INDEX erasures_organisation_id_idx ON erasures (organisation_id, ordered_at);
CREATE INDEX erasures_waiting_idx ON erasures (due_at) WHERE settled_at IS NULL;

-- Whose account is erased is nobody any more: no address, no name, no password.
ALTER TABLE people ADD COLUMN erased_at TEXT;
