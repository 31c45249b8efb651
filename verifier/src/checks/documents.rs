//! What the project says of itself, held against what is there.

use std::fs;

use spec::Kind;
use spec::model::Storage;

use crate::check::{Check, Group::Documents, Needs};
use crate::forms::files;
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "spec-valid",
        &["HC-3", "CF-13"],
        "The spec is valid, and under no floor",
        Documents,
        Needs::Address,
        spec_valid,
    ),
    Check::new(
        "openapi-true",
        &["CF-26"],
        "Every operation that the API document names is there",
        Documents,
        Needs::Instance,
        openapi_true,
    ),
    Check::new(
        "openapi-secured",
        &["CF-2"],
        "The API document demands a token for every operation",
        Documents,
        Needs::Address,
        openapi_secured,
    ),
    Check::new(
        "compliance-page-true",
        &["CF-26"],
        "The compliance page points at code and tests that are there",
        Documents,
        Needs::Address,
        compliance_page,
    ),
    Check::new(
        "phi-sealed-by-spec",
        &["CF-5", "CL-4"],
        "Every identifier and narrative of the spec is sealed",
        Documents,
        Needs::Address,
        sealed_by_spec,
    ),
    Check::new(
        "audit-kept-long-enough",
        &["CF-24", "CL-3"],
        "The audit log is kept six years or more",
        Documents,
        Needs::Address,
        kept_long_enough,
    ),
    Check::new(
        "sessions-end",
        &["CF-4"],
        "The spec ends idle sessions within an hour",
        Documents,
        Needs::Address,
        sessions_end,
    ),
    Check::new(
        "privileged-roles-named",
        &["CF-13", "HG-4"],
        "Whoever reaches a whole place's records is privileged",
        Documents,
        Needs::Address,
        privileged_named,
    ),
    Check::new(
        "no-secrets-in-source",
        &["CL-6"],
        "No key, password or address of a database stands in the source",
        Documents,
        Needs::Address,
        no_secrets,
    ),
    Check::new(
        "builds-without-us",
        &["HC-11"],
        "The project has all that it is built from, with its lock file",
        Documents,
        Needs::Address,
        builds_without_us,
    ),
    Check::new(
        "security-txt",
        &["CF-21"],
        "Whoever finds a hole is told where to report it",
        Documents,
        Needs::Address,
        security_txt,
    ),
    Check::new(
        "legal-links",
        &["CL-14"],
        "Agreement, privacy notice and DPA are linked",
        Documents,
        Needs::Address,
        legal_links,
    ),
];

fn spec_valid(trial: &Trial) -> Result<Outcome> {
    let model = trial.model()?;
    let mut sight = Sight::new("read app.yaml with app.lock, and validated it");
    sight.expect(!model.roles.is_empty() && !model.entities.is_empty(), || {
        "it has no roles or no records".into()
    });
    let phi_everywhere = model.entities.iter().filter(|entity| {
        entity.has_phi() && entity.grants.iter().any(|grant| grant.reach == spec::access::Reach::Everywhere)
    });
    for entity in phi_everywhere {
        sight.expect(false, || format!("{} is open to every organisation", entity.name));
    }
    sight.end("a valid spec whose health records stay within their organisation")
}

fn openapi_true(trial: &Trial) -> Result<Outcome> {
    let (api, stand) = (trial.api()?, trial.stand()?);
    let mut sight = Sight::new("asked for every operation of openapi.json, of a record that is not there");
    let cast = stand.cast()?;
    let unknown = crate::clock::id().to_string();
    for (path, operations) in api["paths"].as_object().into_iter().flatten() {
        for method in operations.as_object().into_iter().flatten().map(|(method, _)| method) {
            if method == "parameters" {
                continue;
            }
            let asked = path.replace("{id}", &unknown).replace("{membership}", &unknown);
            let Some(person) = cast.first() else { continue };
            let request =
                person.request(&method.to_uppercase(), asked)?.header("content-type", "application/json");
            let reply = request.send()?;
            sight.expect(reply.status != 405 && reply.status < 500, || {
                format!("{method} {path} is answered {}", reply.status)
            });
            let known = reply.status == 200
                || operations[method]["responses"].get(reply.status.to_string()).is_some();
            sight.expect(known, || {
                format!("{method} {path} answers {}, which is not documented", reply.status)
            });
        }
    }
    sight.end("no 405, and documented answers only")
}

