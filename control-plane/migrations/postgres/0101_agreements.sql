-- Signed agreements. A row never changes: another signature is another row.
CREATE TABLE agreement_signatures (
    id uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES organisations (id),
    version text NOT NULL,
    -- SHA-256 of the words that were signed, in hexadecimal, and from when they were asked for.
    text_sha256 text NOT NULL,
    text_published_at timestamptz NOT NULL,
    organisation text NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    signed_at timestamptz NOT NULL,
    signed_from text NOT NULL,
    signed_by_id uuid NOT NULL,
    -- The countersigned file, byte for byte as it was first handed out.
    document bytea NOT NULL
);
CREATE INDEX agreement_signatures_account_id_idx ON agreement_signatures (account_id, signed_at);

CREATE FUNCTION agreement_signatures_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'agreement_signatures_stay' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER agreement_signatures_stay BEFORE UPDATE OR DELETE ON agreement_signatures
    FOR EACH ROW EXECUTE FUNCTION agreement_signatures_stay();

-- Ends of agreements. What was signed later is a new agreement.
CREATE TABLE agreement_terminations (
    id uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES organisations (id),
    at timestamptz NOT NULL,
    -- Who ended it: a person of the account, or the operator (NULL).
    by_id uuid,
    reason text NOT NULL
);
CREATE INDEX agreement_terminations_account_id_idx ON agreement_terminations (account_id, at);
