//! Mutants of kinds that the first table does not have. They were written after the checks that the first ones had led to, so how
//! many of them the checks killed at once says whether those generalise (`bench/RESULTS.md`).

use super::table::{Mutant, in_rows, mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "ended-assignment-counts",
        "src/access.rs",
        &[("OR a1.ends_at > :now))\";", "OR TRUE))\";")],
        "who was relieved of a patient still sees them",
    ),
    mutant(
        "hidden-fields-filter",
        "crates/safeguards/src/access/expand.rs",
        &[
            (
                "        fields.extend(used(&words, entity, reaches)?);\n",
                "        used(&words, entity, reaches)?;\n",
            ),
            (
                "            fields.extend(asked_for(asked, entity)?);\n",
                "            asked_for(asked, entity)?;\n",
            ),
        ],
        "a filter or a sort tells what is hidden",
    ),
    mutant(
        "organisations-mixed",
        "crates/safeguards/src/access/policy.rs",
        &[(
            "format!(\"{}.organisation_id = :organisation\", self.entity.table)",
            "format!(\"({}.organisation_id = :organisation OR TRUE)\", self.entity.table)",
        )],
        "a grant in the organisation reaches every organisation",
    ),
    mutant(
        "form-token-of-anybody",
        "crates/safeguards/src/web/csrf.rs",
        &[(
            "    [b\"csrf\\0\", nonce, session.as_bytes()].concat()",
            "    let _ = session;\n    [b\"csrf\\0\", nonce].concat()",
        )],
        "one person's form token serves another",
    ),
    mutant(
        "link-works-twice",
        "crates/safeguards/src/identity/credentials.rs",
        &[
            (
                "WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2\")",
                "WHERE token_hash = $1 AND expires_at > $2\")",
            ),
            (
                "WHERE l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > $2\"",
                "WHERE l.token_hash = $1 AND l.expires_at > $2\"",
            ),
        ],
        "a one-time link is taken again",
    ),
    mutant(
        "password-leaves-sessions",
        "crates/safeguards/src/identity/credentials.rs",
        &[(
            "        self.end_others(&mut transaction, person, Some(session.id), Ended::CredentialsChanged).await?;\n",
            "",
        )],
        "a changed password leaves a thief's session alive",
    ),
    mutant(
        "current-password-unasked",
        "crates/safeguards/src/identity/credentials.rs",
        &[(
            "        self.prove_password(session, current, visit).await?;\n        let person",
            "        let _ = current;\n        let person",
        )],
        "whoever finds a screen open takes the account",
    ),
    mutant(
        "sign-out-forgets-the-cookie-only",
        "crates/safeguards/src/identity/sessions.rs",
        &[("        self.end(&mut transaction, session.id, Ended::SignedOut).await?;\n", "")],
        "a session lives on after signing out",
    ),
    mutant(
        "unknown-fields-taken",
        "crates/safeguards/src/slice/body.rs",
        &[("if wrong.is_empty() { Ok(()) }", "if wrong.is_empty() || true { Ok(()) }")],
        "fields that nobody knows are dropped in silence",
    ),
    mutant(
        "narratives-unescaped",
        "crates/safeguards/src/pages/content.rs",
        &[(
            "div.narrative dir=\"auto\" { (text) }",
            "div.narrative dir=\"auto\" { (maud::PreEscaped(text)) }",
        )],
        "what a patient writes runs in a nurse's browser",
    ),
    mutant(
        "last-administrator-leaves",
        "crates/safeguards/src/identity/memberships.rs",
        &[(
            "if !self.is_administered(&mut transaction,",
            "if false && !self.is_administered(&mut transaction,",
        )],
        "nobody is left who administers people",
    ),
    mutant(
        "exports-unwritten",
        "crates/safeguards/src/app/export.rs",
        &[(
            "        audit.record(&context, event).await?;\n    }\n    Ok(())",
            "        let _ = (&audit, context, event);\n    }\n    Ok(())",
        )],
        "an export is not in the log",
    ),
    mutant(
        "endless-heads",
        "crates/safeguards/src/web/serve.rs",
        &[(".header_read_timeout(connections.head)", ".header_read_timeout(connections.head * 1000)")],
        "a client that never ends its request keeps a place",
    ),
    mutant(
        "live-token-of-any-kind",
        "crates/safeguards/src/identity/access_token.rs",
        &[
            (
                "        validation.set_audience(&[&self.audience]);\n",
                "        validation.validate_aud = false;\n",
            ),
            ("if !in_time || !of_our_length {", "if !in_time || (false && !of_our_length) {"),
        ],
        "an access token opens a live connection, and the other way round",
    ),
    mutant(
        "live-visibility-unasked",
        "crates/safeguards/src/access/announced.rs",
        &[(
            "        composer.condition(&policy.rows(&[], Row::Before))?;\n",
            "        let _ = policy.rows(&[], Row::Before);\n        composer.push(\"TRUE\");\n",
        )],
        "whoever listens hears of records that they may not see",
    ),
    mutant(
        "live-origin-unasked",
        "crates/safeguards/src/live/door.rs",
        &[("    if from_elsewhere(&headers,", "    if false && from_elsewhere(&headers,")],
        "a page from anywhere opens a live connection",
    ),
    mutant(
        "live-outlives-session",
        "crates/safeguards/src/live/socket.rs",
        &[(
            "    async fn look_again(&mut self) -> Result<(), End> {\n",
            "    async fn look_again(&mut self) -> Result<(), End> {\n        if true {\n            return Ok(());\n        }\n",
        )],
        "a live connection goes on when its session has ended",
    ),
    in_rows(
        "second-fence-open",
        "migrations/postgres/0003_access.sql",
        &[
            (
                "CREATE POLICY patients_read ON patients FOR SELECT\n    USING (",
                "CREATE POLICY patients_read ON patients FOR SELECT\n    USING (TRUE OR ",
            ),
            (
                "CREATE POLICY patients_organisation ON patients AS RESTRICTIVE\n    USING (",
                "CREATE POLICY patients_organisation ON patients AS RESTRICTIVE\n    USING (TRUE OR ",
            ),
        ],
        "the database shows the app whatever it asks for",
    ),
];
