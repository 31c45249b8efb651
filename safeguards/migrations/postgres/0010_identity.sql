-- People who sign in (CF-2, CC-7). An e-mail address and a name identify a person, so they lie sealed;
-- the address is found by its blind index. A person may belong to several organisations.
CREATE TABLE people (
    id uuid NOT NULL PRIMARY KEY,
    email bytea NOT NULL,
    email_index bytea NOT NULL UNIQUE,
    display_name bytea,
    -- A PHC string (Argon2id); NULL until the person has set a password by a one-time link.
    password_hash text,
    password_changed_at timestamptz,
    -- True if the password is long enough to stand without a second factor (CF-16).
    password_stands_alone boolean NOT NULL DEFAULT false,
    suspended_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

-- Which role a person has, in which organisation, and in which place of it (NULL: everywhere in it).
-- Policies read this table; a role that is taken away is a row that is deleted, and audited.
CREATE TABLE memberships (
    id uuid NOT NULL PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    place_id uuid,
    role text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by_id uuid,
    FOREIGN KEY (organisation_id, place_id) REFERENCES places (organisation_id, id),
    CONSTRAINT memberships_role_not_empty CHECK (role <> '')
);
CREATE UNIQUE INDEX memberships_once_in_place_idx ON memberships (person_id, organisation_id, place_id, role)
    WHERE place_id IS NOT NULL;
CREATE UNIQUE INDEX memberships_once_idx ON memberships (person_id, organisation_id, role) WHERE place_id IS NULL;
CREATE INDEX memberships_organisation_id_idx ON memberships (organisation_id, role);

-- Failed sign-ins by account and by address (CF-15). The key is a blind index, so that the table tells
-- no address, and an account that does not exist counts and locks as one that does.
CREATE TABLE sign_in_attempts (
    key bytea NOT NULL PRIMARY KEY,
    failures bigint NOT NULL,
    last_at timestamptz NOT NULL,
    locked_until timestamptz
);
CREATE INDEX sign_in_attempts_last_at_idx ON sign_in_attempts (last_at);

-- Sign-ins whose password was right and that lack a second factor or the choice of an organisation.
-- They are no sessions: nothing but the next step of signing in takes their token.
CREATE TABLE sign_ins (
    id uuid NOT NULL PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    door text NOT NULL CHECK (door IN ('browser', 'api')),
    second_factor_at timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_ins_person_id_idx ON sign_ins (person_id);
CREATE INDEX sign_ins_expires_at_idx ON sign_ins (expires_at);

-- One sign-in of one person on one device, checked at every request.
CREATE TABLE sessions (
    id uuid NOT NULL PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    door text NOT NULL CHECK (door IN ('browser', 'api')),
    -- The hash of the cookie's token; NULL for API clients, whose access tokens name the session.
    token_hash bytea UNIQUE,
    purpose text NOT NULL,
    second_factor_at timestamptz,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_because text,
    address bytea NOT NULL,
    device bytea,
    CONSTRAINT sessions_token_for_browsers CHECK ((door = 'browser') = (token_hash IS NOT NULL))
);
CREATE INDEX sessions_person_id_idx ON sessions (person_id, ended_at);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- Refresh tokens of API sessions. A session is a family: one token of it is unused at a time, and a used
-- one that comes back ends the session (CF-12).
CREATE TABLE refresh_tokens (
    token_hash bytea NOT NULL PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);

-- Authenticators (CF-13). The last step used is kept, and only a later one is taken.
CREATE TABLE authenticators (
    person_id uuid NOT NULL PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0
);

-- Recovery codes: 120 random bits each, so a plain SHA-256 is kept; used once.
CREATE TABLE recovery_codes (
    code_hash bytea NOT NULL PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX recovery_codes_person_id_idx ON recovery_codes (person_id);

-- One-time links: an invitation into an organisation, or the setting of a password.
CREATE TABLE one_time_links (
    id uuid NOT NULL PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    organisation_id uuid REFERENCES organisations (id),
    place_id uuid,
    role text,
    created_at timestamptz NOT NULL,
    created_by_id uuid,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    FOREIGN KEY (organisation_id, place_id) REFERENCES places (organisation_id, id),
    CONSTRAINT one_time_links_role_in_organisation CHECK ((role IS NULL) = (organisation_id IS NULL))
);
CREATE INDEX one_time_links_person_id_idx ON one_time_links (person_id);
CREATE INDEX one_time_links_organisation_id_idx ON one_time_links (organisation_id);

-- Keys that sign access tokens, sealed. The newest signs; the others verify until they are removed.
CREATE TABLE signing_keys (
    id uuid NOT NULL PRIMARY KEY,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL
);

-- Reports read through the reader's role; credentials are none of their business.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON sign_in_attempts, sign_ins, sessions, refresh_tokens, authenticators,
        recovery_codes, one_time_links, signing_keys FROM %I', environment_role('reader'));
END $$;
