//! What is given or done by somebody, said as what they write down.

use super::plain_head;

/// `Medication is given by med techs: drug, dose, time` reads as `med techs record each medication: drug, dose, time`.
pub(super) fn actively(piece: &str) -> Option<String> {
    const WRITTEN: [&str; 12] = [
        "given",
        "administered",
        "recorded",
        "documented",
        "logged",
        "entered",
        "charted",
        "taken",
        "written",
        "completed",
        "captured",
        "tracked",
    ];
    let (front, list) = piece.split_once(": ")?;
    let words: Vec<&str> = front.split_whitespace().collect();
    if let Some(said) = done_by(&words, list) {
        return Some(said);
    }
    let by = words.windows(3).position(|three| {
        matches!(three[0], "is" | "are") && WRITTEN.contains(&three[1]) && three[2] == "by"
    })?;
    let (what, who) = (&words[..by], &words[by + 3..]);
    let what = what.strip_prefix(&["The"]).or_else(|| what.strip_prefix(&["the"])).unwrap_or(what);
    let short = (1..=4).contains(&what.len()) && (1..=4).contains(&who.len()) && list.contains(',');
    short.then(|| format!("{} record each {}: {list}", who.join(" "), what.join(" ").to_lowercase()))
}

/// `Day 1 call by the nurse: pain 0-10, drops being used` reads as `nurse can record each day 1 call: …`.
fn done_by(words: &[&str], list: &str) -> Option<String> {
    let by = words.iter().position(|word| *word == "by")?;
    let (what, who) = (&words[..by], &words[by + 1..]);
    let who = who.strip_prefix(&["the"]).or_else(|| who.strip_prefix(&["a"])).unwrap_or(who);
    let somebody =
        crate::catalogue::catalogue().role(&crate::words::key_of(&who.join(" ").to_lowercase())).is_some();
    let named = what.iter().all(|word| {
        let word = plain_head(word);
        !crate::words::is_be(&word)
            && !crate::words::is_modal(&word)
            && !word.ends_with("ed")
            && word != "given"
    });
    let plain = (1..=5).contains(&what.len()) && somebody && named && list.contains(',');
    plain.then(|| format!("{} can record each {}: {list}", who.join(" "), what.join(" ").to_lowercase()))
}
