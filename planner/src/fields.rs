//! From the words for a value to its type and PHI class.
//!
//! The catalogue first; then what the words' endings tell (`lot number`, `fed at`, `is diabetic`); else
//! clinical text. Only the catalogue says `none`, and only of things in which nobody is.

use crate::{
    catalogue::{EntityConcept, EntityKind, catalogue},
    nouns::{Item, items, separate},
    sentences::Token,
    words::key_of,
};

/// A field to be: its name and type, as the spec writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewField {
    pub(crate) name: String,
    pub(crate) written: String,
}

/// What an item of a field list becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// Fields, in order; a group gives several.
    Fields(Vec<NewField>),
    /// A file, put to the record once it is there.
    File(NewField),
    /// No field.
    Nothing,
}

/// Reads one item as fields of a record of this kind.
pub(crate) fn read(item: &Item, concept: Option<&EntityConcept>, kind: EntityKind) -> Read {
    let phrase = item.phrase();
    let key = item.key();
    if key.is_empty() || key.len() > 40 {
        return Read::Nothing;
    }
    let inner = items(&item.paren);
    if let Some(own) = concept.and_then(|concept| own_type(concept, &key, &phrase)) {
        return Read::Fields(vec![own]);
    }
    // `oxygen yes/no` is a question of its own, whatever the catalogue knows by that name.
    if item.yes_no {
        return match proper_name(&phrase) {
            Some(name) => Read::Fields(vec![NewField { name, written: "clinical boolean".into() }]),
            None => Read::Nothing,
        };
    }
    let known = catalogue().field(&key).or_else(|| catalogue().field(&item.bare_key()));
    if let Some((field, _)) = known
        && !field.fields.is_empty()
    {
        let parts: Vec<Item> =
            if inner.is_empty() { field.fields.iter().map(|name| plain(name)).collect() } else { inner };
        return Read::Fields(parts.iter().flat_map(|part| only_fields(read(part, concept, kind))).collect());
    }
    // `ventilator settings (mode, PEEP, tidal volume)`: several values, not the choices of one.
    let several = item.words.last().is_some_and(|word| crate::words::singular(word) != *word)
        && !matches!(item.words.last().map(String::as_str), Some("series" | "yes"));
    let scale = item.paren.iter().any(|token| matches!(token, Token::Range(..)) && inner.len() < 2);
    if several && inner.len() > 1 && !scale && !item.yes_no && concept.is_none_or(|concept| !concept.resource)
    {
        return Read::Fields(inner.iter().flat_map(|part| only_fields(read(part, None, kind))).collect());
    }
    if is_file(&key) && !item.yes_no {
        let name = known.map_or_else(|| key.clone(), |(field, _)| field.name.clone());
        return match proper_name(&name) {
            Some(name) => Read::File(NewField { name, written: "clinical file".into() }),
            None => Read::Nothing,
        };
    }
    let base = known.and_then(|(field, name)| {
        // A synonym that stays is written as it was said.
        let kept = name != field.name && key_of(name) == key;
        // `missed doses`, `last weight`: which one is part of its name.
        let which = item.words.first().is_some_and(|word| {
            matches!(
                word.as_str(),
                "missed"
                    | "last"
                    | "previous"
                    | "past"
                    | "current"
                    | "open"
                    | "pending"
                    | "total"
                    | "third"
                    | "overdue"
            )
        }) && catalogue().field(&key).is_none();
        let said = if kept || which { phrase.clone() } else { name.to_owned() };
        field.written.clone().map(|written| NewField { name: said, written })
    });
    // `start date` of a treatment is a day, by the name that was said; only what is booked has its `start`.
    let day = (kind == EntityKind::Clinical && key.ends_with(" date"))
        .then(|| base.as_ref().filter(|base| matches!(base.name.as_str(), "start" | "end")))
        .flatten()
        .map(|_| NewField { name: phrase.clone(), written: "clinical date, queryable".into() });
    let base = day.or(base);
    let mut field = base.unwrap_or_else(|| by_ending(&phrase, &key, kind));
    refine(&mut field, item, &inner);
    // In a record of somebody nothing is of nobody: the catalogue's `none` holds for things alone.
    if matches!(kind, EntityKind::Clinical | EntityKind::Subject)
        && let Some(rest) = field.written.strip_prefix("none ")
    {
        field.written = format!("clinical {rest}");
    }
    // What identifies a person by its name is an identifier, whatever else it looks like.
    if let Some(name) = proper_name(&field.name).filter(|name| spec::identifies(name))
        && !field.written.starts_with("identifier")
    {
        let kind = match name.as_str() {
            "fax" | "fax number" | "mobile" | "phone number" => "phone",
            name if name.contains("birth") => "date",
            _ => "text",
        };
        field.written = format!("identifier {kind}");
    }
    match proper_name(&field.name) {
        Some(name) => Read::Fields(vec![NewField { name, ..field }]),
        None => Read::Nothing,
    }
}

