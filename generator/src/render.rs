//! The templates, parsed once, and the doors as their filters.

use std::sync::LazyLock;

use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use crate::{Error, doors};

static TEMPLATES: LazyLock<Result<Tera, String>> = LazyLock::new(|| {
    let mut tera = Tera::new();
    // The output is Rust, SQL and Markdown: each has its own door, and HTML's is none of them.
    tera.autoescape_on(Vec::<&str>::new());
    tera.register_filter("rust", |text: &str, _: Kwargs, _: &State| doors::rust_literal(text));
    tera.register_filter("sql", |text: &str, _: Kwargs, _: &State| doors::sql_literal(text));
    tera.register_filter("comment", |text: &str, _: Kwargs, _: &State| doors::comment(text));
    tera.register_filter("markdown", |text: &str, _: Kwargs, _: &State| doors::markdown(text));
    tera.register_filter("toml", |text: &str, _: Kwargs, _: &State| doors::toml_literal(text));
    tera.add_raw_templates(templates::all()).map_err(|error| error.to_string())?;
    Ok(tera)
});

/// What a template may print, made once for all templates that print it.
pub(crate) fn words(words: &impl Serialize) -> Result<Context, Error> {
    Context::from_serialize(words).map_err(|error| Error::Template(error.to_string()))
}

/// One template with these words.
pub(crate) fn render(template: &str, words: &Context) -> Result<String, Error> {
    let tera = TEMPLATES.as_ref().map_err(|error| Error::Template(error.clone()))?;
    tera.render(template, words).map_err(|error| Error::Template(format!("{template}: {error}")))
}
