/// The library's own tables. Who adds a file to a folder beside this one adds its line here:
/// 0001 organisations and places, 0010 identity, 0011 people's own places, 0020 keys, 0030 audit, 0040 what row-level
/// security looks through (PostgreSQL only), 0050 searches, 0060 files, 0070 limits, 0080
/// compliance, 0090 emergency access, 0100 rules, 0110 what AI was asked, 0120 identity providers, 0150 who has read what in a
/// conversation.
pub const SYSTEM_MIGRATIONS: MigrationSet = MigrationSet {
    name: "system",
    sqlite: files!("sqlite":
        1 "0001_organisations",
        10 "0010_identity",
        11 "0011_places",
        20 "0020_organisation_keys",
        30 "0030_audit",
        50 "0050_searches",
        60 "0060_files",
        70 "0070_limits",
        80 "0080_compliance",
        90 "0090_emergency",
        100 "0100_rules",
        110 "0110_ai",
        120 "0120_sso",
        150 "0150_conversations",
    ),
    postgres: files!("postgres":
        1 "0001_organisations",
        10 "0010_identity",
        11 "0011_places",
        20 "0020_organisation_keys",
        30 "0030_audit",
        40 "0040_fence",
        50 "0050_searches",
        60 "0060_files",
        70 "0070_limits",
        80 "0080_compliance",
        90 "0090_emergency",
        100 "0100_rules",
        110 "0110_ai",
        120 "0120_sso",
        150 "0150_conversations",
    ),
};
