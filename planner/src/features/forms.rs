//! Questionnaires with their questions.

use crate::catalogue::{EntityKind, catalogue};
use crate::entities::define;
use crate::fields::{Read, proper_name, read};
use crate::nouns::items;
use crate::sentences::{Sentence, Token};
use crate::words::{Verb, singular};
use crate::world::{Form, Parsed, World};

/// Whether the sentence describes a questionnaire with its questions.
pub(crate) fn is_form_sentence(sentence: &Sentence) -> bool {
    let Some(at) = form_word(&sentence.tokens) else {
        return sentence.head.as_deref().is_some_and(|head| {
            head.split(' ').any(|word| matches!(word, "questionnaire" | "form" | "survey"))
                && items(&sentence.tokens).len() > 1
        });
    };
    sentence.tokens.get(at + 1) == Some(&Token::Open)
        || sentence.tokens.get(at + 1).is_some_and(|token| {
            ["with", "asking", "about", "covering"].iter().any(|word| token.is(word))
                    // `a questionnaire on chest pain, breathlessness and mood`.
                    || token.is("on") && items(&sentence.tokens[at + 2..]).len() > 2
        })
}

fn form_word(tokens: &[Token]) -> Option<usize> {
    let named = tokens.iter().position(|token| token.word().is_some_and(is_form_word));
    named.or_else(|| counted(tokens))
}

fn is_form_word(word: &str) -> bool {
    matches!(word, "questionnaire" | "form" | "survey" | "quiz" | "questionnaires" | "forms" | "surveys")
}

/// `the Edinburgh scale (10 items, 0-3)`: what has questions in its parentheses is asked.
fn counted(tokens: &[Token]) -> Option<usize> {
    let opens = (1..tokens.len()).filter(|open| tokens[*open] == Token::Open);
    opens.into_iter().find_map(|open| {
        let inner = tokens.get(open + 1..crate::nouns::closing(tokens, open))?;
        let questions = inner.windows(2).any(|pair| {
            matches!(pair[0], Token::Number(_))
                && pair[1].word().is_some_and(|word| matches!(word, "questions" | "items"))
        });
        // `PHQ-9 (9 items, 0-3)` ends in a number.
        let named = matches!(tokens[open - 1], Token::Word(_))
            || matches!(tokens[open - 1], Token::Number(_)) && open > 1 && tokens[open - 2].word().is_some();
        (questions && named).then(|| open - 1)
    })
}

/// Finds the forms, with their questions.
pub(crate) fn forms(parsed: &[Parsed], world: &mut World) {
    let intake = parsed.iter().any(|one| one.sentence.text.to_lowercase().contains("intake"));
    for Parsed { sentence, clauses } in parsed {
        if !is_form_sentence(sentence) {
            continue;
        }
        let at = form_word(&sentence.tokens);
        let before =
            at.and_then(|at| at.checked_sub(1)).and_then(|at| sentence.tokens[at].word().map(str::to_owned));
        // `a weekly 3 question survey`: by the word itself.
        let survey = at.is_some_and(|at| sentence.tokens[at].is("survey"))
            && before.as_deref().is_some_and(|word| word.starts_with("question") || word.starts_with("item"));
        let before = before.filter(|_| !survey);
        let quiz = at.is_some_and(|at| sentence.tokens[at].is("quiz"));
        let scale = at
            .and_then(|at| match &sentence.tokens[at] {
                Token::Word(word) | Token::Number(word) => Some(word.as_str()),
                _ => None,
            })
            .filter(|word| !is_form_word(word));
        let scale = scale.map(|word| match before.as_deref() {
            Some(before) if !crate::words::is_glue(before) && crate::words::verb(before).is_none() => {
                format!("{before} {word}")
            }
            _ => word.to_owned(),
        });
        let name = match before.as_deref() {
            _ if scale.is_some() => scale.clone().unwrap_or_default(),
            Some(word)
                if !crate::words::is_glue(word)
                    && !crate::words::is_modifier(word)
                    && crate::words::verb(word).is_none_or(|_| word == "intake") =>
            {
                singular(word)
            }
            _ if survey => "survey".into(),
            _ if intake => "intake".into(),
            _ => "questionnaire".into(),
        };
        let name = if scale.is_some()
            || matches!(name.as_str(), "intake" | "survey")
            || name.contains("questionnaire")
        {
            name
        } else if quiz {
            format!("{name} quiz")
        } else {
            format!("{name} form")
        };
        let Some(name) = proper_name(&name) else { continue };
        let asked = match at {
            Some(at) if sentence.tokens.get(at + 1) == Some(&Token::Open) => {
                sentence.tokens[at + 2..crate::nouns::closing(&sentence.tokens, at + 1)].to_vec()
            }
            Some(at) => sentence.tokens[at + 2..].to_vec(),
            None => sentence.tokens.clone(),
        };
        let mut form = Form::default();
        for item in items(&asked) {
            let prose = item.words.iter().any(|word| {
                word.starts_with("question")
                    || word == "items"
                    || crate::words::verb(word).is_some() && catalogue().field(&item.key()).is_none()
            });
            if prose {
                continue;
            }
            form.signature |= item.key().contains("signature");
            if let Read::Fields(fields) = read(&item, None, EntityKind::Clinical) {
                for field in fields {
                    form.fields.entry(field.name).or_insert(field.written);
                }
            }
        }
        numbered(&sentence.tokens, &mut form);
        if form.fields.is_empty() {
            continue;
        }
        for clause in clauses {
            if clause.does(Verb::Create) || clause.does(Verb::Update) {
                form.filled_by.extend(clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase)));
            }
        }
        if form.filled_by.is_empty() {
            form.filled_by = fillers(parsed, world);
        }
        if world.subject().is_none() {
            let name = world
                .roles
                .iter()
                .find(|(_, role)| role.kind == crate::catalogue::RoleKind::Subject)
                .map(|(name, _)| name.clone())
                .or_else(|| crate::entities::spoken_of(parsed));
            define(name.as_deref().unwrap_or("patient"), world, false);
        }
        form.correctors = correctors(parsed, world);
        world.forms.insert(name, form);
    }
    super::instruments::known_by_name(parsed, world);
}

