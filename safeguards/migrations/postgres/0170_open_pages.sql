-- Pages that anybody may come to: which of them an organisation has opened, at which address, who opened and closed them. An
-- address is looked up before anybody knows of which organisation it is, and holds nothing that is not told to whoever has it.
CREATE TABLE open_page_addresses (
    -- 128 random bits: it tells nothing of the organisation, and nobody finds one by trying.
    address text NOT NULL PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    -- The page, by its name in the spec.
    page text NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_by_id uuid NOT NULL,
    closed_at timestamptz,
    closed_by_id uuid,
    CONSTRAINT open_page_addresses_closed CHECK ((closed_at IS NULL) = (closed_by_id IS NULL))
);
CREATE UNIQUE INDEX open_page_addresses_open ON open_page_addresses (organisation_id, page) WHERE closed_at IS NULL;
-- An address is closed once, and leads nowhere else meanwhile.
CREATE FUNCTION open_page_addresses_close_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.address, NEW.organisation_id, NEW.page, NEW.opened_at, NEW.opened_by_id)
        IS DISTINCT FROM (OLD.address, OLD.organisation_id, OLD.page, OLD.opened_at, OLD.opened_by_id)
        OR OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a page is closed once, and its address stays what it was';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER open_page_addresses_close_once BEFORE UPDATE ON open_page_addresses
    FOR EACH ROW EXECUTE FUNCTION open_page_addresses_close_once();

-- How often somebody sent to one. Whoever sends is a keyed hash of their network, which is kept for a day.
CREATE TABLE open_page_counts (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    key bytea NOT NULL,
    since_at timestamptz NOT NULL,
    taken bigint NOT NULL,
    PRIMARY KEY (organisation_id, key)
);

-- The tickets of forms that were sent: each sends one answer. Kept for a day, and worth nothing after half of one.
CREATE TABLE open_page_tickets (
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    nonce bytea NOT NULL,
    used_at timestamptz NOT NULL,
    -- Whether its answer is written.
    sent boolean NOT NULL,
    PRIMARY KEY (organisation_id, nonce)
);

-- Whoever acts for an organisation opens and closes its pages, and no other's; nobody removes what was opened.
ALTER TABLE open_page_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE open_page_addresses FORCE ROW LEVEL SECURITY;
CREATE POLICY open_page_addresses_owner ON open_page_addresses
    USING (has_table_privilege('open_page_addresses', 'TRUNCATE')) WITH CHECK (has_table_privilege('open_page_addresses', 'TRUNCATE'));
CREATE POLICY open_page_addresses_found ON open_page_addresses FOR SELECT USING (true);
CREATE POLICY open_page_addresses_opened ON open_page_addresses FOR INSERT WITH CHECK (organisation_id = fence.organisation());
CREATE POLICY open_page_addresses_closed ON open_page_addresses FOR UPDATE
    USING (organisation_id = fence.organisation()) WITH CHECK (organisation_id = fence.organisation());

-- Of counts and tickets somebody has to be able to sweep those of every organisation, which tell nothing of any.
DO $$ BEGIN
    EXECUTE format('REVOKE DELETE ON open_page_addresses FROM %I', environment_role('app'));
    EXECUTE format('REVOKE ALL ON open_page_addresses, open_page_counts, open_page_tickets FROM %I', environment_role('reader'));
END $$;
