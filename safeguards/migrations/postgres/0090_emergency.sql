-- Emergency access (CF-3; 45 CFR 164.312(a)(2)(ii)): who looked beyond what is theirs, why, until when, who was told of it,
-- and who reviewed it. A row is never removed.

-- An administrator looks as a colleague (`impersonation`), or a clinician at a patient's records (`break-glass`).
CREATE TABLE emergency_accesses (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    kind text NOT NULL CHECK (kind IN ('impersonation', 'break-glass')),
    -- Who looks.
    person_id uuid NOT NULL,
    -- As whom, or at whose records.
    colleague_id uuid,
    subject_id uuid,
    -- The session that it stands and falls with, and the hash of the token that it takes beside that session's own.
    session_id uuid NOT NULL,
    token_hash bytea UNIQUE,
    -- Why, in their own words: sealed, since they may name somebody.
    reason bytea NOT NULL,
    starts_at timestamptz NOT NULL,
    -- Until when it holds: as it was asked for, or the moment at which it was ended early.
    ends_at timestamptz NOT NULL,
    ended_early_at timestamptz,
    ended_because text,
    -- Whoever looked does not review it.
    reviewed_at timestamptz,
    reviewed_by_id uuid,
    verdict text CHECK (verdict IN ('justified', 'not justified')),
    finding bytea,
    CONSTRAINT emergency_accesses_as_whom
        CHECK ((kind = 'impersonation') = (colleague_id IS NOT NULL) AND (kind = 'break-glass') = (subject_id IS NOT NULL)),
    CONSTRAINT emergency_accesses_somebody_else CHECK (person_id <> colleague_id),
    CONSTRAINT emergency_accesses_at_most_an_hour CHECK (ends_at - starts_at <= interval '61 minutes'),
    CONSTRAINT emergency_accesses_reviewed CHECK ((reviewed_at IS NULL) = (reviewed_by_id IS NULL)
        AND (reviewed_at IS NULL) = (finding IS NULL) AND (reviewed_at IS NULL) = (verdict IS NULL)),
    CONSTRAINT emergency_accesses_reviewed_by_another CHECK (reviewed_by_id <> person_id)
);
CREATE INDEX emergency_accesses_organisation_id_idx ON emergency_accesses (organisation_id, starts_at);
CREATE INDEX emergency_accesses_session_id_idx ON emergency_accesses (session_id, ends_at);
CREATE INDEX emergency_accesses_subject_id_idx ON emergency_accesses (subject_id, person_id, ends_at);
-- It is made shorter, never longer; it is reviewed once; what it was for stays as it was said.
CREATE FUNCTION emergency_accesses_only_shortened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ends_at > OLD.ends_at OR OLD.reviewed_at IS NOT NULL
        OR (NEW.id, NEW.organisation_id, NEW.kind, NEW.person_id, NEW.colleague_id, NEW.subject_id, NEW.session_id,
            NEW.reason, NEW.starts_at)
        IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.kind, OLD.person_id, OLD.colleague_id, OLD.subject_id,
            OLD.session_id, OLD.reason, OLD.starts_at) THEN
        RAISE EXCEPTION 'an emergency access is shortened and reviewed, and nothing else';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER emergency_accesses_only_shortened BEFORE UPDATE ON emergency_accesses
    FOR EACH ROW EXECUTE FUNCTION emergency_accesses_only_shortened();

-- Who is told of it, and when they had seen that.
CREATE TABLE emergency_notices (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    emergency_id uuid NOT NULL REFERENCES emergency_accesses (id),
    person_id uuid NOT NULL,
    seen_at timestamptz,
    UNIQUE (emergency_id, person_id)
);
CREATE INDEX emergency_notices_person_id_idx ON emergency_notices (organisation_id, person_id, seen_at);

-- Whoever acts for an organisation sees and writes its own. A session that ends acts for nobody, and takes what hangs on it
-- along: a row may be shortened where nobody acts, and the trigger lets nothing else be done.
ALTER TABLE emergency_accesses ENABLE ROW LEVEL SECURITY;
ALTER TABLE emergency_accesses FORCE ROW LEVEL SECURITY;
CREATE POLICY emergency_accesses_owner ON emergency_accesses
    USING (has_table_privilege('emergency_accesses', 'TRUNCATE')) WITH CHECK (has_table_privilege('emergency_accesses', 'TRUNCATE'));
CREATE POLICY emergency_accesses_read ON emergency_accesses FOR SELECT
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id);
CREATE POLICY emergency_accesses_insert ON emergency_accesses FOR INSERT WITH CHECK (organisation_id = fence.organisation());
CREATE POLICY emergency_accesses_update ON emergency_accesses FOR UPDATE
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id)
    WITH CHECK (COALESCE(fence.organisation(), organisation_id) = organisation_id);
ALTER TABLE emergency_notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE emergency_notices FORCE ROW LEVEL SECURITY;
CREATE POLICY emergency_notices_owner ON emergency_notices
    USING (has_table_privilege('emergency_notices', 'TRUNCATE')) WITH CHECK (has_table_privilege('emergency_notices', 'TRUNCATE'));
CREATE POLICY emergency_notices_read ON emergency_notices FOR SELECT
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id);
CREATE POLICY emergency_notices_insert ON emergency_notices FOR INSERT WITH CHECK (organisation_id = fence.organisation());
CREATE POLICY emergency_notices_update ON emergency_notices FOR UPDATE
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

-- What break-glass opens is asked for by conditions of rows; see 0040_fence.sql.
CREATE VIEW fence.emergency_accesses AS
    SELECT organisation_id, person_id, subject_id, starts_at, ends_at
    FROM public.emergency_accesses WHERE organisation_id = fence.organisation() AND kind = 'break-glass';

DO $$ BEGIN
    EXECUTE format('REVOKE DELETE ON emergency_accesses, emergency_notices FROM %I', environment_role('app'));
    EXECUTE format('REVOKE ALL ON emergency_accesses, emergency_notices FROM %I', environment_role('reader'));
END $$;
