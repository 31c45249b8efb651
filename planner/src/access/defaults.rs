//! What is planned until a person has said what a restriction means.
//!
//! A narrowing sentence that was not understood has a safe default wherever it is plain whom or what it is about:
//! they get less than it can mean, and the plan asks. It stops the plan only where that cannot be said, or where
//! nobody whom the prompt lets reach a record would be left: two sentences contradict each other then.

use super::denied::resolve_denied;
use super::fallback::{Unclear, is_vague, mentioned};
use super::granting::changes_only;
use super::targets::Target;
use super::{Deny, Exclusive, Memory, Rules};
use crate::catalogue::{EntityKind, RoleKind};
use crate::clauses::{Clause, Phrase};
use crate::entities::phrase_key;
use crate::sentences::Token;
use crate::words::restricts;
use crate::world::World;

/// Reads what is unclear at its narrowest; what has no safe default stays unclear.
pub(crate) fn by_default(world: &mut World, rules: &mut Rules) {
    for one in std::mem::take(&mut rules.unclear) {
        let alone = one.clauses.iter().any(|clause| clause.nobody || clause.only_subjects);
        let read = if alone { exclusive(&one, world, rules) } else { denied(&one, world, rules) };
        match read {
            Some(how) => {
                world.assume(format!("“{}”: {how}, until it is said otherwise", one.text.trim()));
                rules.asked.push((one.text, how));
            }
            None => rules.unclear.push(one),
        }
    }
}

/// Whether somebody of these keeps what was said of them about a record.
fn left(entity: &str, rules: &Rules, keeps: impl Fn(&str) -> bool) -> bool {
    let mut said = rules.allows.iter().filter(|allow| allow.entity == entity).peekable();
    said.peek().is_none() || said.any(|allow| keeps(&allow.role))
}

/// `Only audiologists …`, `nobody but the nurse …`: those it names, and nobody else.
fn exclusive(one: &Unclear, world: &mut World, rules: &mut Rules) -> Option<String> {
    let keep: Vec<String> = mentioned(&one.words, world)
        .into_iter()
        .filter(|role| !one.clauses.iter().any(|clause| excepted(clause, role, world)))
        .collect();
    if keep.is_empty() {
        return None;
    }
    let phrases = one.clauses.iter().flat_map(spoken);
    let vague = phrases.clone().any(is_vague);
    let mut targets = resolved(phrases, one, world);
    if targets.is_empty() {
        targets = named_behind(&one.tokens, 0, world);
    }
    if targets.is_empty() && vague {
        targets = clinical(world);
    }
    if targets.iter().any(|target| !left(&target.entity, rules, |role| keep.iter().any(|kept| kept == role)))
    {
        return None;
    }
    let changes = one.clauses.iter().filter(|clause| !clause.verbs.is_empty()).all(changes_only);
    rules.exclusives.extend(targets.iter().map(|target| Exclusive {
        entity: target.entity.clone(),
        roles: keep.clone(),
        changes_only: changes,
        fields: target.fields.clone(),
        moves_only: false,
    }));
    Some(format!("nobody but {} reaches {}", keep.join(", "), told(&targets)))
}

