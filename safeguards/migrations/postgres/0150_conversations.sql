-- Until when somebody has read what was written about a record in a conversation. `conversation` is the id of the entity of
-- its messages. There is no word of a message here.
CREATE TABLE conversation_reads (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    conversation bigint NOT NULL,
    about_id uuid NOT NULL,
    read_until_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, person_id, conversation, about_id)
);

-- Reports have no use for who has read what.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON conversation_reads FROM %I', environment_role('reader'));
END $$;
