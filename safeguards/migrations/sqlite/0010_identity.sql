-- People who sign in (CF-2, CC-7). An e-mail address and a name identify a person, so they lie sealed;
-- the address is found by its blind index. A person may belong to several organisations.
CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    email BLOB NOT NULL,
    email_index BLOB NOT NULL UNIQUE,
    display_name BLOB,
    -- A PHC string (Argon2id); NULL until the person has set a password by a one-time link.
    password_hash TEXT,
    password_changed_at TEXT,
    -- 1 if the password is long enough to stand without a second factor (CF-16).
    password_stands_alone INTEGER NOT NULL DEFAULT 0 CHECK (password_stands_alone IN (0, 1)),
    suspended_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- Which role a person has, in which organisation, and in which place of it (NULL: everywhere in it).
-- Policies read this table; a role that is taken away is a row that is deleted, and audited.
CREATE TABLE memberships (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    place_id TEXT,
    role TEXT NOT NULL,
    created_at TEXT NOT NULL,
    created_by_id TEXT,
    FOREIGN KEY (organisation_id, place_id) REFERENCES places (organisation_id, id),
    CONSTRAINT memberships_role_not_empty CHECK (role <> '')
) STRICT;
CREATE UNIQUE INDEX memberships_once_in_place_idx ON memberships (person_id, organisation_id, place_id, role)
    WHERE place_id IS NOT NULL;
CREATE UNIQUE INDEX memberships_once_idx ON memberships (person_id, organisation_id, role) WHERE place_id IS NULL;
CREATE INDEX memberships_organisation_id_idx ON memberships (organisation_id, role);

-- Failed sign-ins by account and by address (CF-15). The key is a blind index, so that the table tells
-- no address, and an account that does not exist counts and locks as one that does.
CREATE TABLE sign_in_attempts (
    key BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    locked_until TEXT
) STRICT;
CREATE INDEX sign_in_attempts_last_at_idx ON sign_in_attempts (last_at);

-- Sign-ins whose password was right and that lack a second factor or the choice of an organisation.
-- They are no sessions: nothing but the next step of signing in takes their token.
CREATE TABLE sign_ins (
    id TEXT NOT NULL PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    door TEXT NOT NULL CHECK (door IN ('browser', 'api')),
    second_factor_at TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX sign_ins_person_id_idx ON sign_ins (person_id);
CREATE INDEX sign_ins_expires_at_idx ON sign_ins (expires_at);

-- One sign-in of one person on one device, checked at every request.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    door TEXT NOT NULL CHECK (door IN ('browser', 'api')),
    -- The hash of the cookie's token; NULL for API clients, whose access tokens name the session.
    token_hash BLOB UNIQUE,
    purpose TEXT NOT NULL,
    second_factor_at TEXT,
    started_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT,
    ended_because TEXT,
    address BLOB NOT NULL,
    device BLOB,
    CONSTRAINT sessions_token_for_browsers CHECK ((door = 'browser') = (token_hash IS NOT NULL))
) STRICT;
CREATE INDEX sessions_person_id_idx ON sessions (person_id, ended_at);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- Refresh tokens of API sessions. A session is a family: one token of it is unused at a time, and a used
-- one that comes back ends the session (CF-12).
CREATE TABLE refresh_tokens (
    token_hash BLOB NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at TEXT NOT NULL,
    used_at TEXT
) STRICT;
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);

-- Authenticators (CF-13). The last step used is kept, and only a later one is taken.
CREATE TABLE authenticators (
    person_id TEXT NOT NULL PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    secret BLOB NOT NULL,
    created_at TEXT NOT NULL,
    confirmed_at TEXT,
    last_step INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Recovery codes: 120 random bits each, so a plain SHA-256 is kept; used once.
CREATE TABLE recovery_codes (
    code_hash BLOB NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    used_at TEXT
) STRICT;
CREATE INDEX recovery_codes_person_id_idx ON recovery_codes (person_id);

-- One-time links: an invitation into an organisation, or the setting of a password.
CREATE TABLE one_time_links (
    id TEXT NOT NULL PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    organisation_id TEXT REFERENCES organisations (id),
    place_id TEXT,
    role TEXT,
    created_at TEXT NOT NULL,
    created_by_id TEXT,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    FOREIGN KEY (organisation_id, place_id) REFERENCES places (organisation_id, id),
    CONSTRAINT one_time_links_role_in_organisation CHECK ((role IS NULL) = (organisation_id IS NULL))
) STRICT;
CREATE INDEX one_time_links_person_id_idx ON one_time_links (person_id);
CREATE INDEX one_time_links_organisation_id_idx ON one_time_links (organisation_id);

-- Keys that sign access tokens, sealed. The newest signs; the others verify until they are removed.
CREATE TABLE signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
