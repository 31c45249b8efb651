//! `systolic is over 180 or diastolic is over 110`, `pain is 8 or more`, `when a note is signed`.
//!
//! What is compared over time (`gains 2 kg in 3 days`, `twice in a row`, `on average`) is no threshold, and is not read as
//! one: an alert that waits for something else than was said is worse than none.

use crate::catalogue::catalogue;
use crate::sentences::{Sentence, Token};
use crate::words::{is_be, key, key_of, number_word};
use crate::world::World;

/// What must hold of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// The record or form.
    pub(crate) of: String,
    pub(crate) tests: Vec<Test>,
    /// Whether one of them is enough.
    pub(crate) any: bool,
}

/// One field and what it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) field: String,
    /// `>`, `>=`, `<`, `<=`, `==`; empty where the field itself says yes.
    pub(crate) sign: &'static str,
    pub(crate) value: String,
}

impl Condition {
    pub(crate) fn fields(&self) -> Vec<String> {
        self.tests.iter().map(|test| test.field.clone()).collect()
    }

    /// The state that it waits for.
    pub(crate) fn state(&self) -> Option<&str> {
        self.tests.iter().find(|test| test.field == "status").map(|test| test.value.as_str())
    }
}

/// Words by which a number is no threshold of one value.
const OVER_TIME: &[&str] = &[
    "gain",
    "gains",
    "gained",
    "lose",
    "loses",
    "lost",
    "rises",
    "rise",
    "increases",
    "increase",
    "increased",
    "change",
    "changes",
    "row",
    "consecutive",
    "average",
    "twice",
    "trend",
    "trends",
    "baseline",
    "drop",
    "jumps",
    "worsens",
    "combined",
    "total",
    "sum",
];

/// Whether a sentence speaks of how a value moves.
pub(super) fn over_time(tokens: &[Token]) -> bool {
    let words: Vec<&str> = tokens.iter().filter_map(Token::word).collect();
    words.iter().any(|word| OVER_TIME.contains(word))
        || words.windows(2).any(|pair| {
            matches!(
                pair,
                ["by", "more" | "over"]
                    | ["up" | "down", "by" | "more" | "over"]
                    | ["goes" | "went" | "go", "up" | "down"]
            )
        })
}

/// The thresholds of a sentence, one condition for each record that they are of.
pub(super) fn thresholds(sentence: &Sentence, world: &World) -> Vec<Condition> {
    let tokens = &sentence.tokens;
    if over_time(tokens) {
        return Vec::new();
    }
    let mut out: Vec<Condition> = Vec::new();
    let mut last = None;
    let mut said: Option<(String, Test)> = None;
    let mut at = 0;
    while at < tokens.len() {
        let Some(compared) = compared(sentence, at) else {
            at += 1;
            continue;
        };
        let mut tests = tests(sentence, &compared, world);
        // `below 54 or above 300`: the same value on its other side.
        let again = last.is_some_and(|last: usize| {
            last < compared.at && tokens[last..compared.at].iter().all(|token| token.is("or"))
        });
        if let (true, true, Some((of, known)), [value]) =
            (tests.is_empty(), again, said.clone(), compared.numbers.as_slice())
        {
            tests.push((of, Test { sign: compared.sign, value: value.clone(), ..known }));
        }
        said = tests.last().cloned();
        for (of, test) in tests {
            let both =
                last.is_some_and(|last: usize| tokens[last..compared.at].iter().any(|token| token.is("and")));
            match out.iter_mut().find(|known| known.of == of) {
                Some(known) => {
                    known.any |= !both;
                    if !known.tests.contains(&test) {
                        known.tests.push(test);
                    }
                }
                None => out.push(Condition { of, tests: vec![test], any: false }),
            }
        }
        last = Some(compared.end);
        at = compared.end;
    }
    out
}

/// A comparison: where its words begin, where they end, and with what.
struct Compared {
    at: usize,
    end: usize,
    sign: &'static str,
    numbers: Vec<String>,
}

fn compared(sentence: &Sentence, at: usize) -> Option<Compared> {
    let tokens = &sentence.tokens;
    let (mut sign, number_at) = compares(tokens, at)?;
    let (first, mut end) = number(tokens, number_at)?;
    let mut numbers = vec![first];
    if tokens.get(end) == Some(&Token::Slash)
        && let Some((second, after)) = number(tokens, end + 1)
    {
        numbers.push(second);
        end = after;
    }
    // `8 or more`, `8 mm and above`; in `under 45 or over 130` another comparison begins.
    let tail = (end..end + 2).find_map(|at| {
        let pair = (tokens.get(at)?.word()?, tokens.get(at + 1)?.word()?);
        let begins = matches!(tokens.get(at + 2), Some(Token::Number(_)))
            || tokens.get(at + 2).is_some_and(|token| token.is("than"));
        match pair {
            _ if begins => None,
            ("or" | "and", "more" | "higher" | "above" | "over" | "greater" | "up") => Some(">="),
            ("or" | "and", "less" | "lower" | "below" | "under" | "fewer") => Some("<="),
            _ => None,
        }
    });
    match (sign, tail) {
        (_, Some(tail)) => sign = tail,
        // `pain is 8` says no direction.
        ("", None) => return None,
        (_, None) => {}
    }
    let equal = ["≥", ">=", "=>", "≤", "<=", "=<"].iter().any(|equal| {
        sentence.text.match_indices(equal).any(|(place, _)| {
            sentence.text[place + equal.len()..].trim_start().starts_with(numbers[0].as_str())
        })
    });
    sign = match (sign, equal) {
        (">", true) => ">=",
        ("<", true) => "<=",
        (sign, _) => sign,
    };
    Some(Compared { at, end, sign, numbers })
}

