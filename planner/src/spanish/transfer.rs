//! Tokens of a Spanish sentence as English ones.

use super::{
    lexicon::{Form, Word, fold, lexicon, singular},
    names::Names,
};
use crate::sentences::Token;

/// A noun phrase of one head, in English, and as it was said.
#[derive(Default)]
struct Noun {
    english: Vec<String>,
    spanish: Vec<String>,
    plural: bool,
}

/// Transfers one sentence.
pub(super) fn transfer(tokens: &[Token], names: &mut Names) -> Vec<Token> {
    let words: Vec<Option<String>> = tokens.iter().map(|token| token.word().map(fold)).collect();
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // `ni las enfermeras ni las recepcionistas pueden ver`.
        if words[at].as_deref() == Some("ni")
            && out.iter().all(|token| token.word().is_none())
            && words[at + 1..].iter().flatten().any(|word| word == "ni")
        {
            say(&mut out, "neither");
            at += 1;
            continue;
        }
        // `sí/no`.
        if matches!(words[at].as_deref(), Some("si"))
            && tokens.get(at + 1) == Some(&Token::Slash)
            && words.get(at + 2).and_then(Option::as_deref) == Some("no")
        {
            out.extend([Token::Word("yes".into()), Token::Slash, Token::Word("no".into())]);
            at += 3;
            continue;
        }
        let Some(word) = words[at].as_deref() else {
            at = number(tokens, at, &mut out);
            continue;
        };
        at = phrase(&words, at, &mut out, names)
            .or_else(|| scale(tokens, &words, at, &mut out))
            .or_else(|| reflexive(&words, at, &mut out))
            .or_else(|| modal(&words, at, &mut out))
            .or_else(|| object(&words, at, &mut out))
            .or_else(|| enclitic(word, &mut out).map(|()| at + 1))
            .or_else(|| deed(&words, at, &mut out))
            .or_else(|| noun(&words, at, &mut out, names))
            .unwrap_or_else(|| {
                single(word, &words, at, &mut out);
                at + 1
            });
    }
    out
}

fn say(out: &mut Vec<Token>, english: &str) {
    out.extend(english.split_whitespace().map(|word| Token::Word(word.to_owned())));
}

/// Signs and numbers pass as they are.
fn number(tokens: &[Token], at: usize, out: &mut Vec<Token>) -> usize {
    out.push(tokens[at].clone());
    at + 1
}

/// The longest phrase that stands here.
fn phrase(words: &[Option<String>], at: usize, out: &mut Vec<Token>, names: &mut Names) -> Option<usize> {
    for width in (1..=4).rev() {
        let Some(piece) = words.get(at..at + width) else { continue };
        let Some(piece) = piece.iter().map(Option::as_deref).collect::<Option<Vec<&str>>>() else { continue };
        let said = piece.join(" ");
        let one = piece.iter().map(|word| singular(word)).collect::<Vec<_>>().join(" ");
        if let Some(english) = lexicon().phrases.get(&said).or_else(|| lexicon().phrases.get(&one)) {
            names.learn(english, &one);
            say(out, english);
            return Some(at + width);
        }
    }
    let english = lexicon().we.get(words.get(at)?.as_deref()?)?;
    say(out, english);
    Some(at + 1)
}

/// `del 0 al 10`, `de 1 a 5`.
fn scale(tokens: &[Token], words: &[Option<String>], at: usize, out: &mut Vec<Token>) -> Option<usize> {
    let from = matches!(words.get(at)?.as_deref()?, "del" | "de");
    let (Some(Token::Number(low)), Some(Some(to)), Some(Token::Number(high))) =
        (tokens.get(at + 1), words.get(at + 2), tokens.get(at + 3))
    else {
        return None;
    };
    (from && matches!(to.as_str(), "al" | "a")).then(|| {
        out.push(Token::Range(low.clone(), high.clone()));
        at + 4
    })
}

