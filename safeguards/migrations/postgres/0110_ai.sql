-- What AI was asked and proposed (CC-6, CF-11, CF-23, CF-24): who, when, by which engine on which terms, for how much, and
-- what became of it. Neither what was read nor what was proposed stands here, but as a keyed hash, unless the spec keeps it.

-- Who says that a provider may be called for this organisation, and by which agreement. It is withdrawn, never changed.
CREATE TABLE ai_attestations (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    provider text NOT NULL,
    -- The business associate agreement; none for a server on the app's own machine.
    agreement text,
    -- The terms under which the provider keeps nothing and learns nothing.
    zero_retention text NOT NULL,
    attested_at timestamptz NOT NULL,
    attested_by_id uuid NOT NULL,
    ends_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by_id uuid,
    CONSTRAINT ai_attestations_withdrawn CHECK ((withdrawn_at IS NULL) = (withdrawn_by_id IS NULL))
);
CREATE INDEX ai_attestations_organisation_id_idx ON ai_attestations (organisation_id, provider, attested_at);
CREATE FUNCTION ai_attestations_only_withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL
        OR (NEW.id, NEW.organisation_id, NEW.provider, NEW.agreement, NEW.zero_retention, NEW.attested_at,
            NEW.attested_by_id, NEW.ends_at)
        IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.provider, OLD.agreement, OLD.zero_retention, OLD.attested_at,
            OLD.attested_by_id, OLD.ends_at) THEN
        RAISE EXCEPTION 'an attestation is withdrawn, and nothing else';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ai_attestations_only_withdrawn BEFORE UPDATE ON ai_attestations
    FOR EACH ROW EXECUTE FUNCTION ai_attestations_only_withdrawn();

-- The register of runs. A row is written before anything is asked; one without an end was cut off.
CREATE TABLE ai_invocations (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    -- The action, by its name in the spec, and the record on whose page it stood.
    action text NOT NULL,
    entity text NOT NULL,
    record_id uuid NOT NULL,
    person_id uuid NOT NULL,
    began_at timestamptz NOT NULL,
    -- `embedded`, `cache`, or the provider; the model, and the agreement by which it was called.
    engine text NOT NULL,
    model text,
    agreement text,
    -- What was read, as HMAC-SHA-256 under the organisation's key, and its length.
    asked bytea NOT NULL,
    characters bigint NOT NULL,
    -- When the person confirmed for this run that the text names nobody.
    confirmed_at timestamptz,
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('proposed', 'nothing', 'failed')),
    fault text,
    input_tokens bigint,
    output_tokens bigint,
    -- In billionths of a dollar, at most.
    cost bigint,
    -- How many were proposed, and each of them, sealed, where the spec keeps it.
    items bigint NOT NULL,
    output bytea,
    -- The first 200 characters of what was read, sealed, where the spec and the person say so.
    preview bytea
);
CREATE INDEX ai_invocations_organisation_id_idx ON ai_invocations (organisation_id, began_at);
CREATE INDEX ai_invocations_asked_idx ON ai_invocations (organisation_id, action, asked);
CREATE INDEX ai_invocations_record_id_idx ON ai_invocations (organisation_id, record_id);
-- It ends once. Afterwards what was kept may be forgotten, and nothing else.
CREATE FUNCTION ai_invocations_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.organisation_id, NEW.action, NEW.entity, NEW.record_id, NEW.person_id, NEW.began_at, NEW.asked,
            NEW.characters, NEW.confirmed_at, NEW.engine, NEW.model, NEW.agreement)
        IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.action, OLD.entity, OLD.record_id, OLD.person_id, OLD.began_at,
            OLD.asked, OLD.characters, OLD.confirmed_at, OLD.engine, OLD.model, OLD.agreement)
        OR (OLD.ended_at IS NOT NULL AND (
            (NEW.ended_at, NEW.outcome, NEW.fault, NEW.input_tokens, NEW.output_tokens, NEW.cost, NEW.items)
            IS DISTINCT FROM (OLD.ended_at, OLD.outcome, OLD.fault, OLD.input_tokens, OLD.output_tokens, OLD.cost, OLD.items)
            OR (NEW.output IS NOT NULL AND NEW.output IS DISTINCT FROM OLD.output)
            OR (NEW.preview IS NOT NULL AND NEW.preview IS DISTINCT FROM OLD.preview))) THEN
        RAISE EXCEPTION 'a run of AI ends once, and what it kept is forgotten, and nothing else';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ai_invocations_end_once BEFORE UPDATE ON ai_invocations
    FOR EACH ROW EXECUTE FUNCTION ai_invocations_end_once();