/// The words of a comparison at `at`, and where its number stands; no sign where the number alone may have one.
fn compares(tokens: &[Token], at: usize) -> Option<(&'static str, usize)> {
    let next = |offset: usize, words: &[&str]| {
        tokens.get(at + offset).and_then(Token::word).is_some_and(|word| words.contains(&word))
    };
    match &tokens[at] {
        Token::Above => Some((">", at + 1)),
        Token::Below => Some(("<", at + 1)),
        Token::Word(word) => match word.as_str() {
            "over" | "above" | "exceeds" | "exceeding" | "exceed" | "beyond" | "past" => {
                Some((">", at + 1 + usize::from(next(1, &["of"]))))
            }
            "under" | "below" | "beneath" => Some(("<", at + 1 + usize::from(next(1, &["of"])))),
            "higher" | "greater" | "more" | "larger" | "bigger" | "older" if next(1, &["than", "of"]) => {
                Some((">", at + 2))
            }
            "lower" | "less" | "fewer" | "smaller" | "younger" if next(1, &["than", "of"]) => {
                Some(("<", at + 2))
            }
            "at" if next(1, &["least"]) => Some((">=", at + 2)),
            "at" if next(1, &["most"]) => Some(("<=", at + 2)),
            "reaches" | "reach" | "hits" | "hit" => Some((">=", at + 1)),
            "is" | "are" | "was" | "to" => Some(("", at + 1 + usize::from(next(1, &["of"])))),
            _ => None,
        },
        _ => None,
    }
}

/// A number, and where it ends.
fn number(tokens: &[Token], at: usize) -> Option<(String, usize)> {
    match tokens.get(at)? {
        Token::Number(number) if number.parse::<f64>().is_ok() => Some((number.clone(), at + 1)),
        Token::Word(word) => number_word(word).map(|number| (number.to_string(), at + 1)),
        _ => None,
    }
}

fn tests(sentence: &Sentence, compared: &Compared, world: &World) -> Vec<(String, Test)> {
    if let [systolic, diastolic] = compared.numbers.as_slice() {
        let holder = records(world).find(|(_, fields)| {
            ["systolic", "diastolic"].iter().all(|name| fields.iter().any(|(field, _)| field == name))
        });
        let Some((of, _)) = holder else { return Vec::new() };
        return [("systolic", systolic), ("diastolic", diastolic)]
            .map(|(field, value)| {
                (of.clone(), Test { field: field.into(), sign: compared.sign, value: value.clone() })
            })
            .into();
    }
    let Some((of, field, written)) = field_before(&sentence.tokens, compared.at, world) else {
        return Vec::new();
    };
    let value = compared.numbers[0].clone();
    if !fits(&value, &written) || other_unit(sentence.tokens.get(compared.end), &written) {
        return Vec::new();
    }
    vec![(of, Test { field, sign: compared.sign, value })]
}

/// Records and forms with their fields.
pub(super) fn records(world: &World) -> impl Iterator<Item = (String, Vec<(String, String)>)> {
    let listed = |fields: &indexmap::IndexMap<String, String>| {
        fields.iter().map(|(name, written)| (name.clone(), written.clone())).collect::<Vec<_>>()
    };
    let entities = world.entities.iter().map(move |(name, entity)| (name.clone(), listed(&entity.fields)));
    entities.chain(world.forms.iter().map(move |(name, form)| (name.clone(), listed(&form.fields))))
}

fn counts(written: &str) -> bool {
    written.contains("integer") || written.contains("decimal")
}

