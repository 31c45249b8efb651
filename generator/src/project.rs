//! The pure core: a spec in, every file of its project out.

use std::collections::BTreeMap;

use crate::Error;
use crate::evolve::{self, Past, Step};
use crate::render::{render, words};
use crate::view::app::AppView;
use crate::view::entity::EntityView;
use serde::Serialize;
use spec::{Model, ValidatedSpec};

/// Every file of a project by its path, unformatted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Paths are relative, with `/`; sorted.
    pub files: BTreeMap<String, String>,
}

/// What a template about one entity may print.
#[derive(Serialize)]
pub(crate) struct OfEntity<'a> {
    pub(crate) app: &'a crate::view::app::Facts,
    pub(crate) entity: &'a EntityView,
    /// The name under which migrations make its table: its own, or one on the way to it.
    pub(crate) made: &'a str,
}

/// Files that are made once from the whole app.
const ONCE: &[&str] = &[
    ".env.sample",
    ".gitignore",
    "Cargo.toml",
    "Dockerfile",
    "docs/COMPLIANCE.md",
    "README.md",
    "rustfmt.toml",
    "src/access.rs",
    "src/ai_actions.rs",
    "src/calendars.rs",
    "src/conversations.rs",
    "src/custom/mod.rs",
    "src/extensions.rs",
    "src/feeds.rs",
    "src/home.rs",
    "src/http.rs",
    "src/limits.rs",
    "src/lists.rs",
    "src/main.rs",
    "src/measures.rs",
    "src/migrations.rs",
    "src/open_pages.rs",
    "src/pages.rs",
    "src/rules.rs",
    "src/seed.rs",
    "src/sharing.rs",
    "src/sub_processors.rs",
    "src/tasks.rs",
    "tests/app/ai_actions.rs",
    "tests/app/bookings.rs",
    "tests/app/claims.rs",
    "tests/app/compliance.rs",
    "tests/app/conversations.rs",
    "tests/app/duties.rs",
    "tests/app/emergencies.rs",
    "tests/app/feeds.rs",
    "tests/app/files.rs",
    "tests/app/isolation.rs",
    "tests/app/lifecycles.rs",
    "tests/app/limits.rs",
    "tests/app/lists.rs",
    "tests/app/main.rs",
    "tests/app/open_pages.rs",
    "tests/app/permissions.rs",
    "tests/app/policy.rs",
    "tests/app/promises.rs",
    "tests/app/sharing.rs",
    "tests/app/rights.rs",
    "tests/app/signatures.rs",
    "tests/app/tasks.rs",
];

/// Generates the whole project of a spec; `written` is the text of `app.yaml`.
///
/// # Errors
/// Something that the language can say and that cannot be built; a fault of a template.
pub fn generate(spec: &ValidatedSpec, written: &str) -> Result<Project, Error> {
    whole(spec, written, None)
}

/// Generates the whole project of a spec that a project was generated from in an earlier version: its migrations stay
/// as they are, and one is added that changes tables and keeps rows. Entities and fields are known again by their stable
/// ids, so `spec` is to be checked with the lock of the past.
///
/// # Errors
/// As [`generate`]; and what no migration can change, each with what to do instead.
pub fn evolve(past: &Past<'_>, spec: &ValidatedSpec, written: &str) -> Result<Project, Error> {
    whole(spec, written, Some(past))
}

fn whole(spec: &ValidatedSpec, written: &str, past: Option<&Past<'_>>) -> Result<Project, Error> {
    let (mut project, package) = own_files(spec.model(), past)?;
    project.add("app.yaml", written.to_owned());
    project.add("app.lock", spec.lock().to_string());
    project.files.extend(crate::vendored::files());
    project.add("Cargo.lock", crate::vendored::lock(&package));
    Ok(project)
}

/// The files that are made from the model alone.
fn own_files(model: &Model, past: Option<&Past<'_>>) -> Result<(Project, String), Error> {
    let mut view = AppView::new(model)?;
    let steps = match past {
        None => evolve::first(&view)?,
        Some(past) => evolve::next(past, model, &view)?,
    };
    view.migrations = steps.iter().map(Step::listed).collect();
    view.fence.file = steps
        .iter()
        .rev()
        .find(|step| step.postgres.is_some())
        .map(|step| step.name.clone())
        .unwrap_or_default();
    let context = words(&view)?;
    let mut project = Project::default();
    let absent = [
        ("src/ai_actions.rs", view.ai_actions.is_empty()),
        ("tests/app/ai_actions.rs", view.ai_actions.is_empty()),
        ("src/sub_processors.rs", view.sub_processors.is_empty()),
        ("src/limits.rs", view.limits.is_empty()),
        ("tests/app/limits.rs", view.limits.is_empty()),
        ("src/lists.rs", view.lists.is_empty()),
        ("src/measures.rs", view.measures.is_empty()),
        ("src/calendars.rs", view.calendars.is_empty()),
        ("src/conversations.rs", view.conversations.is_empty()),
        ("tests/app/conversations.rs", view.conversations.is_empty()),
        ("src/feeds.rs", view.feeds.is_empty()),
        ("tests/app/feeds.rs", view.feeds.is_empty()),
        ("src/pages.rs", view.pages.is_empty()),
        ("src/open_pages.rs", view.open_pages.is_empty()),
        ("tests/app/open_pages.rs", view.open_pages.is_empty()),
        ("src/rules.rs", !view.uses_rules),
        ("src/sharing.rs", !view.sharing.any),
        ("tests/app/sharing.rs", view.sharing.documents.is_empty()),
        ("src/tasks.rs", view.duties.tasks.is_empty()),
        ("tests/app/tasks.rs", view.duties.tasks.is_empty()),
        ("tests/app/bookings.rs", !view.any_booking),
        ("tests/app/claims.rs", !view.any_claim),
        ("tests/app/emergencies.rs", view.app.impersonation.is_none()),
        ("tests/app/files.rs", !view.any_file),
        ("tests/app/signatures.rs", !view.any_signature),
        ("tests/app/permissions.rs", view.permissions.is_empty()),
        ("tests/app/lifecycles.rs", !view.any_lifecycle),
    ];
    for path in ONCE.iter().filter(|path| !absent.contains(&(**path, true))) {
        project.add(*path, render(path, &context)?);
    }
    for entity in &view.entities {
        let words = words(&OfEntity { app: &view.app, entity, made: &entity.table })?;
        let module = &entity.module;
        project.add(format!("src/{module}.rs"), render("src/slice.rs", &words)?);
        project.add(format!("src/{module}/pages.rs"), render("src/slice/pages.rs", &words)?);
    }
    for step in steps {
        for (database, text) in [("sqlite", step.sqlite), ("postgres", step.postgres)] {
            if let Some(text) = text {
                project.add(format!("migrations/{database}/{}.sql", step.name), text);
            }
        }
    }
    let api = serde_json::to_string_pretty(&crate::openapi::document(&view));
    project.add("openapi.json", api.map_err(|error| Error::Template(error.to_string()))?);
    Ok((project, view.app.package))
}

impl Project {
    fn add(&mut self, path: impl Into<String>, text: String) {
        self.files.insert(path.into(), tidy(&text));
    }
}

/// No blanks at the end of a line, no two empty lines in a row, one line end at the end: templates need not
/// count their own.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut empty = 1;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidied.push_str(line);
            tidied.push('\n');
        }
    }
    let length = tidied.trim_end().len();
    tidied.truncate(length);
    tidied.push('\n');
    tidied
}
