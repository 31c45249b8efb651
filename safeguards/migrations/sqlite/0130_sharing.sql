-- What leaves the app (CL-7): messages that wait for their mail server or are told, and packets that are sent by a link.

-- One row for each way by which somebody is told of one occasion. Neither the address nor a word of the message stands here:
-- both are found when it is sent, and whether it may still be sent is asked then.
CREATE TABLE outbox_messages (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    -- The message, by its name in the spec; `:link` and `:code` are those of a packet.
    message TEXT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('email', 'sms')),
    -- The record that it is about, by its table, and the record of whoever receives it.
    entity TEXT NOT NULL,
    record_id TEXT NOT NULL,
    recipient_id TEXT,
    -- What tells two occasions apart: a moment, an episode of a rule, a packet, a code.
    occasion TEXT NOT NULL,
    -- The moment that it tells.
    said_at TEXT,
    packet_id TEXT,
    -- The key of a link or a code, sealed until it is told.
    secret BLOB,
    written_at TEXT NOT NULL,
    -- Until when it is worth telling.
    until_at TEXT NOT NULL,
    next_at TEXT NOT NULL,
    tries INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'died')),
    ended_at TEXT,
    -- Why it was not sent, or not yet, in words of the program.
    why TEXT,
    CONSTRAINT outbox_messages_ended CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT outbox_messages_secret CHECK (state = 'waiting' OR secret IS NULL)
) STRICT;
CREATE UNIQUE INDEX outbox_messages_occasion ON outbox_messages (organisation_id, message, way, record_id, occasion);
CREATE INDEX outbox_messages_waiting ON outbox_messages (organisation_id, next_at) WHERE state = 'waiting';
CREATE INDEX outbox_messages_record_id ON outbox_messages (record_id, message, said_at);
-- It ends once, and nothing of it is changed afterwards.
CREATE TRIGGER outbox_messages_end_once BEFORE UPDATE ON outbox_messages
WHEN OLD.state <> 'waiting' OR NEW.id <> OLD.id OR NEW.organisation_id <> OLD.organisation_id OR NEW.message <> OLD.message
    OR NEW.way <> OLD.way OR NEW.entity <> OLD.entity OR NEW.record_id <> OLD.record_id
    OR NEW.recipient_id IS NOT OLD.recipient_id OR NEW.occasion <> OLD.occasion OR NEW.said_at IS NOT OLD.said_at
    OR NEW.packet_id IS NOT OLD.packet_id OR NEW.written_at <> OLD.written_at OR NEW.until_at <> OLD.until_at
BEGIN SELECT RAISE(ABORT, 'a message ends once, and stays what it was'); END;

-- A frozen rendering of a record, sealed, and how its link stands. Whoever has the link is asked for a code, which goes to
-- the address that the record has then.
CREATE TABLE sent_packets (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    -- The document, by its name in the spec; the record, by its table, and the version that was rendered.
    document TEXT NOT NULL,
    entity TEXT NOT NULL,
    record_id TEXT NOT NULL,
    record_version INTEGER NOT NULL,
    recipient_id TEXT NOT NULL,
    sent_by_id TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    -- Until when the link opens.
    until_at TEXT NOT NULL,
    -- What was rendered, sealed, and HMAC-SHA-256 over it under the organisation's key: a plain hash could be guessed back.
    content BLOB,
    digest BLOB NOT NULL,
    revoked_at TEXT,
    revoked_by_id TEXT,
    -- The code that opens it, as a keyed hash; until when; how many were sent, and how many tries went wrong in all.
    code BLOB,
    code_until_at TEXT,
    code_sent_at TEXT,
    codes INTEGER NOT NULL,
    wrong INTEGER NOT NULL,
    -- How often it was opened, and when last.
    opened INTEGER NOT NULL,
    opened_at TEXT
) STRICT;
CREATE INDEX sent_packets_record_id ON sent_packets (organisation_id, record_id);
-- What was sent stays what it was: it is revoked and forgotten, and nothing else.
CREATE TRIGGER sent_packets_stay BEFORE UPDATE ON sent_packets
WHEN NEW.id <> OLD.id OR NEW.organisation_id <> OLD.organisation_id OR NEW.document <> OLD.document OR NEW.entity <> OLD.entity
    OR NEW.record_id <> OLD.record_id OR NEW.record_version <> OLD.record_version OR NEW.recipient_id <> OLD.recipient_id
    OR NEW.sent_by_id <> OLD.sent_by_id OR NEW.sent_at <> OLD.sent_at OR NEW.until_at <> OLD.until_at
    OR NEW.digest <> OLD.digest OR (NEW.content IS NOT NULL AND NEW.content IS NOT OLD.content)
    OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at)
BEGIN SELECT RAISE(ABORT, 'a packet stays what it was'); END;

-- Which organisation a link leads to. Only the SHA-256 of its 256 random bits stands here.
CREATE TABLE packet_keys (
    token_hash BLOB NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    packet_id TEXT NOT NULL,
    until_at TEXT NOT NULL
) STRICT;
