-- The audit log. An event is two rows: what is about nobody, which is never changed, and what
-- identifies someone, which can be erased part by part. See docs of the module `audit`.
--
-- Here the app could edit its own file. The triggers stop mistakes; what stops intent is the witness:
-- whatever is older than the last signed head cannot be changed unseen.
CREATE TABLE audit_events (
    lane INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    at TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    action TEXT NOT NULL,
    entity TEXT,
    -- The canonical text that is hashed; the columns above repeat it for queries.
    body TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (lane, sequence),
    CONSTRAINT audit_events_sequence_begins_at_one CHECK (sequence >= 1),
    CONSTRAINT audit_events_hash_is_sha256 CHECK (length(hash) = 32 AND length(previous) = 32)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_events_at ON audit_events (at);

CREATE TABLE audit_identities (
    lane INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    actor TEXT NOT NULL,
    impersonator TEXT,
    session TEXT,
    address TEXT,
    request TEXT,
    subject TEXT,
    recipient TEXT,
    basis TEXT,
    -- One record stands in `record`; several stand in `records`, as a JSON array.
    record TEXT,
    records TEXT,
    payload BLOB,
    salts BLOB NOT NULL,
    erased TEXT,
    PRIMARY KEY (lane, sequence),
    CONSTRAINT audit_identities_one_or_several CHECK (record IS NULL OR records IS NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_identities_subject ON audit_identities (subject) WHERE subject IS NOT NULL;
CREATE INDEX audit_identities_record ON audit_identities (record) WHERE record IS NOT NULL;
CREATE INDEX audit_identities_several ON audit_identities (lane, sequence) WHERE records IS NOT NULL;
CREATE INDEX audit_identities_disclosed ON audit_identities (lane, sequence) WHERE recipient IS NOT NULL;

-- Up to where each lane was swept. The signed form lies in the witness.
CREATE TABLE audit_checkpoints (
    lane INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    swept_at TEXT NOT NULL,
    PRIMARY KEY (lane, sequence)
) STRICT, WITHOUT ROWID;

-- How long an organisation's events are kept, where it is longer than the default, and holds.
CREATE TABLE audit_retention (
    organisation_id TEXT PRIMARY KEY REFERENCES organisations (id),
    years INTEGER NOT NULL,
    held_at TEXT,
    CONSTRAINT audit_retention_not_under_the_floor CHECK (years >= 6)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_events_never_change BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'an audit event is never changed'); END;

CREATE TRIGGER audit_events_go_by_checkpoint BEFORE DELETE ON audit_events
WHEN NOT EXISTS (SELECT 1 FROM audit_checkpoints c WHERE c.lane = OLD.lane AND c.sequence >= OLD.sequence)
BEGIN SELECT RAISE(ABORT, 'an audit event goes only by a signed checkpoint'); END;

CREATE TRIGGER audit_identities_change_by_erasure BEFORE UPDATE ON audit_identities
WHEN NEW.erased IS NULL OR NEW.erased IS OLD.erased OR NEW.lane <> OLD.lane OR NEW.sequence <> OLD.sequence
BEGIN SELECT RAISE(ABORT, 'an audit identity changes only by erasure'); END;

CREATE TRIGGER audit_identities_go_by_checkpoint BEFORE DELETE ON audit_identities
WHEN NOT EXISTS (SELECT 1 FROM audit_checkpoints c WHERE c.lane = OLD.lane AND c.sequence >= OLD.sequence)
BEGIN SELECT RAISE(ABORT, 'an audit identity goes only by a signed checkpoint'); END;

-- Events with their identities: what is read, and what is written to, so that an append is one statement.
CREATE VIEW audit_log AS
SELECT e.lane, e.sequence, e.at, e.organisation_id, e.action, e.entity, e.body, e.previous, e.hash,
    i.actor, i.impersonator, i.session, i.address, i.request, i.subject, i.recipient, i.basis,
    i.record, i.records, i.payload, i.salts, i.erased
FROM audit_events e LEFT JOIN audit_identities i ON i.lane = e.lane AND i.sequence = e.sequence;

CREATE TRIGGER audit_log_append INSTEAD OF INSERT ON audit_log
BEGIN
    INSERT INTO audit_events (lane, sequence, at, organisation_id, action, entity, body, previous, hash)
    VALUES (NEW.lane, NEW.sequence, NEW.at, NEW.organisation_id, NEW.action, NEW.entity, NEW.body,
        NEW.previous, NEW.hash);
    INSERT INTO audit_identities (lane, sequence, actor, impersonator, session, address, request, subject,
        recipient, basis, record, records, payload, salts)
    VALUES (NEW.lane, NEW.sequence, NEW.actor, NEW.impersonator, NEW.session, NEW.address, NEW.request,
        NEW.subject, NEW.recipient, NEW.basis, NEW.record, NEW.records, NEW.payload, NEW.salts);
END;
