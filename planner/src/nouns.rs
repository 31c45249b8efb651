//! Lists of nouns: `name, DOB, vitals (bp, pulse), status open -> signed -> locked`.

mod separators;
mod states;

pub(crate) use separators::separate;
use separators::{separated, yes_or_no};
use states::{choices_behind_colon, counts_time, measured, read_scale, read_states};

use crate::{
    catalogue::catalogue,
    fields::is_unit,
    sentences::Token,
    words::{is_glue, is_modifier, key, number_word},
};

/// One item of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    /// The noun phrase as written, in lower case, without articles.
    pub(crate) words: Vec<String>,
    /// What stands in the parentheses behind it.
    pub(crate) paren: Vec<Token>,
    /// `draft -> signed -> locked`.
    pub(crate) states: Vec<String>,
    /// `0-10`, `from 0 to 10`, `out of 5`.
    pub(crate) range: Option<(String, String)>,
    /// `in kg`.
    pub(crate) unit: Option<String>,
    /// What follows `with` or `each with`: the parts of this item.
    pub(crate) with: Vec<Token>,
    /// Words behind the noun phrase that belong to no rule of this grammar.
    pub(crate) rest: Vec<String>,
    /// `yes/no`, `y/n`.
    pub(crate) yes_no: bool,
}

impl Item {
    /// The phrase as written.
    pub(crate) fn phrase(&self) -> String {
        self.words.join(" ")
    }

