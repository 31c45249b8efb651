-- The audit log. An event is two rows: what is about nobody, which is never changed, and what
-- identifies someone, which can be erased part by part. See docs of the module `audit`.
--
-- The app's role may read it and may append to it by `audit_append`; nothing else. Erasure and sweep
-- are the owner's.
CREATE TABLE audit_events (
    lane bigint NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    organisation_id uuid NOT NULL,
    action text NOT NULL,
    entity text,
    -- The canonical text that is hashed; the columns above repeat it for queries.
    body text NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (lane, sequence),
    CONSTRAINT audit_events_sequence_begins_at_one CHECK (sequence >= 1),
    CONSTRAINT audit_events_hash_is_sha256 CHECK (length(hash) = 32 AND length(previous) = 32)
);

-- Events come nearly in the order of time, so a few pages tell where a day lies.
CREATE INDEX audit_events_at ON audit_events USING brin (at);

CREATE TABLE audit_identities (
    lane bigint NOT NULL,
    sequence bigint NOT NULL,
    actor text NOT NULL,
    impersonator text,
    session text,
    address text,
    request text,
    subject text,
    recipient text,
    basis text,
    -- One record stands in `record`; several stand in `records`, as a JSON array.
    record text,
    records text,
    payload bytea,
    salts bytea NOT NULL,
    erased text,
    PRIMARY KEY (lane, sequence),
    CONSTRAINT audit_identities_one_or_several CHECK (record IS NULL OR records IS NULL)
);

CREATE INDEX audit_identities_subject ON audit_identities (subject) WHERE subject IS NOT NULL;
CREATE INDEX audit_identities_record ON audit_identities (record) WHERE record IS NOT NULL;
CREATE INDEX audit_identities_several ON audit_identities (lane, sequence) WHERE records IS NOT NULL;
CREATE INDEX audit_identities_disclosed ON audit_identities (lane, sequence) WHERE recipient IS NOT NULL;

-- Up to where each lane was swept. The signed form lies in the witness.
CREATE TABLE audit_checkpoints (
    lane bigint NOT NULL,
    sequence bigint NOT NULL,
    hash bytea NOT NULL,
    swept_at timestamptz NOT NULL,
    PRIMARY KEY (lane, sequence)
);

-- How long an organisation's events are kept, where it is longer than the default, and holds.
CREATE TABLE audit_retention (
    organisation_id uuid PRIMARY KEY REFERENCES organisations (id),
    years bigint NOT NULL,
    held_at timestamptz,
    CONSTRAINT audit_retention_not_under_the_floor CHECK (years >= 6)
);

-- Appends one event to a lane that nobody else is writing, and answers its sequence number.
--
-- The lane is the first of 64 whose lock is free, beginning at one chosen by the connection, so that
-- writers do not queue; the lock lasts as long as the transaction, so a lane has one writer at a time
-- and its last row is what the next one follows. Place, previous hash and hash are made here: the app
-- can choose none of them, and the primary key lets no second event take a place.
CREATE FUNCTION audit_append(
    happened timestamptz, organisation uuid, what text, which text, canonical text,
    actor text, impersonator text, session text, address text, request text,
    subject text, recipient text, basis text, record text, records text, payload bytea, salts bytea
) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public
    AS $$
DECLARE
    lanes CONSTANT integer := 64;
    locks CONSTANT integer := 1096107092;
    home integer := pg_backend_pid() % lanes;
    chosen integer;
    place bigint;
    before bytea;
