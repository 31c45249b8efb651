//! Lists of nouns: `name, DOB, vitals (bp, pulse), status open -> signed -> locked`.

use crate::{
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
    let mut out = Vec::new();
    for piece in separate(tokens) {
        let item = read(piece);
        if !item.words.is_empty() || !item.states.is_empty() {
            out.push(item);
        }
    }
    out
}

/// The pieces between separators at the outer level; `with` binds what follows to its item.
pub(crate) fn separate(tokens: &[Token]) -> Vec<&[Token]> {
    let mut out = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        let separates = match token {
            Token::Comma => true,
            Token::Slash => !numbers_around(tokens, at),
            Token::Word(word) => matches!(word.as_str(), "and" | "or" | "plus"),
            _ => false,
        };
        if depth == 0 && separates {
            out.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    out.push(&tokens[start..]);
    out.retain(|piece| !piece.is_empty());
    out
}

fn numbers_around(tokens: &[Token], at: usize) -> bool {
    at > 0 && matches!((&tokens[at - 1], tokens.get(at + 1)), (Token::Number(_), Some(Token::Number(_))))
}

fn read(piece: &[Token]) -> Item {
    let mut item = Item::default();
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
            Token::Arrow => at = read_states(piece, at, &mut item),
            Token::Range(from, to) => item.range = Some((from.clone(), to.clone())),
            Token::Number(_) => at = read_scale(piece, at, &mut item),
            Token::Word(word) => match word.as_str() {
                "with" | "containing" | "including" if !item.words.is_empty() => {
                    item.with = piece[at + 1..].to_vec();
                    return item;
                }
                "in" if piece.len() == at + 2 => {
                    item.unit = piece[at + 1].word().map(str::to_owned);
                    at += 1;
                }
                // `date of birth`, `number of falls`.
                "of" if !ended
                    && !item.words.is_empty()
                    && piece
                        .get(at + 1)
                        .and_then(Token::word)
                        .is_some_and(|next| next != "the" && !is_glue(next)) =>
                {
                    item.words.push("of".into());
                }
                // `fed at`, `admitted on`.
                "at" | "on" if at > 0 && at + 1 == piece.len() && !ended => item.words.push(word.clone()),
                word if is_glue(word) || number_word(word).is_some() => ended |= !item.words.is_empty(),
                word if ended => item.rest.push(word.to_owned()),
                word => item.words.push(word.to_owned()),
            },
            _ => {}
        }
        at += 1;
    }
    item
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

/// Reads the states around the arrow at `at`; the first is the last word before it, unless all before
/// it are the state.
fn read_states(piece: &[Token], at: usize, item: &mut Item) -> usize {
    let named = item.words.iter().position(|word| matches!(word.as_str(), "status" | "state" | "stage"));
    let first = match named {
        Some(at) => item.words.split_off(at + 1).join(" "),
        None if item.words.len() > 1 => item.words.pop().unwrap_or_default(),
        None => std::mem::take(&mut item.words).join(" "),
    };
    item.states.push(first);
    let mut current = String::new();
    let mut index = at + 1;
    while index < piece.len() {
        match &piece[index] {
            Token::Arrow => item.states.push(std::mem::take(&mut current)),
            Token::Word(word) => {
                if !current.is_empty() {
                    current.push(' ');
                }
                current.push_str(word);
            }
            _ => break,
        }
        index += 1;
    }
    item.states.push(current);
    item.states.retain(|state| !state.is_empty());
    index - 1
}

/// `from 0 to 10`, `0 to 10`, `out of 5`, `scale of 10`.
fn read_scale(piece: &[Token], at: usize, item: &mut Item) -> usize {
    let Some(Token::Number(number)) = piece.get(at) else { return at };
    if piece.get(at + 1).is_some_and(|token| token.is("to"))
        && let Some(Token::Number(last)) = piece.get(at + 2)
    {
        item.range = Some((number.clone(), last.clone()));
        return at + 2;
    }
    if at > 0 && piece[at - 1].is("of") {
        item.range = Some(("0".into(), number.clone()));
    } else if !item.words.is_empty() && item.words.last().is_some_and(|word| word == "icd") {
        item.words.push(number.clone());
    }
    at
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
