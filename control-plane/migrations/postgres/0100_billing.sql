-- Whose a subscription is. Written when an event, or the provider itself, first names the account.
CREATE TABLE billing_subscriptions (
    -- The provider's id, or that of an operator's grant.
    id text NOT NULL PRIMARY KEY,
    -- `stripe`, or `operator`.
    provider text NOT NULL,
    account_id uuid NOT NULL REFERENCES organisations (id),
    -- The provider's id of who pays.
    customer text,
    created_at timestamptz NOT NULL
);
CREATE INDEX billing_subscriptions_account_id_idx ON billing_subscriptions (account_id);

-- What providers told, each event once. An event may come before its subscription is known to be anybody's. Nothing
-- but these columns is kept of a webhook: no name, no address, nothing of a card.
CREATE TABLE billing_events (
    provider text NOT NULL,
    id text NOT NULL,
    subscription_id text NOT NULL,
    fact text NOT NULL CHECK (fact IN ('granted', 'seen', 'payment-failed', 'settled', 'ended')),
    status text CHECK (status IN ('incomplete', 'active', 'past-due')),
    invoice text,
    ends_at timestamptz,
    -- When it happened, by the provider's clock.
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (provider, id),
    CONSTRAINT billing_events_seen_with_status CHECK ((fact = 'seen') = (status IS NOT NULL)),
    CONSTRAINT billing_events_with_invoice CHECK ((fact IN ('payment-failed', 'settled')) = (invoice IS NOT NULL))
);
CREATE INDEX billing_events_subscription_id_idx ON billing_events (subscription_id);

-- Payment pages. An account has one open at a time, so that two clicks are one subscription.
CREATE TABLE billing_checkouts (
    id uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES organisations (id),
    provider text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'paid', 'over')),
    -- The provider's id and address of the page, once it was made.
    page text,
    url text,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX billing_checkouts_one_open_idx ON billing_checkouts (account_id) WHERE state = 'open';
CREATE INDEX billing_checkouts_page_idx ON billing_checkouts (page);
