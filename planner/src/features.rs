//! Lists, measures, forms, calendars and wishes: what a sentence asks for besides records and access.

use crate::{
    catalogue::{EntityKind, catalogue},
    entities::define,
    fields::{Read, proper_name, read},
    nouns::items,
    sentences::{Sentence, Token},
    words::{Verb, key_of, number_word, singular},
    world::{Form, Parsed, World},
};

/// A value compared with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Threshold {
    pub(crate) entity: String,
    pub(crate) fields: Vec<String>,
    pub(crate) numbers: Vec<String>,
    pub(crate) above: bool,
    pub(crate) roles: Vec<String>,
}

/// Records without another record for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) entity: String,
    pub(crate) count: u32,
    pub(crate) unit: String,
    pub(crate) roles: Vec<String>,
}

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

/// Whether this head introduces measures.
pub(crate) fn is_dashboard_head(head: &str) -> bool {
    let key = key_of(head);
    ["dashboard", "report", "reporting", "analytic", "metric", "kpi", "statistic", "stat", "chart", "measure"]
        .iter()
        .any(|word| key.split(' ').any(|said| said == *word))
}

/// Whether the sentence describes a questionnaire with its questions.
pub(crate) fn is_form_sentence(sentence: &Sentence) -> bool {
    let Some(at) = form_word(&sentence.tokens) else {
        return sentence.head.as_deref().is_some_and(|head| {
            head.split(' ').any(|word| matches!(word, "questionnaire" | "form" | "survey"))
                && items(&sentence.tokens).len() > 1
        });
    };
    sentence.tokens.get(at + 1) == Some(&Token::Open)
        || sentence
            .tokens
            .get(at + 1)
            .is_some_and(|token| token.is("with") || token.is("asking") || token.is("about"))
}

fn form_word(tokens: &[Token]) -> Option<usize> {
    tokens.iter().position(|token| {
        token.word().is_some_and(|word| {
            matches!(word, "questionnaire" | "form" | "survey" | "questionnaires" | "forms" | "surveys")
        })
    })
}

/// Finds the forms, with their questions.
pub(crate) fn forms(parsed: &[Parsed], world: &mut World) {
    let intake = parsed.iter().any(|one| one.sentence.text.to_lowercase().contains("intake"));
    for Parsed { sentence, clauses } in parsed {
        if !is_form_sentence(sentence) {
            continue;
        }
        let at = form_word(&sentence.tokens);
        let before =
            at.and_then(|at| at.checked_sub(1)).and_then(|at| sentence.tokens[at].word().map(str::to_owned));
        let name = match before.as_deref() {
            Some(word)
                if !crate::words::is_glue(word)
                    && !crate::words::is_modifier(word)
                    && crate::words::verb(word).is_none_or(|_| word == "intake") =>
            {
                singular(word)
            }
            _ if intake => "intake".into(),
            _ => "questionnaire".into(),
        };
        let name = if matches!(name.as_str(), "intake") || name.contains("questionnaire") {
            name
        } else {
            format!("{name} form")
        };
        let Some(name) = proper_name(&name) else { continue };
        let asked = match at {
            Some(at) if sentence.tokens.get(at + 1) == Some(&Token::Open) => {
                sentence.tokens[at + 2..crate::nouns::closing(&sentence.tokens, at + 1)].to_vec()
            }
            Some(at) => sentence.tokens[at + 2..].to_vec(),
            None => sentence.tokens.clone(),
        };
        let mut form = Form::default();
        for item in items(&asked) {
            let prose = item.words.iter().any(|word| {
                word.starts_with("question")
                    || crate::words::verb(word).is_some() && catalogue().field(&item.key()).is_none()
            });
            if prose {
                continue;
            }
            form.signature |= item.key().contains("signature");
            if let Read::Fields(fields) = read(&item, None, EntityKind::Clinical) {
                for field in fields {
                    form.fields.entry(field.name).or_insert(field.written);
                }
            }
        }
        if form.fields.is_empty() {
            continue;
        }
        for clause in clauses {
            if clause.does(Verb::Create) || clause.does(Verb::Update) {
                form.filled_by.extend(clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)));
            }
        }
        if world.subject().is_none() {
            let name = world
                .roles
                .iter()
                .find(|(_, role)| role.kind == crate::catalogue::RoleKind::Subject)
                .map(|(name, _)| name.clone())
                .or_else(|| crate::entities::spoken_of(parsed));
            define(name.as_deref().unwrap_or("patient"), world, false);
        }
        form.correctors = correctors(parsed, world);
        world.forms.insert(name, form);
    }
}

