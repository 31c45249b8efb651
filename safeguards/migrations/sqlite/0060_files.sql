-- The content of uploaded files, in sealed pieces (CF-5). What a file is and who may see it stands in a field of its
-- record; a piece that no record has taken yet is removed after a day. The id follows from file and number, and the
-- sealed content is bound to it.
CREATE TABLE file_chunks (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    record_id TEXT NOT NULL,
    entity INTEGER NOT NULL,
    field INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    content BLOB NOT NULL,
    created_at TEXT NOT NULL,
    attached_at TEXT,
    UNIQUE (file_id, number)
) STRICT;
CREATE INDEX file_chunks_record_id_idx ON file_chunks (record_id);
CREATE INDEX file_chunks_unattached_idx ON file_chunks (created_at) WHERE attached_at IS NULL;
