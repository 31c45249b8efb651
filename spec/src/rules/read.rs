//! Text to a Rust expression: names with spaces become identifiers, words become operators.
//!
//! Only what the language knows passes: known names, known functions, numbers, quoted texts and a few
//! operators. Everything else is a complaint before `syn` sees it, and so is a text that is long
//! enough to nest deeply.

use super::Type;
use crate::{
    decode::{listed, shown},
    field_type::Kind,
    model::{End, Entity, Hop, Path, Target},
    model::{EntityIndex, FieldIndex},
    problem::{Complaint, Kind as Mistake, closest},
};

/// The longest expression, in bytes.
const LONGEST: usize = 500;
/// The most words and signs in an expression.
const MOST_TOKENS: usize = 150;

pub(crate) const FUNCTIONS: &[&str] = &["years", "days", "hours", "sum", "count", "min", "max", "mean"];

/// What names mean in an expression.
pub(crate) struct Scope<'m> {
    pub(crate) entities: &'m [Entity],
    /// The entity whose fields can be named.
    pub(crate) entity: EntityIndex,
    /// What `items` stands for: the numeric answers of a form.
    pub(crate) items: Vec<FieldIndex>,
}

/// One name that a person may write at some entity.
struct Known {
    text: String,
    end: Option<End>,
    hop: Option<Hop>,
}

impl<'m> Scope<'m> {
    /// The names of an entity's own fields and of its linked records.
    pub(crate) fn new(entities: &'m [Entity], entity: EntityIndex) -> Self {
        Self { entities, entity, items: Vec::new() }
    }

    fn known(&self, at: EntityIndex) -> Vec<Known> {
        let entity = &self.entities[at.0];
        let mut known: Vec<Known> = entity
            .fields()
            .map(|(index, field)| Known {
                text: field.name.to_string(),
                end: Some(End::Field(index)),
                hop: match field.target {
                    Some(Target::Entity(to)) => Some(Hop { column: field.column.clone(), to }),
                    _ => None,
                },
            })
            .collect();
        if let Some(parent) = &entity.parent {
            known.push(Known {
                text: self.entities[parent.entity.0].name.to_string(),
                end: None,
                hop: Some(parent.hop()),
            });
        }
        for (text, end) in [("created at", End::CreatedAt), ("updated at", End::UpdatedAt)] {
            known.push(Known { text: text.into(), end: Some(end), hop: None });
        }
        known
    }

    /// The longest path that the text begins with, and how many bytes it takes.
    fn path(&self, text: &str) -> Option<(Path, usize)> {
        let own = self.entities[self.entity.0].name.as_str();
        if let Some(rest) = text.strip_prefix(own).and_then(|rest| rest.strip_prefix('.'))
            && let Some((path, used)) = self.steps(self.entity, rest.trim_start())
        {
            return Some((path, text.len() - rest.trim_start().len() + used));
        }
        self.steps(self.entity, text)
    }

    fn steps(&self, at: EntityIndex, text: &str) -> Option<(Path, usize)> {
        let known = self.known(at);
        let longest =
            known.iter().filter(|known| begins(text, &known.text)).max_by_key(|known| known.text.len())?;
        let used = longest.text.len();
        if let Some(hop) = &longest.hop
            && let Some(rest) = text[used..].strip_prefix('.')
            && let Some((path, more)) = self.steps(hop.to, rest)
        {
            let mut hops = vec![hop.clone()];
            hops.extend(path.hops);
            return Some((Path { start: at, hops, end: path.end }, used + 1 + more));
        }
        match longest.end {
            Some(end) => Some((Path { start: at, hops: Vec::new(), end }, used)),
            None => {
                longest.hop.clone().map(|hop| (Path { start: at, hops: vec![hop], end: End::Title }, used))
            }
        }
    }

    /// The type of what a path leads to.
    pub(crate) fn type_of(&self, path: &Path) -> Type {
        let field = match path.end {
            End::CreatedAt | End::UpdatedAt => return Type::Moment,
            End::Field(field) => &self.entities[path.entity().0][field],
            End::Reference => return Type::Text,
            End::Title | End::CreatedBy | End::Place => return Type::Record,
        };
        let single = match (&field.kind, &field.computed) {
            (_, Some(expression)) => expression.result.clone(),
            (Kind::Integer | Kind::Decimal | Kind::Money, _) => Type::Number,
            (Kind::Boolean, _) => Type::Boolean,
            (Kind::Date, _) => Type::Date,
            (Kind::Time, _) => Type::Time,
            (Kind::Moment, _) => Type::Moment,
            (Kind::Duration, _) => Type::Number,
            (Kind::OneOf(choices), _) => Type::Choice(choices.clone()),
            (Kind::Link(_) | Kind::File, _) => Type::Record,
            _ => Type::Text,
        };
        if field.list { Type::List(Box::new(single)) } else { single }
    }

