-- Why a project departs. 'owner': its owner ended all of it. 'account': what the account pays for or has signed came to
-- an end; then its production departs, the rest stays, and paying or signing again takes it back.
ALTER TABLE departures ADD COLUMN cause TEXT NOT NULL DEFAULT 'owner' CHECK (cause IN ('owner', 'account'));
