//! Many mutants in one program (mutant schemata: Untch, Offutt and Harrold, 1993).
//!
//! A mutant that changes nothing but the bodies of functions need not be compiled by itself: each changed body stands beside the
//! honest one, and which of them runs is decided by the name of the program's file. So the library is compiled once for all of
//! these, and a copy of the program named after a mutant is that mutant.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The bodies of a file's functions that a mutant changes, by their place among all of the file's.
pub(super) type Bodies = BTreeMap<usize, String>;

/// What a mutant changes in a file, if that is the bodies of functions and nothing else.
pub(super) fn changed_bodies(honest: &str, changed: &str) -> anyhow::Result<Option<Bodies>> {
    let (before, after) = (bodies(honest)?, bodies(changed)?);
    if around(honest, &before) != around(changed, &after) {
        return Ok(None);
    }
    let mut different = Bodies::new();
    for (number, (before, after)) in before.iter().zip(&after).enumerate() {
        let body = &changed[after.range.clone()];
        if honest[before.range.clone()] == *body {
            continue;
        }
        if before.fixed {
            return Ok(None);
        }
        different.insert(number, body.to_owned());
    }
    Ok((!different.is_empty()).then_some(different))
}

/// A file in which every mutant's bodies stand beside the honest ones.
pub(super) fn beside<'a>(
    honest: &str,
    mutants: impl IntoIterator<Item = (&'a str, &'a Bodies)>,
) -> anyhow::Result<String> {
    let mut choices: BTreeMap<usize, Vec<(&str, &str)>> = BTreeMap::new();
    for (name, changed) in mutants {
        for (number, body) in changed {
            choices.entry(*number).or_default().push((name, body));
        }
    }
    let mut text = honest.to_owned();
    // From the last to the first, so that the places of those before stay true.
    for (number, body) in bodies(honest)?.iter().enumerate().rev() {
        let Some(choices) = choices.get(&number) else { continue };
        let mut chosen = String::from("{\n");
        for (name, body) in choices {
            chosen.push_str(&format!("if crate::is_mutant(\"{name}\") {body} else "));
        }
        chosen.push_str(&honest[body.range.clone()]);
        chosen.push_str("\n}");
        text.replace_range(body.range.clone(), &chosen);
    }
    Ok(text)
}

/// The root of the crate that a file of the project belongs to, and what it says of mutants.
pub(super) fn root_of(project: &Path, file: &str) -> anyhow::Result<PathBuf> {
    let source = match file.find("src/") {
        Some(at) => project.join(&file[..at]).join("src"),
        None => anyhow::bail!("{file} is no Rust source"),
    };
    let root = ["lib.rs", "main.rs"].into_iter().map(|name| source.join(name)).find(|path| path.exists());
    root.with_context(|| format!("{}: no crate", source.display()))
}

/// By which a program knows what it is.
pub(super) const IS_MUTANT: &str = r#"

/// Whether the program's file is named so.
pub(crate) fn is_mutant(name: &str) -> bool {
    static PROGRAM: std::sync::OnceLock<std::ffi::OsString> = std::sync::OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let path = std::env::current_exe().unwrap_or_default();
        path.file_name().unwrap_or_default().to_owned()
    });
    program.as_os_str() == name
}
"#;

struct Body {
    range: Range<usize>,
    /// It is evaluated by the compiler, or its type is known by its expression alone.
    fixed: bool,
}

fn bodies(text: &str) -> anyhow::Result<Vec<Body>> {
    let file = syn::parse_file(text).context("a mutant is no Rust")?;
    let mut found = Found(Vec::new());
    found.visit_file(&file);
    Ok(found.0)
}

fn around<'a>(text: &'a str, bodies: &[Body]) -> Vec<&'a str> {
    let mut from = 0;
    let mut parts = Vec::new();
    for body in bodies {
        parts.push(&text[from..body.range.start]);
        from = body.range.end;
    }
    parts.push(&text[from..]);
    parts
}

/// Collects the bodies of functions; what stands within one belongs to it.
struct Found(Vec<Body>);

impl Found {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let mut opaque = Opaque(false);
        opaque.visit_return_type(&signature.output);
        let fixed = signature.constness.is_some() || opaque.0;
        self.0.push(Body { range: block.span().byte_range(), fixed });
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add(&function.sig, &function.block);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
    }
}

/// Looks for `impl Trait`: two bodies would be two types.
struct Opaque(bool);

impl<'ast> Visit<'ast> for Opaque {
    fn visit_type_impl_trait(&mut self, found: &'ast syn::TypeImplTrait) {
        self.0 = true;
        visit::visit_type_impl_trait(self, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HONEST: &str = "const MOST: u8 = 1;\nfn first(a: u8) -> bool {\n    a < MOST\n}\nimpl Of {\n    async \
                          fn second(&self) -> u8 {\n        self.0\n    }\n}\n";

    /// What stands in a body is compiled beside it; what does not is left to a build of its own.
    #[test]
    fn bodies_stand_side_by_side() {
        let one = changed_bodies(HONEST, &HONEST.replace("a < MOST", "true")).unwrap().unwrap();
        let other = changed_bodies(HONEST, &HONEST.replace("self.0", "0")).unwrap().unwrap();
        let third = changed_bodies(HONEST, &HONEST.replace("a < MOST", "false")).unwrap().unwrap();
        let text = beside(HONEST, [("one", &one), ("other", &other), ("third", &third)]).unwrap();
        assert!(
            text.contains(
                "fn first(a: u8) -> bool {\nif crate::is_mutant(\"one\") {\n    true\n} else if \
                 crate::is_mutant(\"third\") {\n    false\n} else {\n    a < MOST\n}\n}"
            ),
            "{text}"
        );
        assert!(text.contains("if crate::is_mutant(\"other\") {\n        0\n    } else {\n        self.0"));
        assert!(syn::parse_file(&text).is_ok());
        assert_eq!(changed_bodies(HONEST, &HONEST.replace("u8 = 1", "u8 = 9")).unwrap(), None);
        assert_eq!(changed_bodies(HONEST, HONEST).unwrap(), None);
    }

    /// A constant function and an `impl Trait` have one body each.
    #[test]
    fn what_has_one_type_only_is_left_alone() {
        for honest in ["const fn a() -> u8 { 1 }", "fn a() -> Option<impl Fn() -> u8> { Some(|| 1) }"] {
            assert_eq!(changed_bodies(honest, &honest.replace('1', "2")).unwrap(), None);
        }
    }
}
