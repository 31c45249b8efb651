//! The pure core: a spec in, every file of its project out.

use std::collections::BTreeMap;

use serde::Serialize;
use spec::Model;
use tera::Context;

use crate::Error;
use crate::render::{render, render_in};
use crate::view::app::AppView;
use crate::view::entity::EntityView;

/// Every file of a project by its path, unformatted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Paths are relative, with `/`; sorted.
    pub files: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct OfEntity<'a> {
    app: &'a crate::view::app::Facts,
    entity: &'a EntityView,
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
    "src/custom/mod.rs",
    "src/home.rs",
    "src/http.rs",
    "src/lists.rs",
    "src/main.rs",
    "src/migrations.rs",
    "src/seed.rs",
    "tests/app/main.rs",
];

/// Generates the project of a model. Vendored crates and `Cargo.lock` are added by [`Project::complete`].
pub fn generate(model: &Model) -> Result<Project, Error> {
    let view = AppView::new(model)?;
    let context = Context::from_serialize(&view).map_err(|error| Error::Template(error.to_string()))?;
    let mut project = Project::default();
    for path in ONCE {
        project.add(*path, render_in(path, &context)?);
    }
    for entity in &view.entities {
        let words = OfEntity { app: &view.app, entity };
        let (module, number) = (&entity.module, &entity.number);
        project.add(format!("src/{module}.rs"), render("src/slice.rs", &words)?);
        project.add(format!("src/{module}/pages.rs"), render("src/slice/pages.rs", &words)?);
        for database in ["sqlite", "postgres"] {
            let text = render(&format!("migrations/{database}/entity.sql"), &words)?;
            project.add(format!("migrations/{database}/{number}_{}.sql", entity.table), text);
        }
    }
    Ok(project)
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