/// Who may change what they sent: `patients can see or correct what they sent`.
fn correctors(parsed: &[Parsed], world: &World) -> Vec<String> {
    let of_what_they_sent = |one: &&Parsed| {
        one.sentence.tokens.windows(3).any(|words| {
            let sent = words[2].word().is_some_and(|word| {
                matches!(word, "sent" | "send" | "submitted" | "entered" | "answered" | "filled" | "wrote")
            });
            let they = ["they", "he", "she"].iter().any(|who| words[1].is(who));
            words[0].is("what") && they && sent
        })
    };
    let changing = |one: &Parsed| -> Vec<String> {
        let clauses = one.clauses.iter().filter(|clause| clause.does(Verb::Update) && !clause.not);
        clauses.flat_map(|clause| clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase))).collect()
    };
    parsed.iter().filter(of_what_they_sent).flat_map(changing).collect()
}

/// `over 160/100`, `glucose above 250`, `temperature > 38`.
pub(crate) fn thresholds(parsed: &[Parsed], world: &World) -> Vec<Threshold> {
    let mut out = Vec::new();
    for Parsed { sentence, clauses } in parsed {
        let tokens = &sentence.tokens;
        for at in 0..tokens.len() {
            let Some((above, number_at)) = comparison(tokens, at) else { continue };
            let Some(Token::Number(first)) = tokens.get(number_at) else { continue };
            let second = match (tokens.get(number_at + 1), tokens.get(number_at + 2)) {
                (Some(Token::Slash), Some(Token::Number(second))) => Some(second.clone()),
                _ => None,
            };
            let wanted: Vec<String> = match second {
                Some(_) => vec!["systolic".into(), "diastolic".into()],
                None => field_before(tokens, at, world).into_iter().collect(),
            };
            let holder = world
                .entities
                .iter()
                .find(|(_, entity)| {
                    !wanted.is_empty() && wanted.iter().all(|field| entity.fields.contains_key(field))
                })
                .map(|(name, _)| name.clone());
            let Some(entity) = holder else { continue };
            let roles = watchers(clauses, world);
            out.push(Threshold {
                entity,
                fields: wanted,
                numbers: std::iter::once(first.clone()).chain(second).collect(),
                above,
                roles,
            });
        }
    }
    out
}

/// Those who get or see something in these clauses; else everybody who acts in them.
fn watchers(clauses: &[crate::clauses::Clause], world: &World) -> Vec<String> {
    let of = |only: bool| -> Vec<String> {
        clauses
            .iter()
            .filter(|clause| {
                !only || clause.does(Verb::Have) || clause.does(Verb::View) || clause.does(Verb::Review)
            })
            .flat_map(|clause| clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)))
            .collect()
    };
    let seen = of(true);
    if seen.is_empty() { of(false) } else { seen }
}

/// A comparing word at `at`, and where its number stands.
fn comparison(tokens: &[Token], at: usize) -> Option<(bool, usize)> {
    match &tokens[at] {
        Token::Above => Some((true, at + 1)),
        Token::Below => Some((false, at + 1)),
        Token::Word(word) => {
            let above = match word.as_str() {
                "over" | "above" | "exceeds" | "exceeding" | "exceed" => true,
                "below" | "under" => false,
                "higher" | "greater" | "more" if tokens.get(at + 1)?.is("than") => {
                    return Some((true, at + 2));
                }
                "lower" | "less" | "fewer" if tokens.get(at + 1)?.is("than") => return Some((false, at + 2)),
                _ => return None,
            };
            Some((above, at + 1))
        }
        _ => None,
    }
}

