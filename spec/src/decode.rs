//! A marked tree to typed documents, collecting every problem on the way.
//!
//! Decoding never stops at a mistake: what cannot be read becomes its type's default, and the problem
//! is noted, so that one bad field does not hide another. The [`document!`] macro writes a struct
//! together with its reading, its writing and its JSON Schema, so that the three cannot disagree.

use crate::{
    name::Name,
    problem::{Complaint, Kind, Pointer, Problem, Problems, closest},
    source::{Content, Node},
};
use indexmap::IndexMap;
use rust_decimal::Decimal;
use std::str::FromStr;

/// Names to values, in the order in which they were written.
pub type Map<T> = IndexMap<Name, T>;

/// A type that can be read from a node of the document.
pub(crate) trait Decode: Sized + Default {
    fn decode(node: &Node, at: &Pointer, problems: &mut Problems) -> Self;
}

/// Text as it may be shown in a message: bounded, and without control or direction characters.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}

pub(crate) fn described(node: &Node) -> String {
    match &node.content {
        Content::Nothing => "nothing".into(),
        Content::Scalar(text) => format!("`{}`", shown(text)),
        Content::List(_) => "a list".into(),
        Content::Map(_) => "a map".into(),
    }
}

fn wrong_shape(node: &Node, at: &Pointer, wanted: &str) -> Problem {
    Problem::new(at, Kind::Shape, format!("{wanted} was expected here, not {}", described(node)))
}

/// Reads a scalar through `FromStr`.
pub(crate) fn from_text<T>(node: &Node, at: &Pointer, problems: &mut Problems, wanted: &str) -> T
where
    T: FromStr<Err = Complaint> + Default,
{
    let Content::Scalar(text) = &node.content else {
        problems.push(wrong_shape(node, at, wanted));
        return T::default();
    };
    text.trim().parse().unwrap_or_else(|complaint: Complaint| {
        problems.push(complaint.at(at));
        T::default()
    })
}

impl Decode for String {
    fn decode(node: &Node, at: &Pointer, problems: &mut Problems) -> Self {
        const LONGEST: usize = 10_000;
        match &node.content {
            Content::Scalar(text) if text.len() > LONGEST => {
                problems.push(Problem::new(at, Kind::Shape, "this text is longer than 10,000 bytes"));
                Self::new()
            }
            Content::Scalar(text) if text.chars().any(is_hostile) => {
                problems.push(
                    Problem::new(at, Kind::Shape, "this text holds control or direction-changing characters")
                        .help("leave them out; text in Arabic or Hebrew letters needs none of them"),
                );
                Self::new()
            }
            Content::Scalar(text) => text.clone(),
            _ => {
                problems.push(wrong_shape(node, at, "a text"));
                Self::new()
            }
        }
    }
}

/// Characters that change how the text around them is read, without being seen (CVE-2021-42574).
pub(crate) fn is_hostile(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Decode for bool {
    fn decode(node: &Node, at: &Pointer, problems: &mut Problems) -> Self {
        match &node.content {
            Content::Scalar(text) if matches!(text.as_str(), "true" | "yes") => true,
            Content::Scalar(text) if matches!(text.as_str(), "false" | "no") => false,
            _ => {
                problems.push(wrong_shape(node, at, "`true` or `false`"));
                false
            }
        }
    }
}

impl Decode for u32 {
    fn decode(node: &Node, at: &Pointer, problems: &mut Problems) -> Self {
        match &node.content {
            Content::Scalar(text) if text.parse::<u32>().is_ok() => text.parse().unwrap_or_default(),
            _ => {
                problems.push(wrong_shape(node, at, "a whole number"));
                0
            }
        }
    }
}

impl Decode for Decimal {
    fn decode(node: &Node, at: &Pointer, problems: &mut Problems) -> Self {
        match &node.content {
            Content::Scalar(text) if text.parse::<Decimal>().is_ok() => text.parse().unwrap_or_default(),
            _ => {
                problems.push(wrong_shape(node, at, "a number"));
                Self::ZERO
            }
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node, at: &Pointer, problems: &mut Problems) -> Self {
        match node.content {
            Content::Nothing => None,
            _ => Some(T::decode(node, at, problems)),
        }
    }
}

/// A single value stands for a list of one.
impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, at: &Pointer, problems: &mut Problems) -> Self {
        match &node.content {
            Content::Nothing => Self::new(),
            Content::List(items) => {
                items.iter().enumerate().map(|(i, item)| T::decode(item, &at.join(i), problems)).collect()
            }
            _ => vec![T::decode(node, at, problems)],
        }
    }
}

