-- Pages that anybody may come to: which of them an organisation has opened, at which address, who opened and closed them.
CREATE TABLE open_page_addresses (
    -- 128 random bits: it tells nothing of the organisation, and nobody finds one by trying.
    address TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    -- The page, by its name in the spec.
    page TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    opened_by_id TEXT NOT NULL,
    closed_at TEXT,
    closed_by_id TEXT,
    CONSTRAINT open_page_addresses_closed CHECK ((closed_at IS NULL) = (closed_by_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX open_page_addresses_open ON open_page_addresses (organisation_id, page) WHERE closed_at IS NULL;
-- An address is closed once, and leads nowhere else meanwhile.
CREATE TRIGGER open_page_addresses_close_once BEFORE UPDATE ON open_page_addresses
WHEN NEW.address <> OLD.address OR NEW.organisation_id <> OLD.organisation_id OR NEW.page <> OLD.page
    OR NEW.opened_at <> OLD.opened_at OR NEW.opened_by_id <> OLD.opened_by_id OR OLD.closed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a page is closed once, and its address stays what it was'); END;

-- How often somebody sent to one. Whoever sends is a keyed hash of their network, which is kept for a day.
CREATE TABLE open_page_counts (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    key BLOB NOT NULL,
    since_at TEXT NOT NULL,
    taken INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, key)
) STRICT;

-- The tickets of forms that were sent: each sends one answer. Kept for a day, and worth nothing after half of one.
CREATE TABLE open_page_tickets (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    nonce BLOB NOT NULL,
    used_at TEXT NOT NULL,
    -- Whether its answer is written.
    sent INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, nonce)
) STRICT;
