//! What custom code is offered, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::reasons::{Why, is_stranger, reason};

/// Crates that a path may begin with. No module, type or import of custom code takes one of these names.
pub(super) const CRATES: [&str; 10] =
    ["std", "core", "alloc", "safeguards", "maud", "serde", "serde_json", "rust_decimal", "time", "uuid"];

/// A module and the names in it, with what belongs to them (methods, variants); `*` where all of it is offered.
const NAMES: &str = "
std::array *
std::ascii *
std::borrow *
std::cell Cell OnceCell RefCell
std::char *
std::cmp *
std::collections *
std::convert *
std::default *
std::error Error
std::f32 *
std::f64 *
std::fmt *
std::future Future ready
std::hash Hash Hasher
std::i32 *
std::i64 *
std::iter *
std::marker *
std::mem replace swap take
std::num *
std::ops *
std::option *
std::pin Pin
std::rc Rc
std::result *
std::slice *
std::str *
std::string *
std::sync Arc LazyLock
std::time Duration
std::u32 *
std::u64 *
std::vec *
serde Deserialize Deserializer Serialize Serializer
serde::de *
serde::ser *
serde_json Error Map Number Value from_str from_value json to_string to_value
maud DOCTYPE Markup html
rust_decimal Decimal RoundingStrategy
time Date Duration Month OffsetDateTime PrimitiveDateTime Time UtcOffset Weekday
uuid Uuid
safeguards::access Action Found Shown Written
safeguards::pages Allergies Answer Answers Bars Booking Calendar Card Changed Choice Column Confirm Content
safeguards::pages Count Detail Direction Field Figure FileForm Filters Form FormData Home Hours Lines
safeguards::pages Listing Mistake Notice Page PatientBanner Point Row Series Shape Show Span Table Tabs Task
safeguards::pages Tone View Zone
safeguards::slice Body Called Id Known KnownAllergies KnownFile Line Links Looks Names OpeningHours Result
safeguards::slice Routes Schedule Version Viewer Wanted clock created get go minutes post within_reach
safeguards::slice::json *
safeguards::slice::measure Aggregate Interval Measured
safeguards::slice::rules *
safeguards::slice::shapes holds
safeguards::web Code FieldProblem Problem
";

/// Names that need no import: those of the prelude and of the language.
const PRELUDE: &str = "
AsMut AsRef AsyncFn AsyncFnMut AsyncFnOnce Box Clone Copy Debug Default DoubleEndedIterator Drop Eq Err
ExactSizeIterator Extend Fn FnMut FnOnce From FromIterator Future Hash Into IntoFuture IntoIterator Iterator
None Ok Option Ord PartialEq PartialOrd Result Send Sized Some String Sync ToOwned ToString TryFrom TryInto
Unpin Vec drop bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize
";

/// What a slice names, and custom code may, too.
const SLICE_PRELUDE: &str = "
Action Allergies Answers Assignee Body Called Choice Content Date Decimal Field FileForm Form FormData Found
Id IntoResponse Json Known KnownAllergies KnownFile Line Link Links Listing ListFilter Looks Names OffsetDateTime
OpeningHours Page PatientBanner Problem Query Response Result Schedule Serialize Shape Shown StatusCode Table Tabs
Upload Uuid Version View Viewer Wanted Weekday Written clock created download go holds invited minutes
within_reach
";

/// What a slice names, and custom code may not: how statements are made and rows are read.
const SLICE_ONLY: &str = "
Assignments Entity Fill Opened Record Statement StoredFile Unsealed WriteAnswers sql tenant
";

/// Macros of the standard library that custom code may use.
const MACROS: &str = "
assert assert_eq assert_ne debug_assert debug_assert_eq debug_assert_ne format format_args matches
unreachable vec write writeln
";

/// The paths of [`NAMES`].
struct Offered {
    trees: BTreeSet<&'static str>,
    items: BTreeSet<String>,
}

static OFFERED: LazyLock<Offered> = LazyLock::new(|| {
    let mut offered = Offered { trees: BTreeSet::new(), items: BTreeSet::new() };
    for line in NAMES.lines() {
        let mut words = line.split_whitespace();
        let Some(module) = words.next() else { continue };
        for word in words {
            if word == "*" {
                offered.trees.insert(module);
            } else {
                offered.items.insert(format!("{module}::{word}"));
            }
        }
    }
    offered
});

impl Offered {
    fn roots(&self) -> impl Iterator<Item = &str> {
        self.trees.iter().copied().chain(self.items.iter().map(String::as_str))
    }
}

