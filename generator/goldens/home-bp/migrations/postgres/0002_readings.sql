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

-- Who reaches which rows is said in the last migration, when all tables are there; until then it is nobody.
ALTER TABLE readings ENABLE ROW LEVEL SECURITY;
ALTER TABLE readings FORCE ROW LEVEL SECURITY;
