-- Durable operations: whatever takes more than one transaction. A row is enqueued in the transaction of
-- the domain's own change, and each step ends in one transaction with the change that it makes.
CREATE TABLE operations (
    id TEXT NOT NULL PRIMARY KEY,
    -- Which work does it: build, deploy, destroy …
    kind TEXT NOT NULL,
    -- Enqueued twice under one key, it is one operation.
    unique_key TEXT NOT NULL UNIQUE,
    -- Of the operations in one lane, the oldest open one alone is worked on. NULL: no lane.
    lane TEXT,
    account_id TEXT,
    -- What was asked for, as JSON. Never a prompt, a name or a secret.
    request TEXT NOT NULL,
    -- What the steps so far found out, as JSON.
    notes TEXT NOT NULL,
    -- The step that comes next.
    step TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed', 'cancelled')),
    -- How often this step was tried.
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT NOT NULL,
    -- Who works on it, until when; and how often it was taken: a worker with an older number is too late.
    leased_until TEXT,
    fence INTEGER NOT NULL DEFAULT 0,
    -- Why the last try failed, or the whole operation, in words for a person.
    failure TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    finished_at TEXT
) STRICT;
CREATE INDEX operations_due_idx ON operations (state, due_at);
CREATE INDEX operations_lane_idx ON operations (lane, state, id);
CREATE INDEX operations_account_id_idx ON operations (account_id, created_at);
