-- Readings, part of patient.
-- A sealed column holds AES-256-GCM ciphertext, bound to its environment, organisation, entity, field and row (CF-5);
-- an `_index` column holds a keyed hash for exact look-ups. Who may read which row stands in src/access.rs.

CREATE TABLE readings (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1, -- grows with each change; a form that is older is refused
    created_at TEXT NOT NULL,
    created_by_id TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by_id TEXT NOT NULL, -- CF-9
    patient_id TEXT NOT NULL, -- the patient that it is part of
    systolic INTEGER, -- clinical: plain, in mmHg
    diastolic INTEGER, -- clinical: plain, in mmHg
    pulse INTEGER, -- clinical: plain, in bpm
    taken_at TEXT, -- clinical: plain
    note BLOB, -- narrative: sealed
    CONSTRAINT readings_pkey PRIMARY KEY (id),
    CONSTRAINT readings_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CONSTRAINT readings_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES patients (id),
    CONSTRAINT readings_systolic_check CHECK (systolic BETWEEN 50 AND 260),
    CONSTRAINT readings_diastolic_check CHECK (diastolic BETWEEN 30 AND 200),
    CONSTRAINT readings_pulse_check CHECK (pulse BETWEEN 20 AND 250)
) STRICT;

CREATE INDEX readings_by_creation ON readings (organisation_id, created_at); -- the list, newest first
CREATE INDEX readings_by_taken_at ON readings (organisation_id, taken_at); -- the list in its own order
CREATE INDEX readings_of_patient_id ON readings (patient_id, taken_at); -- those of one patient
CREATE INDEX readings_by_systolic ON readings (organisation_id, systolic); -- the list high readings
CREATE INDEX readings_by_diastolic ON readings (organisation_id, diastolic); -- the list high readings
