-- Where what an environment consists of lies (HC-7): written when it is made, and changed for archives alone, of which
-- the next one may lie elsewhere. What was made before this table has no line, and is shown as not recorded.
CREATE TABLE environment_residency (
    environment_id uuid NOT NULL REFERENCES environments (id),
    what text NOT NULL CHECK (what IN ('records', 'keys', 'archives')),
    kept_by text NOT NULL,
    -- As its provider names it; NULL where the operator has not told.
    region text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (environment_id, what),
    CONSTRAINT environment_residency_region_not_empty CHECK (region <> '')
);
