-- Places that people make themselves. What a site is called is said once within what it lies in.
CREATE UNIQUE INDEX places_named_once_idx ON places (organisation_id, COALESCE(parent_id, organisation_id), kind, name)
    WHERE closed_at IS NULL;

-- When the person of a session last showed all that they sign in with: who gives a privileged role shows it anew.
ALTER TABLE sessions ADD COLUMN proved_at TEXT;

-- 1 on the link of an organisation's first person, who joins twice: at their place, and as the one who administers
-- people of the whole organisation.
ALTER TABLE one_time_links ADD COLUMN founds INTEGER NOT NULL DEFAULT 0 CHECK (founds IN (0, 1));