fn only_fields(read: Read) -> Vec<NewField> {
    match read {
        Read::Fields(fields) => fields,
        Read::File(_) | Read::Nothing => Vec::new(),
    }
}

/// Whether a phrase in the singular names a picture or a document: `wound photo`, `x ray image`.
pub(crate) fn is_file(key: &str) -> bool {
    let known = catalogue().field(key).is_some_and(|(field, _)| field.written.as_deref() == Some("file"));
    let last = key.rsplit(' ').next().unwrap_or_default();
    known
        || matches!(
            last,
            "photo"
                | "picture"
                | "image"
                | "photograph"
                | "selfie"
                | "video"
                | "recording"
                | "upload"
                | "attachment"
                | "file"
                | "pdf"
        ) && !matches!(key, "file" | "pdf" | "upload")
}

/// An item that is nothing but a phrase.
pub(crate) fn plain(phrase: &str) -> Item {
    Item { words: phrase.split(' ').map(str::to_owned).collect(), ..Item::default() }
}

/// The default fields of a kind of record.
pub(crate) fn defaults(names: &[String], concept: &EntityConcept) -> Vec<NewField> {
    names.iter().flat_map(|name| only_fields(read(&plain(name), Some(concept), concept.kind))).collect()
}

fn own_type(concept: &EntityConcept, key: &str, phrase: &str) -> Option<NewField> {
    let canonical = catalogue().field(key).map(|(field, _)| field.name.clone());
    concept.own.iter().find(|(name, _)| key_of(name) == key || canonical.as_ref() == Some(*name)).map(
        |(name, written)| NewField {
            name: if key_of(name) == key { name.clone() } else { phrase.to_owned() },
            written: written.clone(),
        },
    )
}

/// What the last or first words of an unknown phrase tell.
fn by_ending(phrase: &str, key: &str, kind: EntityKind) -> NewField {
    let last = key.rsplit(' ').next().unwrap_or_default();
    let first = key.split(' ').next().unwrap_or_default();
    let two: String =
        key.rsplitn(3, ' ').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join(" ");
    let tail = catalogue()
        .field(&two)
        .or_else(|| catalogue().field(last))
        .and_then(|(field, _)| field.written.clone())
        .filter(|written| written != "file" && !written.contains("required"));
    let narrowed = catalogue()
        .field(&two)
        .filter(|_| two != key)
        .and_then(|(field, _)| field.written.clone())
        .filter(|written| written != "file" && !written.contains("required"));
    let counted = ["seconds", "minutes", "hours", "days", "weeks", "months", "years"]
        .iter()
        .any(|unit| phrase.ends_with(&format!(" {unit}")));
    let written = match last {
        _ if counted => "clinical integer 0..100000, queryable".to_owned(),
        _ if narrowed.is_some() => narrowed.unwrap_or_default(),
        "name" if kind == EntityKind::Thing => "clinical text".to_owned(),
        "name" | "contact" => "identifier text".into(),
        "date" | "birthday" => "clinical date, queryable".into(),
        "number" | "id" | "identifier" | "serial" => "identifier text".into(),
        "url" | "website" => "identifier url".into(),
        "at" => "clinical moment, queryable".into(),
        "on" => "clinical date, queryable".into(),
        "time" => "clinical moment, queryable".into(),
        "day" | "week" | "month" | "hour" | "night" | "shift" if key.contains(" per ") => {
            "clinical decimal 0..100000, queryable".into()
        }
        "motion" | "flexion" | "extension" | "abduction" | "circumference" | "length" | "width" | "depth"
        | "diameter" | "volume" | "angle" | "index" | "ratio" | "distance" | "speed" | "thickness"
        | "saturation"
            if kind == EntityKind::Clinical =>
        {
            "clinical decimal 0..100000, queryable".into()
        }
        "score" | "rating" | "scale" | "level" => "clinical integer 0..1000, queryable".into(),
        "count" | "minute" | "hour" | "day supply" => "clinical integer 0..100000, queryable".into(),
        "day" => "clinical date, queryable".into(),
        "percentage" | "percent" => "clinical decimal 0..100, queryable".into(),
        "code" => "clinical text".into(),
        _ => match (first, tail) {
            ("date", _) => "clinical date, queryable".into(),
            ("whether", _) => "clinical boolean".into(),
            ("when", _) if key.contains(' ') => "clinical moment, queryable".into(),
            ("what" | "who" | "where" | "why", _) if key.contains(' ') => "clinical text".into(),
            ("time", _) => "clinical moment, queryable".into(),
            ("is" | "has" | "had", _) => "clinical boolean".into(),
            ("number", _) if key.starts_with("number of") => "clinical integer 0..100000, queryable".into(),
            (_, Some(tail)) => tail,
            _ => "clinical text".into(),
        },
    };
    NewField { name: phrase.to_owned(), written }
}

