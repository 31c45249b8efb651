//! Who works with the app.
//!
//! A role is a word of the catalogue where people stand (a subject, a list of users, behind *by*), or an
//! unknown phrase where only people can stand: before *can*, or before a verb of the app with an ending
//! that people's names have. Who is only spoken about (a donor, a patient in a dental book) gets no login.

mod behind;
mod doing;
mod guardians;
mod kinds;
mod narrator;
mod people;

use behind::behind;
use doing::{named_by_the_patient, people_do};
pub(crate) use guardians::guardians;
use kinds::add;
pub(crate) use kinds::{kind_of, treats_by_name, without_crew};
pub(crate) use people::is_crew_name;

use crate::{
    catalogue::{RoleKind, catalogue},
    clauses::{Clause, Phrase},
    fields::proper_name,
    nouns::items,
    words::{Verb, key, key_of, singular},
    world::{Parsed, Role, World},
};
use narrator::{narrator, narrator_of_the_app};
use people::{agentive, is_crew, is_outside_body, is_tool, of_the_app};

const ROLE_HEADS: &[&str] = &[
    "user",
    "role",
    "user role",
    "user type",
    "people",
    "actor",
    "persona",
    "who use it",
    "type of user",
    "account",
    "team",
    "staff role",
    "login",
    "who",
    "staff",
    "team member",
    "personnel",
    "user group",
    "who use the app",
    "people involved",
    "stakeholder",
    "participant role",
    "who can do what",
    "who does what",
    "access",
    "permission",
    "who may do what",
    "who sees what",
];

/// Whether a head introduces a list of roles.
pub(crate) fn is_role_head(head: &str) -> bool {
    ROLE_HEADS.contains(&key_of(head).as_str())
}

/// Finds the roles of the prompt, in the order they are named.
pub(crate) fn find(parsed: &[Parsed], world: &mut World) {
    let mut last_person = String::new();
    for Parsed { sentence, clauses } in parsed {
        let listed = sentence.head.as_deref().is_some_and(is_role_head)
            || (sentence.head.is_none() && sentence.under.as_deref().is_some_and(is_role_head));
        if listed {
            let named: Vec<String> =
                items(&sentence.tokens).iter().map(crate::nouns::Item::bare_key).collect();
            let patients = named.iter().any(|name| matches!(name.as_str(), "patient" | "client"));
            for name in named {
                // `Staff: name, role, e-mail`: what is kept of them.
                let value = catalogue().role(&name).is_none() && catalogue().field(&name).is_some()
                    || matches!(name.as_str(), "role" | "name" | "email" | "title");
                if value {
                    continue;
                }
                // `Roles: student, faculty, patient`: who learns there treats patients, and is none.
                let learns = patients
                    && matches!(name.as_str(), "student" | "trainee" | "resident" | "employee" | "member");
                if learns {
                    let new = Role {
                        kind: RoleKind::Panel,
                        acts: true,
                        open: false,
                        assumed: false,
                        bounded: false,
                    };
                    world.roles.entry(name).or_insert(new);
                } else {
                    add(world, &name, true, true);
                }
            }
            continue;
        }
        if sentence.under.as_deref().is_some_and(is_role_head)
            && let Some(head) = &sentence.head
        {
            add(world, &key_of(head), true, true);
        }
        // `Software for genetic counselors: …`.
        if let Some(head) = sentence.head.as_deref().filter(|head| head.contains(" for ")) {
            for clause in crate::clauses::clauses(&crate::sentences::tokens(head)) {
                find_in(&clause, false, world);
                let whom = clause.tails.iter().filter(|tail| tail.by == "for").flat_map(|tail| &tail.phrases);
                let known = whom.map(words_key).find(|name| catalogue().role(name).is_some());
                if let Some(name) = known.filter(|_| last_person.is_empty()) {
                    last_person = name;
                }
            }
        }
        // `Participants are identified by a number. They record each attack`: who was spoken of acts.
        let they = clauses.first().filter(|clause| {
            !clause.verbs.is_empty()
                && clause.subjects.first().is_some_and(|phrase| phrase.words == ["they"])
                && people_do(clause)
        });
        if they.is_some() && !last_person.is_empty() {
            add(world, &last_person, true, false);
        }
        if let Some(phrase) = clauses.iter().flat_map(|clause| &clause.subjects).next() {
            let name = words_key(phrase);
            if catalogue().role(&name).is_some() {
                last_person = name;
            }
        }
        let has_verb = clauses.iter().any(|clause| !clause.verbs.is_empty());
        // `Prior authorizations: drug, payer, submitted, decision`: values of the record.
        let values = sentence.head.as_deref().is_some_and(|head| {
            catalogue().entity(&key_of(head)).is_some_and(|(concept, _)| !concept.field_too)
                && sentence.tokens.iter().filter(|token| **token == crate::sentences::Token::Comma).count()
                    > 1
                && clauses.iter().all(|clause| !clause.modal && clause.narrowing == 0)
                && clauses.first().is_some_and(|clause| clause.subjects.len() > 2 && clause.tails.is_empty())
        });
        if values {
            continue;
        }
        narrator(sentence, clauses, world);
        spoken_of(&sentence.tokens, world);
        for clause in clauses {
            find_in(clause, has_verb, world);
        }
    }
    narrator_of_the_app(parsed, world);
    // `EMTs and paramedics write the report; the crew hands over`: the crew are they.
    let care =
        world.roles.iter().filter(|(name, role)| role.kind == RoleKind::Care && name.as_str() != "crew");
    if care.count() > 1 {
        world.roles.shift_remove("crew");
    }
    named_by_the_patient(parsed, world);
    kinds::who_learn(world);
    guardians::family_caregivers(parsed, world);
}

