-- Readings, part of patient.
-- A sealed column holds AES-256-GCM ciphertext, bound to its environment, organisation, entity, field and row (CF-5);
-- an `_index` column holds a keyed hash for exact look-ups.

CREATE TABLE readings (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1, -- grows with each change; a form that is older is refused
    created_at timestamptz NOT NULL,
    created_by_id uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by_id uuid NOT NULL, -- CF-9
    patient_id uuid NOT NULL, -- the patient that it is part of
    systolic bigint, -- clinical: plain, in mmHg
    diastolic bigint, -- clinical: plain, in mmHg
    pulse bigint, -- clinical: plain, in bpm
    taken_at timestamptz, -- clinical: plain
    note bytea, -- narrative: sealed
    CONSTRAINT readings_pkey PRIMARY KEY (id),
    CONSTRAINT readings_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT readings_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES patients (id),
    CONSTRAINT readings_systolic_check CHECK (systolic BETWEEN 50 AND 260),
    CONSTRAINT readings_diastolic_check CHECK (diastolic BETWEEN 30 AND 200),
    CONSTRAINT readings_pulse_check CHECK (pulse BETWEEN 20 AND 250)
);

CREATE INDEX readings_by_creation ON readings (organisation_id, created_at); -- the list, newest first
CREATE INDEX readings_by_taken_at ON readings (organisation_id, taken_at); -- the list in its own order
CREATE INDEX readings_of_patient_id ON readings (patient_id, taken_at); -- those of one patient
CREATE INDEX readings_by_systolic ON readings (organisation_id, systolic); -- the list high readings
CREATE INDEX readings_by_diastolic ON readings (organisation_id, diastolic); -- the list high readings

-- The second fence: even a statement that forgot its policy meets no row that a grant does not reach. The text is that of
-- safeguards::access::row_level_security; a test compares them.
ALTER TABLE readings ENABLE ROW LEVEL SECURITY;
ALTER TABLE readings FORCE ROW LEVEL SECURITY;
CREATE POLICY readings_owner ON readings
    USING (has_table_privilege('readings', 'TRUNCATE')) WITH CHECK (has_table_privilege('readings', 'TRUNCATE'));
CREATE POLICY readings_organisation ON readings AS RESTRICTIVE
    USING (readings.organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid OR has_table_privilege('readings', 'TRUNCATE')) WITH CHECK (readings.organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid OR has_table_privilege('readings', 'TRUNCATE'));
CREATE POLICY readings_read_1 ON readings FOR SELECT
    USING (('nurse' = ANY (string_to_array(COALESCE(current_setting('app.roles', true), ''), ','))) AND (TRUE));
CREATE POLICY readings_read_2 ON readings FOR SELECT
    USING (('physician' = ANY (string_to_array(COALESCE(current_setting('app.roles', true), ''), ','))) AND (EXISTS (SELECT 1 FROM patients r1 WHERE r1.id = readings.patient_id AND r1.organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid AND EXISTS (SELECT 1 FROM patient_assignments a2 WHERE a2.patient_id = r1.id AND a2.organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid AND a2.person_id = NULLIF(current_setting('app.person', true), '')::uuid AND a2.role = 'physician' AND a2.starts_at <= NULLIF(current_setting('app.now', true), '')::timestamptz AND (a2.ends_at IS NULL OR a2.ends_at > NULLIF(current_setting('app.now', true), '')::timestamptz)))));
CREATE POLICY readings_read_3 ON readings FOR SELECT
    USING (('patient' = ANY (string_to_array(COALESCE(current_setting('app.roles', true), ''), ','))) AND (EXISTS (SELECT 1 FROM patients r1 WHERE r1.id = readings.patient_id AND r1.organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid AND r1.person_id = NULLIF(current_setting('app.person', true), '')::uuid)));
CREATE POLICY readings_grant_3_insert ON readings FOR INSERT
    WITH CHECK ('patient' = ANY (string_to_array(COALESCE(current_setting('app.roles', true), ''), ',')) AND COALESCE(current_setting('app.action', true), '') IN ('create') AND (EXISTS (SELECT 1 FROM patients r1 WHERE r1.id = readings.patient_id AND r1.organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid AND r1.person_id = NULLIF(current_setting('app.person', true), '')::uuid)));
