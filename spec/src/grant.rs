//! Who may do what with which records, as a person writes it: `view, update assigned; never notes`.
//!
//! ```text
//! clause := "never" names | verbs [scope] ["via" entity{.entity}] ["when" states]
//! verbs  := verb ["(" names ")"] {"," verb ["(" names ")"]}
//! scope  := "own" ["by" field] | "assigned" | "in" place | "everywhere"
//! ```
//! Grants add up, `never` takes away, and what is not said is denied. A scope stands at the end of
//! the path after `via`; without a scope, the path ends at the records that the role may view there.

use crate::{
    decode::{shown, text_type},
    field_type::Choice,
    name::Name,
    problem::{Complaint, Kind},
};
use std::{fmt, str::FromStr};

/// All that one role may do with one entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// In the order written; separated by semicolons.
    pub clauses: Vec<Clause>,
}

/// One clause of an [`Access`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// Something is allowed.
    Grant(Grant),
    /// These fields are never shown or taken, whatever else is granted.
    Never(Vec<Name>),
}

/// What is allowed, and for which records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// What may be done.
    pub verbs: Vec<Permitted>,
    /// With which records; `None` only together with a path.
    pub scope: Option<Scope>,
    /// The entities on the way to where the scope holds.
    pub via: Vec<Name>,
    /// The lifecycle states in which it is allowed; any, when empty.
    pub when: Vec<Choice>,
}

/// A verb, and the fields or the view it is narrowed to (all fields, when empty).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    /// What may be done.
    pub verb: Verb,
    /// Fields or views; all fields, when empty.
    pub names: Vec<Name>,
}

/// What can be done with a record. To view includes to list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// See the record, and find it in lists.
    View,
    /// Find it in lists only.
    List,
    /// Make a new one.
    Create,
    /// Change it.
    Update,
    /// Remove it.
    Delete,
    /// Print it.
    Print,
    /// Download it.
    Download,
    /// Export it.
    Export,
    /// Assign it to somebody.
    Assign,
    /// Make this move of its lifecycle.
    Move(Name),
}

const VERBS: &[(&str, Verb)] = &[
    ("view", Verb::View),
    ("list", Verb::List),
    ("create", Verb::Create),
    ("update", Verb::Update),
    ("delete", Verb::Delete),
    ("print", Verb::Print),
    ("download", Verb::Download),
    ("export", Verb::Export),
    ("assign", Verb::Assign),
];

/// With which records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One's own: the record that one is or that names one; else those that one has created. `by` picks
    /// the field when several lead to the person.
    Own {
        /// The field that names the person.
        by: Option<Name>,
    },
    /// Those assigned to one today.
    Assigned,
    /// Those of the places of this kind in which one has the role.
    In(Name),
    /// All of every organisation; refused for PHI.
    Everywhere,
}

impl Grant {
    /// Whether it allows the verb; viewing includes listing.
    pub fn allows(&self, verb: &Verb) -> bool {
        self.verbs
            .iter()
            .any(|permitted| permitted.verb == *verb || (*verb == Verb::List && permitted.verb == Verb::View))
    }
}

impl FromStr for Access {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let clauses = text
            .split(';')
            .map(str::trim)
            .filter(|clause| !clause.is_empty())
            .map(Clause::from_str)
            .collect::<Result<Vec<_>, _>>()?;
        if clauses.is_empty() {
            return Err(Complaint::new(Kind::Access, "nothing is granted here")
                .help("say what is allowed, as in `view assigned`; to deny, leave the role out"));
        }
        Ok(Self { clauses })
    }
}

impl FromStr for Clause {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        match text.trim().strip_prefix("never ") {
            Some(names) => Ok(Self::Never(split_names(names)?)),
            None => text.parse().map(Self::Grant),
        }
    }
}

fn split_names(text: &str) -> Result<Vec<Name>, Complaint> {
    text.split(',').map(|name| name.trim().parse()).collect()
}

impl FromStr for Grant {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let mut rest = text.trim();
        let mut grant = Self::default();
        if let Some((before, states)) = split_last(rest, " when ") {
            grant.when = states.split([',', '|']).map(Choice::from_str).collect::<Result<_, _>>()?;
            rest = before;
        }
        if let Some((before, path)) = split_last(rest, " via ") {
            grant.via = path.split('.').map(|name| name.trim().parse()).collect::<Result<_, _>>()?;
            rest = before;
        }
        (grant.scope, rest) = split_scope(rest)?;
        grant.verbs = split_verbs(rest)?;
        if grant.scope.is_none() && grant.via.is_empty() {
            return Err(Complaint::new(
                Kind::Access,
                format!("`{}` does not say for which records", shown(text)),
            )
            .help(format!("write `{} own`, `{0} assigned` or `{0} in organisation`", shown(text.trim()))));
        }
        Ok(grant)
    }
}

