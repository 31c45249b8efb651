-- The tables of bench/clinic.yaml, without any safeguard.
CREATE TABLE IF NOT EXISTS patients (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    date_of_birth TEXT NOT NULL,
    sex TEXT,
    phone TEXT,
    email TEXT,
    address TEXT,
    allergies TEXT,
    weight REAL
);
CREATE TABLE IF NOT EXISTS practitioners (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    speciality TEXT,
    phone TEXT
);
CREATE TABLE IF NOT EXISTS appointments (
    id BLOB PRIMARY KEY,
    patient_id BLOB NOT NULL REFERENCES patients (id),
    practitioner_id BLOB NOT NULL REFERENCES practitioners (id),
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    reason TEXT,
    status TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS appointments_patient_id ON appointments (patient_id);
CREATE INDEX IF NOT EXISTS appointments_practitioner_id ON appointments (practitioner_id);
CREATE TABLE IF NOT EXISTS encounters (
    id BLOB PRIMARY KEY,
    patient_id BLOB NOT NULL REFERENCES patients (id),
    practitioner_id BLOB NOT NULL REFERENCES practitioners (id),
    began_at TEXT NOT NULL,
    reason TEXT,
    status TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS encounters_patient_id ON encounters (patient_id);
CREATE INDEX IF NOT EXISTS encounters_practitioner_id ON encounters (practitioner_id);
CREATE TABLE IF NOT EXISTS vitals (
    id BLOB PRIMARY KEY,
    patient_id BLOB NOT NULL REFERENCES patients (id),
    taken_at TEXT NOT NULL,
    systolic INTEGER NOT NULL,
    diastolic INTEGER NOT NULL,
    pulse INTEGER,
    temperature REAL
);
CREATE INDEX IF NOT EXISTS vitals_patient_id ON vitals (patient_id);
CREATE TABLE IF NOT EXISTS notes (
    id BLOB PRIMARY KEY,
    patient_id BLOB NOT NULL REFERENCES patients (id),
    subjective TEXT,
    objective TEXT,
    assessment TEXT,
    plan TEXT,
    status TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS notes_patient_id ON notes (patient_id);
CREATE TABLE IF NOT EXISTS medications (
    id BLOB PRIMARY KEY,
    patient_id BLOB NOT NULL REFERENCES patients (id),
    drug TEXT NOT NULL,
    dose TEXT NOT NULL,
    frequency TEXT,
    began_on TEXT
);
CREATE INDEX IF NOT EXISTS medications_patient_id ON medications (patient_id);
CREATE TABLE IF NOT EXISTS conditions (
    id BLOB PRIMARY KEY,
    patient_id BLOB NOT NULL REFERENCES patients (id),
    code TEXT NOT NULL,
    onset_on TEXT,
    status TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS conditions_patient_id ON conditions (patient_id);
CREATE TABLE IF NOT EXISTS invoices (
    id BLOB PRIMARY KEY,
    patient_id BLOB NOT NULL REFERENCES patients (id),
    number TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    issued_on TEXT NOT NULL,
    status TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS invoices_patient_id ON invoices (patient_id);
CREATE TABLE IF NOT EXISTS messages (
    id BLOB PRIMARY KEY,
    patient_id BLOB NOT NULL REFERENCES patients (id),
    sent_at TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_patient_id ON messages (patient_id);
