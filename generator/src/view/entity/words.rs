//! Words in the code and on the pages.

/// The parts of our own that are modules too; an entity of the same name gets a longer one.
const OWN: &[&str] = &[
    "access",
    "ai_actions",
    "calendars",
    "conversations",
    "custom",
    "extensions",
    "feeds",
    "home",
    "http",
    "limits",
    "lists",
    "main",
    "measures",
    "migrations",
    "open_pages",
    "pages",
    "rules",
    "seed",
    "sharing",
    "slice",
    "sub_processors",
    "tasks",
    "tests",
];

/// The Rust module of a table.
pub(crate) fn module(table: &str) -> String {
    let plain = table.trim_end_matches('_');
    if OWN.contains(&plain) { format!("{plain}_records") } else { table.to_owned() }
}

/// The path of an entity's pages, without the leading slash.
pub(crate) fn path(table: &str) -> String {
    let plain = table.trim_end_matches('_').replace('_', "-");
    const OWN_PATHS: &[&str] = &[
        "account",
        "api",
        "assets",
        "identity",
        "legal",
        "limits",
        "live",
        "lists",
        "measures",
        "calendars",
        "open",
        "open-pages",
        "p",
        "pages",
        "sign-in",
        "sign-out",
        "tasks",
        "welcome",
    ];
    if OWN_PATHS.contains(&plain.as_str()) { format!("{plain}-records") } else { plain }
}

/// `a reading`, `an appointment`.
pub(crate) fn with_article(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// A label within a sentence; an abbreviation keeps its capitals.
pub(crate) fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().collect::<String>() + letters.as_str()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a project's source may have beside its records keeps its name.
    #[test]
    fn no_record_has_a_module_of_the_app() {
        let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/src/project/src");
        let mut modules = 0;
        for file in std::fs::read_dir(templates).expect("templates lie beside this crate") {
            let name = file.expect("a file").file_name().into_string().expect("its name is text");
            let own = name.trim_end_matches(".tera").trim_end_matches(".rs");
            assert!(OWN.contains(&own), "add `{own}` to the modules that are the app's own");
            assert_eq!(module(own), format!("{own}_records"));
            modules += 1;
        }
        assert!(modules > 15, "{modules}");
    }
}