/// `no se puede modificar`, `se asignan`: the passive voice.
fn reflexive(words: &[Option<String>], at: usize, out: &mut Vec<Token>) -> Option<usize> {
    let word = |at: usize| words.get(at).and_then(Option::as_deref);
    if word(at)? != "se" {
        return None;
    }
    let not = out.last().is_some_and(|last| last.is("not")) && {
        out.pop();
        true
    };
    let negated = if not { "not" } else { "" };
    if matches!(word(at + 1)?, "puede" | "pueden") {
        let (english, _) = lexicon().verb(word(at + 2)?)?;
        say(out, &format!("can {negated} be {}", participle(english)));
        return Some(at + 3);
    }
    let (english, form) = lexicon().verb(word(at + 1)?)?;
    let be = if form == Form::Plural { "are" } else { "is" };
    say(out, &format!("{be} {negated} {}", participle(english)));
    Some(at + 2)
}

/// `puede ver`, `no debe ver`.
fn modal(words: &[Option<String>], at: usize, out: &mut Vec<Token>) -> Option<usize> {
    let english = match words.get(at)?.as_deref()? {
        "puede" | "pueden" | "podra" | "podran" => "can",
        "debe" | "deben" | "debera" | "deberan" => "must",
        _ => return None,
    };
    let not = out.last().is_some_and(|last| last.is("not")) && {
        out.pop();
        true
    };
    say(out, english);
    if not {
        say(out, "not");
    }
    Some(at + 1)
}

/// `el medico la revisa`: what was spoken of stands behind its verb in English.
fn object(words: &[Option<String>], at: usize, out: &mut Vec<Token>) -> Option<usize> {
    if !matches!(words.get(at)?.as_deref()?, "la" | "lo" | "las" | "los") {
        return None;
    }
    let Some(Word::Verb(english, form)) = lexicon().word(words.get(at + 1)?.as_deref()?) else { return None };
    matches!(form, Form::Third | Form::Plural).then(|| {
        verb(&english, form, out);
        say(out, "it");
        at + 2
    })
}

/// `puede modificarlo`, `verlas`: the object hangs on the infinitive.
fn enclitic(word: &str, out: &mut Vec<Token>) -> Option<()> {
    let (stem, it) = [("los", "them"), ("las", "them"), ("lo", "it"), ("la", "it")]
        .iter()
        .find_map(|(end, it)| word.strip_suffix(end).map(|stem| (stem, *it)))?;
    if !["ar", "er", "ir"].iter().any(|end| stem.ends_with(end)) || lexicon().word(word).is_some() {
        return None;
    }
    let (english, form) = lexicon().verb(stem)?;
    (form == Form::Infinitive).then(|| {
        verb(english, form, out);
        say(out, it);
    })
}

/// `la recepcionista agenda las citas`: a noun elsewhere, a verb behind its subject and before its object.
fn deed(words: &[Option<String>], at: usize, out: &mut Vec<Token>) -> Option<usize> {
    let word = |at: usize| words.get(at).and_then(Option::as_deref);
    let (english, form) = lexicon().verb(word(at)?)?;
    let before = word(at.checked_sub(1)?)?;
    let after = word(at + 1);
    let determined = lexicon().glue.get(before).is_some_and(|glue| {
        matches!(
            glue.as_str(),
            "the"
                | "a"
                | "their"
                | "my"
                | "our"
                | "of"
                | "with"
                | "for"
                | "in"
                | "each"
                | "all"
                | "some"
                | "without"
                | "own"
                | "by"
                | "of the"
                | "on"
        )
    });
    let object = after.is_some_and(|after| {
        lexicon().glue.get(after).is_some_and(|glue| {
            matches!(
                glue.as_str(),
                "the"
                    | "a"
                    | "their"
                    | "each"
                    | "my"
                    | "our"
                    | "all"
                    | "everything"
                    | "to"
                    | "only"
                    | "and"
                    | "some"
                    | "nothing"
            )
        }) || matches!(lexicon().word(after), Some(Word::Noun { .. }))
    });
    let finite = matches!(form, Form::Third | Form::Plural);
    (finite && !determined && object).then(|| {
        verb(english, form, out);
        at + 1
    })
}