/// The value before a comparison: by its name, by what it is called, by the one name that begins or ends so, by its record.
fn field_before(tokens: &[Token], at: usize, world: &World) -> Option<(String, String, String)> {
    let candidates: Vec<(usize, Vec<&str>)> = (0..5)
        .flat_map(|gap| [4, 3, 2, 1].map(|width| (gap, width)))
        .filter_map(|(gap, width)| {
            let end = at.checked_sub(gap)?;
            let start = end.checked_sub(width)?;
            let words: Option<Vec<&str>> = tokens[start..end]
                .iter()
                .map(|token| match token {
                    Token::Word(word) | Token::Number(word) => Some(word.as_str()),
                    _ => None,
                })
                .collect();
            words.map(|words| (gap, words))
        })
        .collect();
    let of = |wanted: &dyn Fn(&str) -> bool| -> Vec<(String, String, String)> {
        records(world)
            .flat_map(|(of, fields)| {
                fields.into_iter().map(move |(name, written)| (of.clone(), name, written))
            })
            .filter(|(_, name, written)| counts(written) && wanted(name))
            .collect()
    };
    if let Some(found) = candidates.iter().find_map(|(_, words)| item_of_a_form(&key(words), world)) {
        return Some(found);
    }
    for (_, words) in &candidates {
        let said = key(words);
        let called = catalogue().field(&said).map(|(field, name)| (name.to_owned(), field.name.clone()));
        // `item 9` of a form is its ninth question.
        let asked = said.strip_prefix("item ").map(|number| format!("question {number}"));
        let mut found = of(&|name| {
            key_of(name) == said
                || called.as_ref().is_some_and(|(one, other)| one == name || other == name)
                || asked.as_deref() == Some(name)
        });
        if !found.is_empty() {
            return Some(found.swap_remove(0));
        }
    }
    for (_, words) in &candidates {
        let said = key(words);
        if said.len() < 4 || words.iter().any(|word| is_be(word) || crate::words::is_glue(word)) {
            continue;
        }
        let found = of(&|name| {
            let name = key_of(name);
            name.starts_with(&format!("{said} ")) || name.ends_with(&format!(" {said}"))
        });
        if let [one] = found.as_slice() {
            return Some(one.clone());
        }
        // `readings over 250`: the one number that the record keeps.
        if let Some(record) = world.entity_named(&said) {
            let numbers: Vec<_> = of(&|_| true).into_iter().filter(|(of, ..)| *of == record).collect();
            if let [one] = numbers.as_slice() {
                return Some(one.clone());
            }
            return None;
        }
    }
    None
}

/// `item 9`, `question 9` of the one form whose questions are added up.
fn item_of_a_form(said: &str, world: &World) -> Option<(String, String, String)> {
    let number =
        said.strip_prefix("item ").or_else(|| said.strip_prefix("question "))?.parse::<usize>().ok()?;
    let mut scored = world.forms.iter().filter(|(_, form)| form.scored && form.fields.len() >= number);
    let (name, form) = scored.next().filter(|_| number > 0)?;
    let (field, written) = form.fields.get_index(number - 1)?;
    scored.next().is_none().then(|| (name.clone(), field.clone(), written.clone()))
}

/// Whether a number can stand in a field: a whole one in an integer, inside its range.
fn fits(value: &str, written: &str) -> bool {
    let Ok(number) = value.parse::<f64>() else { return false };
    let whole = !written.contains("integer") || number.fract() == 0.0;
    let range = written.split([' ', ',']).find_map(|word| word.split_once(".."));
    let inside = range.is_none_or(|(least, most)| {
        least.parse::<f64>().is_ok_and(|least| number >= least)
            && most.parse::<f64>().is_ok_and(|most| number <= most)
    });
    whole && inside
}

/// Whether the unit that was said is another than the field's.
fn other_unit(token: Option<&Token>, written: &str) -> bool {
    const UNITS: &[(&str, &str)] = &[
        ("kg", "kg"),
        ("kilos", "kg"),
        ("lb", "lb"),
        ("lbs", "lb"),
        ("pounds", "lb"),
        ("g", "g"),
        ("grams", "g"),
        ("mm", "mm"),
        ("cm", "cm"),
        ("mg", "mg"),
        ("ml", "ml"),
        ("mmhg", "mmhg"),
        ("mmol", "mmol/l"),
        ("celsius", "°c"),
        ("c", "°c"),
        ("f", "°f"),
        ("fahrenheit", "°f"),
    ];
    let Some(word) = token.and_then(Token::word) else { return false };
    let Some((_, unit)) = UNITS.iter().find(|(known, _)| *known == word) else { return false };
    let written = written.to_lowercase();
    let own = written.split([' ', ',']).find(|word| UNITS.iter().any(|(_, unit)| unit == word));
    own.is_some_and(|own| own != *unit && !own.starts_with(&format!("{unit}/")))
}

/// The texts of records that a sentence compares with numbers: they are numbers.
pub(super) fn compared_texts(sentence: &Sentence, world: &World) -> Vec<(String, String)> {
    let tokens = &sentence.tokens;
    let mut out = Vec::new();
    for at in 0..tokens.len() {
        let Some(compared) = compared(sentence, at) else { continue };
        if field_before(tokens, compared.at, world).is_some() {
            continue;
        }
        let named = (0..3).flat_map(|gap| [3, 2, 1].map(|width| (gap, width))).find_map(|(gap, width)| {
            let end = at.checked_sub(gap)?;
            let words: Option<Vec<&str>> =
                tokens.get(end.checked_sub(width)?..end)?.iter().map(Token::word).collect();
            let said = key(&words?);
            world.entities.iter().find_map(|(of, entity)| {
                let text = |written: &String| written.starts_with("clinical text");
                let (name, _) =
                    entity.fields.iter().find(|(name, written)| key_of(name) == said && text(written))?;
                Some((of.clone(), name.clone()))
            })
        });
        out.extend(named);
    }
    out
}
