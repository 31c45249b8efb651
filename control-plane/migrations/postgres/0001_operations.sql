-- Durable operations: whatever takes more than one transaction. A row is enqueued in the transaction of
-- the domain's own change, and each step ends in one transaction with the change that it makes.
CREATE TABLE operations (
    id uuid NOT NULL PRIMARY KEY,
    -- Which work does it: build, deploy, destroy …
    kind text NOT NULL,
    -- Enqueued twice under one key, it is one operation.
    unique_key text NOT NULL UNIQUE,
    -- Of the operations in one lane, the oldest open one alone is worked on. NULL: no lane.
    lane text,
    account_id uuid,
    -- What was asked for, as JSON. Never a prompt, a name or a secret.
    request jsonb NOT NULL,
    -- What the steps so far found out, as JSON.
    notes jsonb NOT NULL,
    -- The step that comes next.
    step text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'done', 'failed', 'cancelled')),
    -- How often this step was tried.
    attempts bigint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    -- Who works on it, until when; and how often it was taken: a worker with an older number is too late.
    leased_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    -- Why the last try failed, or the whole operation, in words for a person.
    failure text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX operations_due_idx ON operations (state, due_at);
CREATE INDEX operations_lane_idx ON operations (lane, state, id);
CREATE INDEX operations_account_id_idx ON operations (account_id, created_at);