/// `… must not see …`: those it names do not reach what stands behind the restriction, whatever else was said.
fn denied(one: &Unclear, world: &mut World, rules: &mut Rules) -> Option<String> {
    let narrowing = |clause: &&Clause| {
        clause.narrowing > 0 || clause.not || clause.only || !clause.but_not.is_empty() || clause.lost
    };
    let mut phrases: Vec<&Phrase> = Vec::new();
    for clause in one.clauses.iter().filter(narrowing) {
        phrases.extend(&clause.but_not);
        if clause.passive || clause.verbs.is_empty() && clause.not {
            phrases.extend(&clause.subjects);
        } else if clause.not || clause.only {
            phrases.extend(&clause.objects);
        }
    }
    let vague = phrases.iter().any(|phrase| is_vague(phrase));
    let mut targets = resolved(phrases.into_iter(), one, world);
    let restriction = one.tokens.iter().position(|token| token.word().is_some_and(restricts));
    if targets.is_empty() {
        targets = named_behind(&one.tokens, restriction.map_or(0, |at| at + 1), world);
    }
    let acting = acting(one, world);
    if acting.is_empty() {
        // Nobody known is restricted: what nobody was said to reach, nobody reaches by default.
        if targets.is_empty() && vague {
            // `anything can be corrected only by …`: then nobody corrects what is written.
            let mut said = one.clauses.iter().filter(narrowing).peekable();
            if said.peek().is_none() || !said.all(changes_only) {
                return None;
            }
            let kept = world.entities.iter().filter(|(_, entity)| entity.kind == EntityKind::Clinical);
            rules.frozen.extend(kept.map(|(name, _)| (name.clone(), vec!["update", "delete"])));
            return Some("nobody changes what was written".to_owned());
        }
        rules.reserved.extend(targets.iter().map(|target| target.entity.clone()));
        return Some(if targets.is_empty() {
            "nothing is granted by it".to_owned()
        } else {
            format!("only those named elsewhere reach {}", told(&targets))
        });
    }
    targets.retain(|target| {
        // Of their own record nobody is denied all of it by a sentence that was not understood.
        target.fields.is_some() || world.subject() != Some(target.entity.as_str())
    });
    let whole = |target: &&Target| target.fields.is_none();
    let contradicted = targets
        .iter()
        .filter(whole)
        .any(|target| !left(&target.entity, rules, |role| !acting.iter().any(|known| known == role)));
    if contradicted {
        // `Doctors only see visits from states they are licensed in`: some of them, and at the least those of their own.
        // A time is no circle of people: what is seen only for a day is no less of somebody's own.
        let timed = one.tokens.iter().any(|token| match token {
            Token::Number(_) | Token::Range(..) => true,
            token => token.word().is_some_and(|word| {
                matches!(
                    crate::words::singular(word).as_str(),
                    "hour"
                        | "day"
                        | "week"
                        | "weekend"
                        | "month"
                        | "year"
                        | "minute"
                        | "night"
                        | "shift"
                        | "last"
                )
            }),
        });
        let bounds = !timed
            && one
                .clauses
                .iter()
                .filter(narrowing)
                .all(|clause| clause.only && !clause.not && !clause.tails.iter().any(|tail| tail.only));
        let cares = acting.iter().all(|role| {
            world.roles.get(role).is_some_and(|known| matches!(known.kind, RoleKind::Panel | RoleKind::Care))
        });
        if !bounds || !cares {
            return None;
        }
        for role in &acting {
            targets.iter().for_each(|target| super::granting::own_patients(role, &target.entity, world));
        }
        return Some(format!("{} see only those assigned to them", acting.join(", ")));
    }
    for role in &acting {
        if let Some(role) = world.roles.get_mut(role) {
            role.bounded = true;
        }
        rules.denies.extend(targets.iter().map(|target| Deny { itself: true, ..Deny::of(role, target) }));
    }
    let who = acting.join(", ");
    Some(if targets.is_empty() {
        format!("{who} get nothing but what is said of them")
    } else {
        format!("{who} do not reach {}", told(&targets))
    })
}

/// Whom a restriction is about: who acts in it, to whom something is shown, else whomever it names, else who acted before.
fn acting(one: &Unclear, world: &World) -> Vec<String> {
    let narrowing = |clause: &&Clause| clause.narrowing > 0 || clause.not || clause.only || clause.lost;
    let mut out: Vec<String> = Vec::new();
    for clause in one.clauses.iter().filter(narrowing) {
        out.extend(clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)));
        let shown = clause
            .tails
            .iter()
            .filter(|tail| clause.passive && matches!(tail.by.as_str(), "to" | "from" | "by" | "for"));
        out.extend(shown.flat_map(|tail| &tail.phrases).flat_map(|phrase| world.roles_of(phrase)));
    }
    let unknown = one.clauses.iter().filter(narrowing).flat_map(|clause| &clause.subjects).any(|phrase| {
        let pronoun =
            matches!(phrase_key(phrase).as_str(), "they" | "he" | "she" | "it" | "that" | "this" | "who");
        !pronoun && world.roles_of(phrase).is_empty() && world.entity_of(&phrase.words).is_none()
    });
    if out.is_empty() {
        out = mentioned(&one.words, world)
            .into_iter()
            .filter(|role| world.roles.get(role).is_some_and(|known| known.kind != RoleKind::Subject))
            .collect();
    }
    if out.is_empty() && !unknown {
        out.clone_from(&one.before);
    }
    out.sort();
    out.dedup();
    out
}

