-- Support access (HC-10): the owner of an account lets people of the platform look at records of one environment, for a
-- reason and until a moment.
CREATE TABLE support_grants (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    -- Sealed under the account's key, since it may name somebody; NULL once the project is destroyed.
    reason BLOB,
    granted_at TEXT NOT NULL,
    granted_by_id TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT,
    revoked_by_id TEXT,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT support_grants_expire_later CHECK (expires_at > granted_at),
    CONSTRAINT support_grants_revoked_by_somebody CHECK ((revoked_at IS NULL) = (revoked_by_id IS NULL))
) STRICT;
CREATE INDEX support_grants_project_id_idx ON support_grants (project_id, granted_at);
CREATE INDEX support_grants_expires_at_idx ON support_grants (expires_at) WHERE revoked_at IS NULL;

-- What came of each look, as the owner is told. Whose records it was about is in the tenant's own audit log and not here.
CREATE TABLE support_looks (
    id TEXT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES support_grants (id),
    at TEXT NOT NULL,
    -- Who of the platform's people.
    support TEXT NOT NULL,
    -- The kind of record, by its name in the spec.
    entity TEXT NOT NULL,
    -- Whether it was one record, by its id, or a list.
    one INTEGER NOT NULL CHECK (one IN (0, 1)),
    outcome TEXT NOT NULL CHECK (outcome IN ('begun', 'shown', 'withheld', 'failed')),
    CONSTRAINT support_looks_by_somebody CHECK (support <> '')
) STRICT;
CREATE INDEX support_looks_grant_id_idx ON support_looks (grant_id, at);
