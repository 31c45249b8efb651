//! What leaves the app, comes in from outside, and is said between people (constructs 17, 18, 21 and 22): planned only where
//! the plainest words say who, about what and how, and where the grants already let them. Else it stays a wish.

use crate::{
    access::{Allow, Reach, Rules},
    catalogue::{EntityKind, RoleKind},
    clauses::{Clause, Phrase},
    grants::Grants,
    sentences::Token,
    words::{Verb, base, number_word},
    world::{Parsed, Role, World},
};

/// People who write to each other about the record of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conversation {
    pub(crate) name: String,
    pub(crate) between: Vec<String>,
    said: String,
}

/// What goes out before an appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reminder {
    pub(crate) name: String,
    pub(crate) by: Vec<&'static str>,
    pub(crate) to: String,
    pub(crate) before: String,
    pub(crate) of: String,
    pub(crate) start: String,
    /// The state in which it is still to come.
    pub(crate) booked: Option<String>,
    said: String,
}

/// A file whose lines become records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Feed {
    pub(crate) name: String,
    pub(crate) into: String,
    pub(crate) key: Vec<String>,
    pub(crate) by: Vec<String>,
    said: String,
}

/// A record that is sent by a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) name: String,
    pub(crate) of: String,
    pub(crate) shows: Vec<String>,
    pub(crate) to: String,
    pub(crate) by: Vec<String>,
    said: String,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sharing {
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) reminders: Vec<Reminder>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) packets: Vec<Packet>,
}

impl Sharing {
    /// Whether what a sentence wishes for is planned. `skipped` says what of the plan did not hold.
    pub(crate) fn holds(&self, construct: u32, said: &str, skipped: &dyn Fn(&str, &str) -> bool) -> bool {
        let words = said.to_lowercase();
        let sent = |one: &Packet| {
            // What the e-mail holds is no wish of its own: a name and a link, which dies.
            let told = words.contains("email") && words.contains("link");
            (one.said == said || told) && !skipped("documents", &one.name)
        };
        let reminds = |one: &Reminder| {
            let attested = words.contains("baa") || words.contains("attest");
            (one.said == said || attested) && !skipped("messages", &one.name)
        };
        match construct {
            18 => {
                self.conversations.iter().any(|one| one.said == said && !skipped("conversations", &one.name))
            }
            17 => self.reminders.iter().any(reminds) || self.packets.iter().any(sent),
            22 => self.feeds.iter().any(|one| one.said == said && !skipped("feeds", &one.name)),
            21 | 24 => self.packets.iter().any(sent),
            _ => false,
        }
    }
}

/// Finds what the sentences say of these, as far as the grants carry it.
pub(crate) fn find(parsed: &[Parsed], world: &mut World, granted: &Grants) -> Sharing {
    let mut out = Sharing::default();
    for one in parsed {
        for clause in one.clauses.iter().filter(|clause| !clause.not && !clause.nobody && !clause.passive) {
            if let Some(found) = conversation(one, clause, world, granted)
                && out.conversations.is_empty()
            {
                out.conversations.push(found);
            }
            if let Some(found) = feed(one, clause, world, granted)
                && out.feeds.iter().all(|known| known.into != found.into)
            {
                out.feeds.push(found);
            }
            if let Some(found) = packet(one, clause, world, granted)
                && out.packets.iter().all(|known| known.of != found.of)
            {
                out.packets.push(found);
            }
        }
        if let Some(found) = handed(one, world).and_then(|(of, by)| packet_of(of, by, one, world, granted))
            && out.packets.iter().all(|known| known.of != found.of)
        {
            world.assume(format!(
                "{} is handed over as a page that opens by a link for 24 hours, after the code that was sent apart; it can be printed",
                found.of
            ));
            out.packets.push(found);
        }
        if let Some(found) = reminder(one, world)
            && out.reminders.is_empty()
        {
            reach(&found.to, world);
            out.reminders.push(found);
        }
    }
    // A line of a file names the person by a short reference.
    if let (false, Some(subject)) = (out.feeds.is_empty(), world.subject().map(str::to_owned))
        && let Some(entity) = world.entities.get_mut(&subject)
        && entity.reference.is_none()
    {
        entity.reference = Some("PT".into());
    }
    for one in &out.conversations {
        world.assume(format!(
            "{} write to each other about the one whose record it is, and nobody else reads it",
            one.between.join(" and ")
        ));
    }
    out
}