/// A noun with what belongs to it: `notas de tratamiento`, `datos clinicos`.
fn noun(words: &[Option<String>], start: usize, out: &mut Vec<Token>, names: &mut Names) -> Option<usize> {
    let (mut read, mut at) = head(words, start, out)?;
    loop {
        let here = words.get(at).and_then(Option::as_deref);
        // An adjective behind its noun stands before it in English.
        if let Some(word) = here
            && let Some(english) = lexicon().adjective(word)
        {
            read.english.insert(0, english);
            read.spanish.push(word.to_owned());
            at += 1;
            continue;
        }
        // `los pacientes de los demás`: others'.
        let next = |ahead: usize| words.get(at + ahead).and_then(Option::as_deref);
        if here == Some("de") && matches!(next(1), Some("los" | "las")) && next(2) == Some("demas") {
            read.english.insert(0, "other".into());
            at += 3;
            continue;
        }
        // `tareas realizadas`: which, unless it is said by whom.
        if let Some(word) = here
            && let Some((english, Form::Participle)) = lexicon().verb(word)
            && words.get(at + 1).and_then(Option::as_deref) != Some("por")
            && read.spanish.len() < 3
        {
            read.english.insert(0, participle(english));
            read.spanish.push(singular(word));
            at += 1;
            continue;
        }
        // An unknown word behind a noun says which: `frecuencia uterina`, `cuestionario PHQ`.
        if let Some(word) = here
            && lexicon().word(word).is_none()
            && !matches!(word, "se" | "puede" | "pueden" | "debe" | "deben")
            && phrase(words, at, &mut Vec::new(), &mut Names::default()).is_none()
        {
            read.english.insert(0, singular(word));
            read.spanish.push(word.to_owned());
            at += 1;
            continue;
        }
        // `plan de ejercicio` is an exercise plan; `animo de los pacientes` keeps its *of*.
        let joined = here == Some("de")
            && words.get(at + 1).and_then(Option::as_deref).is_some_and(|next| {
                matches!(lexicon().word(next), Some(Word::Noun { .. })) || lexicon().word(next).is_none()
            });
        if joined
            && read.spanish.len() < 5
            && let Some((mut part, next)) = head(words, at + 1, &[])
        {
            // `el número de articulaciones`: how many there are.
            if part.plural && read.english == ["number"] {
                read.english = vec!["count".into()];
            }
            part.english.append(&mut read.english);
            read.english = part.english;
            read.spanish.push("de".into());
            read.spanish.append(&mut part.spanish);
            at = next;
            continue;
        }
        break;
    }
    if names.users_are_cared_for && read.english == ["user"] {
        read.english = vec!["client".into()];
    }
    let english = read.english.join(" ");
    let one = crate::words::key_of(&english);
    names.learn(&one, &read.spanish.join(" "));
    let said = if read.plural { plural(&english) } else { english };
    say(out, &said);
    Some(at)
}

/// The head of a noun phrase: a known noun, or an unknown word where no verb can stand.
fn head(words: &[Option<String>], at: usize, out: &[Token]) -> Option<(Noun, usize)> {
    let word = words.get(at)?.as_deref()?;
    match lexicon().word(word) {
        Some(Word::Noun { english, spanish, plural }) => {
            // `el registro`, but `el paciente registra`; a noun that is a verb, too, behind a subject.
            Some((Noun { english: vec![english], spanish: vec![spanish], plural }, at + 1))
        }
        Some(_) => None,
        None => {
            let _ = out;
            let one = singular(word);
            let plural = one != word;
            Some((Noun { english: vec![one.clone()], spanish: vec![one], plural }, at + 1))
        }
    }
}