BEGIN
    FOR step IN 0 .. lanes - 1 LOOP
        IF pg_try_advisory_xact_lock(locks, (home + step) % lanes + 1) THEN
            chosen := (home + step) % lanes + 1;
            EXIT;
        END IF;
    END LOOP;
    IF chosen IS NULL THEN
        chosen := home + 1;
        PERFORM pg_advisory_xact_lock(locks, chosen);
    END IF;
    SELECT e.sequence, e.hash INTO place, before
        FROM audit_events e WHERE e.lane = chosen ORDER BY e.sequence DESC LIMIT 1;
    place := coalesce(place, 0) + 1;
    before := coalesce(before, '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea);
    INSERT INTO audit_events (lane, sequence, at, organisation_id, action, entity, body, previous, hash)
        VALUES (chosen, place, happened, organisation, what, which, canonical, before,
            sha256('healthcoder.audit.link.1'::bytea || int8send(chosen::bigint) || int8send(place)
                || before || convert_to(canonical, 'UTF8')));
    INSERT INTO audit_identities (lane, sequence, actor, impersonator, session, address, request,
            subject, recipient, basis, record, records, payload, salts)
        VALUES (chosen, place, audit_append.actor, audit_append.impersonator, audit_append.session,
            audit_append.address, audit_append.request, audit_append.subject, audit_append.recipient,
            audit_append.basis, audit_append.record, audit_append.records, audit_append.payload,
            audit_append.salts);
    RETURN place;
END $$;

-- Appends many events in one call, in their order: the group commit of reads.
CREATE FUNCTION audit_append_all(entries text) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public
    AS $$
    SELECT count(audit_append(e.happened, e.organisation, e.what, e.which, e.canonical,
        e.actor, e.impersonator, e.session, e.address, e.request,
        e.subject, e.recipient, e.basis, e.record, e.records, decode(e.payload, 'hex'), decode(e.salts, 'hex')))
    FROM json_to_recordset(entries::json) AS e(
        happened timestamptz, organisation uuid, what text, which text, canonical text,
        actor text, impersonator text, session text, address text, request text,
        subject text, recipient text, basis text, record text, records text, payload text, salts text)
$$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION audit_go_by_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_checkpoints c WHERE c.lane = OLD.lane AND c.sequence >= OLD.sequence) THEN
        RAISE EXCEPTION 'an audit event goes only by a signed checkpoint' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;

-- These stop the owner's mistakes; the app's role cannot get as far.
CREATE TRIGGER audit_events_never_change BEFORE UPDATE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_refuse('an audit event is never changed');
CREATE TRIGGER audit_events_go_by_checkpoint BEFORE DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_go_by_checkpoint();
CREATE TRIGGER audit_events_are_not_truncated BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse('the audit log is never emptied');
CREATE TRIGGER audit_identities_change_by_erasure BEFORE UPDATE ON audit_identities
    FOR EACH ROW WHEN (NEW.erased IS NULL OR NEW.erased IS NOT DISTINCT FROM OLD.erased
        OR NEW.lane <> OLD.lane OR NEW.sequence <> OLD.sequence)
    EXECUTE FUNCTION audit_refuse('an audit identity changes only by erasure');
CREATE TRIGGER audit_identities_go_by_checkpoint BEFORE DELETE ON audit_identities
    FOR EACH ROW EXECUTE FUNCTION audit_go_by_checkpoint();
CREATE TRIGGER audit_identities_are_not_truncated BEFORE TRUNCATE ON audit_identities
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse('the audit log is never emptied');

-- Events with their identities.
CREATE VIEW audit_log AS
SELECT e.lane, e.sequence, e.at, e.organisation_id, e.action, e.entity, e.body, e.previous, e.hash,
    i.actor, i.impersonator, i.session, i.address, i.request, i.subject, i.recipient, i.basis,
    i.record, i.records, i.payload, i.salts, i.erased
FROM audit_events e LEFT JOIN audit_identities i ON i.lane = e.lane AND i.sequence = e.sequence;

DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_events, audit_identities,
        audit_checkpoints, audit_retention, audit_log FROM %I', environment_role('app'));
    EXECUTE format('REVOKE EXECUTE ON FUNCTION audit_append, audit_append_all FROM PUBLIC');
    EXECUTE format('GRANT EXECUTE ON FUNCTION audit_append, audit_append_all TO %I', environment_role('app'));
END $$;
