//! Sentences about the app itself: its messages, its storage, its locks.

use crate::sentences::{Sentence, Token};
use crate::words::key_of;

/// Whether a narrowing sentence is about how the app itself works, its messages, its payments or its
/// storage: nothing in it widens or narrows who sees a record here, and what it forbids is not built.
pub(crate) fn settles(sentence: &Sentence) -> bool {
    let text = sentence.plain();
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
    // `the email but not the phone` is what somebody sees; `the email only has the clinic's name` is a message.
    let leaves = leaves
        && !message_words().iter().any(|said| text.split_once(said).is_some_and(|(_, rest)| sees(rest)))
        || says_little(sentence);
    let stores = has(&[
        "never store",
        "not store",
        "do not store",
        "do not keep",
        "not keep",
        "never keep",
        "never save",
        "not save",
    ]);
    let platform =
        has(&["tracker", "analytics", "third part", "advertis", " ads", "sell ", "train ", "model on"]);
    let counts = has(&["only count", "at most", "not more than", "no more than"])
        && has(&["month", "day", "week", "year", "tier"]);
    let wish = has(&[
        "not need",
        "do not need",
        "not needed",
        "no need",
        "not necessary",
        "not want",
        "do not want",
        "not want",
        "not sure",
        "not yet",
        "if not",
        "or not",
        "not just",
        "not only",
        "nothing fancy",
        "not technical",
        "not tech",
        "not very technical",
        "not computer",
        "keep it simple",
        "why not",
        "not an ehr",
        "is not a ",
        "is not an ",
        "not replace",
        "not a replacement",
    ]);
    let wish = wish || unneeded(sentence);
    // Whoever sees or must not see something is nobody's wish and no matter of storage.
    let (stores, platform, counts, wish) =
        if sees(&text) { (false, false, false, false) } else { (stores, platform, counts, wish) };
    // `a final report can only get an addendum` is a lock; `identified by a number only` is a field.
    let locks = restricts_change(sentence).is_some()
        || of_what_was_said(sentence) && locks(sentence).is_some()
        || has(&[" addend"]) && has(&[" only "])
        || has(&["identified by ", "known by ", "referred to by ", "goes by ", "go by "]) && has(&[" only "]);
    // `I need to see who has not done their exercises` is a list; what shows on a board is shown by the app.
    let lists = !has(&[" only ", " must ", " can not "])
        && has(&[
            " who has not ",
            " who have not ",
            " who did not ",
            " that have not ",
            " has not been ",
            " have not been ",
        ]);
    let shown =
        has(&[" on a board ", " on the board ", " on a screen ", " on the screen "]) && has(&[" only "]);
    leaves
        || stores
        || platform
        || counts
        || wish
        || locks
        || lists
        || shown
        || deletes_by_the_clock(sentence)
        || of_strangers(sentence)
}

/// `Keep everything for 30 days only, then delete it`: a clock would delete records.
pub(crate) fn deletes_by_the_clock(sentence: &Sentence) -> bool {
    let text = sentence.plain();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(&format!(" {word} ")));
    let time = sentence.tokens.windows(2).any(|pair| {
        matches!(pair[0], Token::Number(_))
            && pair[1].word().is_some_and(|word| {
                matches!(crate::words::singular(word).as_str(), "day" | "week" | "month" | "hour")
            })
    });
    let deletes =
        has(&["delete", "deletes", "deleted", "erase", "erased", "purge", "purged", "wipe", "wiped"]);
    let keeps = has(&["keep", "kept", "retain", "retained", "store", "stored"]) && has(&["only", "at most"]);
    let records = has(&["everything", "records", "data", "notes", "charts", "it", "all", "them"]);
    time && records && (deletes && !has(&["account", "accounts"]) || keeps) && !sees(&text)
}

/// `nobody outside the clinic can see anything`: who has no account reaches nothing in any app.
fn of_strangers(sentence: &Sentence) -> bool {
    let words: Vec<&str> = sentence.tokens.iter().filter_map(Token::word).collect();
    let Some(at) = words.iter().position(|word| matches!(*word, "outside" | "outsiders" | "strangers"))
    else {
        return false;
    };
    let nobody_else = words[..at].iter().all(|word| {
        matches!(
            *word,
            "nobody"
                | "no"
                | "one"
                | "people"
                | "anyone"
                | "anybody"
                | "everyone"
                | "everybody"
                | "others"
                | "and"
                | "else"
                | "from"
                | "to"
                | "any"
        )
    });
    let of_us = words[at] != "outside"
        || words[at + 1..].iter().take(3).any(|word| {
            matches!(
                *word,
                "clinic"
                    | "practice"
                    | "hospital"
                    | "office"
                    | "company"
                    | "organisation"
                    | "organization"
                    | "team"
                    | "agency"
                    | "pharmacy"
                    | "center"
                    | "centre"
                    | "staff"
                    | "us"
                    | "here"
                    | "school"
                    | "program"
            )
        });
    let excepts = words.iter().any(|word| matches!(*word, "except" | "but" | "unless" | "than" | "besides"));
    let denied = words.iter().any(|word| matches!(*word, "nobody" | "no" | "not" | "never" | "cannot"));
    nobody_else && of_us && denied && !excepts
}

