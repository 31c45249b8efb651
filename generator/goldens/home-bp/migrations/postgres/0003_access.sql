-- The second fence: even a statement that forgot its policy meets no row that a grant does not reach. It says the same
-- as src/access.rs, in the words of safeguards::access::row_level_security; a test compares them.

-- What conditions look through: of each table the columns that lead from record to record. A view is read with its
-- owner's rights, so that the way from a note to its patient is there for who may read the note and no encounter.

CREATE VIEW fence.patients AS
    SELECT organisation_id, id, created_by_id, person_id, reference
    FROM public.patients WHERE organisation_id = fence.organisation();

CREATE VIEW fence.patient_assignments AS
    SELECT organisation_id, patient_id, person_id, role, starts_at, ends_at
    FROM public.patient_assignments WHERE organisation_id = fence.organisation();

CREATE VIEW fence.readings AS
    SELECT organisation_id, id, created_by_id, patient_id
    FROM public.readings WHERE organisation_id = fence.organisation();

-- Who reaches which rows.

ALTER TABLE patients ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients FORCE ROW LEVEL SECURITY;
CREATE POLICY patients_owner ON patients TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY patients_organisation ON patients AS RESTRICTIVE
    USING (patients.organisation_id = (SELECT fence.organisation()) OR (SELECT has_table_privilege('patients', 'TRUNCATE')));
CREATE POLICY patients_read ON patients FOR SELECT
    USING ((SELECT fence.reads('view', 'list')) AND (
        ((SELECT fence.acts_as('owner')) OR (SELECT fence.acts_as('nurse')))
        OR (SELECT fence.acts_as('physician')) AND (EXISTS (SELECT 1 FROM fence.patient_assignments a1 WHERE a1.patient_id = patients.id AND a1.organisation_id = fence.organisation() AND a1.person_id = fence.person() AND a1.role = 'physician' AND a1.starts_at <= fence.now() AND (a1.ends_at IS NULL OR a1.ends_at > fence.now())))
        OR (SELECT fence.acts_as('patient')) AND (patients.person_id = fence.person())));
CREATE POLICY patients_insert ON patients FOR INSERT
    WITH CHECK ((SELECT fence.does('create')) AND (
        ((SELECT fence.acts_as('owner')) OR (SELECT fence.acts_as('nurse')))));
CREATE POLICY patients_update ON patients FOR UPDATE
    USING (
        ((SELECT fence.acts_as('owner')) AND (SELECT fence.does('assign')) OR (SELECT fence.acts_as('nurse')) AND (SELECT fence.does('assign')) OR (SELECT fence.acts_as('nurse')) AND (SELECT fence.does('update')) OR (SELECT fence.acts_as('owner')) AND (SELECT fence.does('invite')))
        OR (SELECT fence.acts_as('physician')) AND (SELECT fence.does('update')) AND (EXISTS (SELECT 1 FROM fence.patient_assignments a1 WHERE a1.patient_id = patients.id AND a1.organisation_id = fence.organisation() AND a1.person_id = fence.person() AND a1.role = 'physician' AND a1.starts_at <= fence.now() AND (a1.ends_at IS NULL OR a1.ends_at > fence.now()))))
    WITH CHECK (
        ((SELECT fence.acts_as('owner')) AND (SELECT fence.does('assign')) OR (SELECT fence.acts_as('nurse')) AND (SELECT fence.does('assign')) OR (SELECT fence.acts_as('nurse')) AND (SELECT fence.does('update')) OR (SELECT fence.acts_as('owner')) AND (SELECT fence.does('invite')))
        OR (SELECT fence.acts_as('physician')) AND (SELECT fence.does('update')) AND (EXISTS (SELECT 1 FROM fence.patient_assignments a1 WHERE a1.patient_id = patients.id AND a1.organisation_id = fence.organisation() AND a1.person_id = fence.person() AND a1.role = 'physician' AND a1.starts_at <= fence.now() AND (a1.ends_at IS NULL OR a1.ends_at > fence.now()))));

ALTER TABLE readings ENABLE ROW LEVEL SECURITY;
ALTER TABLE readings FORCE ROW LEVEL SECURITY;
CREATE POLICY readings_owner ON readings TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY readings_organisation ON readings AS RESTRICTIVE
    USING (readings.organisation_id = (SELECT fence.organisation()) OR (SELECT has_table_privilege('readings', 'TRUNCATE')));
CREATE POLICY readings_read ON readings FOR SELECT
    USING ((SELECT fence.reads('view', 'list')) AND (
        (SELECT fence.acts_as('nurse'))
        OR EXISTS (SELECT 1 FROM fence.patients r1 WHERE r1.id = readings.patient_id AND r1.organisation_id = fence.organisation() AND (
            (SELECT fence.acts_as('physician')) AND (EXISTS (SELECT 1 FROM fence.patient_assignments a2 WHERE a2.patient_id = r1.id AND a2.organisation_id = fence.organisation() AND a2.person_id = fence.person() AND a2.role = 'physician' AND a2.starts_at <= fence.now() AND (a2.ends_at IS NULL OR a2.ends_at > fence.now())))
            OR (SELECT fence.acts_as('patient')) AND (r1.person_id = fence.person())))));
CREATE POLICY readings_insert ON readings FOR INSERT
    WITH CHECK ((SELECT fence.does('create')) AND (
        (SELECT fence.acts_as('patient')) AND (EXISTS (SELECT 1 FROM fence.patients r1 WHERE r1.id = readings.patient_id AND r1.organisation_id = fence.organisation() AND r1.person_id = fence.person()))));

-- They hold the app and its readers. The owner has a policy of its own, and what it looks through ends there: else a
-- record that is locked by its signature, which is reached by the record, would lead round in a circle.
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT p.tablename, p.policyname FROM pg_policies p
        WHERE p.schemaname = 'public' AND p.roles = '{public}' AND EXISTS (
            SELECT 1 FROM pg_policies o
            WHERE o.schemaname = 'public' AND o.tablename = p.tablename
                AND o.policyname = p.tablename || '_owner' AND o.roles <> '{public}')
    LOOP
        EXECUTE format('ALTER POLICY %I ON %I TO %I, %I', held.policyname, held.tablename,
            environment_role('app'), environment_role('reader'));
    END LOOP;
END $$;
