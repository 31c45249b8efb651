-- Copies of apps that go on: an archive that waits for its owner for some days.
CREATE TABLE copies (
    id uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL,
    project_id uuid NOT NULL,
    environment_id uuid NOT NULL REFERENCES environments (id),
    state text NOT NULL CHECK (state IN ('making', 'ready', 'failed', 'gone')),
    bytes bigint,
    sha256 text,
    -- The key that signed what is in it.
    signed_by text,
    asked_at timestamptz NOT NULL,
    asked_by_id uuid NOT NULL,
    -- Until when it waits.
    until timestamptz,
    failure text,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT copies_that_wait_are_whole CHECK (state <> 'ready' OR (sha256 IS NOT NULL AND until IS NOT NULL))
);
-- One at a time.
CREATE UNIQUE INDEX copies_of_environment_idx ON copies (environment_id) WHERE state IN ('making', 'ready');
CREATE INDEX copies_project_id_idx ON copies (project_id, asked_at);
