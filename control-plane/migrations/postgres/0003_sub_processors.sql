-- Agreements with companies that may meet health information, as the operator attests them (HC-13). An
-- attestation that ended stays, so that it can be said what was in force when.
CREATE TABLE sub_processor_attestations (
    id uuid NOT NULL PRIMARY KEY,
    processor text NOT NULL,
    agreement text NOT NULL,
    keeps_nothing boolean NOT NULL,
    attested_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CONSTRAINT sub_processor_attestations_agreement_not_empty CHECK (agreement <> '')
);
CREATE UNIQUE INDEX sub_processor_attestations_in_force_idx ON sub_processor_attestations (processor)
    WHERE withdrawn_at IS NULL;
