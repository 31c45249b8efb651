//! Attributes: allowed by name, with what they may say.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Lit, Meta, Path, Token};

use super::Rule;
use super::code::Reader;
use super::names::Meaning;

/// Attributes that say nothing more than their name, or text.
const PLAIN: [&str; 9] =
    ["cold", "default", "doc", "ignore", "inline", "must_use", "non_exhaustive", "should_panic", "test"];
/// Lints that may be turned off or on; what guards memory is not among them.
const LEVELS: [&str; 4] = ["allow", "expect", "warn", "deny"];
const DERIVES: [&str; 9] =
    ["Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];
/// What serde may be told that names no code.
const SERDE_WORDS: [&str; 11] = [
    "alias",
    "content",
    "default",
    "deny_unknown_fields",
    "flatten",
    "other",
    "rename",
    "rename_all",
    "skip",
    "tag",
    "transparent",
];
const SERDE_MORE: [&str; 4] = ["rename_all_fields", "skip_deserializing", "skip_serializing", "untagged"];
/// What serde may be told as the path of a function, in a string: it is read like any path.
const SERDE_PATHS: [&str; 5] =
    ["default", "deserialize_with", "serialize_with", "skip_serializing_if", "with"];

const INSTEAD: &str = "Leave it out: attributes that change what is compiled are not for custom code";

impl Reader<'_> {
    pub(super) fn read_attribute(&mut self, attribute: &Attribute) {
        let at = attribute.pound_token.span;
        let name = words(attribute.path()).join("::");
        let fine = match (name.as_str(), &attribute.meta) {
            ("derive", Meta::List(list)) => {
                let paths = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
                paths.is_ok_and(|paths| paths.iter().all(|path| self.read_derive(path)))
            }
            ("serde", Meta::List(list)) => {
                let told = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                told.is_ok_and(|told| told.iter().all(|told| self.read_serde(told)))
            }
            ("cfg", Meta::List(list)) => {
                matches!(list.tokens.to_string().replace(' ', "").as_str(), "test" | "not(test)")
            }
            (name, Meta::List(list)) if LEVELS.contains(&name) => {
                let lints = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                lints.is_ok_and(|lints| {
                    lints.iter().all(|lint| !words(lint.path()).contains(&"unsafe_code".to_owned()))
                })
            }
            (name, Meta::NameValue(given)) if PLAIN.contains(&name) => is_text(&given.value),
            (name, Meta::Path(_)) if PLAIN.contains(&name) => true,
            ("inline" | "should_panic" | "doc", Meta::List(_)) => true,
            ("rustfmt::skip", Meta::Path(_)) => true,
            _ => false,
        };
        if !fine {
            self.refuse(
                Rule::Attribute,
                at,
                format!("`#[{name}]`, as it stands here, is not one that custom code may use"),
                INSTEAD,
            );
        }
    }

    fn read_derive(&mut self, path: &Path) -> bool {
        let words = words(path);
        path.leading_colon.is_none()
            && self.meanings(&words).iter().all(|meaning| match meaning {
                Meaning::Known(path) => match path.join("::").as_str() {
                    "serde::Serialize" | "serde::Deserialize" | "safeguards::slice::prelude::Serialize" => {
                        true
                    }
                    path => {
                        path.strip_prefix("std::prelude::").is_some_and(|name| DERIVES.contains(&name))
                            || path == "std::fmt::Debug"
                    }
                },
                // Some of them are in the prelude as macros alone.
                Meaning::Nothing => words.len() == 1 && DERIVES.contains(&words[0].as_str()),
                _ => false,
            })
    }

    fn read_serde(&mut self, told: &Meta) -> bool {
        let name = words(told.path()).join("::");
        match told {
            Meta::NameValue(given) if SERDE_PATHS.contains(&name.as_str()) => {
                self.read_text_path(&given.value)
            }
            Meta::NameValue(given) => knows(&name) && is_text(&given.value),
            Meta::Path(_) => knows(&name),
            Meta::List(_) => false,
        }
    }

    /// The path of a function, written as text.
    fn read_text_path(&mut self, value: &Expr) -> bool {
        let Expr::Lit(literal) = value else { return false };
        let Lit::Str(text) = &literal.lit else { return false };
        let Ok(path) = text.parse::<Path>() else { return false };
        if path.leading_colon.is_some() || path.segments.iter().any(|word| !word.arguments.is_empty()) {
            return false;
        }
        let at: Span = value.span();
        self.judge(&words(&path), at, true);
        true
    }
}

fn knows(name: &str) -> bool {
    SERDE_WORDS.contains(&name) || SERDE_MORE.contains(&name)
}

fn words(path: &Path) -> Vec<String> {
    path.segments.iter().map(|word| word.ident.unraw().to_string()).collect()
}

fn is_text(value: &Expr) -> bool {
    matches!(value, Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)))
}