/// Whether a role reaches a record by this verb, and by no field alone.
fn may(granted: &Grants, role: &str, entity: &str, verb: &str) -> bool {
    granted.get(entity).and_then(|roles| roles.get(role)).is_some_and(|clause| {
        clause
            .split(';')
            .any(|part| part.split([',', ' ']).any(|word| word == verb) && !part.contains(" when "))
    })
}

/// `patients and their doctor can message each other`: the person whose record it is, and those to whom it is assigned.
fn conversation(one: &Parsed, clause: &Clause, world: &World, granted: &Grants) -> Option<Conversation> {
    let writes = clause.verbs.iter().any(|(verb, word)| {
        *verb == Verb::Message && matches!(base(word), Some("message" | "chat")) && clause.verbs.len() == 1
    });
    if !writes || clause.narrowing > 0 {
        return None;
    }
    let told = clause.tails.iter().filter(|tail| matches!(tail.by.as_str(), "with" | "to" | "and"));
    let objects = clause.objects.iter().chain(told.flat_map(|tail| &tail.phrases));
    let mut between: Vec<String> = Vec::new();
    for phrase in clause.subjects.iter().chain(objects) {
        let roles = if is_pronoun(phrase) { whom(one, world) } else { world.roles_of(phrase) };
        // Somebody who was not made out takes no part, and so nobody does.
        if roles.is_empty() && !phrase.other && !each_other(phrase) {
            return None;
        }
        for role in roles {
            if !between.contains(&role) {
                between.push(role);
            }
        }
    }
    let subject = world.subject()?;
    let own = world.self_role()?;
    let takes_part = |role: &String| {
        let whole = role == own || world.assigned.contains(role);
        whole && may(granted, role, subject, "view")
    };
    let fits = between.len() > 1 && between.iter().any(|role| role == own) && between.iter().all(takes_part);
    let taken = ["message", "messages", "conversation"].iter().any(|name| world.entities.contains_key(*name));
    (fits && !taken).then(|| Conversation {
        name: "messages".into(),
        between,
        said: one.sentence.text.clone(),
    })
}

fn is_pronoun(phrase: &Phrase) -> bool {
    matches!(phrase.words.as_slice(), [word] if matches!(word.as_str(), "them" | "him" | "her"))
}

/// `the physician sets the target per patient and can message them`: who was named last before, if it is a person.
fn whom(one: &Parsed, world: &World) -> Vec<String> {
    let words: Vec<&str> = one.sentence.tokens.iter().filter_map(Token::word).collect();
    let them = words.windows(2).position(|pair| {
        matches!(base(pair[0]), Some("message" | "chat")) && matches!(pair[1], "them" | "him" | "her")
    });
    let before = words[..them.unwrap_or(0)].iter().rev();
    let mut named = before.map(|word| world.roles_named(&crate::words::key(&[word])));
    named.find(|roles| !roles.is_empty()).unwrap_or_default()
}

fn each_other(phrase: &Phrase) -> bool {
    phrase.words.iter().any(|word| matches!(word.as_str(), "other" | "another" | "message" | "messages"))
        && phrase.words.len() < 3
}

/// `providers write protocols for a patient and prepare a packet (PDF) that the patient opens from an email`: what, and who prepares it.
fn handed(one: &Parsed, world: &World) -> Option<(String, Vec<String>)> {
    let text = one.sentence.plain();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(&format!(" {word} ")));
    let own = world.self_role()?;
    let opens = has(&["open", "opens", "receive", "receives", "get", "gets", "download", "downloads"])
        && has(&["email", "e mail", "link", "mail"]);
    let packet = has(&["packet", "packets", "pdf", "pdfs", "handout", "handouts"]);
    let narrows = one.sentence.tokens.iter().any(|token| token.word().is_some_and(crate::words::restricts));
    if !opens || !packet || narrows || !text.split(' ').any(|word| crate::words::singular(word) == own) {
        return None;
    }
    one.clauses.iter().filter(|clause| !clause.not && !clause.nobody && !clause.passive).find_map(|clause| {
        let of = clause.objects.iter().filter_map(|phrase| world.entity_of(&phrase.words)).find(|name| {
            let entity = world.entities.get(name);
            entity.is_some_and(|entity| entity.part_of.as_deref() == world.subject())
        })?;
        let by: Vec<String> = clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)).collect();
        (!by.is_empty() && by.iter().all(|role| role != own)).then_some((of, by))
    })
}