fn plural(english: &str) -> String {
    if english.ends_with("data") || english.ends_with("information") || english.ends_with("stock") {
        return english.to_owned();
    }
    if let Some(stem) = english.strip_suffix("is") {
        return format!("{stem}es");
    }
    if english.ends_with('y') && !english.ends_with("ay") && !english.ends_with("ey") {
        format!("{}ies", &english[..english.len() - 1])
    } else if english.ends_with('s') || english.ends_with('x') || english.ends_with("ch") {
        format!("{english}es")
    } else if let Some(stem) = english.strip_suffix("woman") {
        format!("{stem}women")
    } else if english == "child" {
        "children".into()
    } else if english == "midwife" {
        "midwives".into()
    } else if english == "person" {
        "people".into()
    } else {
        format!("{english}s")
    }
}

/// A word by itself: glue, or a verb in the form that agrees.
fn single(word: &str, words: &[Option<String>], at: usize, out: &mut Vec<Token>) {
    match lexicon().word(word) {
        Some(Word::Glue(english)) => {
            // `ve a sus pacientes`: Spanish puts *a* before people who are seen.
            let personal = word == "a"
                && at > 0
                && words[at - 1].as_deref().is_some_and(|before| {
                    lexicon().verb(before).is_some()
                        || lexicon().glue.get(before).is_some_and(|glue| glue == "only")
                });
            if !personal {
                say(out, &english);
            }
        }
        Some(Word::Verb(english, form)) => verb(&english, form, out),
        Some(Word::Adjective(english)) => say(out, &english),
        Some(Word::Noun { english, .. }) => say(out, &english),
        None => say(out, word),
    }
}

fn verb(english: &str, form: Form, out: &mut Vec<Token>) {
    let (base, rest) = english.split_once(' ').unwrap_or((english, ""));
    // `no ve`: English wants a helper.
    if out.last().is_some_and(|last| last.is("not")) && matches!(form, Form::Third | Form::Plural) {
        out.pop();
        say(out, &format!("do not {base} {rest}"));
        return;
    }
    let said = match form {
        Form::Third => third(base),
        Form::Plural | Form::Infinitive => base.to_owned(),
        Form::Participle => participle(base),
    };
    say(out, &format!("{said} {rest}"));
}

fn third(base: &str) -> String {
    match base {
        "have" => "has".into(),
        "do" => "does".into(),
        base if base.ends_with(['s', 'x']) || base.ends_with("ch") => format!("{base}es"),
        base if base.ends_with('y') && !base.ends_with("ay") => format!("{}ies", &base[..base.len() - 1]),
        base => format!("{base}s"),
    }
}

fn participle(base: &str) -> String {
    let base = base.split(' ').next().unwrap_or(base);
    match base {
        "see" => "seen".into(),
        "write" => "written".into(),
        "keep" => "kept".into(),
        "read" => "read".into(),
        "do" => "done".into(),
        "give" => "given".into(),
        "send" => "sent".into(),
        "show" => "shown".into(),
        base if base.ends_with('e') => format!("{base}d"),
        base if base.ends_with('y') && !base.ends_with("ay") && !base.ends_with("oy") => {
            format!("{}ied", &base[..base.len() - 1])
        }
        base => format!("{base}ed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        transfer(&crate::sentences::tokens(text), &mut Names::default())
            .iter()
            .map(|token| match token {
                Token::Word(word) | Token::Number(word) => word.clone(),
                Token::Range(from, to) => format!("{from}-{to}"),
                Token::Comma => ",".into(),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn spanish_reads_as_the_grammar_wants_it() {
        for (said, read) in [
            (
                "La recepcionista no puede ver las notas de tratamiento",
                "the receptionist can not see the treatment notes",
            ),
            ("Una nota firmada no se puede modificar", "a signed note can not be edited"),
            ("El terapeuta solo ve a sus pacientes", "the therapist only sees their patients"),
            (
                "un diario de dolor del 0 al 10 que el paciente rellena en casa",
                "a pain diary 0-10 that the patient fills at home",
            ),
            ("nunca ve notas ni cuestionarios", "never sees notes nor questionnaires"),
        ] {
            assert_eq!(told(said), read, "{said}");
        }
    }
}
