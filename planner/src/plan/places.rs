//! Places below the organisation, and who signs up alone.

use crate::catalogue::RoleKind;
use crate::entities;
use crate::words::Verb;
use crate::world::{Parsed, World};

/// `A coder signs up with email and password`.
pub(crate) fn sign_up(parsed: &[Parsed], world: &mut World) {
    for one in parsed {
        let Parsed { sentence, clauses } = one;
        let opens = sentence.tokens.windows(2).any(|pair| {
            pair[0].word().is_some_and(|word| matches!(word, "sign" | "signs")) && pair[1].is("up")
        }) || sentence.tokens.iter().any(|token| token.is("registers") || token.is("register"))
            && sentence.text.contains("themselves");
        if !opens {
            continue;
        }
        for phrase in clauses.iter().flat_map(|clause| &clause.subjects) {
            let anybody = matches!(
                entities::phrase_key(phrase).as_str(),
                "user" | "anyone" | "anybody" | "everyone" | "everybody" | "people" | "person"
            );
            if anybody && !world.roles.values().any(|role| role.open) && world.roles_named("user").is_empty()
            {
                world.roles.insert(
                    "user".into(),
                    crate::world::Role {
                        kind: RoleKind::Business,
                        acts: true,
                        open: true,
                        assumed: false,
                        bounded: false,
                    },
                );
            }
            let known = if anybody { world.roles_named("user") } else { world.roles_of(phrase) };
            for role in known {
                let Some(known) = world.roles.get_mut(&role) else { continue };
                if matches!(known.kind, RoleKind::Subject | RoleKind::Business) {
                    known.open = true;
                    known.acts = true;
                    entities::account(one, &role, world);
                }
            }
        }
    }
}

const PLACES: &[&str] = &[
    "clinic",
    "practice",
    "hospital",
    "ward",
    "site",
    "branch",
    "location",
    "facility",
    "department",
    "pharmacy",
    "center",
    "home",
    "school",
    "office",
    "floor",
    "unit",
    "county",
    "district",
    "region",
    "house",
    "station",
    "wing",
    "store",
    "shop",
    "campus",
    "plant",
    "hub",
    "lodge",
    "residence",
    "village",
    "zone",
    "municipality",
    "province",
    "parish",
];

/// A place below the organisation, where the prompt has several of them.
pub(crate) fn place(parsed: &[Parsed], world: &mut World) {
    let named = |key: &str| PLACES.contains(&key).then(|| key.to_owned());
    let mut found = None;
    for Parsed { clauses, .. } in parsed {
        for clause in clauses {
            let of = |phrases: &[crate::clauses::Phrase]| {
                phrases.iter().find_map(|phrase| named(&entities::phrase_key(phrase)))
            };
            let belongs = clause.verbs.iter().any(|(_, word)| word.starts_with("belong"));
            if belongs {
                found = found.or_else(|| clause.tails.iter().find_map(|tail| of(&tail.phrases)));
            }
            if clause.does(Verb::View) && clause.subjects.iter().any(|phrase| phrase.all) {
                found = found.or_else(|| of(&clause.subjects));
            }
            if clause.does(Verb::Have) {
                found = found.or_else(|| of(&clause.subjects)).or_else(|| of(&clause.objects));
            }
            // `see another practice's patients`.
            found = found.or_else(|| {
                let others = |phrase: &&crate::clauses::Phrase| phrase.other && !phrase.of.is_empty();
                let phrases = clause.objects.iter().chain(clause.tails.iter().flat_map(|tail| &tail.phrases));
                phrases.filter(others).find_map(|phrase| named(&crate::words::key_of(&phrase.of.join(" "))))
            });
            // `office managers run their own location`, `a group with 14 locations`.
            found = found.or_else(|| {
                let own = |phrase: &&crate::clauses::Phrase| phrase.own && clause.does(Verb::Manage);
                clause.objects.iter().filter(own).find_map(|phrase| named(&entities::phrase_key(phrase)))
            });
            found = found.or_else(|| {
                let several = |phrase: &&crate::clauses::Phrase| {
                    phrase.words.last().is_some_and(|word| crate::words::singular(word) != *word)
                };
                let with = clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "with" | "across"));
                with.flat_map(|tail| &tail.phrases)
                    .filter(several)
                    .find_map(|phrase| named(&entities::phrase_key(phrase)))
            });
            // `sees everything at their own clinic`: there are several.
            found = found.or_else(|| {
                let tails =
                    clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "at" | "of" | "from"));
                let staff = !clause.subjects.is_empty()
                    && clause.subjects.iter().all(|phrase| {
                        world.roles_of(phrase).iter().any(|role| {
                            world
                                .roles
                                .get(role)
                                .is_some_and(|role| !matches!(role.kind, RoleKind::Subject | RoleKind::Proxy))
                        })
                    });
                tails
                    .flat_map(|tail| &tail.phrases)
                    .filter(|phrase| phrase.own && staff && clause.does(Verb::View))
                    .map(entities::phrase_key)
                    .find_map(|key| {
                        named(&key)
                            .filter(|key| !matches!(key.as_str(), "home" | "house" | "school" | "office"))
                    })
            });
            for tail in &clause.tails {
                if matches!(tail.by.as_str(), "per" | "in" | "across" | "on" | "of" | "at") {
                    found = found.or_else(|| {
                        tail.phrases
                            .iter()
                            .filter(|phrase| {
                                let of_people = phrase.own && tail.by != "at";
                                tail.by == "per"
                                    || phrase.all && tail.by != "of"
                                    || phrase.other && tail.by != "of"
                                    || of_people
                            })
                            .find_map(|phrase| named(&entities::phrase_key(phrase)))
                    });
                }
            }
        }
    }
    // `clinic admin` beside `platform admin`.
    if found.is_none() && !world.of_kind(RoleKind::Support).is_empty() {
        found = world.roles.keys().find_map(|role| role.split(' ').next().and_then(named));
    }
    // `A spoke only sees its own consults`: what has its own is a place, whatever it is called.
    found = found.or_else(|| parsed.iter().find_map(|one| of_its_own(one, world)));
    // Whose people write or get something are a role besides.
    let acts = |place: &str| {
        parsed.iter().flat_map(|one| &one.clauses).any(|clause| {
            let named = clause.subjects.iter().any(|phrase| entities::phrase_key(phrase) == place);
            named && clause.verbs.iter().any(|(verb, _)| *verb != Verb::View)
        })
    };
    if let Some(place) = &found
        && world.roles.get(place).is_some_and(|role| role.kind == RoleKind::Business)
        && !acts(place)
    {
        world.roles.shift_remove(place);
    }
    world.place = found.filter(|place| !world.entities.contains_key(place));
}

/// The place of which a sentence says that it sees what is its own.
fn of_its_own(one: &Parsed, world: &World) -> Option<String> {
    let its = one.sentence.tokens.windows(2).any(|pair| pair[0].is("its") && pair[1].is("own"));
    let clause = one.clauses.iter().find(|clause| clause.does(Verb::View) && !clause.passive)?;
    let [subject] = clause.subjects.as_slice() else { return None };
    let key = entities::phrase_key(subject);
    let one_thing = subject.words.len() == 1
        && subject.words.last().is_some_and(|word| crate::words::singular(word) == *word);
    let body =
        (subject.article || subject.all) && one_thing && clause.objects.iter().any(|phrase| phrase.own);
    let person = crate::catalogue::catalogue().role(&key).is_some() || world.subject() == Some(key.as_str());
    (its && body && !person && crate::catalogue::catalogue().entity(&key).is_none()).then_some(key)
}
