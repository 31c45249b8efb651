-- Signing in by an organisation's own identity provider (CF-14).

-- Ways to the provider that were begun, each of use once, to the browser that began it. Nonce, verifier and the path that was
-- wanted are sealed.
CREATE TABLE sso_attempts (
    id uuid NOT NULL PRIMARY KEY,
    state_hash bytea NOT NULL UNIQUE,
    browser_hash bytea NOT NULL,
    kept bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sso_attempts_expires_at_idx ON sso_attempts (expires_at);

-- Who somebody of the provider is here, by a blind index of issuer and subject.
CREATE TABLE sso_identities (
    subject bytea NOT NULL PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL
);
CREATE INDEX sso_identities_person_id_idx ON sso_identities (person_id);

-- Roles that groups of the provider gave, and that end with them.
CREATE TABLE sso_memberships (
    membership_id uuid NOT NULL PRIMARY KEY REFERENCES memberships (id) ON DELETE CASCADE
);

-- Sessions that began there, by blind indexes of the subject and of its session, so that they end when it ends there.
CREATE TABLE sso_sessions (
    session_id uuid NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    subject bytea NOT NULL,
    session bytea
);
CREATE INDEX sso_sessions_subject_idx ON sso_sessions (subject);
CREATE INDEX sso_sessions_session_idx ON sso_sessions (session);

-- Between the steps of signing in, too.
ALTER TABLE sign_ins ADD COLUMN sso_subject bytea;
ALTER TABLE sign_ins ADD COLUMN sso_session bytea;

-- Reports read through the reader's role; credentials are none of their business.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON sso_attempts, sso_identities, sso_memberships, sso_sessions FROM %I',
        environment_role('reader'));
END $$;
