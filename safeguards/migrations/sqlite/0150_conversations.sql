-- Until when somebody has read what was written about a record in a conversation. `conversation` is the id of the entity of
-- its messages. There is no word of a message here.
CREATE TABLE conversation_reads (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    conversation INTEGER NOT NULL,
    about_id TEXT NOT NULL,
    read_until_at TEXT NOT NULL,
    PRIMARY KEY (organisation_id, person_id, conversation, about_id)
) STRICT;