/// `everyone except the clerk`: whom an exclusive sentence itself leaves out.
fn excepted(clause: &Clause, role: &str, world: &World) -> bool {
    !clause.nobody
        && clause.but_not.iter().any(|phrase| world.roles_of(phrase).iter().any(|known| known == role))
}

/// The phrases of a clause that can name what is kept.
fn spoken(clause: &Clause) -> impl Iterator<Item = &Phrase> + Clone {
    clause.objects.iter().chain(clause.subjects.iter().filter(|_| clause.passive)).chain(&clause.but_not)
}

fn resolved<'p>(phrases: impl Iterator<Item = &'p Phrase>, one: &Unclear, world: &World) -> Vec<Target> {
    let memory = Memory::default();
    let somebody = ["somebody".to_owned()];
    let mut out: Vec<Target> = Vec::new();
    for phrase in phrases.filter(|phrase| world.roles_of(phrase).is_empty()) {
        let clause = one.clauses.iter().find(|clause| spoken(clause).any(|spoken| spoken == phrase));
        let Some(clause) = clause else { continue };
        out.extend(resolve_denied(phrase, clause, &somebody, world, &memory));
    }
    out
}

/// Records and values that the words from `begin` on name.
fn named_behind(tokens: &[Token], begin: usize, world: &World) -> Vec<Target> {
    let words: Vec<&str> = tokens.iter().skip(begin).filter_map(Token::word).collect();
    let mut out: Vec<Target> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let found = (1..=3).rev().find_map(|width| {
            let piece = words.get(at..at + width)?;
            let key = crate::words::key(piece);
            if world.roles.keys().any(|role| crate::words::key_of(role) == key) {
                return Some((width, Vec::new()));
            }
            if let Some(entity) =
                world.entity_named(&key).filter(|name| width > 1 || of_that_name(name, &key))
            {
                let person = world.subject() == Some(entity.as_str());
                return Some((width, if person { Vec::new() } else { vec![Target::whole(entity)] }));
            }
            let fields: Vec<Target> = world
                .entities
                .iter()
                .filter_map(|(name, entity)| {
                    let named: Vec<String> =
                        entity.fields.keys().filter(|field| of_that_name(field, &key)).cloned().collect();
                    (!named.is_empty()).then(|| Target { fields: Some(named), ..Target::whole(name.clone()) })
                })
                .collect();
            (!fields.is_empty()).then_some((width, fields))
        });
        match found {
            Some((width, targets)) => {
                out.extend(targets);
                at += width;
            }
            None => at += 1,
        }
    }
    out
}

/// Whether a name is this, or ends with it.
fn of_that_name(name: &str, key: &str) -> bool {
    let name = crate::words::key_of(name);
    name == key || name.ends_with(&format!(" {key}"))
}

/// Everything that is kept about somebody.
fn clinical(world: &World) -> Vec<Target> {
    let subject = world.subject().map(|subject| Target::whole(subject.to_owned()));
    subject.into_iter().collect()
}

fn told(targets: &[Target]) -> String {
    let mut names: Vec<String> = targets
        .iter()
        .map(|target| match &target.fields {
            Some(fields) => format!("{} of `{}`", fields.join(", "), target.entity),
            None => format!("`{}`", target.entity),
        })
        .collect();
    names.dedup();
    if names.is_empty() { "it".into() } else { names.join(", ") }
}
