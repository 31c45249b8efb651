-- The tables of bench/clinic.yaml, without any safeguard.
CREATE TABLE IF NOT EXISTS patients (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    date_of_birth date NOT NULL,
    sex text,
    phone text,
    email text,
    address text,
    allergies text,
    weight double precision
);
CREATE TABLE IF NOT EXISTS practitioners (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    speciality text,
    phone text
);
CREATE TABLE IF NOT EXISTS appointments (
    id uuid PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES patients (id),
    practitioner_id uuid NOT NULL REFERENCES practitioners (id),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    reason text,
    status text NOT NULL
);
CREATE INDEX IF NOT EXISTS appointments_patient_id ON appointments (patient_id);
CREATE INDEX IF NOT EXISTS appointments_practitioner_id ON appointments (practitioner_id);
CREATE TABLE IF NOT EXISTS encounters (
    id uuid PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES patients (id),
    practitioner_id uuid NOT NULL REFERENCES practitioners (id),
    began_at timestamptz NOT NULL,
    reason text,
    status text NOT NULL
);
CREATE INDEX IF NOT EXISTS encounters_patient_id ON encounters (patient_id);
CREATE INDEX IF NOT EXISTS encounters_practitioner_id ON encounters (practitioner_id);
CREATE TABLE IF NOT EXISTS vitals (
    id uuid PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES patients (id),
    taken_at timestamptz NOT NULL,
    systolic bigint NOT NULL,
    diastolic bigint NOT NULL,
    pulse bigint,
    temperature double precision
);
CREATE INDEX IF NOT EXISTS vitals_patient_id ON vitals (patient_id);
CREATE TABLE IF NOT EXISTS notes (
    id uuid PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES patients (id),
    subjective text,
    objective text,
    assessment text,
    plan text,
    status text NOT NULL
);
CREATE INDEX IF NOT EXISTS notes_patient_id ON notes (patient_id);
CREATE TABLE IF NOT EXISTS medications (
    id uuid PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES patients (id),
    drug text NOT NULL,
    dose text NOT NULL,
    frequency text,
    began_on date
);
CREATE INDEX IF NOT EXISTS medications_patient_id ON medications (patient_id);
CREATE TABLE IF NOT EXISTS conditions (
    id uuid PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES patients (id),
    code text NOT NULL,
    onset_on date,
    status text NOT NULL
);
CREATE INDEX IF NOT EXISTS conditions_patient_id ON conditions (patient_id);
CREATE TABLE IF NOT EXISTS invoices (
    id uuid PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES patients (id),
    number text NOT NULL,
    amount_cents bigint NOT NULL,
    issued_on date NOT NULL,
    status text NOT NULL
);
CREATE INDEX IF NOT EXISTS invoices_patient_id ON invoices (patient_id);
CREATE TABLE IF NOT EXISTS messages (
    id uuid PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES patients (id),
    sent_at timestamptz NOT NULL,
    body text NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_patient_id ON messages (patient_id);