/// Splits at the last occurrence outside of parentheses.
fn split_last<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    let at = text.rfind(word)?;
    let after = &text[at + word.len()..];
    (!after.contains(')') && !after.trim().is_empty()).then(|| (text[..at].trim(), after.trim()))
}

fn split_scope(text: &str) -> Result<(Option<Scope>, &str), Complaint> {
    for (word, scope) in [
        (" own", Scope::Own { by: None }),
        (" assigned", Scope::Assigned),
        (" everywhere", Scope::Everywhere),
    ] {
        if let Some(verbs) = text.strip_suffix(word) {
            return Ok((Some(scope), verbs));
        }
    }
    if let Some((verbs, field)) = split_last(text, " own by ") {
        return Ok((Some(Scope::Own { by: Some(field.parse()?) }), verbs));
    }
    match split_last(text, " in ") {
        Some((verbs, place)) => Ok((Some(Scope::In(place.parse()?)), verbs)),
        None => Ok((None, text)),
    }
}

fn split_verbs(text: &str) -> Result<Vec<Permitted>, Complaint> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(|part| Permitted::from_str(part.trim())).collect()
}

impl FromStr for Permitted {
    type Err = Complaint;

    /// `view`, `view(name, phone)`, or shortly `view card`.
    fn from_str(text: &str) -> Result<Self, Complaint> {
        let (verb, names) = match text.split_once('(') {
            Some((verb, names)) => match names.strip_suffix(')') {
                Some(names) => (verb.trim(), split_names(names)?),
                None => {
                    return Err(Complaint::new(
                        Kind::Access,
                        format!("the parenthesis of `{}` is not closed", shown(text)),
                    ));
                }
            },
            None => match text.split_once(' ') {
                Some((verb, name)) if VERBS.iter().any(|(word, _)| *word == verb) => {
                    (verb, vec![name.trim().parse()?])
                }
                _ => (text, Vec::new()),
            },
        };
        let verb = match VERBS.iter().find(|(word, _)| *word == verb) {
            Some((_, verb)) => verb.clone(),
            None => Verb::Move(verb.parse().map_err(|_| {
                Complaint::new(Kind::Access, format!("`{}` is not something that can be granted", shown(verb)))
                    .help("verbs are view, list, create, update, delete, print, download, export, assign and the moves of the lifecycle")
            })?),
        };
        Ok(Self { verb, names })
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, clause) in self.clauses.iter().enumerate() {
            write!(f, "{}{clause}", if i > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grant(grant) => write!(f, "{grant}"),
            Self::Never(names) => write!(f, "never {}", joined(names, ", ")),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", joined(&self.verbs, ", "))?;
        if let Some(scope) = &self.scope {
            write!(f, " {scope}")?;
        }
        if !self.via.is_empty() {
            write!(f, " via {}", joined(&self.via, "."))?;
        }
        if !self.when.is_empty() {
            write!(f, " when {}", joined(&self.when, ", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Permitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.verb)?;
        if self.names.is_empty() { Ok(()) } else { write!(f, "({})", joined(&self.names, ", ")) }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Move(name) => write!(f, "{name}"),
            verb => f.write_str(VERBS.iter().find(|(_, known)| known == verb).map_or("", |(word, _)| word)),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own { by: None } => f.write_str("own"),
            Self::Own { by: Some(field) } => write!(f, "own by {field}"),
            Self::Assigned => f.write_str("assigned"),
            Self::In(place) => write!(f, "in {place}"),
            Self::Everywhere => f.write_str("everywhere"),
        }
    }
}

fn joined<T: fmt::Display>(items: &[T], by: &str) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(by)
}

text_type!(
    Access,
    "what a role may do: clauses separated by `;`, each `never fields` or verbs (view, list, create, update, delete, print, download, export, assign, a move), optionally narrowed as `view(name, phone)`, then `own`, `assigned`, `in place` or `everywhere`, then optionally `via entity.entity` and `when state, state`",
    None
);

impl FromStr for Scope {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        match split_scope(&format!("view {}", text.trim()))? {
            (Some(scope), "view") => Ok(scope),
            _ => Err(Complaint::new(Kind::Access, format!("`{}` is not a scope", shown(text)))
                .help("a scope is `own`, `assigned`, `in` a place, or `everywhere`")),
        }
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::Own { by: None }
    }
}

text_type!(Scope, "with which records: `own`, `assigned`, `in` a place, or `everywhere`", None);
