-- Whose a subscription is. Written when an event, or the provider itself, first names the account.
CREATE TABLE billing_subscriptions (
    -- The provider's id, or that of an operator's grant.
    id TEXT NOT NULL PRIMARY KEY,
    -- `stripe`, or `operator`.
    provider TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES organisations (id),
    -- The provider's id of who pays.
    customer TEXT,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX billing_subscriptions_account_id_idx ON billing_subscriptions (account_id);

-- What providers told, each event once. An event may come before its subscription is known to be anybody's. Nothing
-- but these columns is kept of a webhook: no name, no address, nothing of a card.
CREATE TABLE billing_events (
    provider TEXT NOT NULL,
    id TEXT NOT NULL,
    subscription_id TEXT NOT NULL,
    fact TEXT NOT NULL CHECK (fact IN ('granted', 'seen', 'payment-failed', 'settled', 'ended')),
    status TEXT CHECK (status IN ('incomplete', 'active', 'past-due')),
    invoice TEXT,
    ends_at TEXT,
    -- When it happened, by the provider's clock.
    at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (provider, id),
    CONSTRAINT billing_events_seen_with_status CHECK ((fact = 'seen') = (status IS NOT NULL)),
    CONSTRAINT billing_events_with_invoice CHECK ((fact IN ('payment-failed', 'settled')) = (invoice IS NOT NULL))
) STRICT;
CREATE INDEX billing_events_subscription_id_idx ON billing_events (subscription_id);

-- Payment pages. An account has one open at a time, so that two clicks are one subscription.
CREATE TABLE billing_checkouts (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES organisations (id),
    provider TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'over')),
    -- The provider's id and address of the page, once it was made.
    page TEXT,
    url TEXT,
    expires_at TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX billing_checkouts_one_open_idx ON billing_checkouts (account_id) WHERE state = 'open';
CREATE INDEX billing_checkouts_page_idx ON billing_checkouts (page);
