-- Apps that founders make. An account is the organisation whose people work on it.
CREATE TABLE projects (
    id uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES organisations (id),
    name text NOT NULL,
    -- The first label of its host names; never given to another project again.
    label text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    created_by_id uuid NOT NULL,
    closed_at timestamptz,
    UNIQUE (account_id, id),
    CONSTRAINT projects_name_not_empty CHECK (name <> ''),
    CONSTRAINT projects_label_not_empty CHECK (label <> '')
);

-- What founders wrote, sealed under their account's key (HC-6). A deleted one leaves the fact that it was.
CREATE TABLE prompts (
    id uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL,
    project_id uuid NOT NULL,
    body bytea,
    -- What its author said about sentences that were not understood, sealed.
    answers bytea,
    created_at timestamptz NOT NULL,
    created_by_id uuid NOT NULL,
    deleted_at timestamptz,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT prompts_body_until_deleted
        CHECK ((body IS NULL) = (deleted_at IS NOT NULL) AND (answers IS NULL OR deleted_at IS NULL))
);
CREATE INDEX prompts_project_id_idx ON prompts (project_id, created_at);

-- The states of a project. A spec repeats words of its prompt, so it is sealed as well.
CREATE TABLE versions (
    id uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL,
    project_id uuid NOT NULL,
    number bigint NOT NULL,
    prompt_id uuid REFERENCES prompts (id),
    state text NOT NULL CHECK (state IN ('planned', 'approved', 'built', 'failed', 'withdrawn')),
    -- app.yaml and app.lock, sealed.
    spec bytea NOT NULL,
    lock bytea,
    -- SHA-256 of app.yaml in the clear: what an approval is for.
    spec_digest bytea NOT NULL,
    created_at timestamptz NOT NULL,
    created_by_id uuid NOT NULL,
    approved_at timestamptz,
    approved_by_id uuid,
    -- Why it could not be built, in words for a founder.
    failure text,
    UNIQUE (project_id, number),
    UNIQUE (project_id, id),
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT versions_approved_by_somebody CHECK ((approved_at IS NULL) = (approved_by_id IS NULL))
);

-- Tenants: the preview and the production of a project. What the host knows of one stands in its own table.
CREATE TABLE environments (
    id uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL,
    project_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('preview', 'production')),
    host_name text NOT NULL,
    -- The version that serves now; NULL until one does.
    version_id uuid,
    created_at timestamptz NOT NULL,
    destroyed_at timestamptz,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    FOREIGN KEY (project_id, version_id) REFERENCES versions (project_id, id)
);
-- One of a kind lives at a time; a destroyed one leaves its row, and its host name to the next.
CREATE UNIQUE INDEX environments_one_of_a_kind_idx ON environments (project_id, kind) WHERE destroyed_at IS NULL;
CREATE UNIQUE INDEX environments_host_name_idx ON environments (host_name) WHERE destroyed_at IS NULL;

-- Attempts to compile a version and bring it into an environment, and all that was said meanwhile.
CREATE TABLE builds (
    id uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL,
    version_id uuid NOT NULL REFERENCES versions (id),
    environment_id uuid NOT NULL REFERENCES environments (id),
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'serving', 'failed', 'cancelled')),
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    failure text
);
CREATE INDEX builds_version_id_idx ON builds (version_id, created_at);

CREATE TABLE build_events (
    build_id uuid NOT NULL REFERENCES builds (id),
    -- From 1, without gaps: what `Last-Event-ID` names.
    number bigint NOT NULL,
    kind text NOT NULL,
    body jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (build_id, number)
);