/// `no names needed`, `no login required`: what somebody can do without.
fn unneeded(sentence: &Sentence) -> bool {
    let words: Vec<&str> = sentence.tokens.iter().filter_map(Token::word).collect();
    let no = words.iter().position(|word| *word == "no");
    no.is_some_and(|at| {
        words[at + 1..].iter().take(4).any(|word| matches!(*word, "needed" | "required" | "necessary"))
    })
}

/// The beginnings of sentences about messages.
fn message_words() -> &'static [&'static str] {
    &["the email ", "the text ", "the message ", "email only"]
}

/// Whether a text speaks of somebody's seeing.
fn sees(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        matches!(
            word,
            "see"
                | "sees"
                | "seen"
                | "seeing"
                | "view"
                | "views"
                | "viewed"
                | "read"
                | "reads"
                | "access"
                | "accesses"
                | "visible"
                | "hidden"
        )
    })
}

/// `parents get an email when their kid visited, no details in it`: what a message may not say, of whomever.
fn says_little(sentence: &Sentence) -> bool {
    let words: Vec<&str> = sentence.tokens.iter().filter_map(Token::word).collect();
    let message = words.iter().position(|word| {
        matches!(
            crate::words::singular(word).as_str(),
            "email" | "sms" | "text" | "reminder" | "notification" | "message" | "letter" | "alert"
        )
    });
    let narrow = words
        .iter()
        .position(|word| matches!(*word, "no" | "nothing" | "without" | "never" | "not" | "only" | "except"));
    let (Some(message), Some(narrow)) = (message, narrow) else { return false };
    // Somebody who acts behind the restriction is restricted, and no message.
    let acts = words[narrow..].iter().any(|word| {
        crate::catalogue::catalogue()
            .role(&crate::words::singular(word))
            .is_some_and(|(kind, _)| kind != crate::catalogue::RoleKind::Subject)
            || matches!(*word, "see" | "sees" | "seen" | "view" | "read" | "access" | "open")
    });
    message < narrow && !acts && !sees(&words[..narrow].join(" "))
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

/// The state from which a record is frozen: `once locked nobody can change it`, `notes, which are locked once signed`,
/// `sign and lock`.
pub(crate) fn locks(sentence: &Sentence) -> Option<String> {
    let words: Vec<&str> = sentence.tokens.iter().filter_map(Token::word).collect();
    if signs_and_locks(&words) {
        return Some("signed".into());
    }
    let told = lock(&words).and_then(|at| {
        let behind = &words[at..];
        let condition = behind
            .iter()
            .position(|word| matches!(*word, "once" | "after" | "when" | "upon" | "on" | "at"))?;
        state_behind(&behind[condition + 1..])
    });
    told.or_else(|| restricts_change(sentence))
}

/// Whether a sentence goes on about what was spoken of: `they are locked on signature`.
fn of_what_was_said(sentence: &Sentence) -> bool {
    let first = sentence.tokens.first().and_then(Token::word);
    first.is_some_and(|word| matches!(word, "they" | "it" | "these" | "those" | "both" | "all"))
}

/// `Once locked nobody can change it`, `cannot be edited after signing`: the state from which it is frozen.
fn restricts_change(sentence: &Sentence) -> Option<String> {
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
                | "updates"
                | "edits"
                | "changes"
        )
    });
    let frozen = words.iter().any(|word| matches!(*word, "read only" | "frozen" | "immutable"));
    let narrow = frozen || words.iter().any(|word| matches!(*word, "nobody" | "not" | "never" | "no"));
    let at = words.iter().position(|word| matches!(*word, "once" | "after" | "when" | "afterwards"))?;
    // `is signed by the nurse; after that it can't be edited`.
    if change && narrow && (words[at] == "afterwards" || words.get(at + 1) == Some(&"that")) {
        return Some("signed".into());
    }
    if !(change || frozen) || !narrow {
        return None;
    }
    state_behind(&words[at + 1..])
}

/// The state that a condition names: `signed`, `the midwife signed`, `signing`.
fn state_behind(words: &[&str]) -> Option<String> {
    words.iter().take(4).find_map(|word| match *word {
        "locked" | "signed" | "approved" | "submitted" | "finalized" | "completed" | "closed" | "final"
        | "released" => Some((*word).to_owned()),
        "signing" | "signature" => Some("signed".to_owned()),
        "locking" => Some("locked".to_owned()),
        "submission" | "submitting" => Some("submitted".to_owned()),
        "approval" => Some("approved".to_owned()),
        _ => None,
    })
}

/// Where it is said that something locks: `locked once signed`, `that lock after signing`; not a lock that is taken away.
pub(crate) fn lock(words: &[&str]) -> Option<usize> {
    let at = words.iter().position(|word| matches!(*word, "lock" | "locks" | "locked" | "locking"))?;
    let denied = at.checked_sub(1).is_some_and(|before| matches!(words[before], "not" | "never" | "un"));
    (!denied).then_some(at)
}

/// `sign and lock`, `signed and then locked`, `signing locks it`: one act.
fn signs_and_locks(words: &[&str]) -> bool {
    let Some(at) = lock(words) else { return false };
    let signs =
        |word: &&str| matches!(*word, "sign" | "signs" | "signed" | "signing" | "signature" | "e sign");
    let before = &words[at.saturating_sub(3)..at];
    before.iter().any(signs)
        && before
            .iter()
            .rev()
            .take_while(|word| !signs(word))
            .all(|word| matches!(*word, "and" | "then" | "them" | "it" | "which" | "that"))
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
