-- Signing in by an organisation's own identity provider (CF-14).

-- Ways to the provider that were begun, each of use once, to the browser that began it. Nonce, verifier and the path that was
-- wanted are sealed.
CREATE TABLE sso_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    state_hash BLOB NOT NULL UNIQUE,
    browser_hash BLOB NOT NULL,
    kept BLOB NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX sso_attempts_expires_at_idx ON sso_attempts (expires_at);

-- Who somebody of the provider is here, by a blind index of issuer and subject.
CREATE TABLE sso_identities (
    subject BLOB NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX sso_identities_person_id_idx ON sso_identities (person_id);

-- Roles that groups of the provider gave, and that end with them.
CREATE TABLE sso_memberships (
    membership_id TEXT NOT NULL PRIMARY KEY REFERENCES memberships (id) ON DELETE CASCADE
) STRICT;

-- Sessions that began there, by blind indexes of the subject and of its session, so that they end when it ends there.
CREATE TABLE sso_sessions (
    session_id TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    subject BLOB NOT NULL,
    session BLOB
) STRICT;
CREATE INDEX sso_sessions_subject_idx ON sso_sessions (subject);
CREATE INDEX sso_sessions_session_idx ON sso_sessions (session);

-- Between the steps of signing in, too.
ALTER TABLE sign_ins ADD COLUMN sso_subject BLOB;
ALTER TABLE sign_ins ADD COLUMN sso_session BLOB;
