//! A prompt's text as sentences of tokens, in one pass.
//!
//! Lines that were wrapped are joined; a bullet is a sentence of its own; a line that ends in a colon
//! becomes the head of the bullets below it. Full stops split outside parentheses and quotes, as do
//! semicolons and dashes between blanks.

mod actively;
mod fragments;
mod paragraphs;
mod tokens;

use actively::actively;
pub(crate) use paragraphs::bullet;
use paragraphs::paragraphs;
pub(crate) use tokens::tokens;

/// One sentence of the prompt, or one bullet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sentence {
    /// As it was written.
    pub(crate) text: String,
    /// What stands before the colon of `Patients: name, phone`, in lower case.
    pub(crate) head: Option<String>,
    /// What follows the head.
    pub(crate) tokens: Vec<Token>,
    /// The head of the list that this bullet stands in.
    pub(crate) under: Option<String>,
}

impl Sentence {
    /// Its words between single blanks, the head first: what phrases are looked for in.
    pub(crate) fn plain(&self) -> String {
        let head = self.head.iter().flat_map(|head| head.split(' '));
        let words = head.chain(self.tokens.iter().filter_map(|token| match token {
            Token::Word(word) | Token::Number(word) => Some(word.as_str()),
            _ => None,
        }));
        let mut out = String::from(" ");
        for word in words {
            out.push_str(word);
            out.push(' ');
        }
        out
    }
}

/// One sign or word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A word in lower case; hyphens part words.
    Word(String),
    /// A number as written.
    Number(String),
    /// `0-10`, `0..10`.
    Range(String, String),
    /// What stood between quotation marks, with its capitals.
    Quote(String),
    /// `->`, `→`, `=>`.
    Arrow,
    /// `,`.
    Comma,
    /// `;` inside parentheses.
    Semicolon,
    /// `/` between words or numbers.
    Slash,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `:`.
    Colon,
    /// `'s`.
    Possessive,
    /// `>`.
    Above,
    /// `<`.
    Below,
}

impl Token {
    /// The word, if it is one.
    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether it is this word.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.word() == Some(word)
    }
}

/// Splits a prompt. Linear in its length.
pub(crate) fn split(prompt: &str) -> Vec<Sentence> {
    let mut out = Vec::new();
    let mut heading: Option<String> = None;
    for (text, bullet) in paragraphs(&crate::layout::plainly(prompt)) {
        let text = dashed_lists(&text);
        let trimmed = text.trim();
        if !bullet {
            heading = None;
        }
        if let Some(head) = trimmed.strip_suffix(':')
            && head.split_whitespace().count() <= 8
            && !head.contains(". ")
        {
            heading = Some(plain_head(head));
            continue;
        }
        let mut led: Option<String> = None;
        for piece in pieces(&told_apart(trimmed)) {
            let spoken = actively(&piece);
            let (head, rest) = head_of(spoken.as_deref().unwrap_or(&piece));
            // `Front desk: scheduling; no access to notes`: of the front desk, too.
            let goes_on = head.is_none()
                && ([
                    "no ", "not ", "never ", "can ", "cannot ", "can't ", "only ", "may ", "must ", "solo ",
                    "sólo ", "nunca ", "puede ",
                ]
                .iter()
                .any(|begin| rest.to_lowercase().starts_with(begin))
                    || led.as_deref().is_some_and(|led| of_the_same(led, rest)));
            let head = head.map(str::to_owned).or_else(|| led.clone().filter(|_| goes_on));
            led = led.or_else(|| head.clone());
            out.push(Sentence {
                tokens: tokens(rest),
                head: head.as_deref().map(plain_head),
                text: piece.clone(),
                under: heading.clone().filter(|_| bullet),
            });
        }
    }
    fragments::joined(out)
}