fn holds(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

/// Whether a name needs no import.
pub(super) fn in_prelude(name: &str) -> bool {
    holds(PRELUDE, name)
}

/// Whether a path that begins so begins in another crate.
pub(super) fn is_crate(name: &str) -> bool {
    CRATES.contains(&name) || is_stranger(name)
}

/// Whether this is a macro of the standard library that is given expressions.
pub(super) fn is_macro(name: &str) -> bool {
    holds(MACROS, name)
}

/// Whether a glob of this path gives a name.
pub(super) fn glob_gives(path: &[String], name: &str) -> bool {
    joined(path) == SLICES && (holds(SLICE_PRELUDE, name) || holds(SLICE_ONLY, name))
}

const SLICES: &str = "safeguards::slice::prelude";

/// Whether everything of a path may be taken by a glob.
pub(super) fn may_glob(path: &[String]) -> bool {
    let path = joined(path);
    path == SLICES || OFFERED.items.contains(&path)
}

/// Judges a name of another crate.
pub(super) fn judge(path: &[String]) -> Result<(), Why> {
    let text = joined(path);
    if offers(&text) { Ok(()) } else { Err(reason(&text)) }
}

fn offers(text: &str) -> bool {
    let first = |rest: &str| rest.split("::").next().unwrap_or_default().to_owned();
    if let Some(name) = text.strip_prefix("std::prelude::") {
        return in_prelude(&first(name));
    }
    if let Some(name) = text.strip_prefix(SLICES).and_then(|rest| rest.strip_prefix("::")) {
        return holds(SLICE_PRELUDE, &first(name));
    }
    OFFERED.roots().any(|root| text == root || begins(text, root))
}

/// Whether a path goes on from another.
fn begins(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.starts_with("::"))
}

/// Judges a name that is imported: a module on the way to what is offered may be, too, since what is taken of it is judged.
pub(super) fn judge_import(path: &[String]) -> Result<(), Why> {
    let text = joined(path);
    let open = path.len() > 1 || !matches!(text.as_str(), "std" | "safeguards");
    let on_the_way = open && (text == SLICES || OFFERED.roots().any(|root| begins(root, &text)));
    if on_the_way { Ok(()) } else { judge(path) }
}

/// Judges a name of the app, from the crate's root. `whole`: it is a path to use, not a module to import.
pub(super) fn judge_app(
    path: &[String],
    slices: &BTreeMap<String, BTreeSet<String>>,
    whole: bool,
) -> Result<(), Why> {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    let text = format!("crate::{}", words.join("::"));
    match words.as_slice() {
        ["rules" | "lists" | "measures" | "calendars"] if !whole => Ok(()),
        ["rules" | "lists" | "measures" | "calendars", _] => Ok(()),
        ["home", "FRONT"] | ["extensions", "Extensions"] => Ok(()),
        ["access"] if !whole => Ok(()),
        ["access", name] if name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_') => Ok(()),
        [_, "assignees", ..] => Err((
            format!("`{text}` reads without a policy of its own"),
            "Show the record's page, which asks for the record first",
        )),
        [slice] if slices.contains_key(*slice) && !whole => Ok(()),
        [slice, "pages"] if slices.contains_key(*slice) && !whole => Ok(()),
        [slice, "pages", _] if slices.contains_key(*slice) => Ok(()),
        [slice, name, ..]
            if slices.get(*slice).is_some_and(|names| names.contains(*name) && *name != "pages") =>
        {
            Ok(())
        }
        _ => Err((
            format!("`{text}` is not offered to custom code"),
            "Take what the slices offer (`crate::patients::find`), `crate::rules`, or an entity of `crate::access`",
        )),
    }
}

/// The path in one spelling: what `core` and `alloc` hold, `std` hands on.
fn joined(path: &[String]) -> String {
    let text = path.join("::");
    for twin in ["core", "alloc"] {
        if text == twin {
            return "std".to_owned();
        }
        if begins(&text, twin) {
            return format!("std{}", &text[twin.len()..]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the library's prelude gains is decided upon: offered, or kept to the slices.
    #[test]
    fn every_name_that_a_slice_imports_is_offered_or_not() {
        let source = include_str!("../../../safeguards/src/slice/mod.rs");
        let file = syn::parse_file(source).unwrap();
        let prelude = file.items.into_iter().find_map(|item| match item {
            syn::Item::Mod(module) if module.ident == "prelude" => module.content,
            _ => None,
        });
        let mut given = BTreeSet::new();
        for item in prelude.expect("it has a prelude").1 {
            if let syn::Item::Use(item) = item {
                given.extend(
                    super::super::names::imports(&item.tree).into_iter().filter_map(|import| import.name),
                );
            }
        }
        let decided: BTreeSet<String> = [SLICE_PRELUDE, SLICE_ONLY]
            .iter()
            .flat_map(|words| words.split_whitespace())
            .map(str::to_owned)
            .collect();
        assert_eq!(given, decided);
    }
}