-- What became of each proposal (CF-11): applied to which record at which version, or put aside. A tombstone: it holds no
-- word of it, and is written in the transaction that changes the record, so that one is not applied twice.
CREATE TABLE ai_applications (
    invocation_id uuid NOT NULL REFERENCES ai_invocations (id),
    item bigint NOT NULL,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    verdict text NOT NULL CHECK (verdict IN ('applied', 'discarded')),
    record_id uuid,
    -- The version that the record had before; none where it was made.
    version bigint,
    decided_at timestamptz NOT NULL,
    decided_by_id uuid NOT NULL,
    PRIMARY KEY (invocation_id, item)
);

-- Whoever acts for an organisation sees and writes its own; a tombstone is never changed, and nothing is removed.
ALTER TABLE ai_attestations ENABLE ROW LEVEL SECURITY;
ALTER TABLE ai_attestations FORCE ROW LEVEL SECURITY;
CREATE POLICY ai_attestations_owner ON ai_attestations
    USING (has_table_privilege('ai_attestations', 'TRUNCATE')) WITH CHECK (has_table_privilege('ai_attestations', 'TRUNCATE'));
CREATE POLICY ai_attestations_read ON ai_attestations FOR SELECT USING (organisation_id = fence.organisation());
CREATE POLICY ai_attestations_insert ON ai_attestations FOR INSERT WITH CHECK (organisation_id = fence.organisation());
CREATE POLICY ai_attestations_update ON ai_attestations FOR UPDATE
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

ALTER TABLE ai_invocations ENABLE ROW LEVEL SECURITY;
ALTER TABLE ai_invocations FORCE ROW LEVEL SECURITY;
CREATE POLICY ai_invocations_owner ON ai_invocations
    USING (has_table_privilege('ai_invocations', 'TRUNCATE')) WITH CHECK (has_table_privilege('ai_invocations', 'TRUNCATE'));
CREATE POLICY ai_invocations_read ON ai_invocations FOR SELECT USING (organisation_id = fence.organisation());
CREATE POLICY ai_invocations_insert ON ai_invocations FOR INSERT WITH CHECK (organisation_id = fence.organisation());
CREATE POLICY ai_invocations_update ON ai_invocations FOR UPDATE
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

ALTER TABLE ai_applications ENABLE ROW LEVEL SECURITY;
ALTER TABLE ai_applications FORCE ROW LEVEL SECURITY;
CREATE POLICY ai_applications_owner ON ai_applications
    USING (has_table_privilege('ai_applications', 'TRUNCATE')) WITH CHECK (has_table_privilege('ai_applications', 'TRUNCATE'));
CREATE POLICY ai_applications_read ON ai_applications FOR SELECT USING (organisation_id = fence.organisation());
CREATE POLICY ai_applications_insert ON ai_applications FOR INSERT WITH CHECK (organisation_id = fence.organisation());

DO $$ BEGIN
    EXECUTE format('REVOKE DELETE ON ai_attestations, ai_invocations, ai_applications FROM %I', environment_role('app'));
    EXECUTE format('REVOKE UPDATE ON ai_applications FROM %I', environment_role('app'));
    EXECUTE format('REVOKE ALL ON ai_attestations, ai_invocations, ai_applications FROM %I', environment_role('reader'));
END $$;
