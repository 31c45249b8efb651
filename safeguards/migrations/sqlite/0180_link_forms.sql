-- Forms that were opened by a link and its code: each opening has a ticket, of which the SHA-256 stands here, and a link takes one
-- answer. It is looked up by whoever has both, and holds nothing of anybody.
CREATE TABLE link_form_openings (
    token_hash BLOB NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    packet_id TEXT NOT NULL,
    until_at TEXT NOT NULL,
    answered_at TEXT
) STRICT;
CREATE UNIQUE INDEX link_form_openings_answered ON link_form_openings (packet_id) WHERE answered_at IS NOT NULL;
CREATE INDEX link_form_openings_packet_id ON link_form_openings (packet_id);
