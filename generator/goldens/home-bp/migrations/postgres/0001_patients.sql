-- Patients.
-- A sealed column holds AES-256-GCM ciphertext, bound to its environment, organisation, entity, field and row (CF-5);
-- an `_index` column holds a keyed hash for exact look-ups.

CREATE TABLE patients (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1, -- grows with each change; a form that is older is refused
    created_at timestamptz NOT NULL,
    created_by_id uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by_id uuid NOT NULL, -- CF-9
    reference text NOT NULL, -- shown instead of a name (CL-2)
    person_id uuid, -- the person who signs in as this record
    name bytea, -- identifier: sealed
    date_of_birth bytea, -- identifier: sealed
    phone bytea, -- identifier: sealed
    phone_index bytea, -- keyed hash, for exact look-up
    sex bytea, -- clinical: sealed
    allergies bytea, -- clinical: sealed
    target_systolic bigint DEFAULT 140, -- clinical: plain, in mmHg
    target_diastolic bigint DEFAULT 90, -- clinical: plain, in mmHg
    CONSTRAINT patients_pkey PRIMARY KEY (id),
    CONSTRAINT patients_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT patients_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT patients_reference_key UNIQUE (organisation_id, reference),
    CONSTRAINT patients_target_systolic_check CHECK (target_systolic BETWEEN 80 AND 200),
    CONSTRAINT patients_target_diastolic_check CHECK (target_diastolic BETWEEN 40 AND 130)
);

CREATE INDEX patients_by_creation ON patients (organisation_id, created_at); -- the list, newest first
CREATE INDEX patients_of_person_id ON patients (person_id); -- one's own
CREATE INDEX patients_phone_index ON patients (organisation_id, phone_index); -- exact look-up

-- Who is assigned to which patient, from when until when. Rows are ended, never deleted: the past stays on record.
CREATE TABLE patient_assignments (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    person_id uuid NOT NULL,
    role text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    assigned_by_id uuid NOT NULL,
    CONSTRAINT patient_assignments_pkey PRIMARY KEY (id),
    CONSTRAINT patient_assignments_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES patients (id),
    CONSTRAINT patient_assignments_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT patient_assignments_period_check CHECK (ends_at IS NULL OR ends_at >= starts_at)
);

CREATE INDEX patient_assignments_person ON patient_assignments (person_id, patient_id);
-- One physician at a time.
CREATE UNIQUE INDEX patient_assignments_current ON patient_assignments (patient_id, role) WHERE ends_at IS NULL;

ALTER TABLE patient_assignments ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_assignments FORCE ROW LEVEL SECURITY;
CREATE POLICY patient_assignments_owner ON patient_assignments TO CURRENT_USER USING (TRUE);
CREATE POLICY patient_assignments_organisation ON patient_assignments
    USING (organisation_id = fence.organisation());

-- Who reaches which rows is said in the last migration, when all tables are there; until then it is nobody.
ALTER TABLE patients ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients FORCE ROW LEVEL SECURITY;
