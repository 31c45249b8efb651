-- From when until when what a rule waits for holds of a record: one row an episode. What follows from a rule follows once
-- an episode, whoever notices it first: of two at once, one writes the row that has no end yet.
CREATE TABLE rule_episodes (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    rule TEXT NOT NULL,
    record_id TEXT NOT NULL,
    began_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;
CREATE UNIQUE INDEX rule_episodes_current ON rule_episodes (organisation_id, rule, record_id) WHERE ended_at IS NULL;

-- The tasks that an episode made, by their table.
CREATE TABLE episode_tasks (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    episode_id TEXT NOT NULL,
    made_in TEXT NOT NULL
) STRICT;
CREATE INDEX episode_tasks_episode_id ON episode_tasks (episode_id);