/// `Office manager: appointments; diagnosis codes, nothing else clinical`: what goes on in small letters and names
/// nobody is of whom the head names.
fn of_the_same(led: &str, rest: &str) -> bool {
    let known = |said: &str| crate::catalogue::catalogue().role(&crate::words::key_of(said)).is_some();
    let words: Vec<String> =
        rest.split_whitespace().take(4).map(|word| plain_head(word.trim_matches(','))).collect();
    let person = (0..words.len()).any(|at| {
        known(&words[at]) || words.get(at + 1).is_some_and(|next| known(&format!("{} {next}", words[at])))
    });
    rest.starts_with(char::is_lowercase) && known(&led.to_lowercase()) && !person
}

/// `a pumping log - time, ml left, ml right - and …`: a list between dashes is one in parentheses.
fn dashed_lists(text: &str) -> String {
    let dash = |text: &str| {
        [" - ", " – ", " — "].iter().filter_map(|sign| Some((text.find(sign)?, sign.len()))).min()
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, width)) = dash(rest) {
        let (before, after) = (&rest[..at], &rest[at + width..]);
        let end = dash(after).map_or(after.len(), |(end, _)| end);
        let stop = after[..end].find(". ").unwrap_or(end);
        let stop = after[..stop].trim_end_matches('.').len();
        let list = &after[..stop];
        // `growth, redness, how many hours it was worn`: what is asked is a value, whatever it says.
        let stated: String = list
            .split(", ")
            .filter(|piece| !crate::words::asks(piece.split(' ').next().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(", ");
        let said = tokens(list);
        let told = tokens(&stated);
        let plain = said.iter().filter(|token| **token == Token::Comma).count() >= 2
            && !list.contains(['(', ':', ';'])
            && told.iter().all(|token| {
                token.word().is_none_or(|word| {
                    !crate::words::restricts(word)
                        && !crate::words::is_modal(word)
                        && !crate::words::is_be(word)
                        && word != "no"
                        && word != "nobody"
                })
            });
        if plain {
            out.push_str(before);
            out.push_str(" (");
            out.push_str(list);
            out.push(')');
            rest = &after[stop..];
            if let Some((0, width)) = dash(rest) {
                out.push(' ');
                rest = &rest[width..];
            }
        } else {
            out.push_str(&rest[..at + width]);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn plain_head(head: &str) -> String {
    head.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase().replace(['-', '_', '*'], " ")
}

const ABBREVIATIONS: &[&str] = &["e.g", "i.e", "dr", "mr", "mrs", "ms", "vs", "approx", "incl", "st", "no"];

/// `signs each note, after which nobody can change it`: what holds from then on is a sentence of its own.
fn told_apart(text: &str) -> String {
    const FROM_THEN_ON: [&str; 7] = [
        ", after which time ",
        ", after which ",
        ", at which point ",
        ", whereupon ",
        ", upon which ",
        ", and after that ",
        ", and from then on ",
    ];
    FROM_THEN_ON.iter().fold(text.to_owned(), |text, words| text.replace(words, "; after that "))
}

/// Splits at full stops, question marks, semicolons and spaced dashes, outside parentheses and quotes.
fn pieces(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut current = String::new();
    let (mut depth, mut quoted) = (0_usize, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let ends_word = next.is_none_or(char::is_whitespace);
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '"' => quoted = !quoted,
            '“' => quoted = true,
            '”' => quoted = false,
            _ => {}
        }
        let outside = depth == 0 && !quoted;
        let stop = match c {
            '.' => ends_word && outside && !abbreviated(&current),
            // `more cough? more sputum?`: questions in a row.
            '?' if chars.clone().find(|c| !c.is_whitespace()).is_some_and(char::is_lowercase) && outside => {
                current.push(',');
                continue;
            }
            '!' | '?' => ends_word && outside,
            ';' => outside,
            // `opticians sell frames: an order has a frame and a price`: what follows describes a record.
            ':' => ends_word && outside && describes_on(chars.clone()),
            '—' => outside,
            '-' | '–' => outside && ends_word && current.ends_with(' ') && next.is_some(),
            _ => false,
        };
        // `… and status - never vitals`: what is cut off only narrows what stands before.
        if stop && c != '.' && c != '!' && c != '?' && narrows_on(chars.clone()) {
            current.push(',');
        } else if stop && c == ';' && acts_on(chars.clone()) {
            current.push_str(" and");
        } else if stop {
            push(&mut out, &mut current);
        } else {
            current.push(c);
        }
    }
    push(&mut out, &mut current);
    out
}

/// Whether what follows goes on with a restriction that has no subject of its own.
fn narrows_on(rest: impl Iterator<Item = char>) -> bool {
    let word: String = rest
        .skip_while(|c| c.is_whitespace())
        .take_while(|c| c.is_alphabetic())
        .take(12)
        .collect::<String>()
        .to_lowercase();
    matches!(word.as_str(), "never" | "not" | "nor" | "nothing" | "but" | "except")
}

/// Whether what follows says what some record has: `an order has a frame, a price`.
fn describes_on(rest: impl Iterator<Item = char>) -> bool {
    let words: Vec<String> =
        rest.take(60).collect::<String>().split_whitespace().take(5).map(str::to_lowercase).collect();
    let determined = words.first().is_some_and(|word| matches!(word.as_str(), "a" | "an" | "each" | "every"));
    determined
        && words[1..]
            .iter()
            .position(|word| matches!(word.as_str(), "has" | "contains" | "includes"))
            .is_some_and(|at| (1..=3).contains(&at))
}

/// Whether what follows goes on with a verb that has no subject of its own: `; sees only their own stops`.
fn acts_on(rest: impl Iterator<Item = char>) -> bool {
    let word: String =
        rest.skip_while(|c| c.is_whitespace()).take_while(|c| c.is_alphabetic()).take(14).collect();
    matches!(
        word.as_str(),
        "sees"
            | "reads"
            | "gets"
            | "views"
            | "writes"
            | "enters"
            | "logs"
            | "approves"
            | "signs"
            | "reviews"
            | "manages"
            | "creates"
            | "edits"
            | "updates"
    )
}

fn abbreviated(before: &str) -> bool {
    let last = before.rsplit([' ', '(']).next().unwrap_or_default().to_lowercase();
    ABBREVIATIONS.contains(&last.as_str()) && last != "no"
}

fn push(out: &mut Vec<String>, current: &mut String) {
    let piece = current.trim();
    if piece.chars().any(char::is_alphanumeric) {
        out.push(piece.to_owned());
    }
    current.clear();
}

/// `Patients: name, phone` → the head and the rest; a head has at most five words and no comma.
fn head_of(text: &str) -> (Option<&str>, &str) {
    // `Team = physiatrist, nurse` names its members as a colon does.
    if let Some((head, rest)) = text.split_once(": ").or_else(|| text.split_once(" = "))
        && head.split_whitespace().count() <= 5
        && !head.contains([',', '(', '"'])
        && rest.chars().any(char::is_alphanumeric)
    {
        return (Some(head), rest);
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_lines_bullets_and_heads_become_sentences() {
        let prompt = "An app for a clinic. Patients\nlog in.\n\n- Notes: draft -> signed;\n  nobody edits\n- Users\nRoles:\n- nurse\n- doctor";
        let read: Vec<_> = split(prompt).into_iter().map(|s| (s.text, s.head, s.under)).collect();
        let expect = |text: &str, head: Option<&str>, under: Option<&str>| {
            (text.to_owned(), head.map(str::to_owned), under.map(str::to_owned))
        };
        assert_eq!(
            read,
            vec![
                expect("An app for a clinic", None, None),
                expect("Patients log in", None, None),
                expect("Notes: draft -> signed", Some("notes"), None),
                expect("nobody edits", None, None),
                expect("Users", None, None),
                expect("nurse", None, Some("roles")),
                expect("doctor", None, Some("roles")),
            ]
        );
    }

    #[test]
    fn contractions_ranges_and_pressures_are_tokens() {
        use Token::{Number, Possessive, Range, Slash, Word};
        let w = |word: &str| Word(word.into());
        assert_eq!(
            tokens("can't see the nurse's 160/100, 0-10"),
            vec![
                w("can"),
                w("not"),
                w("see"),
                w("the"),
                w("nurse"),
                Possessive,
                Number("160".into()),
                Slash,
                Number("100".into()),
                Token::Comma,
                Range("0".into(), "10".into())
            ]
        );
    }
}
