-- Apps that founders make. An account is the organisation whose people work on it.
CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    -- The first label of its host names; never given to another project again.
    label TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    created_by_id TEXT NOT NULL,
    closed_at TEXT,
    UNIQUE (account_id, id),
    CONSTRAINT projects_name_not_empty CHECK (name <> ''),
    CONSTRAINT projects_label_not_empty CHECK (label <> '')
) STRICT;

-- What founders wrote, sealed under their account's key (HC-6). A deleted one leaves the fact that it was.
CREATE TABLE prompts (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    body BLOB,
    -- What its author said about sentences that were not understood, sealed.
    answers BLOB,
    created_at TEXT NOT NULL,
    created_by_id TEXT NOT NULL,
    deleted_at TEXT,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT prompts_body_until_deleted
        CHECK ((body IS NULL) = (deleted_at IS NOT NULL) AND (answers IS NULL OR deleted_at IS NULL))
) STRICT;
CREATE INDEX prompts_project_id_idx ON prompts (project_id, created_at);

-- The states of a project. A spec repeats words of its prompt, so it is sealed as well.
CREATE TABLE versions (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    prompt_id TEXT REFERENCES prompts (id),
    state TEXT NOT NULL CHECK (state IN ('planned', 'approved', 'built', 'failed', 'withdrawn')),
    -- app.yaml and app.lock, sealed.
    spec BLOB NOT NULL,
    lock BLOB,
    -- SHA-256 of app.yaml in the clear: what an approval is for.
    spec_digest BLOB NOT NULL,
    created_at TEXT NOT NULL,
    created_by_id TEXT NOT NULL,
    approved_at TEXT,
    approved_by_id TEXT,
    -- Why it could not be built, in words for a founder.
    failure TEXT,
    UNIQUE (project_id, number),
    UNIQUE (project_id, id),
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT versions_approved_by_somebody CHECK ((approved_at IS NULL) = (approved_by_id IS NULL))
) STRICT;

-- Tenants: the preview and the production of a project. What the host knows of one stands in its own table.
CREATE TABLE environments (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('preview', 'production')),
    host_name TEXT NOT NULL,
    -- The version that serves now; NULL until one does.
    version_id TEXT,
    created_at TEXT NOT NULL,
    destroyed_at TEXT,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    FOREIGN KEY (project_id, version_id) REFERENCES versions (project_id, id)
) STRICT;
-- One of a kind lives at a time; a destroyed one leaves its row, and its host name to the next.
CREATE UNIQUE INDEX environments_one_of_a_kind_idx ON environments (project_id, kind) WHERE destroyed_at IS NULL;
CREATE UNIQUE INDEX environments_host_name_idx ON environments (host_name) WHERE destroyed_at IS NULL;

-- Attempts to compile a version and bring it into an environment, and all that was said meanwhile.
CREATE TABLE builds (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    version_id TEXT NOT NULL REFERENCES versions (id),
    environment_id TEXT NOT NULL REFERENCES environments (id),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'serving', 'failed', 'cancelled')),
    created_at TEXT NOT NULL,
    finished_at TEXT,
    failure TEXT
) STRICT;
CREATE INDEX builds_version_id_idx ON builds (version_id, created_at);

CREATE TABLE build_events (
    build_id TEXT NOT NULL REFERENCES builds (id),
    -- From 1, without gaps: what `Last-Event-ID` names.
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (build_id, number)
) STRICT;
