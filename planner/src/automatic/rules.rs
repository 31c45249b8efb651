//! `Alert the nurse when systolic is over 180`, `if a patient has no reading for 3 days, a nurse should call them`.

use super::conditions;
use super::names::{rule_name, task_name};
use super::people::{Mention, a, fallback, mentions, views, works};
use super::states;
use super::{Automatic, Occasion, Rule, Task, period};
use crate::catalogue::RoleKind;
use crate::features::silences;
use crate::grants::Grants;
use crate::sentences::{Sentence, Token};
use crate::world::{Parsed, World};

const NOBODY: &str =
    "a task needs a second role that may see the record, for when nobody of the first does it";

/// Reads a sentence as a rule; whether it was one.
pub(super) fn read(one: &Parsed, world: &mut World, granted: &Grants, out: &mut Automatic) -> bool {
    // `Patients with no reading in a week: the educator calls them` is one sentence.
    let whole = super::whole(one, world);
    let one = &whole;
    let tokens = &one.sentence.tokens;
    let told = told(tokens);
    let calls = called(tokens).filter(|_| told.is_none());
    if told.is_none() && calls.is_none() || told.is_some_and(|at| denied(tokens, at)) {
        return false;
    }
    let mut occasions: Vec<Occasion> = Vec::new();
    occasions.extend(silences(std::slice::from_ref(one), world).into_iter().map(Occasion::Silent));
    if occasions.is_empty() && !moves(&one.sentence.text) {
        occasions.extend(conditions::thresholds(&one.sentence, world).into_iter().map(Occasion::When));
    }
    if occasions.is_empty() && !conditions::over_time(tokens) && !crate::features::compares(tokens) {
        occasions.extend(states::state(tokens, world).map(Occasion::When));
    }
    if occasions.is_empty() {
        return false;
    }
    let people = mentions(tokens, world);
    let named = told.map_or_else(
        || {
            people
                .iter()
                .filter(|who| who.roles.iter().all(|role| works(role, world)))
                .flat_map(|who| who.roles.clone())
                .collect()
        },
        |at| recipients(tokens, at, &people),
    );
    // Whoever is cared for is told outside the app, which is another construct.
    if !named.is_empty() && named.iter().all(|role| !works(role, world)) {
        return false;
    }
    let outside =
        named.iter().any(|role| !works(role, world)) || one.sentence.plain().contains(" emergency contact");
    let named: Vec<String> = named.into_iter().filter(|role| works(role, world)).collect();
    let mut all = true;
    for occasion in occasions {
        all &= plan(one, occasion, &named, calls.is_some(), world, granted, out);
    }
    if all {
        let mut done = vec![13, 15, 16];
        if !(outside || leaves(&one.sentence.plain())) {
            done.push(17);
        }
        out.settle(one, &done);
    }
    true
}

/// `more than 2 kg in a week`: what is compared is a change.
fn moves(text: &str) -> bool {
    said_due(text, &["in", "en"]).is_some()
}

/// Whether what is said leaves the app, as a message.
fn leaves(text: &str) -> bool {
    [
        "email",
        "emails",
        "emailed",
        "by email",
        "sms",
        "text message",
        "text messages",
        "push",
        "by text",
        "texts",
        "texted",
        "letter",
        "whatsapp",
    ]
    .iter()
    .any(|word| text.contains(&format!(" {word} ")))
}