/// Lets ranges, units, choices and states in the item's own words sharpen the type.
fn refine(field: &mut NewField, item: &Item, inner: &[Item]) {
    if field.written.starts_with("identifier") {
        return;
    }
    let class = if field.written.starts_with("none") { "none" } else { "clinical" };
    if item.yes_no {
        field.written = format!("{class} boolean");
        return;
    }
    let range =
        item.range.clone().or_else(|| inner.iter().find_map(|part| part.range.clone())).or_else(|| {
            item.paren.iter().find_map(|token| match token {
                Token::Range(from, to) => Some((from.clone(), to.clone())),
                _ => None,
            })
        });
    if let Some((from, to)) = range {
        let decimal = from.contains('.') || to.contains('.');
        let ordered = matches!((from.parse::<f64>(), to.parse::<f64>()), (Ok(a), Ok(b)) if a <= b);
        if ordered {
            let kind = if decimal { "decimal" } else { "integer" };
            field.written = format!("{class} {kind} {from}..{to}, queryable");
            return;
        }
    }
    if let Some(unit) = unit(item) {
        if field.written.contains(&format!(" {unit} ")) {
            return;
        }
        field.written = format!("{class} decimal {unit} 0..100000, queryable");
        return;
    }
    let choices: Vec<String> =
        if item.states.len() > 1 { item.states.clone() } else { choices_of(&item.paren) };
    if choices == ["yes", "no"] || choices == ["y", "n"] {
        field.written = format!("{class} boolean");
        return;
    }
    if choices.len() > 1 && !field.written.contains("list of") {
        let mut unique: Vec<String> = Vec::new();
        for choice in choices {
            if !unique.contains(&choice) {
                unique.push(choice);
            }
        }
        field.written = format!("{class} one of {}", unique.join(" | "));
    }
}

/// The words between the separators, `in person / video`.
pub(crate) fn choices_of(paren: &[Token]) -> Vec<String> {
    separate(paren)
        .iter()
        .map(|piece| piece.iter().filter_map(Token::word).collect::<Vec<_>>().join(" "))
        .filter(|choice| !choice.is_empty() && choice.len() <= 60)
        .collect()
}

/// The unit of a number, as it stands behind the value or in the parentheses.
fn unit(item: &Item) -> Option<String> {
    let said = item.unit.clone().or_else(|| match item.paren.as_slice() {
        [Token::Word(word)] => Some(word.clone()),
        _ => None,
    })?;
    is_unit(&said).then(|| if said == "mmhg" { "mmHg".into() } else { said })
}

/// Whether a word is a unit of measurement.
pub(crate) fn is_unit(word: &str) -> bool {
    const UNITS: &[&str] = &[
        "kg", "g", "mg", "mcg", "ml", "l", "cm", "mm", "mmhg", "bpm", "lb", "lbs", "oz", "iu", "kcal",
        "units", "db", "cmh2o", "hz", "liters", "litres", "seconds", "minutes", "hours", "days", "weeks",
        "months", "years", "min", "mmol", "ug", "percent", "stars", "points",
    ];
    UNITS.contains(&word) || word.contains('/')
}

/// A name of the spec from a phrase: plain words, at most 40 characters, beginning with a letter.
pub(crate) fn proper_name(phrase: &str) -> Option<String> {
    let mut name = String::new();
    for word in phrase.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if name.is_empty() && !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        if name.len() + word.len() + 1 > 40 {
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(&word.to_ascii_lowercase());
    }
    // A letter that the spec's names do not have would be lost: then there is no such name.
    let lost = phrase.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    (!name.is_empty() && !lost).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentences::tokens;

    fn types(text: &str) -> Vec<(String, String)> {
        items(&tokens(text))
            .iter()
            .flat_map(|item| only_fields(read(item, None, EntityKind::Clinical)))
            .map(|field| (field.name, field.written))
            .collect()
    }

    /// HC-3, the class of the unknown: what the catalogue does not know is clinical.
    #[test]
    fn an_unknown_field_is_clinical() {
        for unknown in ["flux capacity", "aura", "zorble", "favorite color"] {
            assert!(types(unknown)[0].1.starts_with("clinical"), "{unknown}");
        }
    }

    #[test]
    fn words_tell_types() {
        for (said, name, written) in [
            ("DOB", "date of birth", "identifier date"),
            ("pain 0-10", "pain", "clinical integer 0..10, queryable"),
            ("mood from 1 to 5", "mood", "clinical integer 1..5, queryable"),
            ("type (in person / video)", "type", "clinical one of in person | video"),
            ("weight (kg)", "weight", "clinical decimal kg 0.3..400, queryable"),
            ("fed at", "fed at", "clinical moment, queryable"),
            ("claim number", "claim number", "identifier text"),
            ("shoulder pain score", "shoulder pain score", "clinical integer 0..10, queryable"),
        ] {
            assert_eq!(types(said), vec![(name.to_owned(), written.to_owned())], "{said}");
        }
        assert_eq!(types("vitals (bp, pulse)").len(), 3);
    }
}
