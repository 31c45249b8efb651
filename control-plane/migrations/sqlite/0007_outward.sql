-- Hosts that an app may reach, as its owner attested: the door of its sandbox opens to these and to no other (HC-13, CF-23).
-- What was withdrawn stays, so that it can be said who could be reached when.
CREATE TABLE outward_hosts (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    -- The company, as the app's spec names it among its sub-processors; or `sign-in`, for the identity provider.
    processor TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    -- The agreement with it.
    agreement TEXT NOT NULL,
    attested_at TEXT NOT NULL,
    attested_by_id TEXT NOT NULL,
    withdrawn_at TEXT,
    withdrawn_by_id TEXT,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT outward_hosts_agreement_not_empty CHECK (agreement <> ''),
    CONSTRAINT outward_hosts_withdrawn_by_somebody CHECK ((withdrawn_at IS NULL) = (withdrawn_by_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX outward_hosts_in_force_idx ON outward_hosts (environment_id, host, port) WHERE withdrawn_at IS NULL;
