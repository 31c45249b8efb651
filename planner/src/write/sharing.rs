//! Messages, conversations, documents and feeds.

use super::{Parts, names, skipped};
use std::fmt::Write;

pub(crate) fn sharing(out: &mut String, parts: &Parts<'_>) {
    conversations(out, parts);
    messages(out, parts);
    documents(out, parts);
    feeds(out, parts);
}

fn conversations(out: &mut String, parts: &Parts<'_>) {
    let wanted = &parts.sharing.conversations;
    for one in wanted.iter().filter(|one| !skipped(parts, "conversations", &one.name)) {
        let between = names(&parts.say_all(&one.between));
        let _ = writeln!(out, "conversations:\n  {}: {{ between: {between} }}", one.name);
    }
}

fn messages(out: &mut String, parts: &Parts<'_>) {
    let wanted = &parts.sharing.reminders;
    for one in wanted.iter().filter(|one| !skipped(parts, "messages", &one.name)) {
        let filter = one
            .booked
            .as_ref()
            .map(|state| format!(", where: \"status == {}\"", parts.say(state)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "messages:\n  {}: {{ by: [{}], to: {}, when: {} before {}.{}{filter}, says: [organisation, time] }}",
            one.name,
            one.by.join(", "),
            parts.say(&one.to),
            one.before,
            parts.say(&one.of),
            parts.say(&one.start)
        );
    }
}

fn documents(out: &mut String, parts: &Parts<'_>) {
    let mut first = true;
    for one in parts.sharing.packets.iter().filter(|one| !skipped(parts, "documents", &one.name)) {
        if first {
            out.push_str("documents:\n");
            first = false;
        }
        let _ = writeln!(
            out,
            "  {}: {{ of: {}, format: page, shows: {}, link: 24 hours, to: {}, by: {} }}",
            one.name,
            parts.say(&one.of),
            names(&parts.say_all(&one.shows)),
            parts.say(&one.to),
            names(&parts.say_all(&one.by))
        );
    }
}

fn feeds(out: &mut String, parts: &Parts<'_>) {
    let mut first = true;
    for one in parts.sharing.feeds.iter().filter(|one| !skipped(parts, "feeds", &one.name)) {
        if first {
            out.push_str("feeds:\n");
            first = false;
        }
        let _ = writeln!(
            out,
            "  {}: {{ into: {}, from: csv, key: {}, by: {} }}",
            one.name,
            parts.say(&one.into),
            names(&parts.say_all(&one.key)),
            names(&parts.say_all(&one.by))
        );
    }
}
