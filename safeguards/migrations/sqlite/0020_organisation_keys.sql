-- Organisation keys, wrapped by the environment's root key. Not part of data backups: a key that was
-- destroyed must stay destroyed. Organisation nil (all zeros) is the environment itself.
CREATE TABLE organisation_keys (
    organisation_id TEXT NOT NULL,
    -- 'seal' keys are a ring: the newest generation seals, all open. The 'index' key makes blind indexes.
    purpose TEXT NOT NULL CHECK (purpose IN ('seal', 'index')),
    generation INTEGER NOT NULL CHECK (generation > 0),
    wrapped BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (organisation_id, purpose, generation)
) STRICT;