/// The value that stands before a comparison, as a field of a record.
fn field_before(tokens: &[Token], at: usize, world: &World) -> Option<String> {
    for width in [3, 2, 1] {
        for gap in 0..3 {
            let Some(end) = at.checked_sub(gap) else { continue };
            let Some(start) = end.checked_sub(width) else { continue };
            let words: Option<Vec<&str>> = tokens[start..end].iter().map(Token::word).collect();
            let Some(words) = words else { continue };
            let said = key_of(&words.join(" "));
            let canonical = catalogue().field(&said).map(|(_, name)| name.to_owned());
            for entity in world.entities.values() {
                for (name, written) in &entity.fields {
                    let number = written.contains("integer") || written.contains("decimal");
                    if number && (key_of(name) == said || canonical.as_deref() == Some(name)) {
                        return Some(name.clone());
                    }
                }
            }
        }
    }
    None
}

/// `no reading for 3 days`, `without a visit in 2 weeks`.
pub(crate) fn silences(parsed: &[Parsed], world: &World) -> Vec<Silence> {
    let mut out = Vec::new();
    let subject = world.subject();
    for Parsed { sentence, clauses } in parsed {
        let tokens = &sentence.tokens;
        for at in 0..tokens.len() {
            if !tokens[at].is("no") && !tokens[at].is("without") {
                continue;
            }
            let mut next = at + 1;
            while tokens.get(next).is_some_and(|token| token.is("a") || token.is("any") || token.is("new")) {
                next += 1;
            }
            let words: Vec<&str> = tokens[next..]
                .iter()
                .take(3)
                .map_while(Token::word)
                .take_while(|word| !matches!(*word, "for" | "in"))
                .collect();
            let Some(entity) =
                (!words.is_empty()).then(|| world.entity_named(&crate::words::key(&words))).flatten()
            else {
                continue;
            };
            let after = next + words.len();
            if !tokens.get(after).is_some_and(|token| token.is("for") || token.is("in")) {
                continue;
            }
            let number_at =
                if tokens.get(after + 1).is_some_and(|t| t.is("the") || t.is("over") || t.is("more")) {
                    after + 2
                } else {
                    after + 1
                };
            let count = match tokens.get(number_at) {
                Some(Token::Number(number)) => number.parse().ok(),
                Some(Token::Word(word)) => number_word(word),
                _ => None,
            };
            let unit = tokens.get(number_at + 1).and_then(Token::word).map(singular);
            let (Some(count), Some(unit)) = (count, unit) else { continue };
            if !matches!(unit.as_str(), "hour" | "day" | "week" | "month")
                || count == 0
                || subject == Some(entity.as_str())
            {
                continue;
            }
            let roles = watchers(clauses, world);
            out.push(Silence { entity, count, unit, roles });
        }
    }
    out
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

/// What needs a construct that cannot be built yet, or a floor that cannot be lowered.
pub(crate) enum Wish {
    NotYet(u32, &'static str),
    Outside(&'static str),
    Kept,
}

/// Looks a sentence's words up among the wishes; several may stand in one.
pub(crate) fn wishes(sentence: &Sentence) -> Vec<Wish> {
    let text = format!(
        " {} ",
        sentence
            .text
            .to_lowercase()
            .replace(|c: char| !c.is_alphanumeric(), " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    );
    let has = |words: &[&str]| words.iter().any(|word| text.contains(&format!(" {word} ")));
    let mut out = Vec::new();
    if has(&[
        "reminder",
        "reminders",
        "sms",
        "text message",
        "text messages",
        "notification",
        "notifications",
        "by email",
        "an email",
        "the email",
        "emails",
        "push",
        "newsletter",
        "get notified",
        "is notified",
        "are notified",
        "remind",
        "notify",
        "alert",
        "alerts",
        "alerted",
    ]) {
        out.push(Wish::NotYet(17, "messages that leave the app are not built yet"));
    }
    if has(&[
        "message them",
        "message their",
        "message the",
        "message patients",
        "chat",
        "secure messaging",
        "messaging",
        "conversation",
        "conversations",
        "inbox",
        "can message",
    ]) {
        out.push(Wish::NotYet(18, "conversations are not built yet"));
    }
    if has(&[
        "families",
        "family members can",
        "family access",
        "proxy",
        "caregivers can be given",
        "can be given read access",
        "when the clinic grants it",
        "share with",
        "shares with",
    ]) {
        out.push(Wish::NotYet(9, "permissions that a person gives and takes back are not built yet"));
    }
    if has(&[
        "upload",
        "uploads",
        "pdf",
        "packet",
        "attachment",
        "attachments",
        "attach",
        "photo",
        "photos",
        "x ray",
        "x rays",
        "scan",
        "scans",
        "picture",
        "pictures",
        "files",
    ]) {
        out.push(Wish::NotYet(21, "documents and uploads are not built yet"));
    }
    if has(&["ai", "gpt", "llm", "machine learning", "suggested icd", "artificial intelligence", "chatgpt"]) {
        out.push(Wish::NotYet(23, "AI actions are not built yet"));
    }
    if has(&["tier", "tiers", "free tier", "quota", "analyses a month", "per month limit"]) {
        out.push(Wish::NotYet(20, "quotas are not built yet"));
    }
    if has(&[
        "import",
        "csv",
        "sync",
        "syncs",
        "apple health",
        "fitbit",
        "hl7",
        "ehr integration",
        "integrate",
        "integrates",
        "bluetooth",
    ]) {
        out.push(Wish::NotYet(22, "imports are not built yet"));
    }
    if has(&["signature", "e sign", "esign", "sign electronically", "signatures"])
        && !has(&["waiting for signature"])
    {
        out.push(Wish::NotYet(11, "signatures that bind version and time are not built yet"));
    }
    if has(&["stripe", "credit card", "card payments", "online payments", "pay online", "cards"]) {
        out.push(Wish::Outside("payments need a payment provider, which the app cannot call yet"));
    }
    if has(&["video", "zoom", "video call", "video calls", "daily"])
        && has(&["video", "zoom"])
        && !sentence.text.contains("in person")
    {
        out.push(Wish::Outside("video needs a provider, which the app cannot call yet"));
    }
    if has(&["sso", "okta", "single sign on"]) {
        out.push(Wish::Outside("single sign-on comes with a later version"));
    }
    if has(&["impersonate", "impersonation", "break glass"]) {
        out.push(Wish::Outside("emergency access comes with a later version"));
    }
    // What the app does whatever is said.
    if has(&[
        "audit",
        "logged",
        "encrypted",
        "encryption",
        "hipaa",
        "tracker",
        "trackers",
        "analytics",
        "erasure",
        "baa",
        "password",
        "log in",
        "sign in",
        "idle logout",
        "disclosures",
        "disclosure",
        "privacy policy",
        "compliance",
        "secure",
        "deletes everything",
        "copy of their data",
        "no analytics",
        "phi",
        "ads",
        "sell data",
        "third parties",
        "backup",
        "backups",
    ]) {
        out.push(Wish::Kept);
    }
    out
}

/// Whether a narrowing sentence is about how the app itself works, its messages, its payments or its
/// storage: nothing in it widens or narrows who sees a record here, and what it forbids is not built.
pub(crate) fn settles(sentence: &Sentence) -> bool {
    let text = format!(" {} ", sentence.text.to_lowercase());
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // What leaves the app is not built, so its contents are narrowed to nothing.
    let leaves = has(&[
        "email only",
        "email must",
        "emails must",
        "message must",
        "sms must",
        "texts must",
        "reminders must",
        "reminders never",
        "messages never",
        "emails never",
        "reminder never",
        "without any clinical",
        "the email ",
        "the text ",
        "the message ",
    ]);
    let stores = has(&[
        "never store",
        "not store",
        "don't store",
        "do not keep",
        "don't keep",
        "never keep",
        "never save",
        "not save",
    ]);
    let platform =
        has(&["tracker", "analytics", "third part", "advertis", " ads", "sell ", "train ", "model on"]);
    let counts = has(&["only count", "at most", "not more than", "no more than"])
        && has(&["month", "day", "week", "year", "tier"]);
    let wish = has(&[
        "don't need",
        "do not need",
        "not needed",
        "no need",
        "not necessary",
        "don't want",
        "do not want",
        "not want",
        "not sure",
        "not yet",
        "if not",
        "or not",
        "not just",
        "not only",
        "nothing fancy",
        "why not",
        "not an ehr",
        "is not a ",
        "isn't a ",
        "not replace",
        "not a replacement",
    ]);
    let locks = locks(sentence).is_some();
    leaves || stores || platform || counts || wish || locks
}

/// What `we never store …` names.
pub(crate) fn never_stored(sentence: &Sentence) -> Vec<String> {
    let words: Vec<&str> = sentence.tokens.iter().filter_map(Token::word).collect();
    let negated = words.windows(2).any(|pair| {
        matches!(pair[0], "never" | "not")
            && matches!(pair[1], "store" | "stored" | "keep" | "save" | "saved" | "kept" | "retain")
    });
    if !negated {
        return Vec::new();
    }
    let at = words
        .iter()
        .position(|word| matches!(*word, "store" | "stored" | "keep" | "save" | "saved" | "kept" | "retain"))
        .unwrap_or_default();
    let phrase = |words: &[&str]| {
        key_of(
            &words.iter().filter(|word| !crate::words::is_glue(word)).copied().collect::<Vec<_>>().join(" "),
        )
    };
    let mut out = vec![phrase(&words[..at]), phrase(&words[at + 1..])];
    out.extend(words[at + 1..].split(|word| matches!(*word, "and" | "or")).map(phrase));
    out.retain(|key| !key.is_empty());
    out
}

/// The state from which a record is frozen: `once locked nobody can change it`, `cannot be edited after signing`.
pub(crate) fn locks(sentence: &Sentence) -> Option<String> {
    let words: Vec<&str> = sentence.tokens.iter().filter_map(Token::word).collect();
    let change = words.iter().any(|word| {
        matches!(
            *word,
            "change"
                | "changed"
                | "edit"
                | "edited"
                | "modify"
                | "modified"
                | "altered"
                | "alter"
                | "update"
                | "updated"
        )
    });
    let narrow = words.iter().any(|word| matches!(*word, "nobody" | "not" | "never" | "no"));
    let at = words.iter().position(|word| matches!(*word, "once" | "after" | "when"))?;
    if !change || !narrow {
        return None;
    }
    words[at + 1..].iter().take(4).find_map(|word| match *word {
        "locked" | "signed" | "approved" | "submitted" | "finalized" | "completed" | "closed" | "final"
        | "released" => Some((*word).to_owned()),
        "signing" | "signature" => Some("signed".to_owned()),
        "locking" => Some("locked".to_owned()),
        "submission" | "submitting" => Some("submitted".to_owned()),
        "approval" => Some("approved".to_owned()),
        _ => None,
    })
}

/// How long the audit log is kept: `kept 7 years`, in years.
pub(crate) fn audit_years(sentence: &Sentence) -> Option<u32> {
    let text = sentence.text.to_lowercase();
    if !["audit", "logged", "log "].iter().any(|word| text.contains(word)) {
        return None;
    }
    sentence.tokens.windows(2).find_map(|pair| match pair {
        [Token::Number(number), Token::Word(word)] if word.starts_with("year") => number.parse().ok(),
        _ => None,
    })
}