    fn names(&self) -> Vec<String> {
        self.known(self.entity).into_iter().map(|known| known.text).collect()
    }
}

/// Whether the text begins with the word, and the word ends there.
fn begins(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// A Rust expression whose identifiers `v0`, `v1`, … stand for these paths.
pub(crate) struct Read {
    pub(crate) expression: syn::Expr,
    pub(crate) paths: Vec<Path>,
}

pub(crate) fn read(text: &str, scope: &Scope<'_>) -> Result<Read, Complaint> {
    if text.len() > LONGEST {
        return Err(rule(format!("an expression has at most {LONGEST} bytes; this one has {}", text.len()))
            .help("give parts of it names as computed fields"));
    }
    let mut reader = Reader { scope, tokens: Vec::new(), paths: Vec::new() };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(rule("the expression is empty"));
    }
    while !rest.is_empty() {
        rest = reader.token(rest)?.trim_start();
        if reader.tokens.len() > MOST_TOKENS {
            return Err(rule("the expression is too long to be read aloud")
                .help("give parts of it names as computed fields"));
        }
    }
    let source = reader.tokens.join(" ");
    let parsed = syn::parse_str(&source);
    // Nobody asks where a rule's tokens stood, and a server that lives long would keep the text of each for that.
    proc_macro2::extra::invalidate_current_thread_spans();
    let expression = parsed.map_err(|_| {
        rule(format!("`{}` is not an expression", shown(text)))
            .help("it looks like `systolic > 160 or diastolic > 100`, `years(date of birth, today) < 18`, `end is missing`")
    })?;
    Ok(Read { expression, paths: reader.paths })
}

pub(crate) fn rule(message: impl Into<String>) -> Complaint {
    Complaint::new(Mistake::Rule, message)
}

struct Reader<'s, 'm> {
    scope: &'s Scope<'m>,
    tokens: Vec<String>,
    paths: Vec<Path>,
}

