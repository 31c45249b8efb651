-- Erasure (CC-10, CF-8; GDPR, Article 17): who is to be erased, by whose order, from when on, and what became of it. It is a
-- ledger: a database that comes back from a backup is erased again by it. Until all is done a row says whom it means;
-- afterwards a keyed hash alone, by which the same id is known again. Its own id is the pseudonym in the audit log.
CREATE TABLE erasures (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    kind text NOT NULL CHECK (kind IN ('account', 'record')),
    -- Of a record, its kind.
    entity text,
    -- The account or the record; and the records that the account was, as JSON.
    subject_id uuid,
    selves text,
    fingerprint bytea,
    ordered_at timestamptz NOT NULL,
    -- None where somebody deletes their own account.
    ordered_by_id uuid,
    -- What must be kept is kept until then.
    due_at timestamptz NOT NULL,
    carried_out_at timestamptz,
    -- From then on nothing tells whom it meant.
    settled_at timestamptz,
    removed bigint NOT NULL DEFAULT 0,
    rewritten bigint NOT NULL DEFAULT 0,
    CONSTRAINT erasures_settled CHECK (settled_at IS NULL OR (subject_id IS NULL AND selves IS NULL AND carried_out_at IS NOT NULL))
);
CREATE INDEX erasures_organisation_id_idx ON erasures (organisation_id, ordered_at);
CREATE INDEX erasures_waiting_idx ON erasures (due_at) WHERE settled_at IS NULL;

-- Whose account is erased is nobody any more: no address, no name, no password.
ALTER TABLE people ADD COLUMN erased_at timestamptz;

-- Whoever acts for an organisation orders for it. Carried out is an order by the owner of the database, who alone rewrites the
-- audit log.
ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY erasures_owner ON erasures
    USING (has_table_privilege('erasures', 'TRUNCATE')) WITH CHECK (has_table_privilege('erasures', 'TRUNCATE'));
CREATE POLICY erasures_read ON erasures FOR SELECT USING (organisation_id = fence.organisation());
CREATE POLICY erasures_insert ON erasures FOR INSERT WITH CHECK (organisation_id = fence.organisation());

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON erasures FROM %I', environment_role('app'));
    EXECUTE format('REVOKE ALL ON erasures FROM %I', environment_role('reader'));
END $$;
