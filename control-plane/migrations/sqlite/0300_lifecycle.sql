-- The ends of projects, and of organisations in them: cancelled, a window to take everything home, destroyed.
CREATE TABLE departures (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    -- Where one organisation of an environment leaves and the rest stays; NULL: everything of the project.
    environment_id TEXT REFERENCES environments (id),
    organisation_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('window', 'destroying', 'destroyed', 'returned')),
    cancelled_at TEXT NOT NULL,
    cancelled_by_id TEXT NOT NULL,
    window_ends_at TEXT NOT NULL,
    returned_at TEXT,
    destroyed_at TEXT,
    -- The certificate with its signature, as JSON.
    certificate TEXT,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT departures_organisation_in_environment CHECK ((environment_id IS NULL) = (organisation_id IS NULL)),
    CONSTRAINT departures_certified CHECK ((state = 'destroyed') = (certificate IS NOT NULL))
) STRICT;
-- One departure at a time.
CREATE UNIQUE INDEX departures_of_project_idx ON departures (project_id)
    WHERE state IN ('window', 'destroying') AND organisation_id IS NULL;
CREATE UNIQUE INDEX departures_of_organisation_idx ON departures (environment_id, organisation_id)
    WHERE state IN ('window', 'destroying') AND organisation_id IS NOT NULL;
CREATE INDEX departures_account_id_idx ON departures (account_id, cancelled_at);

-- The archive of each environment that departs. What opens it lies in the folder of keys.
CREATE TABLE departure_archives (
    departure_id TEXT NOT NULL REFERENCES departures (id),
    environment_id TEXT NOT NULL REFERENCES environments (id),
    -- In the store of archives.
    name TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    -- The key that signed what is in it, and the end of its audit log.
    signed_by TEXT NOT NULL,
    head TEXT,
    made_at TEXT NOT NULL,
    fetched_at TEXT,
    -- The receipt: its owner holds a file of this SHA-256.
    confirmed_at TEXT,
    confirmed_by_id TEXT,
    PRIMARY KEY (departure_id, environment_id),
    CONSTRAINT departure_archives_confirmed_by_somebody CHECK ((confirmed_at IS NULL) = (confirmed_by_id IS NULL))
) STRICT;

-- Reminders that were told, or passed over because their time went by.
CREATE TABLE departure_reminders (
    departure_id TEXT NOT NULL REFERENCES departures (id),
    days INTEGER NOT NULL,
    told_at TEXT,
    PRIMARY KEY (departure_id, days)
) STRICT;

-- What was done in which order, as the certificate will say it.
CREATE TABLE departure_deeds (
    departure_id TEXT NOT NULL REFERENCES departures (id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('disabled', 'deleted', 'remains')),
    what TEXT NOT NULL,
    how TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (departure_id, number)
) STRICT;

-- Legal holds: while one stands, nothing of the project is destroyed (Fed. R. Civ. P. 37(e)).
CREATE TABLE legal_holds (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    placed_at TEXT NOT NULL,
    placed_by TEXT NOT NULL,
    lifted_at TEXT,
    lifted_by TEXT,
    FOREIGN KEY (account_id, project_id) REFERENCES projects (account_id, id),
    CONSTRAINT legal_holds_reason_not_empty CHECK (reason <> ''),
    CONSTRAINT legal_holds_lifted_by_somebody CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
) STRICT;
CREATE INDEX legal_holds_project_id_idx ON legal_holds (project_id) WHERE lifted_at IS NULL;