fn openapi_secured(trial: &Trial) -> Result<Outcome> {
    let api = trial.api()?;
    let pages = &trial.model()?.pages;
    let mut sight = Sight::new("read who may call what in openapi.json, and called it as nobody");
    let wire = trial.wire();
    sight.expect(api["security"].as_array().is_some_and(|all| !all.is_empty()), || {
        "nothing is demanded".into()
    });
    for (path, operations) in api["paths"].as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            if method == "parameters" {
                continue;
            }
            // Pages that the spec opens to anybody ask nobody who they are; an address that was not given out leads nowhere.
            let open = path.starts_with("/p/{address}") && pages.iter().any(spec::model::Page::is_open);
            let security = operation.get("security");
            sight.expect(security.is_none() || open && security == Some(&serde_json::json!([])), || {
                format!("{method} {path} has rules of its own")
            });
            let asked = path.replace("{id}", &crate::clock::id().to_string()).replace("{membership}", "x");
            let request = wire.request(&method.to_uppercase(), asked).body("application/json", "{}");
            let reply = request.send()?;
            // An id that is none may be told before the question who asks.
            let closed =
                matches!(reply.status, 400 | 401 | 404) || open && matches!(reply.status, 303 | 403 | 415);
            sight.expect(closed, || format!("{method} {path} answers nobody with {}", reply.status));
        }
    }
    sight.end("401 for nobody, everywhere")
}

fn compliance_page(trial: &Trial) -> Result<Outcome> {
    let folder = &trial.project()?.folder;
    let path = folder.join("docs/COMPLIANCE.md");
    let page = fs::read_to_string(&path).map_err(Trouble::file(&path))?;
    let mut sight = Sight::new("looked for each file and test that docs/COMPLIANCE.md names");
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let quoted: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        for (at, name) in quoted.iter().enumerate() {
            if name.contains('/') {
                sight.expect(folder.join(name).exists(), || format!("{name} is not there"));
            } else if let Some(file) = at.checked_sub(1).and_then(|before| quoted.get(before)) {
                let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
                sight.expect(text.contains(&format!("fn {name}")), || format!("{file} has no {name}"));
            }
        }
    }
    sight.end("each of them is there")
}

fn sealed_by_spec(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("read how the spec keeps identifiers and narratives");
    for entity in &trial.model()?.entities {
        for field in &entity.fields {
            let personal = matches!(field.class, spec::Class::Identifier | spec::Class::Narrative);
            if personal && field.kind != Kind::File && field.target.is_none() {
                let kept = matches!(field.storage, Storage::Sealed { .. } | Storage::Computed);
                sight.expect(kept, || format!("{} of {} is kept plain", field.name, entity.name));
            }
        }
    }
    sight.end("sealed, or computed when it is read")
}

fn kept_long_enough(trial: &Trial) -> Result<Outcome> {
    let days = trial.model()?.audit_days;
    let mut sight = Sight::new("read how long the spec keeps the audit log");
    sight.expect(days >= 6 * 365, || format!("{days} days"));
    sight.end_saying(format!("{days} days"), "at least six years (45 CFR 164.316(b)(2))")
}

fn sessions_end(trial: &Trial) -> Result<Outcome> {
    let minutes = trial.model()?.idle_minutes;
    let mut sight = Sight::new("read after how many idle minutes the spec ends a session");
    sight.expect((1..=60).contains(&minutes), || format!("{minutes} minutes"));
    sight.end_saying(format!("{minutes} minutes"), "an hour at most")
}

