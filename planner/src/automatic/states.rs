//! `when a note is signed`, `on no-shows`, `if triage is red`: the state or the choice that a rule waits for.

use super::conditions::{Condition, Test, records};
use crate::sentences::Token;
use crate::words::{is_be, key, key_of, singular};
use crate::world::World;

/// `when a note is signed`, `on no-shows`, `if triage is red`, `if the answer to smoker is yes`.
pub(super) fn state(tokens: &[Token], world: &World) -> Option<Condition> {
    let begin = tokens.iter().position(|token| {
        token
            .word()
            .is_some_and(|word| matches!(word, "when" | "if" | "once" | "whenever" | "as" | "after" | "on"))
    })?;
    let words: Vec<&str> = tokens[begin..].iter().filter_map(Token::word).collect();
    // `when a note is not signed` waits for what does not happen.
    let absent = words.windows(2).any(|pair| matches!(pair, ["not", "show" | "come" | "attend" | "appear"]));
    if !absent
        && words.iter().any(|word| matches!(*word, "not" | "never" | "no" | "without"))
        && !words.windows(2).any(|pair| matches!(pair, ["no", "show" | "shows"]))
    {
        return None;
    }
    let named: Vec<String> = (0..words.len())
        .flat_map(|at| [3, 2, 1].map(|width| (at, width)))
        .filter_map(|(at, width)| world.entity_named(&key(words.get(at..at + width)?)))
        .collect();
    let holds = |state: &str| {
        let state = plain(state);
        if absent {
            return matches!(state.as_str(), "no show" | "missed");
        }
        (0..words.len()).any(|at| {
            [3, 2, 1].iter().any(|width| {
                words.get(at..at + width).is_some_and(|piece| {
                    let said = plain(&piece.join(" "));
                    said == state || alike(&said, &state)
                })
            })
        })
    };
    let found =
        world.entities.iter().filter(|(_, entity)| entity.states.len() > 1).find_map(|(name, entity)| {
            let state = entity.states.iter().find(|state| holds(state))?;
            let own = named.contains(name)
            // `no-shows`, of whichever record has them.
            || named.is_empty() && plain(state) == "no show";
            own.then(|| (name.clone(), state.clone()))
        });
    if let Some((of, value)) = found {
        return Some(Condition {
            of,
            tests: vec![Test { field: "status".into(), sign: "==", value }],
            any: false,
        });
    }
    chosen(&words, world)
}

/// `if triage is red`, `if the wound is infected is yes`: a choice or a yes of a field.
fn chosen(words: &[&str], world: &World) -> Option<Condition> {
    for (of, fields) in records(world) {
        for (field, written) in fields {
            let said = key_of(&field);
            let width = said.split(' ').count();
            let Some(at) = (0..words.len())
                .find(|at| words.get(*at..at + width).is_some_and(|piece| key(piece) == said))
            else {
                continue;
            };
            let behind: Vec<&str> = words[at + width..].iter().take(4).copied().collect();
            if !behind.iter().any(|word| is_be(word) || matches!(*word, "answered" | "marked" | "ticked")) {
                continue;
            }
            let test = |sign, value: String| {
                Some(Condition {
                    of: of.clone(),
                    tests: vec![Test { field: field.clone(), sign, value }],
                    any: false,
                })
            };
            if written.contains(" boolean") {
                let yes = behind
                    .iter()
                    .any(|word| matches!(*word, "yes" | "true" | "ticked" | "checked" | "positive"));
                if yes {
                    return test("", String::new());
                }
            }
            if let Some((_, choices)) = written.split_once("one of ") {
                let choices = choices.split(',').next().unwrap_or_default();
                let choice = choices
                    .split('|')
                    .map(str::trim)
                    .find(|choice| behind.iter().any(|word| plain(word) == plain(choice)));
                if let Some(choice) = choice {
                    return test("==", choice.to_owned());
                }
            }
        }
    }
    None
}

fn plain(state: &str) -> String {
    state.replace('-', " ").split(' ').map(singular).collect::<Vec<_>>().join(" ")
}

/// Two words for one state.
fn alike(said: &str, state: &str) -> bool {
    const ALIKE: &[&[&str]] = &[
        &["finalised", "finalized", "final", "signed", "signed off", "locked"],
        &["missed", "no show"],
        &["done", "completed", "complete", "finished"],
        &["cancelled", "canceled"],
        &["denied", "rejected", "declined"],
    ];
    ALIKE.iter().any(|words| words.contains(&said) && words.contains(&state))
}
