//! What a dashboard counts, averages and shares.

use super::is_dashboard_head;
use crate::fields::proper_name;
use crate::sentences::Token;
use crate::words::{key_of, singular};
use crate::world::{Parsed, World};

/// An aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) name: String,
    pub(crate) entity: String,
    pub(crate) filter: Option<String>,
    pub(crate) share: Option<String>,
    pub(crate) average: Option<String>,
    pub(crate) by: Option<String>,
}

/// The aggregates that a dashboard names, and what of it was not understood.
pub(crate) fn measures(parsed: &[Parsed], world: &World) -> (Vec<Measure>, Vec<String>) {
    let (mut out, mut lost) = (Vec::new(), Vec::new());
    for Parsed { sentence, .. } in parsed {
        let tokens = if sentence.head.as_deref().is_some_and(is_dashboard_head)
            || sentence.under.as_deref().is_some_and(is_dashboard_head)
        {
            sentence.tokens.clone()
        } else {
            let at = sentence.tokens.iter().position(|token| {
                token.word().is_some_and(|word| {
                    matches!(
                        word,
                        "dashboard"
                            | "dashboards"
                            | "statistics"
                            | "metrics"
                            | "report"
                            | "reports"
                            | "chart"
                            | "charts"
                    )
                })
            });
            let Some(at) = at else { continue };
            let leads = sentence.tokens.get(at + 1).and_then(Token::word);
            if !leads.is_some_and(|word| matches!(word, "with" | "of" | "showing" | "shows" | "on" | "for")) {
                continue;
            }
            sentence.tokens[at + 2..].to_vec()
        };
        for piece in crate::nouns::separate(&tokens) {
            let words: Vec<&str> = piece.iter().filter_map(Token::word).collect();
            match measure(&words, world) {
                Some(measure) if out.iter().all(|known: &Measure| known.name != measure.name) => {
                    out.push(measure)
                }
                Some(_) => {}
                None => lost.push(words.join(" ")),
            }
        }
    }
    lost.retain(|words| words.len() > 2);
    (out, lost)
}

fn measure(words: &[&str], world: &World) -> Option<Measure> {
    let name = proper_name(
        &words
            .iter()
            .filter(|word| !matches!(**word, "the" | "a" | "of"))
            .copied()
            .collect::<Vec<_>>()
            .join(" "),
    )?;
    let interval = words.iter().enumerate().find_map(|(at, word)| match (*word, words.get(at + 1)) {
        ("per" | "by" | "each" | "every", Some(&unit)) if matches!(unit, "day" | "week" | "month") => {
            Some(unit)
        }
        ("daily", _) => Some("day"),
        ("weekly", _) => Some("week"),
        ("monthly", _) => Some("month"),
        _ => None,
    });
    // A share of the records in a state: `no-show rate`.
    if let Some(at) = words.iter().position(|word| matches!(*word, "rate" | "share" | "percentage" | "ratio"))
    {
        let said = key_of(&words[..at].join(" "));
        for (entity, known) in &world.entities {
            if let Some(state) = known.states.iter().find(|state| stem(state) == stem(&said)) {
                return Some(Measure {
                    name: format!("{} rate", state),
                    entity: entity.clone(),
                    filter: None,
                    share: Some(format!("status == \"{state}\"")),
                    average: None,
                    by: None,
                });
            }
        }
        return None;
    }
    // `notes waiting for signature`: those not yet in the state that the word names.
    if let Some(at) =
        words.iter().position(|word| matches!(*word, "waiting" | "awaiting" | "pending" | "unsigned"))
    {
        let entity = (0..words.len())
            .filter(|from| *from != at)
            .find_map(|from| world.entity_named(&singular(words[from])))?;
        let states = &world.entities.get(&entity)?.states;
        let first = states.first()?;
        return Some(Measure {
            name,
            entity: entity.clone(),
            filter: Some(format!("status == \"{first}\"")),
            share: None,
            average: None,
            by: None,
        });
    }
    if let Some(at) = words.iter().position(|word| matches!(*word, "average" | "mean")) {
        for width in (1..=3).rev() {
            let Some(piece) = words.get(at + 1..at + 1 + width) else { continue };
            let said = key_of(&piece.join(" "));
            for (entity, known) in &world.entities {
                let field = known.fields.iter().find(|(name, written)| {
                    key_of(name) == said
                        && (written.contains("integer") || written.contains("decimal"))
                        && written.contains("queryable")
                });
                if let Some((field, _)) = field {
                    let by = interval
                        .and_then(|unit| moment_of(known).map(|moment| format!("{unit} of {moment}")));
                    return Some(Measure {
                        name,
                        entity: entity.clone(),
                        filter: None,
                        share: None,
                        average: Some(field.clone()),
                        by,
                    });
                }
            }
        }
        return None;
    }
    let counted = words
        .iter()
        .take_while(|word| !matches!(**word, "per" | "by" | "each" | "every"))
        .copied()
        .filter(|word| {
            !matches!(
                *word,
                "number" | "of" | "total" | "how" | "many" | "count" | "new" | "weekly" | "daily" | "monthly"
            )
        })
        .collect::<Vec<_>>();
    let entity = world.entity_named(&crate::words::key(&counted))?;
    let known = world.entities.get(&entity)?;
    let by = interval.and_then(|unit| moment_of(known).map(|moment| format!("{unit} of {moment}")));
    Some(Measure { name, entity, filter: None, share: None, average: None, by })
}

fn stem(state: &str) -> String {
    state
        .replace([' ', '-'], "")
        .trim_end_matches("ation")
        .trim_end_matches("lation")
        .trim_end_matches("led")
        .trim_end_matches("ed")
        .trim_end_matches('l')
        .to_owned()
}

fn moment_of(entity: &crate::world::Entity) -> Option<String> {
    entity
        .fields
        .iter()
        .find(|(_, written)| {
            (written.contains("moment") || written.contains("date")) && written.contains("queryable")
        })
        .map(|(name, _)| name.clone())
}
