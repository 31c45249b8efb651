-- E-mail that waits for its server. Once it is taken, or given up, what it said and to whom is erased.
CREATE TABLE notices (
    id uuid NOT NULL PRIMARY KEY,
    -- The left part of its Message-ID: sent twice, it is one notice.
    message_id text NOT NULL UNIQUE,
    -- To whom and what, sealed under the platform's own key.
    body bytea,
    written_at timestamptz NOT NULL,
    told_at timestamptz,
    given_up_at timestamptz,
    -- Why it was given up, in words for the operator.
    failure text,
    CONSTRAINT notices_body_until_it_ends
        CHECK ((body IS NULL) = (told_at IS NOT NULL OR given_up_at IS NOT NULL)),
    CONSTRAINT notices_one_end CHECK (told_at IS NULL OR given_up_at IS NULL)
);
