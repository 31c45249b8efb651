-- What leaves the app (CL-7): messages that wait for their mail server or are told, and packets that are sent by a link.

-- One row for each way by which somebody is told of one occasion. Neither the address nor a word of the message stands here:
-- both are found when it is sent, and whether it may still be sent is asked then.
CREATE TABLE outbox_messages (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    -- The message, by its name in the spec; `:link` and `:code` are those of a packet.
    message text NOT NULL,
    way text NOT NULL CHECK (way IN ('email', 'sms')),
    -- The record that it is about, by its table, and the record of whoever receives it.
    entity text NOT NULL,
    record_id uuid NOT NULL,
    recipient_id uuid,
    -- What tells two occasions apart: a moment, an episode of a rule, a packet, a code.
    occasion text NOT NULL,
    -- The moment that it tells.
    said_at timestamptz,
    packet_id uuid,
    -- The key of a link or a code, sealed until it is told.
    secret bytea,
    written_at timestamptz NOT NULL,
    -- Until when it is worth telling.
    until_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    tries bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'sent', 'died')),
    ended_at timestamptz,
    -- Why it was not sent, or not yet, in words of the program.
    why text,
    CONSTRAINT outbox_messages_ended CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT outbox_messages_secret CHECK (state = 'waiting' OR secret IS NULL)
);
CREATE UNIQUE INDEX outbox_messages_occasion ON outbox_messages (organisation_id, message, way, record_id, occasion);
CREATE INDEX outbox_messages_waiting ON outbox_messages (organisation_id, next_at) WHERE state = 'waiting';
CREATE INDEX outbox_messages_record_id ON outbox_messages (record_id, message, said_at);
-- It ends once, and nothing of it is changed afterwards.
CREATE FUNCTION outbox_messages_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'waiting'
        OR (NEW.id, NEW.organisation_id, NEW.message, NEW.way, NEW.entity, NEW.record_id, NEW.recipient_id, NEW.occasion,
            NEW.said_at, NEW.packet_id, NEW.written_at, NEW.until_at)
        IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.message, OLD.way, OLD.entity, OLD.record_id, OLD.recipient_id,
            OLD.occasion, OLD.said_at, OLD.packet_id, OLD.written_at, OLD.until_at) THEN
        RAISE EXCEPTION 'a message ends once, and stays what it was';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outbox_messages_end_once BEFORE UPDATE ON outbox_messages
    FOR EACH ROW EXECUTE FUNCTION outbox_messages_end_once();

-- A frozen rendering of a record, sealed, and how its link stands. Whoever has the link is asked for a code, which goes to
-- the address that the record has then.
CREATE TABLE sent_packets (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    -- The document, by its name in the spec; the record, by its table, and the version that was rendered.
    document text NOT NULL,
    entity text NOT NULL,
    record_id uuid NOT NULL,
    record_version bigint NOT NULL,
    recipient_id uuid NOT NULL,
    sent_by_id uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    -- Until when the link opens.
    until_at timestamptz NOT NULL,
    -- What was rendered, sealed, and HMAC-SHA-256 over it under the organisation's key: a plain hash could be guessed back.
    content bytea,
    digest bytea NOT NULL,
    revoked_at timestamptz,
    revoked_by_id uuid,
    -- The code that opens it, as a keyed hash; until when; how many were sent, and how many tries went wrong in all.
    code bytea,
    code_until_at timestamptz,
    code_sent_at timestamptz,
    codes bigint NOT NULL,
    wrong bigint NOT NULL,
    -- How often it was opened, and when last.
    opened bigint NOT NULL,
    opened_at timestamptz
);
CREATE INDEX sent_packets_record_id ON sent_packets (organisation_id, record_id);
-- What was sent stays what it was: it is revoked and forgotten, and nothing else.
CREATE FUNCTION sent_packets_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.organisation_id, NEW.document, NEW.entity, NEW.record_id, NEW.record_version, NEW.recipient_id,
            NEW.sent_by_id, NEW.sent_at, NEW.until_at, NEW.digest)
        IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.document, OLD.entity, OLD.record_id, OLD.record_version,
            OLD.recipient_id, OLD.sent_by_id, OLD.sent_at, OLD.until_at, OLD.digest)
        OR (NEW.content IS NOT NULL AND NEW.content IS DISTINCT FROM OLD.content)
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
        RAISE EXCEPTION 'a packet stays what it was';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sent_packets_stay BEFORE UPDATE ON sent_packets
    FOR EACH ROW EXECUTE FUNCTION sent_packets_stay();

-- Which organisation a link leads to. Only the SHA-256 of its 256 random bits stands here.
CREATE TABLE packet_keys (
    token_hash bytea NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    packet_id uuid NOT NULL,
    until_at timestamptz NOT NULL
);

-- Whoever acts for an organisation sees and writes its own; nothing is removed but what is long over.
ALTER TABLE outbox_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_messages FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_messages_owner ON outbox_messages
    USING (has_table_privilege('outbox_messages', 'TRUNCATE')) WITH CHECK (has_table_privilege('outbox_messages', 'TRUNCATE'));
CREATE POLICY outbox_messages_organisation ON outbox_messages
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

ALTER TABLE sent_packets ENABLE ROW LEVEL SECURITY;
ALTER TABLE sent_packets FORCE ROW LEVEL SECURITY;
CREATE POLICY sent_packets_owner ON sent_packets
    USING (has_table_privilege('sent_packets', 'TRUNCATE')) WITH CHECK (has_table_privilege('sent_packets', 'TRUNCATE'));
CREATE POLICY sent_packets_organisation ON sent_packets
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

DO $$ BEGIN
    EXECUTE format('REVOKE DELETE ON sent_packets FROM %I', environment_role('app'));
    EXECUTE format('REVOKE ALL ON outbox_messages, sent_packets, packet_keys FROM %I', environment_role('reader'));
END $$;
