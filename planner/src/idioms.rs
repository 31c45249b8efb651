//! Turns of phrase that say a restriction, in the plain words that the grammar reads.
//!
//! `with the exception of` is *except*, `but that's it` is *nothing else*, `private to` is *visible only to*. A
//! turn of phrase that were passed over would be a restriction that nobody keeps.

mod clocking;
mod everyone;
mod letting;
mod listing;
mod permitting;
mod shown;
mod stories;
mod turns;
mod values;
pub(crate) mod whose;

use crate::sentences::Token;
use crate::words::is_be;
use letting::{
    besides, each_of_them, just_needs, let_only, role_only, thats_all, who_also, without_a_stop, works_on,
};
use shown::{known, only_ones, shown_to, told};
use turns::TURNS;

/// Says a sentence's turns of phrase plainly.
pub(crate) fn plainly(tokens: Vec<Token>) -> Vec<Token> {
    let tokens = listing::for_them_to(tokens);
    let tokens =
        listing::does_nothing(listing::who_did(listing::no_double_booking(permitting::permitted(tokens))));
    let tokens = values::and_does(tokens);
    let tokens = values::how_it_was(values::given_with(values::for_a_reason(tokens)));
    let tokens =
        values::photos_of(values::given_to_do(values::looks_over(values::counts_and_imports(tokens))));
    let tokens =
        clocking::goes_on(listing::with_a_list(stories::not_even(listing::or_not(clocking::clocks(tokens)))));
    let tokens = listing::so_many_questions(tokens);
    let tokens = listing::for_each_record(whose::licensed_in(listing::including(tokens)));
    let tokens = stories::user_story(stories::each_time(listing::such_as(tokens)));
    let tokens = stories::no_such_access(listing::without_tabs(tokens));
    let tokens = role_only(just_needs(works_on(turned(each_of_them(thats_all(without_a_stop(tokens)))))));
    let tokens = everyone::by_everyone(everyone::hide_from(tokens));
    let tokens = everyone::excepted(tokens);
    let tokens = everyone::limited_access(everyone::only_such_ones(everyone::eyes_only(tokens)));
    let tokens = read_only(who_also(besides(let_only(tokens))));
    told(only_ones(shown_to(wanted(known(too(for_only(log_of(never_last(alone(tokens))))))))))
}

