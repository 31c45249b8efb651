//! The mutants: each takes one safeguard away, as a careless change would.

/// One change of a project.
pub(super) struct Mutant {
    /// A short name.
    pub(super) name: &'static str,
    /// The file, from the project's folder.
    pub(super) file: &'static str,
    /// Texts and what takes their place, each the first time that it stands there.
    pub(super) changes: &'static [(&'static str, &'static str)],
    /// What it breaks.
    pub(super) breaks: &'static str,
    /// Whether only the rows of PostgreSQL tell.
    pub(super) postgres: bool,
}

pub(super) const fn mutant(
    name: &'static str,
    file: &'static str,
    changes: &'static [(&'static str, &'static str)],
    breaks: &'static str,
) -> Mutant {
    Mutant { name, file, changes, breaks, postgres: false }
}

pub(super) const fn in_rows(
    name: &'static str,
    file: &'static str,
    changes: &'static [(&'static str, &'static str)],
    breaks: &'static str,
) -> Mutant {
    Mutant { name, file, changes, breaks, postgres: true }
}

/// All of them.
pub(super) const MUTANTS: &[Mutant] = &[
    // Who sees what.
    mutant(
        "scope-assigned-dropped",
        "src/access.rs",
        &[(
            "Grant::to(\"physician\", &[Action::View, Action::List]).rows(PATIENTS_ASSIGNED_PHYSICIAN),",
            "Grant::to(\"physician\", &[Action::View, Action::List]),",
        )],
        "a physician sees every patient",
    ),
    mutant(
        "scope-own-dropped",
        "src/access.rs",
        &[(
            "Grant::to(\"patient\", &[Action::View, Action::List]).rows(\"patients.person_id = :person\"),",
            "Grant::to(\"patient\", &[Action::View, Action::List]),",
        )],
        "a patient sees every patient",
    ),
    mutant(
        "mask-dropped",
        "src/access.rs",
        &[(
            "Grant::to(\"owner\", &[Action::View, Action::List]).fields(Mask::Only(&[\n                \"reference\",\n                \"name\",\n                \"date of birth\",\n                \"phone\",\n            ])),",
            "Grant::to(\"owner\", &[Action::View, Action::List]),",
        )],
        "an owner sees clinical fields",
    ),
    mutant(
        "create-granted",
        "src/access.rs",
        &[(
            "Grant::to(\"nurse\", &[Action::View, Action::List]),",
            "Grant::to(\"nurse\", &[Action::View, Action::List, Action::Create]),",
        )],
        "a nurse makes readings",
    ),
    mutant(
        "update-mask-widened",
        "src/access.rs",
        &[(".fields(Mask::Only(&[\"reference\", \"target systolic\", \"target diastolic\"])),", ",")],
        "a physician renames patients",
    ),
    mutant(
        "list-for-everybody",
        "src/lists.rs",
        &[("    viewer.only(&[\"nurse\"])?;\n", "")],
        "a saved list opens to other roles",
    ),
    mutant(
        "page-for-everybody",
        "src/pages.rs",
        &[("    viewer.only(&[\"patient\"])?;\n", "")],
        "a page opens to other roles",
    ),
    mutant(
        "small-cells-shown",
        "src/measures.rs",
        &[("Aggregate::Count, 11, &rows", "Aggregate::Count, 0, &rows")],
        "a measure shows groups of one",
    ),
    mutant(
        "assigned-to-anybody",
        "src/patients.rs",
        &[(
            "if !ASSIGNED_TO.contains(&role) || !viewer.has_colleague(role, person).await? {",
            "if !ASSIGNED_TO.contains(&role) {",
        )],
        "a record is assigned to another organisation's person",
    ),
    mutant(
        "who-looked-for-everybody",
        "src/patients.rs",
        &[("if !pages::reviews(&viewer, &record) {", "if false && !pages::reviews(&viewer, &record) {")],
        "everybody sees who looked",
    ),
    mutant(
        "unknown-filters-taken",
        "src/patients.rs",
        &[("    let wanted = wanted.asked(FILTERS, &[ORDERS, SEALED_ORDERS])?;\n", "")],
        "a misspelt filter is dropped in silence",
    ),
    mutant(
        "version-ignored",
        "src/patients.rs",
        &[(
            "    let answers = &prepared_patient(viewer, Some(id), answers).await?;\n",
            "    let answers = &prepared_patient(viewer, Some(id), answers).await?;\n    let _ = version;\n    let version = find(viewer, id).await?.written.version;\n",
        )],
        "a lost update",
    ),
    mutant(
        "hidden-is-forbidden",
        "crates/safeguards/src/slice/problem.rs",
        &[("Error::NotFound => Self::not_found().on_record(),", "Error::NotFound => Self::forbidden(),")],
        "what is hidden is 403",
    ),
    mutant(
        "masks-not-applied",
        "crates/safeguards/src/access/row.rs",
        &[("self.expanded.reach.shows(", "true || self.expanded.reach.shows(")],
        "hidden fields are opened",
    ),
    mutant(
        "searches-of-others",
        "crates/safeguards/src/slice/searches.rs",
        &[("AND person_id = $3 AND created_at", "AND (person_id = $3 OR TRUE) AND created_at")],
        "a kept search opens to others",
    ),
    // Sealing.
    mutant(
        "static-nonce",
        "crates/safeguards/src/crypto/aead.rs",
        &[(
            "    let nonce = cipher.seal_in_place_append_tag(Aad::from(aad), &mut body).map_err(|_| KeyError::Random)?;\n    sealed.copy_from_slice(nonce.as_ref());",
            "    let _ = cipher;\n    let unbound = aws_lc_rs::aead::UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| KeyError::Broken)?;\n    let cipher = aws_lc_rs::aead::LessSafeKey::new(unbound);\n    let nonce = Nonce::assume_unique_for_key([7; NONCE_LEN]);\n    cipher.seal_in_place_append_tag(nonce, Aad::from(aad), &mut body).map_err(|_| KeyError::Random)?;\n    sealed.copy_from_slice(&[7; NONCE_LEN]);",
        )],
        "one nonce for all",
    ),
    in_rows(
        "sealed-unbound",
        "crates/safeguards/src/crypto/sealed.rs",
        &[(
            "        encode(&[\n            purpose,",
            "        let _ = (generation, self.row);\n        return Vec::from(purpose);\n        #[allow(unreachable_code)]\n        encode(&[\n            purpose,",
        )],
        "a sealed value opens elsewhere",
    ),
    in_rows(
        "index-shared",
        "crates/safeguards/src/crypto/ring.rs",
        &[(
            "let key = derive(&self.index, &[b\"index\",",
            "let key = derive(&DataKey::from_slice(&[7; 32])?, &[b\"index\",",
        )],
        "a blind index is the same everywhere",
    ),
    mutant(
        "payload-in-the-clear",
        "crates/safeguards/src/access/write.rs",
        &[(
            "let sealed = self.ring.seal(Purpose::Audit, &self.binding(PAYLOAD, id), plain.as_bytes())?;\n        Ok(sealed.into_bytes())",
            "let _ = id;\n        Ok(plain.as_bytes().to_vec())",
        )],
        "the log keeps what was written in the clear",
    ),
    mutant(
        "core-files",
        "crates/safeguards/src/app/hardening.rs",
        &[
            ("    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;\n", ""),
            ("    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;\n", ""),
            (
                "    umask(",
                "    let _ = (Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }, DumpableBehavior::NotDumpable, setrlimit, set_dumpable_behavior);\n    umask(",
            ),
        ],
        "a crash leaves memory on the disk",
    ),
    mutant(
        "paths-in-the-log",
        "crates/safeguards/src/web/edge.rs",
        &[(
            "        method: asked.method,\n        route,",
            "        method: asked.method,\n        route: &asked.path,",
        )],
        "the log names records",
    ),
    // Signing in.
    mutant(
        "no-dummy-hash",
        "crates/safeguards/src/identity/password.rs",
        &[(
            "        let (password, known) = (password.clone(), stored.is_some());",
            "        if stored.is_none() {\n            return Ok(Verified { matches: false, outdated: false });\n        }\n        let (password, known) = (password.clone(), stored.is_some());",
        )],
        "time tells who has an account",
    ),
    mutant(
        "unknown-account-told",
        "crates/safeguards/src/identity/sign_in.rs",
        &[(
            "            other => {\n                return Err(self\n",
            "            None => return Err(IdentityError::NotFound),\n            other => {\n                return Err(self\n",
        )],
        "an answer tells who has an account",
    ),
    mutant(
        "no-lockout",
        "crates/safeguards/src/identity/attempts.rs",
        &[("pub const FAILURES_OF_ACCOUNT: i64 = 8;", "pub const FAILURES_OF_ACCOUNT: i64 = 8_000;")],
        "passwords are guessed without end",
    ),
    mutant(
        "no-sign-in-rate",
        "crates/safeguards/src/identity/service.rs",
        &[(
            "AddressLimiter::new(20, Duration::seconds(3))",
            "AddressLimiter::new(20_000, Duration::seconds(3))",
        )],
        "one address tries all accounts",
    ),
    mutant(
        "no-second-factor",
        "crates/safeguards/src/identity/sign_in.rs",
        &[(
            "        demanded && ticket.second_factor_at.is_none()",
            "        demanded && ticket.second_factor_at.is_none() && ticket.known.has_authenticator",
        )],
        "whoever never enrolled an authenticator needs a password alone, in a privileged role, too",
    ),
    mutant(
        "any-code",
        "crates/safeguards/src/identity/totp.rs",
        &[(
            "            if constant_time::verify_slices_are_equal(expected.as_bytes(), digits.as_bytes()).is_ok() {",
            "            if constant_time::verify_slices_are_equal(expected.as_bytes(), digits.as_bytes()).is_ok() || true {",
        )],
        "any six digits are a code",
    ),
    mutant(
        "code-replayed",
        "crates/safeguards/src/identity/second_factor.rs",
        &[(
            "WHERE person_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2\")",
            "WHERE person_id = $1 AND confirmed_at IS NOT NULL\")",
        )],
        "a code is taken twice",
    ),
    mutant(
        "codes-of-an-hour",
        "crates/safeguards/src/identity/totp.rs",
        &[("const DRIFT_STEPS: i64 = 1;", "const DRIFT_STEPS: i64 = 120;")],
        "codes of an hour ago are taken",
    ),
    mutant(
        "recovery-code-reused",
        "crates/safeguards/src/identity/second_factor.rs",
        &[(
            "WHERE code_hash = $1 AND person_id = $2 AND used_at IS NULL\")",
            "WHERE code_hash = $1 AND person_id = $2\")",
        )],
        "a recovery code works twice",
    ),
    mutant(
        "short-passwords",
        "crates/safeguards/src/identity/policy.rs",
        &[(
            "check(length < least, PasswordFault::TooShort { least });",
            "check(length < 4, PasswordFault::TooShort { least });",
        )],
        "a password of four letters",
    ),
    mutant(
        "common-passwords",
        "crates/safeguards/src/identity/policy.rs",
        &[(
            "check(self.is_common(&lower), PasswordFault::Common);",
            "check(false && self.is_common(&lower), PasswordFault::Common);",
        )],
        "a password that leaked everywhere",
    ),
    mutant(
        "suspended-signs-in",
        "crates/safeguards/src/identity/memberships.rs",
        &[(".bind(suspended.then_some(now))", ".bind((suspended && person.uuid().is_nil()).then_some(now))")],
        "who is suspended signs in anew",
    ),
    mutant(
        "anybody-invites",
        "crates/safeguards/src/identity/invitations.rs",
        &[("        self.may_give(session, role, invitation.place).await?;\n", "        let _ = role;\n")],
        "anybody invites anybody as anything",
    ),
    in_rows(
        "idle-sessions-live",
        "crates/safeguards/src/identity/sessions.rs",
        &[("|| idle > self.settings().inactivity {", "|| (false && idle > self.settings().inactivity) {")],
        "a screen that was left open stays open",
    ),
    in_rows(
        "sessions-never-end",
        "crates/safeguards/src/identity/sessions.rs",
        &[("if now >= session.expires_at || idle", "if idle")],
        "a session that is kept busy lives for ever",
    ),
    in_rows(
        "old-links-open",
        "crates/safeguards/src/identity/credentials.rs",
        &[
            ("AND used_at IS NULL AND expires_at > $2\")", "AND used_at IS NULL AND $2 IS NOT NULL\")"),
            ("AND l.used_at IS NULL AND l.expires_at > $2\"", "AND l.used_at IS NULL AND $2 IS NOT NULL\""),
        ],
        "a forgotten invitation is a door",
    ),
    in_rows(
        "old-proofs-do",
        "crates/safeguards/src/identity/step_up.rs",
        &[("self.now() - at <= PROOF_LIFETIME", "self.now() - at <= PROOF_LIFETIME * 1000")],
        "a screen that was left open gives privileged roles",
    ),
    mutant(
        "impersonation-opens-the-account",
        "crates/safeguards/src/identity/impersonation.rs",
        &[(
            "    method.is_safe() && (tells || !closed)",
            "    let _ = (tells, closed);\n    method.is_safe()",
        )],
        "who looks as a colleague reads what is theirs alone",
    ),
    // Each in one place: what a second layer refuses as well is no mutant.
    mutant(
        "impersonation-of-anybody",
        "crates/safeguards/src/identity/impersonation.rs",
        &[(
            "            && !role.privileged\n            && role.administers.is_empty()\n            && self.settings().impersonation != Some(role.name)\n",
            "",
        )],
        "an administrator looks as whoever has more",
    ),
    mutant(
        "impersonation-for-anybody",
        "crates/safeguards/src/identity/impersonation.rs",
        &[(
            "self.settings().impersonation.is_some_and(|wanted| roles.iter().any(|role| role.as_str() == wanted))",
            "self.settings().impersonation.is_some() && !roles.is_empty()",
        )],
        "everybody looks as everybody",
    ),
    mutant(
        "impersonation-unannounced",
        "crates/safeguards/src/identity/impersonation.rs",
        &[("        self.announce(&mut transaction, session, id, Some(wanted.colleague)).await?;\n", "")],
        "nobody hears that somebody looked as them",
    ),
    // Tokens, cookies and forms.
    mutant(
        "refresh-reused",
        "crates/safeguards/src/identity/refresh.rs",
        &[("WHERE token_hash = $1 AND used_at IS NULL\n", "WHERE token_hash = $1\n")],
        "a used refresh token is accepted",
    ),
    mutant(
        "family-survives",
        "crates/safeguards/src/identity/refresh.rs",
        &[(
            "            self.reused(&mut transaction, token, visit).await?;\n",
            "            let _ = Self::reused;\n",
        )],
        "a copied refresh token kills nothing",
    ),
    mutant(
        "devices-of-others",
        "crates/safeguards/src/identity/sessions.rs",
        &[(
            "WHERE id = $1 AND person_id = $2 AND ended_at IS NULL\")\n        .bind(target)",
            "WHERE id = $1 AND (person_id = $2 OR TRUE) AND ended_at IS NULL\")\n        .bind(target)",
        )],
        "anybody ends anybody's session",
    ),
    mutant(
        "no-form-token",
        "crates/safeguards/src/web/edge.rs",
        &[("request = own_form(&self.csrf, request, acting).await?;", "let _ = (own_form, acting);")],
        "a form of another site is taken",
    ),
    mutant(
        "any-origin",
        "crates/safeguards/src/web/edge.rs",
        &[("if from_elsewhere(request.headers()", "if false && from_elsewhere(request.headers()")],
        "another origin's form is taken with a stolen token",
    ),
    mutant(
        "cookie-for-scripts",
        "crates/safeguards/src/identity/http/mod.rs",
        &[(
            "{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}",
            "{name}={token}; Path=/; SameSite=Lax{secure}",
        )],
        "a script reads the session",
    ),
    // At the edge.
    mutant(
        "verbose-error",
        "crates/safeguards/src/web/problem.rs",
        &[(
            "            detail: self.detail.as_deref(),\n            instance",
            "            detail: self.detail.as_deref().or(Some(self.at.file())),\n            instance",
        )],
        "an error tells of the source",
    ),
    mutant(
        "inline-scripts",
        "crates/safeguards/src/web/headers.rs",
        &[("script-src 'self'; img-src", "script-src 'self' 'unsafe-inline'; img-src")],
        "an injected script runs",
    ),
    mutant(
        "framed",
        "crates/safeguards/src/web/headers.rs",
        &[("(\"x-frame-options\", \"DENY\"),", "")],
        "another page frames this one",
    ),
    mutant(
        "kept-by-caches",
        "crates/safeguards/src/web/headers.rs",
        &[("HeaderValue::from_static(\"no-store\")", "HeaderValue::from_static(\"private\")")],
        "health data stay in a browser's cache",
    ),
    mutant(
        "no-strict-transport",
        "crates/safeguards/src/web/headers.rs",
        &[("Hsts::Host => Some(\"max-age=63072000\"),", "Hsts::Host => None,")],
        "a browser may fall back to plain HTTP",
    ),
    mutant(
        "plain-http-outside",
        "crates/safeguards/src/app/settings.rs",
        &[("            && tls.is_none()\n", "            && tls.is_none() && false\n")],
        "records travel without TLS",
    ),
    mutant(
        "forwarded-trusted",
        "crates/safeguards/src/app/edge.rs",
        &[("ListenSetting::Tcp(_) => Trust::Peer,", "ListenSetting::Tcp(_) => Trust::Gateway,")],
        "a caller chooses its own address",
    ),
    mutant(
        "endless-bodies",
        "crates/safeguards/src/web/edge.rs",
        &[("Body::new(Limited::new(body, most))", "Body::new(Limited::new(body, usize::MAX))")],
        "a body fills the memory",
    ),
    mutant(
        "open-redirect",
        "crates/safeguards/src/identity/http/look.rs",
        &[(
            "fn is_own_path(to: &str) -> bool {\n",
            "fn is_own_path(to: &str) -> bool {\n    if !to.is_empty() {\n        return true;\n    }\n",
        )],
        "signing in leads to another site",
    ),
    // The audit log.
    mutant(
        "audit-failure-ignored",
        "crates/safeguards/src/access/read.rs",
        &[(
            "        trail::released(context, entity, action, release).await?;\n        Ok(records)",
            "        let _ = trail::released(context, entity, action, release).await;\n        Ok(records)",
        )],
        "records are shown that cannot be written down",
    ),
    mutant(
        "audit-after-release",
        "crates/safeguards/src/access/read.rs",
        &[(
            "        trail::released(context, entity, action, release).await?;\n        Ok(records)",
            "        let context = context.clone();\n        tokio::spawn(async move { trail::released(&context, entity, action, release).await });\n        Ok(records)",
        )],
        "records are shown before they are written down",
    ),
    mutant(
        "list-names-one",
        "crates/safeguards/src/access/read.rs",
        &[(
            "        for row in self.rows {\n            release.rows.push",
            "        for row in self.rows.iter().take(1) {\n            release.rows.push",
        )],
        "a list names one record",
    ),
    mutant(
        "denials-unwritten",
        "crates/safeguards/src/access/trail.rs",
        &[(
            "    context.audit.record(&context.circumstances, event).await.map_err(Error::AuditUnavailable)\n",
            "    let _ = (context, event);\n    Ok(())\n",
        )],
        "refusals are not in the log",
    ),
    mutant(
        "failures-unwritten",
        "crates/safeguards/src/identity/sign_in.rs",
        &[(
            "        self.audit().record(&context, event).await?;\n        Ok(IdentityError::Wrong)",
            "        let _ = (context, event);\n        Ok(IdentityError::Wrong)",
        )],
        "failed sign-ins are not in the log",
    ),
    mutant(
        "log-always-whole",
        "crates/safeguards/src/app/upkeep.rs",
        &[("if report.is_green() { Ok(told) }", "if report.is_green() || true { Ok(told) }")],
        "a log that was tampered with verifies",
    ),
    // Taking everything home.
    mutant(
        "hashes-in-archives",
        "crates/safeguards/src/app/tables.rs",
        &[(
            "const NOT_OF_PEOPLE: [&str; 4] =\n    [\"email_index\", \"password_hash\",",
            "const NOT_OF_PEOPLE: [&str; 3] =\n    [\"email_index\",",
        )],
        "an archive holds hashes of passwords",
    ),
    mutant(
        "events-of-others",
        "crates/safeguards/src/app/export.rs",
        &[(
            "            if organisation.is_some_and(|organisation| organisation != entry.organisation) {\n                continue;\n            }\n",
            "",
        )],
        "an archive of one organisation has the log of others",
    ),
];