impl Reader<'_, '_> {
    /// Reads one token and returns what follows it.
    fn token<'t>(&mut self, text: &'t str) -> Result<&'t str, Complaint> {
        let first = text.chars().next().unwrap_or(' ');
        if let Some(rest) = self.choice(text) {
            return Ok(rest);
        }
        match first {
            '"' | '\'' => self.quoted(text, first),
            '0'..='9' => Ok(self.number(text)),
            c if c.is_alphabetic() => self.word(text),
            _ => self.sign(text),
        }
    }

    fn quoted<'t>(&mut self, text: &'t str, quote: char) -> Result<&'t str, Complaint> {
        let (content, rest) = text[1..]
            .split_once(quote)
            .ok_or_else(|| rule(format!("the quote before `{}` is not closed", shown(&text[1..]))))?;
        if content.contains('\\') || content.chars().any(crate::decode::is_hostile) {
            return Err(rule("a quoted text holds no backslash and no control characters"));
        }
        self.tokens.push(proc_macro2::Literal::string(content).to_string());
        Ok(rest)
    }

    fn number<'t>(&mut self, text: &'t str) -> &'t str {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        self.tokens.push(text[..end].to_owned());
        &text[end..]
    }

    fn sign<'t>(&mut self, text: &'t str) -> Result<&'t str, Complaint> {
        const SIGNS: &[&str] =
            &["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "(", ")", ",", "!"];
        match SIGNS.iter().find(|sign| text.starts_with(**sign)) {
            Some(sign) => {
                self.tokens.push((*sign).to_owned());
                Ok(&text[sign.len()..])
            }
            None if text.starts_with('=') => Err(rule("`=` compares nothing").help("write `==`")),
            None => Err(rule(format!(
                "`{}` cannot stand in an expression",
                shown(&text.chars().take(1).collect::<String>())
            ))),
        }
    }

    /// A choice without quotes, where the field before the comparison has such a choice.
    fn choice<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let [.., field, comparison] = self.tokens.as_slice() else { return None };
        if comparison != "==" && comparison != "!=" {
            return None;
        }
        let (found, rest) = self.choice_of(&field.clone(), text)?;
        self.tokens.push(proc_macro2::Literal::string(&found).to_string());
        Some(rest)
    }

    fn choice_of<'t>(&self, token: &str, text: &'t str) -> Option<(String, &'t str)> {
        let slot: usize = token.strip_prefix('v')?.parse().ok()?;
        let choices = match self.scope.type_of(self.paths.get(slot)?) {
            Type::Choice(choices) => choices,
            Type::List(of) => match *of {
                Type::Choice(choices) => choices,
                _ => return None,
            },
            _ => return None,
        };
        let found = choices
            .iter()
            .filter(|choice| begins(text, choice.as_str()))
            .max_by_key(|choice| choice.as_str().len())?;
        Some((found.to_string(), &text[found.as_str().len()..]))
    }

    fn word<'t>(&mut self, text: &'t str) -> Result<&'t str, Complaint> {
        if let Some(name) = FUNCTIONS
            .iter()
            .find(|name| begins(text, name) && text[name.len()..].trim_start().starts_with('('))
        {
            self.tokens.push((*name).to_owned());
            return Ok(&text[name.len()..]);
        }
        if let Some((path, used)) = self.scope.path(text) {
            let slot = self.paths.iter().position(|known| *known == path).unwrap_or_else(|| {
                self.paths.push(path);
                self.paths.len() - 1
            });
            self.tokens.push(format!("v{slot}"));
            return Ok(&text[used..]);
        }
        const WORDS: &[(&str, &str)] = &[
            ("is not missing", ".is_present()"),
            ("is missing", ".is_missing()"),
            ("contains", "<<"),
            ("and", "&&"),
            ("or", "||"),
            ("not", "!"),
            ("true", "true"),
            ("false", "false"),
            ("today", "today"),
            ("now", "now"),
        ];
        if let Some((word, token)) = WORDS.iter().find(|(word, _)| begins(text, word)) {
            self.tokens.push((*token).to_owned());
            if *token == "<<"
                && let Some(field) = self.tokens.iter().rev().nth(1).cloned()
                && let Some((choice, rest)) = self.choice_of(&field, text[word.len()..].trim_start())
            {
                self.tokens.push(proc_macro2::Literal::string(&choice).to_string());
                return Ok(rest);
            }
            return Ok(&text[word.len()..]);
        }
        if begins(text, "items") && !self.scope.items.is_empty() {
            self.tokens.push("items".into());
            return Ok(&text["items".len()..]);
        }
        if begins(text, "in") {
            return self.one_of(&text["in".len()..]);
        }
        Err(self.unknown(text))
    }

    /// `status in (booked, checked in)` becomes comparisons joined by `||`.
    fn one_of<'t>(&mut self, text: &'t str) -> Result<&'t str, Complaint> {
        let wrong =
            || rule("`in` stands between a field and its choices").help("write `status in (booked, done)`");
        let field = self.tokens.pop().ok_or_else(wrong)?;
        let (list, rest) =
            text.trim_start().strip_prefix('(').and_then(|list| list.split_once(')')).ok_or_else(wrong)?;
        let mut comparisons = Vec::new();
        for choice in list.split(',') {
            let choice = choice.trim().trim_matches(['"', '\'']);
            match self.choice_of(&field, choice) {
                Some((found, "")) => {
                    comparisons.push(format!("{field} == {}", proc_macro2::Literal::string(&found)));
                }
                _ => return Err(rule(format!("`{}` is not one of the field's choices", shown(choice)))),
            }
        }
        self.tokens.push(format!("({})", comparisons.join(" || ")));
        Ok(rest)
    }

    fn unknown(&self, text: &str) -> Complaint {
        let words = text.find(|c: char| !(c.is_alphanumeric() || c == ' ' || c == '.')).unwrap_or(text.len());
        let written = text[..words]
            .split(" and ")
            .next()
            .unwrap_or_default()
            .split(" or ")
            .next()
            .unwrap_or_default()
            .trim();
        if let [.., field, comparison] = self.tokens.as_slice()
            && (comparison == "==" || comparison == "!=")
            && let Some(slot) = field.strip_prefix('v').and_then(|slot| slot.parse::<usize>().ok())
            && let Some(Type::Choice(choices)) = self.paths.get(slot).map(|path| self.scope.type_of(path))
        {
            let choices: Vec<_> = choices.iter().map(|choice| choice.as_str()).collect();
            return rule(format!("`{}` is not one of the field's choices", shown(written)))
                .help(format!("they are {}", listed(&choices)));
        }
        let names = self.scope.names();
        let entity = &self.scope.entities[self.scope.entity.0].name;
        let complaint = rule(format!("`{}` is nothing that `{entity}` has", shown(written)));
        match closest(written, names.iter().map(String::as_str)) {
            Some(near) => complaint.help(format!("did you mean `{near}`?")),
            None => complaint.help(format!("it has {}", listed(&names))),
        }
    }
}
