//! What needs a construct that cannot be built yet, or a floor that cannot be lowered.

use crate::sentences::Sentence;

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
