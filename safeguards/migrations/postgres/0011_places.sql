-- Places that people make themselves. What a site is called is said once within what it lies in.
CREATE UNIQUE INDEX places_named_once_idx ON places (organisation_id, COALESCE(parent_id, organisation_id), kind, name)
    WHERE closed_at IS NULL;

-- When the person of a session last showed all that they sign in with: who gives a privileged role shows it anew.
ALTER TABLE sessions ADD COLUMN proved_at timestamptz;

-- True on the link of an organisation's first person, who joins twice: at their place, and as the one who administers
-- people of the whole organisation.
ALTER TABLE one_time_links ADD COLUMN founds boolean NOT NULL DEFAULT false;

-- Places and memberships decide what policies let through, so they are fenced themselves: what acts for an
-- organisation reads and writes its own. Reading is open where nobody acts yet (signing in, before an organisation is
-- chosen); writing never is. The owner runs subcommands.
ALTER TABLE places ENABLE ROW LEVEL SECURITY;
ALTER TABLE places FORCE ROW LEVEL SECURITY;
CREATE POLICY places_owner ON places
    USING (has_table_privilege('places', 'TRUNCATE')) WITH CHECK (has_table_privilege('places', 'TRUNCATE'));
CREATE POLICY places_read ON places FOR SELECT
    USING (COALESCE(NULLIF(current_setting('app.organisation', true), '')::uuid, organisation_id) = organisation_id);
CREATE POLICY places_insert ON places FOR INSERT
    WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid);
CREATE POLICY places_update ON places FOR UPDATE
    USING (organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid)
    WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid);

ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY memberships_owner ON memberships
    USING (has_table_privilege('memberships', 'TRUNCATE'))
    WITH CHECK (has_table_privilege('memberships', 'TRUNCATE'));
CREATE POLICY memberships_read ON memberships FOR SELECT
    USING (COALESCE(NULLIF(current_setting('app.organisation', true), '')::uuid, organisation_id) = organisation_id);
CREATE POLICY memberships_insert ON memberships FOR INSERT
    WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid);
CREATE POLICY memberships_delete ON memberships FOR DELETE
    USING (organisation_id = NULLIF(current_setting('app.organisation', true), '')::uuid);
