-- Organisations are covered entities (45 CFR 160.103): clinics, practices, hospitals. Each has keys,
-- exports and an end of its own.
CREATE TABLE organisations (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    closed_at TEXT,
    CONSTRAINT organisations_name_not_empty CHECK (name <> '')
) STRICT;

-- Places inside an organisation, such as sites and wards: a grant may reach just one of them.
CREATE TABLE places (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    parent_id TEXT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    closed_at TEXT,
    UNIQUE (organisation_id, id),
    -- A place lies within its own organisation only.
    FOREIGN KEY (organisation_id, parent_id) REFERENCES places (organisation_id, id),
    CONSTRAINT places_name_not_empty CHECK (name <> ''),
    CONSTRAINT places_not_within_itself CHECK (parent_id <> id)
) STRICT;

CREATE INDEX places_organisation_id_parent_id_idx ON places (organisation_id, parent_id);