fn privileged_named(trial: &Trial) -> Result<Outcome> {
    let model = trial.model()?;
    let mut sight = Sight::new("compared roles with what they reach");
    for (index, role) in model.roles() {
        let whole = model.entities().any(|(at, entity)| {
            entity.has_phi()
                && model.grants(index, at).any(|grant| {
                    grant.allows(spec::access::Action::View)
                        && grant.path.is_empty()
                        && matches!(grant.reach, spec::access::Reach::Place(_))
                        && grant.fields == spec::access::Mask::All
                })
        });
        let administers = !role.administers.is_empty();
        sight.expect(role.is_privileged() || !(whole || administers), || {
            format!("{} reaches a whole place and is not privileged", role.name)
        });
    }
    sight.end("each such role is privileged, and so signs in with a second factor")
}

fn no_secrets(trial: &Trial) -> Result<Outcome> {
    let folder = &trial.project()?.folder;
    let mut sight = Sight::new("read every file of the project for what looks like a key or a password");
    const TELLING: [&str; 7] = [
        "-----BEGIN PRIVATE KEY",
        "-----BEGIN RSA PRIVATE",
        "AKIA",
        "sk_live_",
        "ghp_",
        "xoxb-",
        "-----BEGIN OPENSSH",
    ];
    for file in files(folder) {
        let inside = file.strip_prefix(folder).unwrap_or(&file);
        let skipped = ["target", "data", "keys", ".git", "crates"];
        if skipped.iter().any(|name| inside.starts_with(name)) {
            continue;
        }
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let found = TELLING.iter().find(|word| text.contains(*word));
        sight.expect(found.is_none(), || format!("{} has {found:?}", inside.display()));
        let address = text.lines().any(|line| {
            line.split_once("postgres://").is_some_and(|(_, rest)| {
                let login = rest.split('@').next().unwrap_or_default();
                rest.contains('@') && login.contains(':') && !login.contains("PASSWORD")
            })
        });
        sight.expect(!address, || format!("{} has a database's password", inside.display()));
    }
    let ignored = fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
    for name in ["/data", "/keys", ".env"] {
        sight.expect(ignored.lines().any(|line| line.trim() == name), || {
            format!("{name} is not ignored by git")
        });
    }
    sight.end("none, and data and keys are kept out of version control")
}

fn builds_without_us(trial: &Trial) -> Result<Outcome> {
    let folder = &trial.project()?.folder;
    let mut sight = Sight::new("looked for what the project is built from");
    for name in [
        "Cargo.toml",
        "Cargo.lock",
        "src/main.rs",
        "crates/safeguards/Cargo.toml",
        "crates/exporter/Cargo.toml",
        "crates/models/Cargo.toml",
        "crates/deidentify/Cargo.toml",
        "README.md",
    ] {
        sight.expect(folder.join(name).is_file(), || format!("{name} is not there"));
    }
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let outside = manifest.lines().find(|line| line.contains("path = \"..") || line.contains("git = "));
    sight.expect(outside.is_none(), || format!("it is built from elsewhere: {outside:?}"));
    sight.end("all of it lies in the folder")
}

fn security_txt(trial: &Trial) -> Result<Outcome> {
    let reply = trial.wire().get("/.well-known/security.txt").send()?;
    let mut sight = Sight::new("asked for /.well-known/security.txt");
    let text = reply.text();
    sight.expect(reply.status == 200 && text.contains("Contact:") && text.contains("Expires:"), || {
        format!("it is answered {}", reply.status)
    });
    sight.end("a contact and a date (RFC 9116)")
}

fn legal_links(trial: &Trial) -> Result<Outcome> {
    let page = trial.wire().get("/sign-in").page().send()?.text();
    let mut sight = Sight::new("looked for the legal pages on the first page");
    for path in ["/legal/baa", "/legal/privacy", "/legal/dpa"] {
        sight.expect(page.contains(path), || format!("{path} is not linked"));
    }
    sight.end("all three are linked")
}
