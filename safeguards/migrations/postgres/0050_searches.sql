-- What somebody searched a list for, sealed, since it may name a person. The list's address holds the id only; a row is
-- of use to the person who searched, for half a day.
CREATE TABLE searches (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    terms bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX searches_person_id_idx ON searches (person_id);
CREATE INDEX searches_created_at_idx ON searches (created_at);

-- Reports have no use for what people searched for.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON searches FROM %I', environment_role('reader'));
END $$;
