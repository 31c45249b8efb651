-- Organisation keys, wrapped by the environment's root key. Not part of data backups: a key that was
-- destroyed must stay destroyed. Organisation nil (all zeros) is the environment itself.
CREATE TABLE organisation_keys (
    organisation_id uuid NOT NULL,
    -- 'seal' keys are a ring: the newest generation seals, all open. The 'index' key makes blind indexes.
    purpose text NOT NULL CHECK (purpose IN ('seal', 'index')),
    generation bigint NOT NULL CHECK (generation > 0),
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, purpose, generation)
);

-- The app makes keys and uses them; only the owner, by a subcommand, rewraps or destroys them.
DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON organisation_keys FROM %I', environment_role('app'));
    EXECUTE format('REVOKE ALL ON organisation_keys FROM %I', environment_role('reader'));
END $$;
