//! Who stands behind a preposition: `seen by nurses`, `an app for podiatrists`, `requests go to the store`.

use super::doing::hides;
use super::kinds::add;
use super::people::{is_crew, is_tool};
use super::words_key;
use crate::{catalogue::catalogue, clauses::Clause, words::Verb, world::World};

/// Finds the roles behind the prepositions of a clause.
pub(super) fn behind(clause: &Clause, world: &mut World) {
    for tail in &clause.tails {
        // `a medication list with drug, dose, prescriber and start date`: who prescribed is a value.
        let values = tail.by == "with"
            && tail.phrases.len() > 1
            && tail.phrases.iter().any(|phrase| catalogue().field(&words_key(phrase)).is_some());
        // `referrals from paediatricians`: they send, and have no login; `hidden from nurses` names who works there.
        let refers = clause.verbs.iter().all(|(_, word)| crate::words::base(word) == Some("refer"));
        let sent = tail.by == "from" && !clause.not && !hides(clause)
            || tail.by == "to" && refers && !clause.verbs.is_empty();
        // `the summary goes to the GP`: it leaves the app, and nobody comes in for it.
        let leaves = tail.by == "to"
            && clause.verbs.iter().any(|(_, word)| {
                matches!(
                    crate::words::base(word),
                    Some("go" | "send" | "email" | "fax" | "forward" | "mail" | "export" | "print")
                )
            })
            && tail.phrases.iter().all(|phrase| {
                let name = words_key(phrase);
                phrase.own
                    || !phrase.of.is_empty()
                    || name.starts_with("referring ")
                    || matches!(
                        name.as_str(),
                        "gp" | "general practitioner"
                            | "family doctor"
                            | "family physician"
                            | "pcp"
                            | "primary care provider"
                            | "insurer"
                            | "insurance"
                            | "insurance company"
                    )
            });
        let sent = sent || leaves;
        if values || sent {
            continue;
        }
        if matches!(tail.by.as_str(), "by" | "to" | "for" | "of" | "between" | "from" | "with" | "as") {
            for phrase in &tail.phrases {
                let name = words_key(phrase);
                let released = tail.by == "to"
                    && clause
                        .verbs
                        .iter()
                        .any(|(_, word)| matches!(crate::words::base(word), Some("release" | "publish")));
                let seen_by = tail.by == "by" && clause.passive || released && !clause.not;
                // `a booking app for podiatrists and patients`: those it is for work with it.
                let users = tail.by == "for"
                    && (clause.verbs.is_empty() || clause.does(Verb::Work) || clause.does(Verb::Create))
                    && clause.subjects.iter().chain(&clause.objects).any(|phrase| {
                        phrase.words.last().is_some_and(|word| {
                            matches!(
                                word.as_str(),
                                "app" | "application" | "platform" | "portal" | "tool" | "software"
                            )
                        })
                    });
                // `requests go to the equipment store`: those who work there.
                let sent = tail.by == "to"
                    && phrase.article
                    && clause
                        .verbs
                        .iter()
                        .any(|(_, word)| matches!(crate::words::base(word), Some("go" | "send")))
                    && phrase.words.len() < 4
                    && phrase.words.last().is_some_and(|word| {
                        matches!(
                            word.as_str(),
                            "store"
                                | "lab"
                                | "laboratory"
                                | "team"
                                | "department"
                                | "manufacturer"
                                | "supplier"
                                | "pharmacy"
                                | "warehouse"
                                | "kitchen"
                                | "office"
                        )
                    })
                    && phrase.words.first().is_some_and(|word| word != "care");
                let staffed = is_crew(phrase) && !is_tool(phrase) || sent && tail.by == "to";
                add(world, &name, seen_by || users, staffed);
            }
        }
    }
}
