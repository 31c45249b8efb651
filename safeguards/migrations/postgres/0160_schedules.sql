-- What the founder's own code does at its times: the last period of each schedule in each organisation, and who is at it.
-- Of two processes at once one writes the row, and a lease that ends lets another go on where a process died.
CREATE TABLE schedule_runs (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    schedule text NOT NULL,
    -- When the period began for which it is done.
    period timestamptz NOT NULL,
    attempts bigint NOT NULL,
    -- Until then nobody else begins it.
    leased_until timestamptz NOT NULL,
    done_at timestamptz,
    PRIMARY KEY (organisation_id, schedule)
);

ALTER TABLE schedule_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE schedule_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY schedule_runs_owner ON schedule_runs
    USING (has_table_privilege('schedule_runs', 'TRUNCATE')) WITH CHECK (has_table_privilege('schedule_runs', 'TRUNCATE'));
CREATE POLICY schedule_runs_organisation ON schedule_runs
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

-- Reports have no use for them.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON schedule_runs FROM %I', environment_role('reader'));
END $$;
