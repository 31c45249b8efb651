//! What is measured together, and on both sides: `systolic and diastolic readings`, `left and right follicle counts`,
//! `glucose readings in mg/dL`.

use crate::catalogue::{EntityKind, catalogue};
use crate::sentences::Token;
use crate::words::{key_of, singular};
use crate::world::{Parsed, World};

/// Adds the values that a record was said to hold by its name, and of which it has lost some.
pub(crate) fn measured(parsed: &[Parsed], world: &mut World) {
    for one in parsed {
        together(&one.sentence.tokens, world);
    }
    by_name(world);
    both_sides(world);
}

/// A number that the catalogue knows, as it is called there and written.
fn number(said: &str) -> Option<(String, String)> {
    let (field, _) = catalogue().field(&key_of(said))?;
    let written = field.written.clone()?;
    (written.contains("integer") || written.contains("decimal")).then(|| (field.name.clone(), written))
}

/// `systolic and diastolic readings`: where a record holds one of them, it holds all.
fn together(tokens: &[Token], world: &mut World) {
    for end in 0..tokens.len() {
        let general = tokens[end].word().is_some_and(|word| {
            matches!(word, "readings" | "reading" | "values" | "measurements" | "levels")
        });
        if !general {
            continue;
        }
        let mut found = Vec::new();
        let mut at = end;
        while at > 0 {
            at -= 1;
            match &tokens[at] {
                Token::Word(word) if matches!(word.as_str(), "and" | "or") => {}
                Token::Comma | Token::Slash => {}
                Token::Word(word) => match number(word) {
                    Some(known) => found.push(known),
                    None => break,
                },
                _ => break,
            }
        }
        if found.len() < 2 {
            continue;
        }
        let holder = world.entities.values_mut().find(|entity| {
            entity.kind == EntityKind::Clinical
                && found.iter().any(|(name, _)| entity.fields.contains_key(name))
        });
        let Some(entity) = holder else { continue };
        for (name, written) in found.into_iter().rev() {
            entity.fields.entry(name).or_insert(written);
        }
    }
}

/// A `glucose reading` that keeps no number keeps the glucose.
fn by_name(world: &mut World) {
    for (name, entity) in &mut world.entities {
        let Some((value, last)) = name.rsplit_once(' ') else { continue };
        let counts = |written: &String| written.contains("integer") || written.contains("decimal");
        if entity.kind != EntityKind::Clinical
            || !matches!(last, "reading" | "measurement" | "level")
            || entity.fields.values().any(counts)
        {
            continue;
        }
        if let Some((field, written)) = number(value) {
            entity.fields.shift_insert(0, field, written);
        }
    }
}

/// `left: text, right follicle counts: integer` was one value of two sides.
fn both_sides(world: &mut World) {
    for entity in world.entities.values_mut() {
        for (side, other) in [("left", "right"), ("right", "left"), ("upper", "lower"), ("lower", "upper")] {
            let Some((at, _, lost)) = entity.fields.get_full(side) else { continue };
            if !lost.contains(" text") {
                continue;
            }
            let whole = entity.fields.iter().find_map(|(name, written)| {
                let rest = name.strip_prefix(&format!("{other} "))?;
                Some((rest.to_owned(), written.clone()))
            });
            let Some((rest, written)) = whole else { continue };
            let (one, two) =
                (format!("{side} {}", in_singular(&rest)), format!("{other} {}", in_singular(&rest)));
            entity.fields.shift_remove(side);
            entity.fields.shift_insert(at, one, written.clone());
            if let Some(place) = entity.fields.get_index_of(&format!("{other} {rest}")) {
                entity.fields.shift_remove_index(place);
                entity.fields.shift_insert(place, two, written);
            }
        }
    }
}

/// Each side has one: `left follicle count`.
fn in_singular(rest: &str) -> String {
    match rest.rsplit_once(' ') {
        Some((first, last)) => format!("{first} {}", singular(last)),
        None => singular(rest),
    }
}