#[allow(clippy::too_many_arguments, reason = "what is said, whom it names, and what is planned of it")]
fn plan(
    one: &Parsed,
    occasion: Occasion,
    named: &[String],
    calls: bool,
    world: &mut World,
    granted: &Grants,
    out: &mut Automatic,
) -> bool {
    let subject = world.subject().map(str::to_owned);
    let (record, fields, state) = match &occasion {
        Occasion::When(condition) => {
            (condition.of.clone(), condition.fields(), condition.state().map(str::to_owned))
        }
        Occasion::Silent(silence) => (silence.entity.clone(), Vec::new(), None),
    };
    let silent = matches!(occasion, Occasion::Silent(_));
    let another = out.rules.iter().any(|rule| matches!(&rule.occasion, Occasion::Silent(_)) && silent);
    if another {
        out.wish(one, 15, "one list of those of whom nothing came is watched already");
        return false;
    }
    let reads = |role: &str| {
        views(role, &record, &fields, state.as_deref(), world, granted)
            && (!silent
                || subject.as_ref().is_some_and(|subject| {
                    views(role, subject, &[], None, world, granted) || sees_some(role, subject, granted)
                }))
    };
    let able: Vec<String> = named.iter().filter(|role| reads(role)).cloned().collect();
    let owner = match able.first() {
        Some(owner) => owner.clone(),
        None if !named.is_empty() => {
            out.wish(
                one,
                15,
                &format!(
                    "{} was not said to see all that the rule reads, and would learn of it by being told",
                    a(&world.names.say(&named[0]))
                ),
            );
            return false;
        }
        None => {
            let treats = [RoleKind::Care, RoleKind::Panel]
                .iter()
                .flat_map(|kind| world.of_kind(*kind))
                .find(|role| reads(role));
            let Some(role) = treats else {
                out.wish(one, 15, "nobody who may see all that the rule reads was made out");
                return false;
            };
            role
        }
    };
    let Some(second) = fallback(&owner, &able[able.len().min(1)..], reads, world) else {
        out.wish(one, 16, NOBODY);
        return false;
    };
    // About the person where both see them, else about the record itself.
    let of_subject = subject
        .as_ref()
        .is_some_and(|subject| world.parts(subject).contains(&record) || world.forms.contains_key(&record));
    let sees_person =
        |role: &String| subject.as_ref().is_some_and(|subject| sees_some(role, subject, granted));
    let person = silent || (state.is_none() && of_subject && sees_person(&owner) && sees_person(&second));
    let about = match (&subject, person) {
        (Some(subject), true) => subject.clone(),
        _ => record.clone(),
    };
    let due = due(&one.sentence, &occasion);
    let (name, label) = rule_name(&occasion, world.names.is_spanish(), world);
    let task = Task {
        name: task_name(&occasion, &name, subject.as_deref(), calls, world),
        about,
        owner: owner.clone(),
        due: due.clone(),
        fallback: second.clone(),
        by: Vec::new(),
    };
    if task.name.parse::<spec::Name>().is_err() {
        return false;
    }
    let task = out.task(task, world);
    if name.parse::<spec::Name>().is_err() {
        return false;
    }
    let name = out.named(&name);
    let what = label.clone().unwrap_or_else(|| name.clone());
    world.assume(format!(
        "“{what}” gives {} something to do within {due}; if nobody of them does it, {} does",
        a(&owner),
        a(&second)
    ));
    out.rules.push(Rule { name, label, occasion, task, said: one.sentence.text.clone() });
    true
}

/// Whether a role sees something of a record, and not its reference alone.
pub(super) fn sees_some(role: &str, record: &str, granted: &Grants) -> bool {
    granted
        .get(record)
        .and_then(|roles| roles.get(role))
        .is_some_and(|clause| clause.starts_with("view") && !clause.contains("view(reference)"))
}

/// Where a sentence says that somebody is told.
fn told(tokens: &[Token]) -> Option<usize> {
    // `gets a task to read it`.
    let task = tokens.windows(3).position(|words| {
        let gets = words[0]
            .word()
            .is_some_and(|word| matches!(word, "get" | "gets" | "has" | "have" | "create" | "creates"));
        gets && words[1].is("a")
            && words[2].word().is_some_and(|word| matches!(word, "task" | "todo" | "reminder"))
    });
    task.or_else(|| telling(tokens))
}

fn telling(tokens: &[Token]) -> Option<usize> {
    tokens.iter().position(|token| {
        token.word().is_some_and(|word| {
            matches!(
                word,
                "alert"
                    | "alerts"
                    | "alerted"
                    | "notify"
                    | "notifies"
                    | "notified"
                    | "flag"
                    | "flags"
                    | "flagged"
                    | "warn"
                    | "warns"
                    | "warned"
                    | "tell"
                    | "tells"
                    | "told"
                    | "page"
                    | "pages"
                    | "paged"
                    | "inform"
                    | "informs"
                    | "informed"
                    | "ping"
                    | "pings"
                    | "pinged"
                    | "escalate"
                    | "escalates"
                    | "escalated"
                    | "warning"
                    | "notification"
                    | "know"
                    | "notice"
            )
        })
    })
}

