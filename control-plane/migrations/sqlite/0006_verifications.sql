-- What a version was tried for, and passed: its report is not made twice. What failed, or was not decided, leaves no row.
CREATE TABLE verifications (
    version_id TEXT NOT NULL REFERENCES versions (id),
    -- SHA-256 of the program that was tried, in hexadecimal.
    program TEXT NOT NULL,
    -- On which kind of database.
    database TEXT NOT NULL,
    -- SHA-256 of the program that tried it: another one may ask for more.
    verifier TEXT NOT NULL,
    -- How many checks saw their promise kept.
    kept INTEGER NOT NULL,
    -- SHA-256 of the report, which lies with the version's source.
    report TEXT NOT NULL,
    verified_at TEXT NOT NULL,
    PRIMARY KEY (version_id, program, database, verifier),
    CONSTRAINT verifications_kept_something CHECK (kept > 0)
) STRICT;
