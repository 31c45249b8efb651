-- Signed agreements. A row never changes: another signature is another row.
CREATE TABLE agreement_signatures (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES organisations (id),
    version TEXT NOT NULL,
    -- SHA-256 of the words that were signed, in hexadecimal, and from when they were asked for.
    text_sha256 TEXT NOT NULL,
    text_published_at TEXT NOT NULL,
    organisation TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    signed_at TEXT NOT NULL,
    signed_from TEXT NOT NULL,
    signed_by_id TEXT NOT NULL,
    -- The countersigned file, byte for byte as it was first handed out.
    document BLOB NOT NULL
) STRICT;
CREATE INDEX agreement_signatures_account_id_idx ON agreement_signatures (account_id, signed_at);

CREATE TRIGGER agreement_signatures_stay BEFORE UPDATE ON agreement_signatures
BEGIN SELECT RAISE(ABORT, 'agreement_signatures_stay'); END;
CREATE TRIGGER agreement_signatures_remain BEFORE DELETE ON agreement_signatures
BEGIN SELECT RAISE(ABORT, 'agreement_signatures_remain'); END;

-- Ends of agreements. What was signed later is a new agreement.
CREATE TABLE agreement_terminations (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES organisations (id),
    at TEXT NOT NULL,
    -- Who ended it: a person of the account, or the operator (NULL).
    by_id TEXT,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX agreement_terminations_account_id_idx ON agreement_terminations (account_id, at);