/// Lets a patient see what is prepared for them to open, unless that was denied.
pub(crate) fn prepare(parsed: &[Parsed], world: &World, rules: &mut Rules) {
    let Some(own) = world.self_role() else { return };
    for (of, _) in parsed.iter().filter_map(|one| handed(one, world)) {
        let denied = rules.denies.iter().any(|deny| deny.role == own && deny.entity == of);
        let known = rules.allows.iter().any(|allow| allow.role == own && allow.entity == of);
        if !denied && !known {
            rules.allows.push(Allow {
                role: own.to_owned(),
                entity: of,
                verb: "view",
                fields: None,
                reach: Reach::Own,
                when: Vec::new(),
            });
        }
    }
}

/// `remind patients by text a day before their appointment`.
fn reminder(one: &Parsed, world: &World) -> Option<Reminder> {
    let text = one.sentence.plain();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(&format!(" {word} ")));
    if !has(&["remind", "reminds", "reminded", "reminder", "reminders"])
        || !(has(&["appointment", "appointments", "visit", "visits", "session", "sessions"])
            || of_nothing_else(&one.sentence.tokens))
        || says_more(&one.sentence.tokens)
    {
        return None;
    }
    let to = person(world)?;
    let subject = world.entities.get(world.subject()?)?;
    let known = |kind: &str| {
        subject.fields.values().any(|written| written.starts_with(&format!("identifier {kind}")))
    };
    let mut by = Vec::new();
    if has(&["text", "texts", "sms", "text message", "text messages"]) {
        by.push("sms");
    }
    if has(&["email", "emails", "mail"]) || by.is_empty() {
        by.push("email");
    }
    if !by.iter().all(|way| known(if *way == "sms" { "phone" } else { "email" })) {
        return None;
    }
    let (of, entity) = world.entities.iter().find(|(_, entity)| {
        entity.kind == EntityKind::Schedule
            && entity.fields.get("start").is_some_and(|written| written.contains("moment"))
            && entity.part_of.as_deref() == world.subject()
    })?;
    let before = before(&one.sentence.tokens).unwrap_or_else(|| "24 hours".into());
    let booked = entity.states.iter().find(|state| matches!(state.as_str(), "booked" | "scheduled")).cloned();
    let (of, said) = (of.clone(), one.sentence.text.clone());
    Some(Reminder { name: "reminder".into(), by, to, before, of, start: "start".into(), booked, said })
}

/// The role of the person whom a record is about, whether or not they sign in.
fn person(world: &World) -> Option<String> {
    let known =
        world.roles.iter().find(|(_, role)| role.kind == RoleKind::Subject).map(|(name, _)| name.as_str());
    known.or_else(|| world.subject().filter(|subject| !world.roles.contains_key(*subject))).map(str::to_owned)
}

/// A message goes to whom a record is about: who did not sign in until now may be invited, and sees nothing by it.
fn reach(to: &str, world: &mut World) {
    if world.roles.get(to).is_some_and(|role| role.acts) {
        return;
    }
    let role = Role { kind: RoleKind::Subject, acts: true, open: false, assumed: false, bounded: true };
    world.roles.insert(to.to_owned(), role);
    world.assume(format!(
        "a role `{to}`: reminders go to them; whoever is invited as one sees nothing, until it is said what"
    ));
}

/// `text reminders`, `SMS reminders without any clinical content`: of what is booked.
fn of_nothing_else(tokens: &[Token]) -> bool {
    let Some(at) = tokens.iter().rposition(|token| token.is("reminder") || token.is("reminders")) else {
        return false;
    };
    let next = tokens.get(at + 1);
    next.is_none_or(|token| {
        *token == Token::Comma
            || ["without", "with", "by", "before", "and"].iter().any(|word| token.is(word))
                && !tokens[at + 1..].iter().any(|token| token.is("to"))
    })
}

