-- What somebody searched a list for, sealed, since it may name a person. The list's address holds the id only; a row is
-- of use to the person who searched, for half a day.
CREATE TABLE searches (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    terms BLOB NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX searches_person_id_idx ON searches (person_id);
CREATE INDEX searches_created_at_idx ON searches (created_at);
