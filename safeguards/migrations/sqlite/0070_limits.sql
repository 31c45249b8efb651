-- How much a person has used of what is limited, by period. The check refuses what is beyond, in the transaction that makes
-- the record: of two at once, one waits for the other and is counted after it. (CC-8)
CREATE TABLE limit_usage (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    person_id TEXT NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    period TEXT NOT NULL,
    used INTEGER NOT NULL,
    allowed INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, person_id, name, period),
    CONSTRAINT limit_usage_within CHECK (used <= allowed)
) STRICT;

-- The tier that somebody was given; whoever has none here has the first.
CREATE TABLE limit_tiers (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    person_id TEXT NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    tier TEXT NOT NULL,
    given_at TEXT NOT NULL,
    given_by_id TEXT NOT NULL,
    PRIMARY KEY (organisation_id, person_id, name)
) STRICT;