fn turned(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let found = TURNS.iter().find_map(|(said, plain)| {
            let mut width = 0;
            for word in said.split(' ') {
                let token = tokens.get(at + width)?;
                let same = match word {
                    "'s" => *token == Token::Possessive,
                    "," => *token == Token::Comma,
                    word => token.is(word),
                };
                if !same {
                    return None;
                }
                width += 1;
            }
            // `a list of that is all …`: what closes a sentence stands at its end.
            let closes = *plain != "nothing else"
                || matches!(tokens.get(at + width), None | Some(Token::Comma | Token::Close));
            // `read anything but change nothing`: two things that they do and do not.
            let does = *plain == "everything except"
                && tokens.get(at + width).and_then(Token::word).is_some_and(|word| {
                    matches!(
                        word,
                        "change" | "edit" | "delete" | "update" | "modify" | "never" | "not" | "can"
                    )
                });
            (closes && !does).then_some((width, *plain))
        });
        match found {
            Some((width, plain)) => {
                out.extend(plain.split_whitespace().map(|word| match word {
                    "," => Token::Comma,
                    word => Token::Word(word.to_owned()),
                }));
                at += width;
                // `has no business reading notes`.
                let doing = tokens.get(at).and_then(Token::word).filter(|word| word.ends_with("ing"));
                if plain == "must not"
                    && let Some(base) = doing.and_then(crate::words::base)
                {
                    out.push(Token::Word(base.to_owned()));
                    at += 1;
                }
            }
            None => {
                out.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    out
}

/// `Clinic users see claims, read only`: who sees does not change.
fn read_only(mut tokens: Vec<Token>) -> Vec<Token> {
    let at = (0..tokens.len()).find(|at| {
        let pair = tokens[*at].word().is_some_and(|word| matches!(word, "read" | "view"))
            && tokens.get(at + 1).is_some_and(|next| next.is("only"));
        let ends = |width: usize| matches!(tokens.get(at + width), None | Some(Token::Comma));
        *at > 0 && (pair && ends(2) || tokens[*at].is("read only") && ends(1))
    });
    let Some(at) = at else { return tokens };
    let sees = tokens[..at]
        .iter()
        .filter_map(Token::word)
        .any(|word| crate::words::base(word).is_some_and(|base| matches!(base, "see" | "view" | "read")));
    if sees {
        let width = if tokens[at].is("read only") { 1 } else { 2 };
        let begin = if tokens[at - 1] == Token::Comma { at - 1 } else { at };
        tokens.drain(begin..at + width);
    }
    tokens
}

/// `Notes are visible to the therapist alone` reads as `notes are visible only to the therapist`.
fn alone(mut tokens: Vec<Token>) -> Vec<Token> {
    if !tokens.last().is_some_and(|token| token.is("alone")) {
        return tokens;
    }
    let to = tokens.iter().rposition(|token| ["to", "by", "for"].iter().any(|word| token.is(word)));
    if let Some(to) = to.filter(|to| *to > 0) {
        tokens.pop();
        tokens.insert(to, Token::Word("only".into()));
    }
    tokens
}

/// `sees attendance, but individual notes never` reads as `sees attendance but never individual notes`.
fn never_last(mut tokens: Vec<Token>) -> Vec<Token> {
    if !tokens.last().is_some_and(|token| token.is("never")) {
        return tokens;
    }
    let Some(but) = tokens.iter().rposition(|token| token.is("but")) else { return tokens };
    let noun = &tokens[but + 1..tokens.len() - 1];
    let plain = (1..=4).contains(&noun.len())
        && noun
            .iter()
            .all(|token| token.word().is_some_and(|word| !crate::words::is_modal(word) && !is_be(word)))
        && !noun
            .iter()
            .filter_map(Token::word)
            .any(|word| crate::catalogue::catalogue().role(&crate::words::singular(word)).is_some());
    if plain {
        tokens.pop();
        tokens.insert(but + 1, Token::Word("never".into()));
    }
    tokens
}

/// `Vitals are for nurses only` reads as `vitals are visible only to nurses`.
fn for_only(tokens: Vec<Token>) -> Vec<Token> {
    let Some(at) = tokens.windows(2).position(|pair| pair[0].word().is_some_and(is_be) && pair[1].is("for"))
    else {
        return tokens;
    };
    let last = tokens.last().is_some_and(|token| token.is("only"));
    if !last || at == 0 {
        return tokens;
    }
    let word = |word: &str| Token::Word(word.to_owned());
    let mut out = tokens[..=at].to_vec();
    out.extend([word("visible"), word("only"), word("to")]);
    out.extend(tokens[at + 2..tokens.len() - 1].iter().cloned());
    out
}

/// `Nurses can view it, hematologists too` reads as `hematologists and nurses can view it`.
fn too(tokens: Vec<Token>) -> Vec<Token> {
    let end = match tokens.as_slice() {
        [.., last] if last.is("too") => tokens.len() - 1,
        [.., as_, well] if as_.is("as") && well.is("well") => tokens.len() - 2,
        _ => return tokens,
    };
    let Some(comma) = tokens.iter().rposition(|token| *token == Token::Comma) else { return tokens };
    let who: Vec<Token> = tokens[comma + 1..end].iter().filter(|token| !token.is("and")).cloned().collect();
    let plain = (1..=4).contains(&who.len())
        && who
            .iter()
            .all(|token| token.word().is_some_and(|word| !crate::words::is_modal(word) && !is_be(word)));
    if !plain {
        return tokens;
    }
    let mut out = who;
    out.push(Token::Word("and".into()));
    out.extend(tokens[..comma].iter().cloned());
    out
}

/// `We do not want receptionists reading notes` reads as `receptionists must not read notes`.
fn wanted(tokens: Vec<Token>) -> Vec<Token> {
    let words: Vec<&str> = tokens.iter().take(4).filter_map(Token::word).collect();
    let (skip, says): (usize, &[&str]) = match words.as_slice() {
        ["we" | "i", "do", "not", "want" | "wish" | "like"] => (4, &["must", "not"]),
        ["we" | "i", "never", "want" | "wish" | "like", ..] => (3, &["must", "not"]),
        ["we" | "i", "only", "want", ..] | ["we" | "i", "want", "only", ..] => (3, &["only", "can"]),
        _ => return tokens,
    };
    let rest = &tokens[skip..];
    let Some(verb) = rest.iter().take(6).position(|token| {
        token.is("to")
            || token.word().is_some_and(|word| word.ends_with("ing") && crate::words::base(word).is_some())
    }) else {
        return tokens;
    };
    if verb == 0 {
        return tokens;
    }
    let doing = rest[verb].word().filter(|word| *word != "to").and_then(crate::words::base);
    let word = |word: &str| Token::Word(word.to_owned());
    let mut out = Vec::new();
    if says[0] == "only" {
        out.push(word("only"));
        out.extend(rest[..verb].iter().cloned());
        out.push(word("can"));
    } else {
        out.extend(rest[..verb].iter().cloned());
        out.extend([word("must"), word("not")]);
    }
    out.extend(doing.map(word));
    out.extend(rest[verb + 1..].iter().cloned());
    out
}

/// `keep a log of wound dressings` reads as `keep wound dressings`: a record of them is they.
fn log_of(tokens: Vec<Token>) -> Vec<Token> {
    let Some(at) = tokens.windows(2).position(|pair| {
        pair[1].is("of")
            && pair[0].word().is_some_and(|word| {
                matches!(
                    word,
                    "log"
                        | "record"
                        | "register"
                        | "registry"
                        | "journal"
                        | "inventory"
                        | "logbook"
                        | "records"
                        | "logs"
                )
            })
    }) else {
        return tokens;
    };
    let begin = tokens[..at]
        .iter()
        .rposition(|token| {
            token.word().is_none_or(|word| {
                !crate::words::is_modifier(word) && !matches!(word, "a" | "an" | "the" | "our")
            })
        })
        .map_or(0, |last| last + 1);
    let kept = begin.checked_sub(1).and_then(|before| tokens[before].word()).is_some_and(|word| {
        matches!(
            crate::words::base(word).unwrap_or(word),
            "keep" | "maintain" | "have" | "need" | "manage" | "want" | "write" | "run"
        )
    });
    let people = tokens.get(at + 2).is_some_and(|token| {
        ["each", "every", "all", "the", "a", "their", "my", "our"].iter().any(|word| token.is(word))
    });
    if !kept || people {
        return tokens;
    }
    let mut out = tokens[..begin].to_vec();
    out.extend(tokens[at + 2..].iter().cloned());
    out
}

#[cfg(test)]
mod tests {
    use crate::sentences::{Token, tokens};

    /// HC-3: a restriction is one in whatever words it is said.
    #[test]
    fn turns_of_phrase_are_said_plainly() {
        for (said, plain) in [
            ("Nurses see everything but notes", "nurses see everything except notes"),
            ("Clerks see invoices, and that's it", "clerks see invoices nothing else"),
            ("Pharmacists see allergies, that is all", "pharmacists see allergies nothing else"),
            ("Notes are private to the counselor", "notes are visible only to the counselor"),
            ("Only show first names to volunteers", "volunteers can only see first names"),
            ("Do not show HIV status to the front desk", "the front desk can not see hiv status"),
            ("Doctors are the only ones who can see notes", "only doctors can see notes"),
            ("The employer is only told the result", "the employer can only see the result"),
            ("We do not want receptionists reading notes", "receptionists must not read notes"),
            ("We only want doctors to see notes", "only doctors can see notes"),
            ("Receptionists see that a visit is finished", "receptionists see visit status"),
            ("Clients must never be shown a diagnosis", "clients must never see a diagnosis"),
            ("Patients are told when to come", "patients are told when to come"),
            ("Notes are visible to the therapist alone", "notes are visible only to the therapist"),
            (
                "Directors see attendance, but individual notes never",
                "directors see attendance but never individual notes",
            ),
            ("Clinic users see claims, read only", "clinic users see claims"),
        ] {
            let words: Vec<String> = tokens(said).iter().filter_map(Token::word).map(str::to_owned).collect();
            assert_eq!(words.join(" "), plain, "{said}");
        }
    }
}
