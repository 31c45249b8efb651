-- The name of one of the environment's roles, from the name of the database's owner: the roles are
-- <environment>_owner, <environment>_app and <environment>_reader. Migrations grant and revoke by it.
CREATE FUNCTION environment_role(part text) RETURNS name
    LANGUAGE sql STABLE
    SET search_path = pg_catalog
    AS $$
        SELECT (regexp_replace(pg_get_userbyid(datdba), '_owner$', '') || '_' || part)::name
        FROM pg_database WHERE datname = current_database()
    $$;

-- Policies ask for it, and a policy runs with the rights of whoever reads.
GRANT EXECUTE ON FUNCTION environment_role(text) TO PUBLIC;

-- What was applied is for the owner to write and for everybody to read.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON schema_migrations FROM %I, %I',
        environment_role('app'), environment_role('reader'));
    EXECUTE format('GRANT SELECT ON schema_migrations TO %I, %I',
        environment_role('app'), environment_role('reader'));
END $$;

-- Organisations are covered entities (45 CFR 160.103): clinics, practices, hospitals. Each has keys,
-- exports and an end of its own.
CREATE TABLE organisations (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT organisations_name_not_empty CHECK (name <> '')
);

-- Places inside an organisation, such as sites and wards: a grant may reach just one of them.
CREATE TABLE places (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    parent_id uuid,
    kind text NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    UNIQUE (organisation_id, id),
    -- A place lies within its own organisation only.
    FOREIGN KEY (organisation_id, parent_id) REFERENCES places (organisation_id, id),
    CONSTRAINT places_name_not_empty CHECK (name <> ''),
    CONSTRAINT places_not_within_itself CHECK (parent_id <> id)
);

CREATE INDEX places_organisation_id_parent_id_idx ON places (organisation_id, parent_id);
