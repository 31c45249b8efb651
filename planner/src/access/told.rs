//! What is told and grants nothing: whom a place treats, and who gets counts, reports or letters.

use crate::catalogue::RoleKind;
use crate::clauses::Clause;
use crate::world::World;

/// `We only treat adults`, `no people are treated here, only animals`: whom the place is for, and nobody's access.
pub(super) fn tells_whom_they_treat(all: &[Clause], world: &World) -> bool {
    let treats = |word: &str| {
        matches!(crate::words::base(word), Some("treat" | "serve" | "accept" | "take" | "heal" | "cure"))
    };
    let nobody_of_the_app = |phrase: &crate::clauses::Phrase| {
        matches!(
            phrase.words.last().map(String::as_str),
            Some("we" | "i" | "people" | "human" | "humans" | "here")
        ) || phrase.words.is_empty()
            || world.entity_of(&phrase.words).as_deref() == world.subject() && world.subject().is_some()
    };
    let acting = all.iter().filter(|clause| !clause.verbs.is_empty());
    acting.clone().count() > 0
        && acting.clone().all(|clause| {
            clause.verbs.iter().all(|(_, word)| treats(word))
                && clause.subjects.iter().all(nobody_of_the_app)
                && clause.objects.iter().all(|phrase| {
                    // `patients take their blood pressure` is of a value.
                    crate::catalogue::catalogue().field(&crate::entities::phrase_key(phrase)).is_none()
                        && world.roles_of(phrase).iter().all(|role| {
                            world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject)
                        })
                })
        })
        && all.iter().filter(|clause| clause.verbs.is_empty()).all(|clause| {
            clause.subjects.iter().all(|phrase| {
                world
                    .roles_of(phrase)
                    .iter()
                    .all(|role| world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject))
            })
        })
}

/// Whether a clause gives counts, reports or letters, and nothing that is kept.
pub(super) fn told_in_numbers(clause: &Clause, world: &World) -> bool {
    let gets = clause.verbs.iter().all(|(_, word)| {
        matches!(
            crate::words::base(word),
            Some("want" | "need" | "get" | "receive" | "see" | "view" | "like")
        )
    });
    let told = |phrase: &crate::clauses::Phrase| {
        let last = phrase.words.last().map(|word| crate::words::singular(word)).unwrap_or_default();
        world.entity_of(&phrase.words).is_none()
            && matches!(
                last.as_str(),
                "count"
                    | "number"
                    | "total"
                    | "average"
                    | "statistic"
                    | "stat"
                    | "report"
                    | "summary"
                    | "pdf"
                    | "letter"
                    | "fax"
                    | "newsletter"
                    | "graph"
                    | "dashboard"
                    | "rate"
                    | "percentage"
                    | "figure"
                    | "metric"
                    | "kpi"
                    | "overview"
            )
    };
    !clause.verbs.is_empty()
        && gets
        && !clause.not
        && !clause.passive
        && !clause.objects.is_empty()
        && clause.objects.iter().all(told)
}
