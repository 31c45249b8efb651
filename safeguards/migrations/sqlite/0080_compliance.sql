-- The people's side of a covered entity's duties: what was accepted, who answers, who is trained, what went wrong, what
-- was reviewed. Names, contacts and what people write about an incident are sealed: they may identify somebody.

-- Who accepted which version of which document, for themselves or for their organisation (CC-12, CL-9). `version` is the
-- SHA-256 of the text as it was shown. Nothing here is ever changed.
CREATE TABLE document_acceptances (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    document TEXT NOT NULL,
    version TEXT NOT NULL,
    capacity TEXT NOT NULL CHECK (capacity IN ('person', 'organisation')),
    signature BLOB,
    accepted_at TEXT NOT NULL
) STRICT;
CREATE INDEX document_acceptances_document_idx ON document_acceptances (organisation_id, document, capacity, person_id);
CREATE TRIGGER document_acceptances_unchanged BEFORE UPDATE ON document_acceptances
BEGIN SELECT RAISE(ABORT, 'an acceptance is never changed'); END;

-- The privacy official (45 CFR 164.530(a)) and the security official (164.308(a)(2)) of an organisation (CF-21).
CREATE TABLE compliance_officers (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    duty TEXT NOT NULL CHECK (duty IN ('privacy', 'security')),
    contact BLOB NOT NULL,
    named_at TEXT NOT NULL,
    named_by_id TEXT NOT NULL,
    UNIQUE (organisation_id, duty)
) STRICT;

-- Who has gone through the training, and when (CF-20; 45 CFR 164.530(b), 164.308(a)(5)).
CREATE TABLE trainings (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    course TEXT NOT NULL,
    completed_at TEXT NOT NULL,
    recorded_by_id TEXT NOT NULL
) STRICT;
CREATE INDEX trainings_person_id_idx ON trainings (organisation_id, person_id, completed_at);
CREATE TRIGGER trainings_unchanged BEFORE UPDATE ON trainings
BEGIN SELECT RAISE(ABORT, 'a training is never changed'); END;

-- Security incidents and breaches, with the clocks of 45 CFR 164.404 to 164.410 (CF-21, CF-25).
CREATE TABLE incidents (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    version INTEGER NOT NULL DEFAULT 1,
    reported_at TEXT NOT NULL,
    reported_by_id TEXT NOT NULL,
    discovered_at TEXT NOT NULL,
    title BLOB NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('reported', 'no breach', 'breach', 'closed')),
    individuals INTEGER,
    individuals_told_at TEXT,
    authority_told_at TEXT,
    media_told_at TEXT,
    closed_at TEXT
) STRICT;
CREATE INDEX incidents_organisation_id_idx ON incidents (organisation_id, standing, discovered_at);

-- What was found, said and done about an incident or a request, in the order of time. Nothing here is ever changed.
CREATE TABLE compliance_entries (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    about_id TEXT NOT NULL,
    written_at TEXT NOT NULL,
    written_by_id TEXT NOT NULL,
    step TEXT NOT NULL,
    words BLOB NOT NULL
) STRICT;
CREATE INDEX compliance_entries_about_id_idx ON compliance_entries (organisation_id, about_id, written_at);
CREATE TRIGGER compliance_entries_unchanged BEFORE UPDATE ON compliance_entries
BEGIN SELECT RAISE(ABORT, 'what was written is never changed'); END;

-- What people ask for as their right (45 CFR 164.522 to 164.528, 164.530(d); GDPR, Articles 15 to 21), and how it was
-- answered (HG-1, CL-10).
CREATE TABLE rights_requests (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    version INTEGER NOT NULL DEFAULT 1,
    kind TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('open', 'granted', 'denied', 'withdrawn')),
    extended_at TEXT,
    decided_at TEXT
) STRICT;
CREATE INDEX rights_requests_person_id_idx ON rights_requests (organisation_id, person_id);
CREATE INDEX rights_requests_standing_idx ON rights_requests (organisation_id, standing, asked_at);

-- Risk analyses, exercises of the contingency plan and the like, as they were conducted (HG-2). Never changed.
CREATE TABLE compliance_reviews (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL,
    conducted_on TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    recorded_by_id TEXT NOT NULL,
    findings BLOB NOT NULL
) STRICT;
CREATE INDEX compliance_reviews_kind_idx ON compliance_reviews (organisation_id, kind, conducted_on);
CREATE TRIGGER compliance_reviews_unchanged BEFORE UPDATE ON compliance_reviews
BEGIN SELECT RAISE(ABORT, 'a review is never changed'); END;
