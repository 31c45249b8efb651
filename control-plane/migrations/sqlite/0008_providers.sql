-- How an app calls a company that it may reach: AI providers, and the identity provider (HC-5, HC-13, CF-23). The key lies
-- sealed; what was replaced or withdrawn stays without its key, so that it can be said who was called how and when.
CREATE TABLE app_providers (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    -- As `outward_hosts` has it: a sub-processor of the app's spec, or `sign-in`.
    processor TEXT NOT NULL,
    -- Where it is called, which its owner must have attested.
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    -- Everything but the key, as JSON.
    settings TEXT NOT NULL,
    -- The key, sealed under the account's; none of a provider that wants none, and none that is not in force.
    secret BLOB,
    set_at TEXT NOT NULL,
    set_by_id TEXT NOT NULL,
    withdrawn_at TEXT,
    -- Nobody, where it ended with its environment.
    withdrawn_by_id TEXT,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT app_providers_withdrawn_without_key CHECK (withdrawn_at IS NULL OR secret IS NULL),
    CONSTRAINT app_providers_withdrawn_by_somebody CHECK (withdrawn_by_id IS NULL OR withdrawn_at IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX app_providers_in_force_idx ON app_providers (environment_id, processor) WHERE withdrawn_at IS NULL;