/// Whether a sentence narrows more than what a message may say, which is nothing clinical anyway.
fn says_more(tokens: &[Token]) -> bool {
    let without = tokens.iter().position(|token| token.is("without") || token.is("no"));
    let told = without.filter(|at| {
        tokens[at + 1..].iter().filter_map(Token::word).any(|word| {
            matches!(word, "clinical" | "medical" | "health" | "phi" | "diagnosis" | "details" | "sensitive")
        })
    });
    tokens[..told.unwrap_or(tokens.len())]
        .iter()
        .any(|token| token.word().is_some_and(crate::words::restricts))
}

/// `a day before`, `24 hours before`, `the day before`.
fn before(tokens: &[Token]) -> Option<String> {
    let at = tokens.iter().position(|token| token.is("before"))?;
    let unit = tokens.get(at.checked_sub(1)?)?.word()?;
    let count = match tokens.get(at.checked_sub(2)?)? {
        Token::Number(number) => number.parse::<u32>().ok()?,
        Token::Word(word) => number_word(word).unwrap_or(1),
        _ => return None,
    };
    let hours = match crate::words::singular(unit).as_str() {
        "hour" => count,
        "day" => count * 24,
        "week" => count * 24 * 7,
        _ => return None,
    };
    (1..=24 * 14).contains(&hours).then(|| format!("{hours} hours"))
}

/// `the nurse imports readings from a CSV file`: records that have a moment by which a line is found again.
fn feed(one: &Parsed, clause: &Clause, world: &World, granted: &Grants) -> Option<Feed> {
    let text = one.sentence.plain();
    // What somebody imports they enter (`idioms::values`).
    let imports =
        clause.verbs.iter().any(|(_, word)| matches!(base(word), Some("enter" | "upload" | "load")));
    let said = one.sentence.text.to_lowercase();
    if !imports || !(said.contains("import") || said.contains("upload")) || !text.contains(" csv ") {
        return None;
    }
    let into = clause.objects.iter().find_map(|phrase| world.entity_of(&phrase.words))?;
    let entity = world.entities.get(&into).filter(|entity| entity.kind == EntityKind::Clinical)?;
    let by: Vec<String> = clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)).collect();
    let staff = |role: &String| {
        may(granted, role, &into, "create")
            && world.roles.get(role).is_some_and(|known| known.kind != RoleKind::Subject)
    };
    let key: Vec<String> = entity
        .fields
        .iter()
        .filter(|(_, written)| {
            written.contains("queryable") && (written.contains("moment") || written.contains(" date"))
        })
        .map(|(name, _)| name.clone())
        .take(1)
        .collect();
    let fits = !by.is_empty() && by.iter().all(staff) && !key.is_empty() && world.place.is_none();
    let said = one.sentence.text.clone();
    fits.then(|| Feed { name: format!("{into} import"), into, key, by, said })
}

/// `the doctor sends the summary to the patient by a secure link`: of what the patient may see anyway.
fn packet(one: &Parsed, clause: &Clause, world: &World, granted: &Grants) -> Option<Packet> {
    let text = one.sentence.plain();
    let by_link = [" secure link ", " private link ", " by link ", " by a link ", " expiring link "]
        .iter()
        .any(|said| text.contains(said));
    let sends = clause.verbs.iter().any(|(_, word)| matches!(base(word), Some("send" | "share" | "email")));
    if !by_link || !sends {
        return None;
    }
    let of = clause
        .objects
        .iter()
        .filter_map(|phrase| world.entity_of(&phrase.words))
        .find(|name| world.subject() != Some(name.as_str()))?;
    let by = clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)).collect();
    packet_of(of, by, one, world, granted)
}

/// What whoever sends it and whoever receives it may see anyway.
fn packet_of(
    of: String,
    mut by: Vec<String>,
    one: &Parsed,
    world: &World,
    granted: &Grants,
) -> Option<Packet> {
    let to =
        world.self_role().filter(|role| world.roles.get(*role).is_some_and(|role| role.acts))?.to_owned();
    let entity = world.entities.get(&of)?;
    by.retain(|role| *role != to && may(granted, role, &of, "view"));
    let shows: Vec<String> = entity
        .fields
        .iter()
        .filter(|(_, written)| !written.starts_with("link") && !written.ends_with(" file"))
        .map(|(name, _)| name.clone())
        .collect();
    let fits = !by.is_empty() && !shows.is_empty() && may(granted, &to, &of, "view");
    let said = one.sentence.text.clone();
    fits.then(|| Packet { name: format!("{of} packet"), of, shows, to, by, said })
}
