-- How much a person has used of what is limited, by period. The check refuses what is beyond, in the transaction that makes
-- the record: of two at once, one waits for the other and is counted after it. (CC-8)
CREATE TABLE limit_usage (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    person_id uuid NOT NULL REFERENCES people (id),
    name text NOT NULL,
    period text NOT NULL,
    used bigint NOT NULL,
    allowed bigint NOT NULL,
    PRIMARY KEY (organisation_id, person_id, name, period),
    CONSTRAINT limit_usage_within CHECK (used <= allowed)
);

-- The tier that somebody was given; whoever has none here has the first.
CREATE TABLE limit_tiers (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    person_id uuid NOT NULL REFERENCES people (id),
    name text NOT NULL,
    tier text NOT NULL,
    given_at timestamptz NOT NULL,
    given_by_id uuid NOT NULL,
    PRIMARY KEY (organisation_id, person_id, name)
);

ALTER TABLE limit_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE limit_usage FORCE ROW LEVEL SECURITY;
CREATE POLICY limit_usage_owner ON limit_usage
    USING (has_table_privilege('limit_usage', 'TRUNCATE')) WITH CHECK (has_table_privilege('limit_usage', 'TRUNCATE'));
CREATE POLICY limit_usage_organisation ON limit_usage
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

ALTER TABLE limit_tiers ENABLE ROW LEVEL SECURITY;
ALTER TABLE limit_tiers FORCE ROW LEVEL SECURITY;
CREATE POLICY limit_tiers_owner ON limit_tiers
    USING (has_table_privilege('limit_tiers', 'TRUNCATE')) WITH CHECK (has_table_privilege('limit_tiers', 'TRUNCATE'));
CREATE POLICY limit_tiers_organisation ON limit_tiers
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());
