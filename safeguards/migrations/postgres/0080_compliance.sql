-- The people's side of a covered entity's duties: what was accepted, who answers, who is trained, what went wrong, what
-- was reviewed. Names, contacts and what people write about an incident are sealed: they may identify somebody.

-- Who accepted which version of which document, for themselves or for their organisation (CC-12, CL-9). `version` is the
-- SHA-256 of the text as it was shown. Nothing here is ever changed.
CREATE TABLE document_acceptances (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    document text NOT NULL,
    version text NOT NULL,
    capacity text NOT NULL CHECK (capacity IN ('person', 'organisation')),
    signature bytea,
    accepted_at timestamptz NOT NULL
);
CREATE INDEX document_acceptances_document_idx ON document_acceptances (organisation_id, document, capacity, person_id);

-- The privacy official (45 CFR 164.530(a)) and the security official (164.308(a)(2)) of an organisation (CF-21).
CREATE TABLE compliance_officers (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    duty text NOT NULL CHECK (duty IN ('privacy', 'security')),
    contact bytea NOT NULL,
    named_at timestamptz NOT NULL,
    named_by_id uuid NOT NULL,
    UNIQUE (organisation_id, duty)
);

-- Who has gone through the training, and when (CF-20; 45 CFR 164.530(b), 164.308(a)(5)).
CREATE TABLE trainings (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    course text NOT NULL,
    completed_at timestamptz NOT NULL,
    recorded_by_id uuid NOT NULL
);
CREATE INDEX trainings_person_id_idx ON trainings (organisation_id, person_id, completed_at);

-- Security incidents and breaches, with the clocks of 45 CFR 164.404 to 164.410 (CF-21, CF-25).
CREATE TABLE incidents (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    version bigint NOT NULL DEFAULT 1,
    reported_at timestamptz NOT NULL,
    reported_by_id uuid NOT NULL,
    discovered_at timestamptz NOT NULL,
    title bytea NOT NULL,
    standing text NOT NULL CHECK (standing IN ('reported', 'no breach', 'breach', 'closed')),
    individuals bigint,
    individuals_told_at timestamptz,
    authority_told_at timestamptz,
    media_told_at timestamptz,
    closed_at timestamptz
);
CREATE INDEX incidents_organisation_id_idx ON incidents (organisation_id, standing, discovered_at);

-- What was found, said and done about an incident or a request, in the order of time. Nothing here is ever changed.
CREATE TABLE compliance_entries (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    about_id uuid NOT NULL,
    written_at timestamptz NOT NULL,
    written_by_id uuid NOT NULL,
    step text NOT NULL,
    words bytea NOT NULL
);
CREATE INDEX compliance_entries_about_id_idx ON compliance_entries (organisation_id, about_id, written_at);

-- What people ask for as their right (45 CFR 164.522 to 164.528, 164.530(d); GDPR, Articles 15 to 21), and how it was
-- answered (HG-1, CL-10).
CREATE TABLE rights_requests (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    version bigint NOT NULL DEFAULT 1,
    kind text NOT NULL,
    asked_at timestamptz NOT NULL,
    standing text NOT NULL CHECK (standing IN ('open', 'granted', 'denied', 'withdrawn')),
    extended_at timestamptz,
    decided_at timestamptz
);
CREATE INDEX rights_requests_person_id_idx ON rights_requests (organisation_id, person_id);
CREATE INDEX rights_requests_standing_idx ON rights_requests (organisation_id, standing, asked_at);

-- Risk analyses, exercises of the contingency plan and the like, as they were conducted (HG-2). Never changed.
CREATE TABLE compliance_reviews (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    kind text NOT NULL,
    conducted_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by_id uuid NOT NULL,
    findings bytea NOT NULL
);
CREATE INDEX compliance_reviews_kind_idx ON compliance_reviews (organisation_id, kind, conducted_on);

-- What acts for an organisation writes its own; reading is open where nobody acts, for what is public (the officers).
ALTER TABLE document_acceptances ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_acceptances FORCE ROW LEVEL SECURITY;
CREATE POLICY document_acceptances_owner ON document_acceptances
    USING (has_table_privilege('document_acceptances', 'TRUNCATE')) WITH CHECK (has_table_privilege('document_acceptances', 'TRUNCATE'));
