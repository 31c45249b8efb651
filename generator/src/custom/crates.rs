//! Crates that code names and that its project is not built with. At home the founder's manifest may have them; what is sent
//! to a platform joins the generated one.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use toml::{Table, Value};

use super::size::parsed;
use super::{Finding, Rule, offered};

/// Crates that are there without a manifest.
const ALWAYS: [&str; 3] = ["std", "core", "alloc"];
const INSTEAD: &str = "The platform builds with the generated Cargo.toml. Take `Decimal`, `Date`, `OffsetDateTime`, `Weekday` \
                       and `Uuid` from `safeguards::slice::prelude`";

/// Each first name of a path that is a crate which code may be offered, and which this manifest does not have. Files that
/// cannot be read have findings of their own.
pub(super) fn missing(code: &BTreeMap<String, String>, manifest: &str) -> Vec<Finding> {
    let manifest: Table = manifest.parse().unwrap_or_default();
    let named = manifest.get("dependencies").and_then(Value::as_table);
    let named: BTreeSet<String> =
        named.into_iter().flatten().map(|(name, _)| name.replace('-', "_")).collect();
    let absent: BTreeSet<&str> =
        offered::CRATES.into_iter().filter(|name| !ALWAYS.contains(name) && !named.contains(*name)).collect();
    let mut found = Vec::new();
    for (path, text) in code {
        if let Ok(file) = parsed(text) {
            let mut crates = Crates { path, absent: &absent, found: Vec::new() };
            crates.visit_file(&file.tree);
            found.extend(crates.found);
        }
    }
    found
}

struct Crates<'a> {
    path: &'a str,
    absent: &'a BTreeSet<&'a str>,
    found: Vec<Finding>,
}

impl Crates<'_> {
    fn look(&mut self, first: &Ident) {
        let name = first.to_string();
        if self.absent.contains(name.as_str()) {
            let message = format!("the app is built without the crate `{name}`");
            let mut finding = Finding::of_file(self.path, Rule::Path, message, INSTEAD);
            let start = first.span().start();
            (finding.line, finding.column) = (start.line, start.column + 1);
            self.found.push(finding);
        }
    }
}

impl<'ast> Visit<'ast> for Crates<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        // One name alone is a value or a type of the code's own.
        if let (Some(first), true) = (path.segments.first(), path.segments.len() > 1) {
            self.look(&first.ident);
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut waiting = vec![&item.tree];
        while let Some(tree) = waiting.pop() {
            match tree {
                syn::UseTree::Path(path) => self.look(&path.ident),
                syn::UseTree::Name(name) => self.look(&name.ident),
                syn::UseTree::Rename(renamed) => self.look(&renamed.ident),
                syn::UseTree::Group(group) => waiting.extend(&group.items),
                syn::UseTree::Glob(_) => {}
            }
        }
    }
}
