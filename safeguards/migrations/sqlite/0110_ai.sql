-- What AI was asked and proposed (CC-6, CF-11, CF-23, CF-24): who, when, by which engine on which terms, for how much, and
-- what became of it. Neither what was read nor what was proposed stands here, but as a keyed hash, unless the spec keeps it.

-- Who says that a provider may be called for this organisation, and by which agreement. It is withdrawn, never changed.
CREATE TABLE ai_attestations (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    provider TEXT NOT NULL,
    -- The business associate agreement; none for a server on the app's own machine.
    agreement TEXT,
    -- The terms under which the provider keeps nothing and learns nothing.
    zero_retention TEXT NOT NULL,
    attested_at TEXT NOT NULL,
    attested_by_id TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    withdrawn_at TEXT,
    withdrawn_by_id TEXT,
    CONSTRAINT ai_attestations_withdrawn CHECK ((withdrawn_at IS NULL) = (withdrawn_by_id IS NULL))
) STRICT;
CREATE INDEX ai_attestations_organisation_id_idx ON ai_attestations (organisation_id, provider, attested_at);
CREATE TRIGGER ai_attestations_only_withdrawn BEFORE UPDATE ON ai_attestations
WHEN OLD.withdrawn_at IS NOT NULL
    OR NEW.id <> OLD.id OR NEW.organisation_id <> OLD.organisation_id OR NEW.provider <> OLD.provider
    OR NEW.agreement IS NOT OLD.agreement OR NEW.zero_retention <> OLD.zero_retention
    OR NEW.attested_at <> OLD.attested_at OR NEW.attested_by_id <> OLD.attested_by_id OR NEW.ends_at <> OLD.ends_at
BEGIN SELECT RAISE(ABORT, 'an attestation is withdrawn, and nothing else'); END;

-- The register of runs. A row is written before anything is asked; one without an end was cut off.
CREATE TABLE ai_invocations (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    -- The action, by its name in the spec, and the record on whose page it stood.
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    record_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    began_at TEXT NOT NULL,
    -- `embedded`, `cache`, or the provider; the model, and the agreement by which it was called.
    engine TEXT NOT NULL,
    model TEXT,
    agreement TEXT,
    -- What was read, as HMAC-SHA-256 under the organisation's key, and its length.
    asked BLOB NOT NULL,
    characters INTEGER NOT NULL,
    -- When the person confirmed for this run that the text names nobody.
    confirmed_at TEXT,
    ended_at TEXT,
    outcome TEXT CHECK (outcome IN ('proposed', 'nothing', 'failed')),
    fault TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    -- In billionths of a dollar, at most.
    cost INTEGER,
    -- How many were proposed, and each of them, sealed, where the spec keeps it.
    items INTEGER NOT NULL,
    output BLOB,
    -- The first 200 characters of what was read, sealed, where the spec and the person say so.
    preview BLOB
) STRICT;
CREATE INDEX ai_invocations_organisation_id_idx ON ai_invocations (organisation_id, began_at);
CREATE INDEX ai_invocations_asked_idx ON ai_invocations (organisation_id, action, asked);
CREATE INDEX ai_invocations_record_id_idx ON ai_invocations (organisation_id, record_id);
-- It ends once. Afterwards what was kept may be forgotten, and nothing else.
CREATE TRIGGER ai_invocations_end_once BEFORE UPDATE ON ai_invocations
WHEN NEW.id <> OLD.id OR NEW.organisation_id <> OLD.organisation_id OR NEW.action <> OLD.action OR NEW.entity <> OLD.entity
    OR NEW.record_id <> OLD.record_id OR NEW.person_id <> OLD.person_id OR NEW.began_at <> OLD.began_at
    OR NEW.asked <> OLD.asked OR NEW.characters <> OLD.characters OR NEW.confirmed_at IS NOT OLD.confirmed_at
    OR NEW.engine <> OLD.engine OR NEW.model IS NOT OLD.model OR NEW.agreement IS NOT OLD.agreement
    OR (OLD.ended_at IS NOT NULL AND (NEW.ended_at IS NOT OLD.ended_at OR NEW.outcome IS NOT OLD.outcome
        OR NEW.fault IS NOT OLD.fault OR NEW.input_tokens IS NOT OLD.input_tokens
        OR NEW.output_tokens IS NOT OLD.output_tokens OR NEW.cost IS NOT OLD.cost OR NEW.items <> OLD.items
        OR (NEW.output IS NOT NULL AND NEW.output IS NOT OLD.output)
        OR (NEW.preview IS NOT NULL AND NEW.preview IS NOT OLD.preview)))
BEGIN SELECT RAISE(ABORT, 'a run of AI ends once, and what it kept is forgotten, and nothing else'); END;

-- What became of each proposal (CF-11): applied to which record at which version, or put aside. A tombstone: it holds no
-- word of it, and is written in the transaction that changes the record, so that one is not applied twice.
CREATE TABLE ai_applications (
    invocation_id TEXT NOT NULL REFERENCES ai_invocations (id),
    item INTEGER NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    verdict TEXT NOT NULL CHECK (verdict IN ('applied', 'discarded')),
    record_id TEXT,
    -- The version that the record had before; none where it was made.
    version INTEGER,
    decided_at TEXT NOT NULL,
    decided_by_id TEXT NOT NULL,
    PRIMARY KEY (invocation_id, item)
) STRICT;
CREATE TRIGGER ai_applications_stay BEFORE UPDATE ON ai_applications
BEGIN SELECT RAISE(ABORT, 'what became of a proposal stays as it is'); END;