CREATE POLICY document_acceptances_read ON document_acceptances FOR SELECT
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id);
CREATE POLICY document_acceptances_insert ON document_acceptances FOR INSERT WITH CHECK (organisation_id = fence.organisation());
ALTER TABLE compliance_officers ENABLE ROW LEVEL SECURITY;
ALTER TABLE compliance_officers FORCE ROW LEVEL SECURITY;
CREATE POLICY compliance_officers_owner ON compliance_officers
    USING (has_table_privilege('compliance_officers', 'TRUNCATE')) WITH CHECK (has_table_privilege('compliance_officers', 'TRUNCATE'));
CREATE POLICY compliance_officers_read ON compliance_officers FOR SELECT
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id);
CREATE POLICY compliance_officers_insert ON compliance_officers FOR INSERT WITH CHECK (organisation_id = fence.organisation());
CREATE POLICY compliance_officers_update ON compliance_officers FOR UPDATE
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());
ALTER TABLE trainings ENABLE ROW LEVEL SECURITY;
ALTER TABLE trainings FORCE ROW LEVEL SECURITY;
CREATE POLICY trainings_owner ON trainings
    USING (has_table_privilege('trainings', 'TRUNCATE')) WITH CHECK (has_table_privilege('trainings', 'TRUNCATE'));
CREATE POLICY trainings_read ON trainings FOR SELECT
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id);
CREATE POLICY trainings_insert ON trainings FOR INSERT WITH CHECK (organisation_id = fence.organisation());
ALTER TABLE incidents ENABLE ROW LEVEL SECURITY;
ALTER TABLE incidents FORCE ROW LEVEL SECURITY;
CREATE POLICY incidents_owner ON incidents
    USING (has_table_privilege('incidents', 'TRUNCATE')) WITH CHECK (has_table_privilege('incidents', 'TRUNCATE'));
CREATE POLICY incidents_read ON incidents FOR SELECT
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id);
CREATE POLICY incidents_insert ON incidents FOR INSERT WITH CHECK (organisation_id = fence.organisation());
CREATE POLICY incidents_update ON incidents FOR UPDATE
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());
ALTER TABLE compliance_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE compliance_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY compliance_entries_owner ON compliance_entries
    USING (has_table_privilege('compliance_entries', 'TRUNCATE')) WITH CHECK (has_table_privilege('compliance_entries', 'TRUNCATE'));
CREATE POLICY compliance_entries_read ON compliance_entries FOR SELECT
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id);
CREATE POLICY compliance_entries_insert ON compliance_entries FOR INSERT WITH CHECK (organisation_id = fence.organisation());
ALTER TABLE rights_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE rights_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY rights_requests_owner ON rights_requests
    USING (has_table_privilege('rights_requests', 'TRUNCATE')) WITH CHECK (has_table_privilege('rights_requests', 'TRUNCATE'));
CREATE POLICY rights_requests_read ON rights_requests FOR SELECT
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id);
CREATE POLICY rights_requests_insert ON rights_requests FOR INSERT WITH CHECK (organisation_id = fence.organisation());
CREATE POLICY rights_requests_update ON rights_requests FOR UPDATE
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());
ALTER TABLE compliance_reviews ENABLE ROW LEVEL SECURITY;
ALTER TABLE compliance_reviews FORCE ROW LEVEL SECURITY;
CREATE POLICY compliance_reviews_owner ON compliance_reviews
    USING (has_table_privilege('compliance_reviews', 'TRUNCATE')) WITH CHECK (has_table_privilege('compliance_reviews', 'TRUNCATE'));
CREATE POLICY compliance_reviews_read ON compliance_reviews FOR SELECT
    USING (COALESCE(fence.organisation(), organisation_id) = organisation_id);
CREATE POLICY compliance_reviews_insert ON compliance_reviews FOR INSERT WITH CHECK (organisation_id = fence.organisation());

-- What was said once stands. What people wrote is of no use to reports.
DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON document_acceptances, trainings, compliance_entries, compliance_reviews FROM %I',
        environment_role('app'));
    EXECUTE format('REVOKE DELETE ON compliance_officers, incidents, rights_requests FROM %I', environment_role('app'));
    EXECUTE format('REVOKE ALL ON document_acceptances, compliance_officers, incidents, compliance_entries, compliance_reviews
        FROM %I', environment_role('reader'));
END $$;