/// Where a sentence says that somebody calls, asks or looks.
fn called(tokens: &[Token]) -> Option<usize> {
    let words: Vec<(usize, &str)> =
        tokens.iter().enumerate().filter_map(|(at, token)| token.word().map(|word| (at, word))).collect();
    words.iter().enumerate().find_map(|(nth, (at, word))| {
        // `a navigation call` is a record.
        let noun = nth == 0
            || words
                .get(nth - 1)
                .is_some_and(|(_, before)| matches!(*before, "a" | "the" | "each" | "every" | "of"));
        if noun {
            return None;
        }
        let next = words.get(nth + 1).map(|(_, word)| *word);
        let calls = matches!(*word, "call" | "calls" | "contacts" | "called" | "contacted" | "phones")
            || matches!(
                (*word, next),
                ("reach" | "reaches", Some("out"))
                    | ("check" | "checks", Some("on" | "in"))
                    | ("follow" | "follows", Some("up"))
            );
        calls.then_some(*at)
    })
}

/// `do not alert`, `never notify`.
fn denied(tokens: &[Token], at: usize) -> bool {
    tokens[at.saturating_sub(3)..at]
        .iter()
        .any(|token| token.word().is_some_and(|word| matches!(word, "not" | "never" | "nobody" | "no")))
}

/// Whom it is told: those behind the verb, before the condition; else those before it.
fn recipients(tokens: &[Token], at: usize, people: &[Mention]) -> Vec<String> {
    let condition = |from: usize| {
        tokens[from..]
            .iter()
            .position(|token| {
                token.word().is_some_and(|word| {
                    matches!(word, "when" | "if" | "once" | "whenever" | "that" | "about")
                })
            })
            .map_or(tokens.len(), |offset| from + offset)
    };
    let end = condition(at);
    let behind: Vec<String> =
        people.iter().filter(|who| who.at > at && who.end <= end).flat_map(|who| who.roles.clone()).collect();
    if !behind.is_empty() {
        return behind;
    }
    people.iter().rev().find(|who| who.end <= at).map(|who| who.roles.clone()).unwrap_or_default()
}

/// By when: as said, else as soon as its kind asks for.
fn due(sentence: &Sentence, occasion: &Occasion) -> String {
    if let Some(said) = said_due(&sentence.text, &["within", "dentro"]) {
        return said;
    }
    let words: Vec<&str> = sentence.tokens.iter().filter_map(Token::word).collect();
    let now = words
        .iter()
        .any(|word| matches!(*word, "page" | "pages" | "paged" | "immediately" | "urgent" | "urgently"))
        || words.windows(2).any(|pair| matches!(pair, ["right" | "straight", "away"] | ["at", "once"]));
    let by_kind = match occasion {
        _ if now => "30 minutes",
        Occasion::Silent(_) => "1 day",
        Occasion::When(condition) if condition.state().is_some() => "2 days",
        Occasion::When(_) => "4 hours",
    };
    by_kind.to_owned()
}

/// `within 4 hours`, `in two days`, by the text itself: the grammar sets times aside.
pub(super) fn said_due(text: &str, leads: &[&str]) -> Option<String> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == '-')
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    (0..words.len()).find_map(|at| {
        if !leads.contains(&words[at]) {
            return None;
        }
        let next = at + 1 + usize::from(matches!(words.get(at + 1), Some(&("the" | "de" | "next"))));
        let count = match *words.get(next)? {
            "a" | "an" | "un" | "una" | "one" => 1,
            word => word.parse::<u32>().ok().or_else(|| crate::words::number_word(word))?,
        };
        let unit = match *words.get(next + 1)? {
            "min" | "mins" | "minute" | "minutes" | "minuto" | "minutos" => "minute",
            "h" | "hr" | "hrs" | "hour" | "hours" | "hora" | "horas" => "hour",
            "day" | "days" | "dia" | "dias" | "día" | "días" => "day",
            "week" | "weeks" | "semana" | "semanas" => "week",
            "month" | "months" | "mes" | "meses" => "month",
            _ => return None,
        };
        (count > 0 && count < 1000).then(|| period(count, unit))
    })
}
