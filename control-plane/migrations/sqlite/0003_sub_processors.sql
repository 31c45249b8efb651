-- Agreements with companies that may meet health information, as the operator attests them (HC-13). An
-- attestation that ended stays, so that it can be said what was in force when.
CREATE TABLE sub_processor_attestations (
    id TEXT NOT NULL PRIMARY KEY,
    processor TEXT NOT NULL,
    agreement TEXT NOT NULL,
    keeps_nothing INTEGER NOT NULL CHECK (keeps_nothing IN (0, 1)),
    attested_at TEXT NOT NULL,
    withdrawn_at TEXT,
    CONSTRAINT sub_processor_attestations_agreement_not_empty CHECK (agreement <> '')
) STRICT;
CREATE UNIQUE INDEX sub_processor_attestations_in_force_idx ON sub_processor_attestations (processor)
    WHERE withdrawn_at IS NULL;
