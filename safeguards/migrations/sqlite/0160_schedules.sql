-- What the founder's own code does at its times: the last period of each schedule in each organisation, and who is at it.
-- Of two processes at once one writes the row, and a lease that ends lets another go on where a process died.
CREATE TABLE schedule_runs (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    schedule TEXT NOT NULL,
    -- When the period began for which it is done.
    period TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    -- Until then nobody else begins it.
    leased_until TEXT NOT NULL,
    done_at TEXT,
    PRIMARY KEY (organisation_id, schedule)
) STRICT;