impl<T: Decode> Decode for IndexMap<Name, T> {
    fn decode(node: &Node, at: &Pointer, problems: &mut Problems) -> Self {
        decode_map(node, at, problems, |key| key.parse::<Name>())
    }
}

impl<T: Decode> Decode for IndexMap<String, T> {
    fn decode(node: &Node, at: &Pointer, problems: &mut Problems) -> Self {
        decode_map(node, at, problems, |key| {
            if key.chars().any(is_hostile) || key.len() > 200 {
                return Err(Complaint::new(Kind::Shape, format!("`{}` cannot stand here", shown(key))));
            }
            Ok(key.to_owned())
        })
    }
}

pub(crate) fn decode_map<K: std::hash::Hash + Eq, T: Decode>(
    node: &Node,
    at: &Pointer,
    problems: &mut Problems,
    key: impl Fn(&str) -> Result<K, Complaint>,
) -> IndexMap<K, T> {
    let entries = match &node.content {
        Content::Nothing => return IndexMap::new(),
        Content::Map(entries) => entries,
        _ => {
            problems.push(wrong_shape(node, at, "a map of names"));
            return IndexMap::new();
        }
    };
    let mut out = IndexMap::with_capacity(entries.len());
    for (written, value) in entries {
        let here = at.join(&written.text);
        match key(&written.text) {
            Ok(name) => {
                out.insert(name, T::decode(value, &here, problems));
            }
            Err(complaint) => {
                let mut problem = complaint.at(&here);
                problem.span = Some(written.span);
                problems.push(problem);
                T::decode(value, &here, problems);
            }
        }
    }
    out
}

/// The entries of a map whose keys are known words; unknown ones are problems.
pub(crate) fn known_entries<'n>(
    node: &'n Node,
    at: &Pointer,
    problems: &mut Problems,
    what: &str,
    keys: &'static [&'static str],
) -> Vec<(&'static str, &'n Node)> {
    let entries = match &node.content {
        Content::Nothing => return Vec::new(),
        Content::Map(entries) => entries,
        _ => {
            problems.push(wrong_shape(node, at, &format!("the description of {what}")));
            return Vec::new();
        }
    };
    let mut out = Vec::with_capacity(entries.len());
    for (written, value) in entries {
        match keys.iter().find(|key| **key == written.text) {
            Some(key) => out.push((*key, value)),
            None => {
                let message = format!("{what} knows no `{}`", shown(&written.text));
                let mut problem = Problem::new(&at.join(&written.text), Kind::UnknownKey, message);
                problem.span = Some(written.span);
                problem.help = Some(match closest(&written.text, keys.iter().copied()) {
                    Some(key) => format!("did you mean `{key}`?"),
                    None => format!("it knows {}", listed(keys)),
                });
                problems.push(problem);
            }
        }
    }
    out
}

