-- From when until when what a rule waits for holds of a record: one row an episode. What follows from a rule follows once
-- an episode, whoever notices it first: of two at once, one writes the row that has no end yet.
CREATE TABLE rule_episodes (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    rule text NOT NULL,
    record_id uuid NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE UNIQUE INDEX rule_episodes_current ON rule_episodes (organisation_id, rule, record_id) WHERE ended_at IS NULL;

-- The tasks that an episode made, by their table.
CREATE TABLE episode_tasks (
    id uuid NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    episode_id uuid NOT NULL,
    made_in text NOT NULL
);
CREATE INDEX episode_tasks_episode_id ON episode_tasks (episode_id);

ALTER TABLE rule_episodes ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_episodes FORCE ROW LEVEL SECURITY;
CREATE POLICY rule_episodes_owner ON rule_episodes
    USING (has_table_privilege('rule_episodes', 'TRUNCATE')) WITH CHECK (has_table_privilege('rule_episodes', 'TRUNCATE'));
CREATE POLICY rule_episodes_organisation ON rule_episodes
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

ALTER TABLE episode_tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE episode_tasks FORCE ROW LEVEL SECURITY;
CREATE POLICY episode_tasks_owner ON episode_tasks
    USING (has_table_privilege('episode_tasks', 'TRUNCATE')) WITH CHECK (has_table_privilege('episode_tasks', 'TRUNCATE'));
CREATE POLICY episode_tasks_organisation ON episode_tasks
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

-- Reports have no use for them.
DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON rule_episodes, episode_tasks FROM %I', environment_role('reader'));
END $$;
