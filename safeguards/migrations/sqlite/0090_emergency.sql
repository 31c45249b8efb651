-- Emergency access (CF-3; 45 CFR 164.312(a)(2)(ii)): who looked beyond what is theirs, why, until when, who was told of it,
-- and who reviewed it. A row is never removed.

-- An administrator looks as a colleague (`impersonation`), or a clinician at a patient's records (`break-glass`).
CREATE TABLE emergency_accesses (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL CHECK (kind IN ('impersonation', 'break-glass')),
    -- Who looks.
    person_id TEXT NOT NULL,
    -- As whom, or at whose records.
    colleague_id TEXT,
    subject_id TEXT,
    -- The session that it stands and falls with, and the hash of the token that it takes beside that session's own.
    session_id TEXT NOT NULL,
    token_hash BLOB UNIQUE,
    -- Why, in their own words: sealed, since they may name somebody.
    reason BLOB NOT NULL,
    starts_at TEXT NOT NULL,
    -- Until when it holds: as it was asked for, or the moment at which it was ended early.
    ends_at TEXT NOT NULL,
    ended_early_at TEXT,
    ended_because TEXT,
    -- Whoever looked does not review it.
    reviewed_at TEXT,
    reviewed_by_id TEXT,
    verdict TEXT CHECK (verdict IN ('justified', 'not justified')),
    finding BLOB,
    CONSTRAINT emergency_accesses_as_whom
        CHECK ((kind = 'impersonation') = (colleague_id IS NOT NULL) AND (kind = 'break-glass') = (subject_id IS NOT NULL)),
    CONSTRAINT emergency_accesses_somebody_else CHECK (person_id <> colleague_id),
    CONSTRAINT emergency_accesses_at_most_an_hour
        CHECK (julianday(ends_at) - julianday(starts_at) <= 61.0 / 1440.0),
    CONSTRAINT emergency_accesses_reviewed CHECK ((reviewed_at IS NULL) = (reviewed_by_id IS NULL)
        AND (reviewed_at IS NULL) = (finding IS NULL) AND (reviewed_at IS NULL) = (verdict IS NULL)),
    CONSTRAINT emergency_accesses_reviewed_by_another CHECK (reviewed_by_id <> person_id)
) STRICT;
CREATE INDEX emergency_accesses_organisation_id_idx ON emergency_accesses (organisation_id, starts_at);
CREATE INDEX emergency_accesses_session_id_idx ON emergency_accesses (session_id, ends_at);
CREATE INDEX emergency_accesses_subject_id_idx ON emergency_accesses (subject_id, person_id, ends_at);
-- It is made shorter, never longer; it is reviewed once; what it was for stays as it was said.
CREATE TRIGGER emergency_accesses_only_shortened BEFORE UPDATE ON emergency_accesses
WHEN NEW.ends_at > OLD.ends_at OR OLD.reviewed_at IS NOT NULL
    OR NEW.id <> OLD.id OR NEW.organisation_id <> OLD.organisation_id OR NEW.kind <> OLD.kind
    OR NEW.person_id <> OLD.person_id OR NEW.colleague_id IS NOT OLD.colleague_id OR NEW.subject_id IS NOT OLD.subject_id
    OR NEW.session_id <> OLD.session_id OR NEW.reason <> OLD.reason OR NEW.starts_at <> OLD.starts_at
BEGIN SELECT RAISE(ABORT, 'an emergency access is shortened and reviewed, and nothing else'); END;

-- Who is told of it, and when they had seen that.
CREATE TABLE emergency_notices (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    emergency_id TEXT NOT NULL REFERENCES emergency_accesses (id),
    person_id TEXT NOT NULL,
    seen_at TEXT,
    UNIQUE (emergency_id, person_id)
) STRICT;
CREATE INDEX emergency_notices_person_id_idx ON emergency_notices (organisation_id, person_id, seen_at);