pub(crate) fn listed<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(|word| format!("`{}`", word.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Writes a document type: the struct, how it is read, written and described.
///
/// Each field is `"the key" name: Type`, or `required "the key" name: Type`. `short name` after the
/// type's name lets a bare value stand for that field alone.
macro_rules! document {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident called $what:literal $(short $short:ident)? {
            $( $(#[doc = $field_doc:literal])* $($required:ident)? $key:literal $field:ident : $type:ty ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: $type, )*
        }

        impl $crate::decode::Decode for $name {
            fn decode(
                node: &$crate::source::Node,
                at: &$crate::problem::Pointer,
                problems: &mut $crate::problem::Problems,
            ) -> Self {
                #[allow(unused_mut)]
                let mut out = Self::default();
                $(
                    if !matches!(node.content, $crate::source::Content::Map(_) | $crate::source::Content::Nothing) {
                        out.$short = $crate::decode::Decode::decode(node, at, problems);
                        return out;
                    }
                )?
                let entries = $crate::decode::known_entries(node, at, problems, $what, &[$($key),*]);
                $(
                    match entries.iter().find(|(key, _)| *key == $key) {
                        Some((_, value)) => out.$field = $crate::decode::Decode::decode(value, &at.join($key), problems),
                        None => { document!(@missing $($required)? problems at $what $key); }
                    }
                )*
                out
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                $(
                    let mut plain = self.clone();
                    plain.$short = Self::default().$short;
                    if plain == Self::default() && self.$short != plain.$short {
                        return self.$short.serialize(serializer);
                    }
                )?
                let standard = Self::default();
                let mut map = serializer.serialize_map(None)?;
                $(
                    if document!(@always $($required)?) || self.$field != standard.$field {
                        map.serialize_entry($key, &self.$field)?;
                    }
                )*
                map.end()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut properties = serde_json::Map::new();
                #[allow(unused_mut)]
                let mut required: Vec<&str> = Vec::new();
                $(
                    let schema = generator.subschema_for::<$type>();
                    let text = [$($field_doc),*].concat();
                    properties.insert($key.into(), $crate::decode::with_description(schema, text.trim()));
                    if document!(@always $($required)?) { required.push($key); }
                )*
                let object = schemars::json_schema!({
                    "type": "object", "properties": properties, "required": required, "additionalProperties": false,
                });
                #[allow(unused_mut)]
                let mut schema = object;
                $(
                    let short = $crate::decode::schema_of_field(|it: &Self| &it.$short, generator);
                    schema = schemars::json_schema!({ "anyOf": [short, schema] });
                )?
                schema.insert("description".into(), [$($doc),*].concat().trim().into());
                schema
            }
        }
    };
    (@missing required $problems:ident $at:ident $what:literal $key:literal) => {
        $problems.push($crate::problem::Problem::new(
            $at,
            $crate::problem::Kind::Missing,
            format!("{} must say `{}`", $what, $key),
        ))
    };
    (@missing $problems:ident $at:ident $what:literal $key:literal) => {};
    (@always required) => { true };
    (@always) => { false };
}
pub(crate) use document;

/// Gives a type that is written as one text its reading, writing and schema.
macro_rules! text_type {
    ($name:ty, $wanted:literal, $pattern:expr) => {
        impl $crate::decode::Decode for $name {
            fn decode(
                node: &$crate::source::Node,
                at: &$crate::problem::Pointer,
                problems: &mut $crate::problem::Problems,
            ) -> Self {
                $crate::decode::from_text(node, at, problems, $wanted)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let pattern: Option<&str> = $pattern;
                let mut schema = schemars::json_schema!({ "type": "string", "description": $wanted });
                if let Some(pattern) = pattern {
                    schema.insert("pattern".into(), pattern.into());
                }
                schema
            }
        }
    };
}
pub(crate) use text_type;

/// A closed set of words with its reading and writing.
macro_rules! words {
    ($(#[doc = $doc:literal])* pub enum $name:ident: $what:literal { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal ),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$variant_doc])* $variant, )* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the spec.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::problem::Complaint;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    other => Err($crate::decode::unknown_word(other, $what, &[$($word),*])),
                }
            }
        }

        impl $crate::decode::Decode for $name {
            fn decode(
                node: &$crate::source::Node,
                at: &$crate::problem::Pointer,
                problems: &mut $crate::problem::Problems,
            ) -> Self {
                $crate::decode::from_text(node, at, problems, $what)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "enum": [$($word),*], "description": $what })
            }
        }
    };
}
pub(crate) use words;

pub(crate) fn unknown_word(word: &str, what: &str, known: &[&str]) -> Complaint {
    let complaint = Complaint::new(Kind::Shape, format!("`{}` is not {what}", shown(word)));
    match closest(word, known.iter().copied()) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None => complaint.help(format!("it is one of {}", listed(known))),
    }
}

/// The schema of the field that a bare value stands for.
pub(crate) fn schema_of_field<D, T: schemars::JsonSchema>(
    _: impl Fn(&D) -> &T,
    generator: &mut schemars::SchemaGenerator,
) -> schemars::Schema {
    generator.subschema_for::<T>()
}

/// A schema with a description of its own: a reference cannot carry one beside it everywhere.
pub(crate) fn with_description(schema: schemars::Schema, text: &str) -> serde_json::Value {
    let mut value: serde_json::Value = schema.into();
    if text.is_empty() {
        return value;
    }
    if let Some(object) = value.as_object_mut() {
        object.insert("description".into(), text.into());
    }
    value
}

text_type!(Name, "a name: lower-case words with single spaces", Some("^[a-z][a-z0-9]*([ -][a-z0-9]+)*$"));
