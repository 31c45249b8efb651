-- Copies of apps that go on: an archive that waits for its owner for some days.
CREATE TABLE copies (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    state TEXT NOT NULL CHECK (state IN ('making', 'ready', 'failed', 'gone')),
    bytes INTEGER,
    sha256 TEXT,
    -- The key that signed what is in it.
    signed_by TEXT,
    asked_at TEXT NOT NULL,
    asked_by_id TEXT NOT NULL,
    -- Until when it waits.
    until TEXT,
    failure TEXT,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT copies_that_wait_are_whole CHECK (state <> 'ready' OR (sha256 IS NOT NULL AND until IS NOT NULL))
) STRICT;
-- One at a time.
CREATE UNIQUE INDEX copies_of_environment_idx ON copies (environment_id) WHERE state IN ('making', 'ready');
CREATE INDEX copies_project_id_idx ON copies (project_id, asked_at);
