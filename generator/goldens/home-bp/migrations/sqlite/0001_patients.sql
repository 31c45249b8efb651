-- Patients.
-- A sealed column holds AES-256-GCM ciphertext, bound to its environment, organisation, entity, field and row (CF-5);
-- an `_index` column holds a keyed hash for exact look-ups. Who may read which row stands in src/access.rs.

CREATE TABLE patients (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1, -- grows with each change; a form that is older is refused
    created_at TEXT NOT NULL,
    created_by_id TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by_id TEXT NOT NULL, -- CF-9
    reference TEXT NOT NULL, -- shown instead of a name (CL-2)
    person_id TEXT, -- the person who signs in as this record
    name BLOB, -- identifier: sealed
    date_of_birth BLOB, -- identifier: sealed
    phone BLOB, -- identifier: sealed
    phone_index BLOB, -- keyed hash, for exact look-up
    sex BLOB, -- clinical: sealed
    allergies BLOB, -- clinical: sealed
    target_systolic INTEGER DEFAULT 140, -- clinical: plain, in mmHg
    target_diastolic INTEGER DEFAULT 90, -- clinical: plain, in mmHg
    CONSTRAINT patients_pkey PRIMARY KEY (id),
    CONSTRAINT patients_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT patients_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT patients_reference_key UNIQUE (organisation_id, reference),
    CONSTRAINT patients_target_systolic_check CHECK (target_systolic BETWEEN 80 AND 200),
    CONSTRAINT patients_target_diastolic_check CHECK (target_diastolic BETWEEN 40 AND 130)
) STRICT;

CREATE INDEX patients_by_creation ON patients (organisation_id, created_at); -- the list, newest first
CREATE INDEX patients_of_person_id ON patients (person_id); -- one's own
CREATE INDEX patients_phone_index ON patients (organisation_id, phone_index); -- exact look-up

-- Who is assigned to which patient, from when until when. Rows are ended, never deleted: the past stays on record.
CREATE TABLE patient_assignments (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    role TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT,
    assigned_by_id TEXT NOT NULL,
    CONSTRAINT patient_assignments_pkey PRIMARY KEY (id),
    CONSTRAINT patient_assignments_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES patients (id),
    CONSTRAINT patient_assignments_person_id_fkey FOREIGN KEY (person_id) REFERENCES people (id),
    CONSTRAINT patient_assignments_period_check CHECK (ends_at IS NULL OR ends_at >= starts_at)
) STRICT;

CREATE INDEX patient_assignments_person ON patient_assignments (person_id, patient_id);
-- One physician at a time.
CREATE UNIQUE INDEX patient_assignments_current ON patient_assignments (patient_id, role) WHERE ends_at IS NULL;
