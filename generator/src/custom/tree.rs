//! The project's files: what lies where it does not belong, or would be built beside what is read.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Expr, Lit, Meta};

use super::size::parsed;
use super::sources::{Entry, in_custom};
use super::{Finding, Rule, Sources};

/// The checksums of what was generated: a line each, the path last.
const LEDGER: &str = ".generated";

pub(super) fn check(sources: &Sources) -> Vec<Finding> {
    let generated: Option<BTreeSet<&str>> =
        sources.text(LEDGER).map(|ledger| ledger.lines().filter_map(path_of).collect());
    let is_own = |path: &str| generated.as_ref().is_some_and(|generated| !generated.contains(path));
    let mut found = Vec::new();
    for (path, entry) in sources.entries() {
        if let Some((message, instead)) = refused(path, entry, &is_own) {
            found.push(Finding::of_file(path, Rule::File, message, instead));
        }
        let Entry::Text(text) = entry else { continue };
        if path.starts_with("src/") && path.ends_with(".rs") && !in_custom(path) {
            found.extend(elsewhere(path, text));
        }
    }
    found
}

/// What is wrong with a file's place or kind, and what to do instead.
fn refused(path: &str, entry: &Entry, is_own: &dyn Fn(&str) -> bool) -> Option<(&'static str, &'static str)> {
    if *entry == Entry::Link {
        return Some((
            "it is a link or no plain file, so what is read here may be another file than what is built",
            "Put the file itself here",
        ));
    }
    if in_custom(path) {
        return of_custom(path, entry);
    }
    if path == "build.rs" {
        return Some((
            "a build script runs on the machine that builds",
            "Compute it in src/custom, when it is asked for",
        ));
    }
    if path.split('/').any(|part| part == ".cargo") {
        return Some(("cargo's configuration decides what is built and by which program", "Take it away"));
    }
    if matches!(path, "rust-toolchain" | "rust-toolchain.toml") {
        return Some(("it chooses another compiler", "Take it away"));
    }
    if path == "src/custom.rs" {
        return Some(("it would stand in for src/custom, which is read", "Move it to src/custom/mod.rs"));
    }
    if path.starts_with("src/") && is_own(path) {
        return Some((
            "it was not generated, and nothing outside src/custom is read",
            "Move it to src/custom",
        ));
    }
    None
}

fn of_custom(path: &str, entry: &Entry) -> Option<(&'static str, &'static str)> {
    if *entry == Entry::Bytes {
        return Some((
            "it is no text in UTF-8, or far too long",
            "Keep sources of Rust here, and nothing else",
        ));
    }
    if !path.ends_with(".rs") {
        return Some((
            "it is no source of Rust; custom code reads no files, so it is of no use here",
            "Write what it holds as constants of a module, or keep it outside src",
        ));
    }
    None
}

/// The path of a line of the ledger.
fn path_of(line: &str) -> Option<&str> {
    line.split_once("  ").map(|(_, path)| path)
}

/// Where a file of the app takes code from elsewhere, which is not read: of generated files, nothing else is looked at.
fn elsewhere(path: &str, text: &str) -> Vec<Finding> {
    let Ok(file) = parsed(text) else { return Vec::new() };
    let mut modules = Modules { path, found: Vec::new() };
    modules.visit_file(&file.tree);
    modules.found
}

struct Modules<'a> {
    path: &'a str,
    found: Vec<Finding>,
}

/// Where the tests of an app lie, which its program takes in when it is tested.
const TESTS: &str = "../tests/app/main.rs";

impl Modules<'_> {
    fn refuse(&mut self, at: proc_macro2::Span, what: &str) {
        let message = format!("`{what}` takes code from elsewhere, which is not read");
        let mut finding = Finding::of_file(self.path, Rule::File, message, "Move that code to src/custom");
        (finding.line, finding.column) = (at.start().line, at.start().column + 1);
        self.found.push(finding);
    }
}

impl<'ast> Visit<'ast> for Modules<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        for attribute in &item.attrs {
            let is_tests =
                self.path == "src/main.rs" && item.ident == "tests" && leads_to(&attribute.meta, TESTS);
            if (attribute.path().is_ident("path") && !is_tests) || attribute.path().is_ident("cfg_attr") {
                self.refuse(attribute.pound_token.span, "#[path]");
            }
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.segments.last().filter(|name| name.ident == "include") {
            self.refuse(name.ident.span(), "include!");
        }
    }
}

fn leads_to(meta: &Meta, place: &str) -> bool {
    let Meta::NameValue(given) = meta else { return false };
    let Expr::Lit(literal) = &given.value else { return false };
    matches!(&literal.lit, Lit::Str(text) if text.value() == place)
}