/// Who fills in the form, where another sentence says it: `clients fill the form from their phone`.
fn fillers(parsed: &[Parsed], world: &World) -> Vec<String> {
    let fills = |clause: &&crate::clauses::Clause| {
        let form = |phrase: &crate::clauses::Phrase| {
            phrase.words.last().is_some_and(|word| is_form_word(word) || word == "intake")
        };
        let verbs = clause.verbs.iter().any(|(_, word)| {
            matches!(crate::words::base(word), Some("fill" | "complete" | "answer" | "submit"))
        });
        verbs && !clause.not && !clause.passive && clause.objects.iter().any(form)
    };
    let clauses = parsed.iter().flat_map(|one| &one.clauses).filter(fills);
    let mut out: Vec<String> =
        clauses.flat_map(|clause| clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase))).collect();
    out.dedup();
    out
}

/// Who may change what they sent: `patients can see or correct what they sent`.
fn correctors(parsed: &[Parsed], world: &World) -> Vec<String> {
    let of_what_they_sent = |one: &&Parsed| {
        one.sentence.tokens.windows(3).any(|words| {
            let sent = words[2].word().is_some_and(|word| {
                matches!(word, "sent" | "send" | "submitted" | "entered" | "answered" | "filled" | "wrote")
            });
            let they = ["they", "he", "she"].iter().any(|who| words[1].is(who));
            words[0].is("what") && they && sent
        })
    };
    let changing = |one: &Parsed| -> Vec<String> {
        let clauses = one.clauses.iter().filter(|clause| clause.does(Verb::Update) && !clause.not);
        clauses.flat_map(|clause| clause.subjects.iter().flat_map(|phrase| world.roles_of(phrase))).collect()
    };
    parsed.iter().filter(of_what_they_sent).flat_map(changing).collect()
}

/// `9 questions scored 0-3`: questions by number, where nothing else was said of them.
fn numbered(tokens: &[Token], form: &mut Form) {
    let count = tokens.windows(2).find_map(|pair| match pair {
        [Token::Number(number), Token::Word(word)] if matches!(word.as_str(), "questions" | "items") => {
            number.parse::<u32>().ok()
        }
        _ => None,
    });
    let scale = tokens.iter().enumerate().find_map(|(at, token)| {
        match (token, tokens.get(at + 1), tokens.get(at + 2)) {
            (Token::Range(from, to), ..) => Some((from.clone(), to.clone())),
            (Token::Number(from), Some(to), Some(Token::Number(last))) if to.is("to") => {
                Some((from.clone(), last.clone()))
            }
            _ => None,
        }
    });
    if let (true, Some(count @ 1..=60), Some((from, to))) = (form.fields.is_empty(), count, scale) {
        for number in 1..=count {
            form.fields.insert(format!("question {number}"), format!("clinical integer {from}..{to}"));
        }
    }
}
