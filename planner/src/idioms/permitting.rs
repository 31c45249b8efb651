//! What a patient gives their family and takes back (construct 9), in the one form that the grammar reads: `family members see the
//! readings if the patient allows it`.

use crate::catalogue::{RoleKind, catalogue};
use crate::sentences::Token;
use crate::words::{base, is_be, is_modal, key_of};

/// `Families can be given read access by the patient`, `patients can give a relative access to their readings and take it back`,
/// `patients share their diary with family`.
pub(super) fn permitted(tokens: Vec<Token>) -> Vec<Token> {
    let said = given_by(&tokens).or_else(|| gives(&tokens)).or_else(|| shares(&tokens));
    let Some(said) = said.or_else(|| decides(&tokens)) else {
        return tokens;
    };
    let Permitted { kin, patient, what } = said;
    let mut out: Vec<Token> = format!("{kin}s").split(' ').map(word).collect();
    out.push(word("see"));
    if what.is_empty() {
        out.extend(["everything", "of", "the"].map(word));
        out.push(word(&patient));
    } else {
        out.extend(what);
    }
    out.extend(["if", "the"].map(word));
    out.push(word(&patient));
    out.extend(["allows", "it"].map(word));
    out
}

struct Permitted {
    kin: String,
    patient: String,
    /// What they see; nothing where all is meant.
    what: Vec<Token>,
}

fn word(word: &str) -> Token {
    Token::Word(word.to_owned())
}

fn said(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).and_then(Token::word).unwrap_or_default()
}

fn skip(tokens: &[Token], at: usize, words: &[&str]) -> usize {
    at + tokens[at.min(tokens.len())..]
        .iter()
        .take_while(|token| token.word().is_some_and(|word| words.contains(&word)))
        .count()
}

const BEFORE_A_NOUN: [&str; 12] =
    ["a", "an", "the", "their", "his", "her", "any", "one", "some", "chosen", "trusted", "other"];

/// Who acts for a patient, and where the phrase ends.
fn kin(tokens: &[Token], at: usize) -> Option<(String, usize)> {
    let at = skip(tokens, at, &BEFORE_A_NOUN);
    let is_proxy = |key: &str| catalogue().role(key).is_some_and(|(kind, _)| kind == RoleKind::Proxy);
    let words: Vec<&str> = tokens[at.min(tokens.len())..].iter().map_while(Token::word).take(2).collect();
    for width in (1..=words.len()).rev() {
        let named = key_of(&words[..width].join(" "));
        if is_proxy(&named) && !matches!(named.as_str(), "family" | "couple" | "woman" | "visitor" | "guest")
        {
            return Some((named, at + width));
        }
    }
    let family =
        words.first().is_some_and(|first| matches!(*first, "family" | "families" | "relatives" | "relative"));
    family.then(|| ("family member".to_owned(), at + 1))
}

/// The patient, by whatever they are called, and where the word ends.
fn patient(tokens: &[Token], at: usize) -> Option<(String, usize)> {
    let at = skip(tokens, at, &["a", "the", "each", "every", "our"]);
    let named = key_of(said(tokens, at));
    let subject = catalogue().role(&named).is_some_and(|(kind, _)| kind == RoleKind::Subject);
    subject.then_some((named, at + 1))
}

/// `families can be given read access [to the readings] by the patient`, `a relative can be invited by the patient`.
fn given_by(tokens: &[Token]) -> Option<Permitted> {
    let (kin, at) = kin(tokens, 0)?;
    let modal = at + usize::from(is_modal(said(tokens, at)));
    let given = modal + usize::from(is_be(said(tokens, modal)));
    let verb = matches!(said(tokens, given), "given" | "granted" | "allowed" | "offered" | "invited");
    let by = tokens.iter().rposition(|token| token.is("by"))?;
    if given == modal || !verb || by <= given {
        return None;
    }
    let (patient, end) = patient(tokens, by + 1)?;
    let what = what(&tokens[given + 1..by])?;
    taken_back(&tokens[end..]).then_some(Permitted { kin, patient, what })
}

/// `patients can give a relative access [to their readings]`, `a patient lets their family see the diary`.
fn gives(tokens: &[Token]) -> Option<Permitted> {
    let (patient, at) = patient(tokens, 0)?;
    let at = at + usize::from(is_modal(said(tokens, at)));
    let gives = ["give", "grant", "allow", "let", "invite", "authorize", "permit"];
    if !base(said(tokens, at)).is_some_and(|verb| gives.contains(&verb)) && !gives.contains(&said(tokens, at))
    {
        return None;
    }
    let (kin, at) = kin(tokens, at + 1)?;
    let end = back_at(tokens, at);
    let what = what(&tokens[at..end])?;
    taken_back(&tokens[end..]).then_some(Permitted { kin, patient, what })
}

