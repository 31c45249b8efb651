-- The content of uploaded files, in sealed pieces (CF-5). What a file is and who may see it stands in a field of its
-- record; a piece that no record has taken yet is removed after a day. The id follows from file and number, and the
-- sealed content is bound to it.
CREATE TABLE file_chunks (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    record_id uuid NOT NULL,
    entity bigint NOT NULL,
    field bigint NOT NULL,
    file_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 0),
    content bytea NOT NULL,
    created_at timestamptz NOT NULL,
    attached_at timestamptz,
    UNIQUE (file_id, number)
);
CREATE INDEX file_chunks_record_id_idx ON file_chunks (record_id);
CREATE INDEX file_chunks_unattached_idx ON file_chunks (created_at) WHERE attached_at IS NULL;

-- An organisation's pieces are reached by who acts for it; which of them, the record says, whose own policy comes first.
-- Upkeep acts for nobody: it removes what no record has taken, and sees nothing else.
ALTER TABLE file_chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE file_chunks FORCE ROW LEVEL SECURITY;
CREATE POLICY file_chunks_owner ON file_chunks
    USING (has_table_privilege('file_chunks', 'TRUNCATE'))
    WITH CHECK (has_table_privilege('file_chunks', 'TRUNCATE'));
CREATE POLICY file_chunks_organisation ON file_chunks
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());
CREATE POLICY file_chunks_upkeep_sees ON file_chunks FOR SELECT
    USING (fence.organisation() IS NULL AND attached_at IS NULL);
CREATE POLICY file_chunks_upkeep ON file_chunks FOR DELETE
    USING (fence.organisation() IS NULL AND attached_at IS NULL);

-- Reports have no use for pieces of files.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON file_chunks FROM %I', environment_role('reader'));
END $$;