    /// The phrase by which the catalogue is asked.
    pub(crate) fn key(&self) -> String {
        key(&self.words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The phrase without words like `new` and `current` at its head.
    pub(crate) fn bare_key(&self) -> String {
        let words: Vec<&str> =
            self.words.iter().map(String::as_str).skip_while(|word| is_modifier(word)).collect();
        key(&words)
    }
}

/// The items of a list, separated by commas, slashes, `and` and `or` outside parentheses.
pub(crate) fn items(tokens: &[Token]) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::new();
    for piece in separated(tokens, false) {
        let mut item = read(piece);
        // `headache, dizziness, nausea, each 0-6`: said of all that stand before.
        if item.words.is_empty()
            && item.range.is_some()
            && piece.first().is_some_and(|token| token.is("each") || token.is("all"))
        {
            for known in out.iter_mut().filter(|known: &&mut Item| {
                known.range.is_none() && known.paren.is_empty() && !known.yes_no && known.unit.is_none()
            }) {
                known.range = item.range.clone();
            }
            continue;
        }
        if item.words.is_empty() && item.states.is_empty() {
            continue;
        }
        if let Some(before) = out.last()
            && let Some(words) = shared_head(&before.words, &item.words)
        {
            item.words = words;
        }
        out.push(item);
    }
    choices_behind_colon(&mut out);
    // `left and right (mmHg)`: what stands behind the second is said of both.
    for at in 1..out.len() {
        let stem = |item: &Item| item.words[..item.words.len().saturating_sub(1)].to_vec();
        if !stem(&out[at]).is_empty()
            && stem(&out[at]) == stem(&out[at - 1])
            && out[at].words.last().is_some_and(|word| is_side(word))
            && out[at - 1].paren.is_empty()
        {
            out[at - 1].paren = out[at].paren.clone();
            out[at - 1].unit = out[at].unit.clone();
        }
    }
    out
}

/// Words by which the same thing is told apart: `pressure left and right`, `before and after`.
fn is_side(word: &str) -> bool {
    matches!(
        word,
        "left"
            | "right"
            | "before"
            | "after"
            | "low"
            | "high"
            | "in"
            | "out"
            | "min"
            | "max"
            | "upper"
            | "lower"
    )
}

/// `acuity right, left`: the second is an acuity, too.
fn shared_head(before: &[String], words: &[String]) -> Option<Vec<String>> {
    let [side] = words else { return None };
    let (last, head) = before.split_last()?;
    (is_side(side) && is_side(last) && !head.is_empty()).then(|| head.iter().chain([side]).cloned().collect())
}

fn read(piece: &[Token]) -> Item {
    let mut item = Item::default();
    // `what happened, when, who was told`, `whether it helped`: asked, and so a value.
    let asked = piece
        .first()
        .and_then(Token::word)
        .is_some_and(|word| matches!(word, "what" | "when" | "where" | "who" | "why" | "whether"))
        && piece.len() <= 6
        && piece.iter().all(|token| token.word().is_some_and(|word| word != "to"));
    if asked {
        item.words = piece.iter().filter_map(Token::word).map(str::to_owned).collect();
        return item;
    }
    // `how many hours it was worn`, `how much water they drank`: a value by what is counted.
    if let [how, many, rest @ ..] = piece
        && how.is("how")
        && (many.is("many") || many.is("much"))
        && (2..=6).contains(&rest.len())
        && rest.iter().all(|token| token.word().is_some())
    {
        let said = rest.iter().filter_map(Token::word).filter(|word| !is_glue(word));
        item.words = said.take(3).map(str::to_owned).collect();
        return item;
    }
    let mut at = 0;
    let mut ended = false;
    while at < piece.len() {
        match &piece[at] {
            Token::Open => {
                let close = closing(piece, at);
                if item.paren.is_empty() {
                    item.paren = piece[at + 1..close].to_vec();
                }
                at = close;
                ended = true;
            }
            // The choices of a value stand behind its name.
            Token::Colon if !item.words.is_empty() => {
                item.paren = piece[at + 1..].to_vec();
                return item;
            }
            Token::Slash if item.words.len() > 1 && item.paren.is_empty() => {
                let first = item.words.pop().unwrap_or_default();
                item.paren = std::iter::once(Token::Word(first)).chain(piece[at..].iter().cloned()).collect();
                return item;
            }
            Token::Arrow => at = read_states(piece, at, &mut item),
            Token::Range(from, to) => item.range = Some((from.clone(), to.clone())),
            // `Apgar 1 min`, `left 500`: a number in a name tells it from its like.
            Token::Number(number)
                if !item.words.is_empty()
                    && !ended
                    && item.words.last().is_none_or(|word| word != "icd")
                    && (at + 1 == piece.len()
                        || at + 2 == piece.len()
                            && piece[at + 1].word().is_some_and(|word| {
                                matches!(word, "min" | "minutes" | "h" | "hours" | "weeks" | "months")
                            })) =>
            {
                item.words.push(number.clone());
                if let Some(unit) = piece.get(at + 1).and_then(Token::word) {
                    item.words.push(unit.to_owned());
                    at += 1;
                }
            }
            Token::Number(_) => at = read_scale(piece, at, &mut item),
            Token::Word(word) if matches!(word.as_str(), "yes" | "y") && yes_or_no(piece, at + 1) => {
                item.yes_no = true;
                at += 2;
            }
            // `ordered > verified > mixed`.
            Token::Above if piece[at + 1..].contains(&Token::Above) || !item.states.is_empty() => {
                at = read_states(piece, at, &mut item);
            }
            // `how much`, `how long` they took.
            Token::Word(word)
                if word == "how"
                    && item.words.is_empty()
                    && at + 2 == piece.len()
                    && piece[at + 1].word().and_then(measured).is_some() =>
            {
                item.words.extend(piece[at + 1].word().and_then(measured).map(str::to_owned));
                at += 1;
            }
            // `pain at rest`, `mood at arrival`, `pain with activity`: one value, at its moment.
            Token::Word(word)
                if matches!(word.as_str(), "at" | "with" | "on" | "before" | "after" | "during")
                    && !ended
                    && !item.words.is_empty()
                    && piece.get(at + 1).and_then(Token::word).is_some_and(is_moment)
                    && ends_item(piece, at + 2) =>
            {
                item.words.push(word.clone());
                item.words.extend(piece[at + 1].word().map(str::to_owned));
                at += 1;
            }
            Token::Word(word) => match word.as_str() {
                // `blood pressure before`, `heart rate max`.
                word if is_side(word) && !ended && !item.words.is_empty() && ends_item(piece, at + 1) => {
                    item.words.push(word.to_owned());
                }
                // `hearing test in dB`, `weight in kg`.
                "with" | "containing" | "including" if !item.words.is_empty() => {
                    item.with = piece[at + 1..].to_vec();
                    return item;
                }
                "in" if piece.len() == at + 2 || matches!(piece.get(at + 2), Some(Token::Open)) => {
                    item.unit = piece[at + 1].word().map(str::to_owned);
                    at += 1;
                }
                // `date of birth`, `number of falls`.
                "of" | "for"
                    if !ended
                        && !item.words.is_empty()
                        && piece
                            .get(at + 1)
                            .and_then(Token::word)
                            .is_some_and(|next| next != "the" && next != "own" && !is_glue(next)) =>
                {
                    item.words.push(word.clone());
                }
                "or" if !ended && item.words.len() == 1 && piece.len() == 3 => item.words.push("or".into()),
                // `exchanges per day`, `drinks a week`: how many there are.
                "per" | "a" | "each"
                    if !ended
                        && !item.words.is_empty()
                        && at + 2 == piece.len()
                        && piece[at + 1].word().is_some_and(|unit| {
                            matches!(unit, "day" | "week" | "month" | "hour" | "night" | "shift")
                        }) =>
                {
                    item.words
                        .extend(["per".to_owned(), piece[at + 1].word().unwrap_or_default().to_owned()]);
                    at += 1;
                }
                // `fed at`, `admitted on`.
                "at" | "on" | "by" if at > 0 && at + 1 == piece.len() && !ended => {
                    item.words.push(word.clone())
                }
                "first" | "last" | "middle"
                    if !ended
                        && piece.get(at + 1).is_some_and(|next| next.is("name") || next.is("names")) =>
                {
                    item.words.push(word.clone());
                }
                // `next test date`, `first seen`, `last service date`.
                "first" | "next" | "last"
                    if !ended
                        && item.words.is_empty()
                        && piece.get(at + 1).and_then(Token::word).is_some_and(|next| !is_glue(next)) =>
                {
                    item.words.push(word.clone());
                }
                // `six minute walk distance`: a number that belongs to a name.
                word if number_word(word).is_some()
                    && item.words.is_empty()
                    && at + 2 < piece.len()
                    && piece[at + 1].word().is_some_and(|unit| {
                        matches!(unit, "minute" | "hour" | "meter" | "metre" | "point" | "item")
                    }) =>
                {
                    item.words.push(word.to_owned());
                }
                word if is_glue(word) || number_word(word).is_some() => ended |= !item.words.is_empty(),
                word if ended => item.rest.push(word.to_owned()),
                word => item.words.push(word.to_owned()),
            },
            _ => {}
        }
        at += 1;
    }
    // `length cm`, `rate ml/h`: the unit is no part of the name.
    if item.words.len() > 1
        && item.unit.is_none()
        && item.words.last().is_some_and(|word| is_unit(word))
        && !counts_time(&item.words)
        && !item.words[item.words.len() - 2].chars().all(|c| c.is_ascii_digit())
        && catalogue().field(&item.key()).is_none()
    {
        item.unit = item.words.pop();
    }
    item
}

/// When or at what a value is taken: `at rest`, `with activity`, `on arrival`.
pub(crate) fn is_moment(word: &str) -> bool {
    matches!(
        word,
        "rest"
            | "activity"
            | "exercise"
            | "exertion"
            | "movement"
            | "night"
            | "birth"
            | "baseline"
            | "arrival"
            | "departure"
            | "admission"
            | "discharge"
            | "onset"
            | "presentation"
            | "peak"
            | "bedtime"
            | "delivery"
            | "pressure"
            | "hand"
            | "effort"
    )
}

/// Whether nothing but a unit, a scale or a parenthesis follows.
fn ends_item(piece: &[Token], at: usize) -> bool {
    match piece.get(at) {
        None => true,
        Some(Token::Word(word)) => word == "in",
        Some(_) => true,
    }
}

/// The index of the parenthesis that closes the one at `open`, or the end.
pub(crate) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Open => depth += 1,
            Token::Close => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentences::tokens;

    #[test]
    fn lists_keep_their_parentheses_ranges_and_states() {
        let read = items(&tokens(
            "patient, vitals (bp, pulse), pain from 0 to 10, diagnosis codes, status open -> signed -> locked",
        ));
        let phrases: Vec<_> = read.iter().map(Item::phrase).collect();
        assert_eq!(phrases, ["patient", "vitals", "pain", "diagnosis codes", "status"]);
        assert_eq!(read[1].paren.len(), 3);
        assert_eq!(read[2].range, Some(("0".into(), "10".into())));
        assert_eq!(read[4].states, ["open", "signed", "locked"]);
    }

    #[test]
    fn systolic_slash_diastolic_are_two() {
        let read = items(&tokens("systolic/diastolic/pulse"));
        assert_eq!(read.iter().map(Item::phrase).collect::<Vec<_>>(), ["systolic", "diastolic", "pulse"]);
    }
}