fn find_in(clause: &Clause, has_verb: bool, world: &mut World) {
    // `no front desk`.
    if clause.not && clause.verbs.is_empty() {
        return;
    }
    // Who checks in on a kiosk or a public page has no login.
    let outside = clause
        .tails
        .iter()
        .flat_map(|tail| &tail.words)
        .any(|word| matches!(word.as_str(), "kiosk" | "tablet" | "link"));
    let does = !clause.verbs.is_empty() && !clause.passive;
    for phrase in &clause.subjects {
        let name = words_key(phrase);
        let staff = catalogue().role(&name).map_or_else(
            || is_crew(phrase),
            |(kind, _)| !matches!(kind, RoleKind::Subject | RoleKind::Proxy),
        );
        // A baby does nothing in an app, and of whom it is only said what they may not see nothing is said that they do.
        let patient = catalogue().role(&name).is_some_and(|(kind, _)| kind == RoleKind::Subject);
        let idle = matches!(name.as_str(), "baby" | "infant" | "newborn" | "toddler" | "pet" | "animal")
            || patient && clause.nobody;
        let acts = does && (!outside || staff) && !idle;
        if acts || !has_verb {
            // `patients get a text`: that is no login.
            let gets = clause
                .verbs
                .iter()
                .all(|(_, word)| matches!(crate::words::base(word), Some("get" | "receive" | "have")))
                && catalogue().role(&name).is_some_and(|(kind, _)| kind == RoleKind::Subject);
            add(world, &name, acts && !gets && people_do(clause), false);
        }
        // `IVF egg donors register`: donors.
        let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
        if acts
            && phrase.words.len() > 1
            && catalogue().role(&name).is_none()
            && catalogue().role(&last).is_some_and(|(kind, _)| kind == RoleKind::Subject)
            && !phrase.words.iter().any(|word| {
                matches!(
                    word.as_str(),
                    "team"
                        | "staff"
                        | "crew"
                        | "family"
                        | "care"
                        | "board"
                        | "committee"
                        | "council"
                        | "panel"
                        | "faculty"
                )
            })
        {
            add(world, &last, people_do(clause), false);
            continue;
        }
        let alone = clause.only_subjects
            && acts
            && phrase.words.len() <= 3
            && !phrase.words.is_empty()
            && catalogue().entity(&name).is_none()
            && catalogue().field(&name).is_none()
            && !phrase.words.iter().any(|word| crate::words::is_glue(word))
            && phrase.words.last().is_some_and(|word| {
                let one = singular(word);
                catalogue().entity(&one).is_none()
                    && !matches!(one.as_str(), "team" | "staff" | "people" | "person" | "user")
            });
        // `the concierge team books`: those of whom it is made.
        let team = acts
            && people_do(clause)
            && phrase.words.len() == 2
            && phrase
                .words
                .last()
                .is_some_and(|word| matches!(word.as_str(), "team" | "crew" | "desk" | "squad"))
            && !matches!(
                phrase.words[0].as_str(),
                "care" | "the" | "whole" | "our" | "clinical" | "treatment"
            )
            && catalogue().role(&phrase.words[0]).is_none();
        if team && catalogue().role(&name).is_none() && world.roles_named(&name).is_empty() {
            let kind = if clause.does(Verb::Book) { RoleKind::Office } else { RoleKind::Business };
            let new = Role { kind, acts: true, open: false, assumed: false, bounded: false };
            if let Some(name) = proper_name(&name) {
                world.roles.insert(name, new);
            }
            continue;
        }
        if acts && (agentive(phrase, clause) || is_crew(phrase) || is_outside_body(phrase) || alone) {
            add(world, &name, true, true);
        }
        // `people see their own results`: those whose results they are.
        // `people with tinnitus rate loudness`: those who have it.
        let with = clause.tails.iter().any(|tail| {
            tail.by == "with"
                && tail
                    .phrases
                    .iter()
                    .all(|with| with.at < clause.objects.first().map_or(0, |object| object.at))
        });
        let told =
            (clause.does(Verb::Create) || clause.does(Verb::Track) || clause.does(Verb::Upload)) && with;
        if acts && name == "person" && (told || clause.objects.iter().any(|object| object.own)) {
            add(world, "patient", true, false);
        }
        // `Nutritionist app with meal plans`, `I am a speech therapist`.
        if let Some(role) = of_the_app(phrase) {
            add(world, &role, true, true);
        }
        if !phrase.of.is_empty() && phrase.own {
            add(world, &name, false, false);
        }
    }
    let owners = clause.does(Verb::Have)
        || clause.does(Verb::Assign)
        || clause.does(Verb::Share)
        || clause.does(Verb::Work);
    for phrase in clause.objects.iter().chain(&clause.but_not) {
        // `a clinic has an owner, providers and staff`; `assign each to a doctor`.
        let name = words_key(phrase);
        if is_crew(phrase) && !is_tool(phrase) {
            add(world, &name, false, true);
        }
        let builds = clause.verbs.iter().all(|(_, word)| {
            matches!(
                crate::words::base(word),
                Some("build" | "create" | "make" | "want" | "need" | "like" | "have")
            )
        });
        if builds
            && is_tool(phrase)
            && !clause.subjects.iter().any(|subject| catalogue().role(&words_key(subject)).is_some())
        {
            continue;
        }
        if owners
            || clause.nobody
            || catalogue()
                .role(&name)
                .is_some_and(|(kind, _)| kind != RoleKind::Subject && kind != RoleKind::Proxy)
        {
            add(world, &name, false, false);
        }
    }
    behind(clause, world);
}

/// `the clinical director should, too`, `it goes to the director`: who leads is somebody of the place, wherever a
/// sentence speaks of them.
fn spoken_of(tokens: &[crate::sentences::Token], world: &mut World) {
    let word = |at: usize| tokens.get(at).and_then(crate::sentences::Token::word);
    for at in 0..tokens.len() {
        if word(at) != Some("the") {
            continue;
        }
        for width in [2, 1] {
            let Some(last) = word(at + width) else { continue };
            let first: Vec<&str> = (1..width).filter_map(|step| word(at + step)).collect();
            let leads = matches!(last, "director" | "coordinator" | "supervisor" | "manager");
            let plain = first.len() == width - 1
                && first.iter().all(|word| {
                    !crate::words::is_glue(word)
                        && crate::words::verb(word).is_none()
                        && catalogue().role(word).is_none_or(|(kind, _)| kind == RoleKind::Business)
                });
            if leads && plain {
                let name = first.iter().copied().chain([last]).collect::<Vec<_>>().join(" ");
                add(world, &name, false, true);
                break;
            }
        }
    }
}

fn words_key(phrase: &Phrase) -> String {
    key(&phrase.words.iter().map(String::as_str).collect::<Vec<_>>())
}