/// `patients can share their readings with a family member [and revoke it]`.
fn shares(tokens: &[Token]) -> Option<Permitted> {
    let (patient, at) = patient(tokens, 0)?;
    let at = at + usize::from(is_modal(said(tokens, at)));
    let with = tokens.iter().position(|token| token.is("with")).filter(|with| *with > at)?;
    if base(said(tokens, at)) != Some("share") && !matches!(said(tokens, at), "share" | "shares") {
        return None;
    }
    let (kin, end) = kin(tokens, with + 1)?;
    let what = plain(&tokens[at + 1..with]);
    taken_back(&tokens[end..]).then_some(Permitted { kin, patient, what })
}

/// `the patient decides which relatives may see the care plan`.
fn decides(tokens: &[Token]) -> Option<Permitted> {
    let (patient, at) = patient(tokens, 0)?;
    let at = at + usize::from(is_modal(said(tokens, at)));
    let decides =
        matches!(said(tokens, at), "decide" | "decides" | "choose" | "chooses" | "control" | "controls");
    if !decides || said(tokens, at + 1) != "which" {
        return None;
    }
    let (kin, at) = kin(tokens, at + 2)?;
    let at = at + usize::from(is_modal(said(tokens, at)));
    let end = back_at(tokens, at);
    let what = what(&tokens[at..end])?;
    taken_back(&tokens[end..]).then_some(Permitted { kin, patient, what })
}

/// What is opened: the words after `access to` or `see`; none where they say no more than *access*.
fn what(tokens: &[Token]) -> Option<Vec<Token>> {
    let at = skip(tokens, 0, &["to", "read", "reading", "view", "viewing", "only", "read only", "limited"]);
    match said(tokens, at) {
        // `let their family see the diary`: the verb was passed over with the rest.
        _ if at > 0 && tokens.len() > at && !tokens[at].is("access") => Some(plain(&tokens[at..])),
        "access" if tokens.len() == at + 1 => Some(Vec::new()),
        "access" if tokens[at + 1].is("to") => Some(plain(&tokens[at + 2..])),
        "see" | "sees" | "follow" if tokens.len() > at + 1 => Some(plain(&tokens[at + 1..])),
        "" if tokens.is_empty() => Some(Vec::new()),
        _ => None,
    }
}

/// The thing without whose it is, which is the patient's; nothing, where it is all.
fn plain(tokens: &[Token]) -> Vec<Token> {
    let at = skip(tokens, 0, &["their", "the", "his", "her", "own", "all", "of"]);
    let whole = [
        "record",
        "records",
        "data",
        "account",
        "profile",
        "file",
        "chart",
        "information",
        "everything",
        "it",
    ];
    let rest = &tokens[at..];
    let rest = match rest.first() {
        Some(first) if first.is("health") || first.is("medical") => &rest[1..],
        _ => rest,
    };
    match rest {
        [only] if only.word().is_some_and(|word| whole.contains(&word)) => Vec::new(),
        [] => Vec::new(),
        rest => std::iter::once(word("the")).chain(rest.iter().cloned()).collect(),
    }
}

/// Where the words begin that say that it ends.
fn back_at(tokens: &[Token], from: usize) -> usize {
    (from..tokens.len())
        .find(|at| {
            matches!(tokens[*at], Token::Comma)
                || ["and", "until", "or"].iter().any(|word| tokens[*at].is(word))
        })
        .filter(|at| taken_back(&tokens[*at..]))
        .unwrap_or(tokens.len())
}

/// Whether the rest says that it can be taken back, or nothing.
fn taken_back(rest: &[Token]) -> bool {
    let back = [
        "lose", "back", "revoke", "withdraw", "remove", "end", "stop", "again", "cancel", "time", "until",
        "away",
    ];
    rest.is_empty() || rest.iter().filter_map(Token::word).any(|word| back.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let tokens = text
            .replace(',', " ,")
            .split(' ')
            .map(|said| if said == "," { Token::Comma } else { word(said) })
            .collect();
        let words: Vec<String> =
            permitted(tokens).iter().map(|token| token.word().unwrap_or(",").to_owned()).collect();
        words.join(" ")
    }

    #[test]
    fn what_a_patient_gives_and_takes_back_is_said_in_one_way() {
        let all = "family members see everything of the patient if the patient allows it";
        for text in [
            "families can be given read access by the patient and lose it again",
            "patients can give their family access",
            "a patient may give a family member access to their record and take it back",
            "patients can share their data with family and stop at any time",
            "patients can invite family members",
        ] {
            assert_eq!(read(text), all, "{text}");
        }
        let some = "family members see the readings if the client allows it";
        for text in [
            "family members can be granted access to the readings by the client",
            "clients can let their family see their readings",
            "clients share their readings with a family member, and revoke it",
            "the client decides which family members may see the readings and can withdraw that at any time",
        ] {
            assert_eq!(read(text), some, "{text}");
        }
        for text in
            ["clients share their readings with the nurse", "nurses can give families access to the readings"]
        {
            assert_eq!(read(text), text);
        }
    }
}
