//! What happens by itself: rules with their tasks, what AI proposes, and how people sign in.
//!
//! Read once it is known who reaches what, and it widens nothing: a task goes to a role that may view what its rule reads
//! (else the role could infer it), a proposal to a role that writes the record anyway. What does not fit is told as
//! not yet, with its reason.

mod conditions;
mod names;
mod people;
mod proposals;
mod rules;
mod sign_in;
mod states;
mod tasks;

use std::collections::BTreeMap;

use crate::access::Rules;
use crate::features::Silence;
use crate::grants::Grants;
use crate::sentences::{Sentence, Token};
use crate::world::{Parsed, World};
use crate::{Refused, Wished};
pub(crate) use conditions::Condition;
pub(crate) use proposals::Proposal;

/// When a rule acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A value of this record is written, and this holds.
    When(Condition),
    /// Nobody wrote this record for a time: an entry into the list of those.
    Silent(Silence),
}

/// What happens, and the task that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) label: Option<String>,
    pub(crate) occasion: Occasion,
    pub(crate) task: String,
    /// The sentence that it was read from.
    pub(crate) said: String,
}

/// What somebody has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) owner: String,
    pub(crate) due: String,
    pub(crate) fallback: String,
    /// Those who make one by hand.
    pub(crate) by: Vec<String>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Automatic {
    pub(crate) rules: Vec<Rule>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) proposals: Vec<Proposal>,
    /// How people sign in, as the security section says it: by their organisation's provider, after so many attempts, for so long.
    pub(crate) sign_in: BTreeMap<&'static str, String>,
    pub(crate) refused: Vec<Refused>,
    /// Sentences that speak of AI beside what it proposes.
    mentioned: Vec<String>,
    /// Sentences that are planned, and of which constructs nothing is left to wish for.
    settled: Vec<(String, Vec<u32>)>,
    /// What was read and does not fit, with its own reason.
    wished: Vec<Wished>,
}

/// Reads it.
pub(crate) fn find(parsed: &[Parsed], world: &mut World, granted: &Grants) -> Automatic {
    let mut out = Automatic::default();
    for one in parsed {
        if proposals::read(one, parsed, world, granted, &mut out) || sign_in::read(one, world, &mut out) {
            continue;
        }
        if !rules::read(one, world, granted, &mut out) {
            tasks::read(one, world, granted, &mut out);
        }
    }
    proposals::said_beside(parsed, &mut out);
    out
}

impl Automatic {
    /// Takes wishes away that are fulfilled, and says why others are not.
    pub(crate) fn answer(&self, wishes: &mut Vec<Wished>) {
        wishes.retain(|wish| {
            let settled = |number: &u32| {
                self.settled.iter().any(|(said, numbers)| *said == wish.said && numbers.contains(number))
            };
            let mentioned = wish.construct == Some(23) && self.mentioned.contains(&wish.said);
            !mentioned && !wish.construct.as_ref().is_some_and(settled)
        });
        for own in &self.wished {
            wishes.retain(|wish| wish.said != own.said || wish.construct != own.construct);
            wishes.push(own.clone());
        }
    }

    /// The wish that is left of a rule, task or AI action that the validator does not take.
    pub(crate) fn left_of(&self, section: &str, name: &str, say: impl Fn(&str) -> String) -> Option<Wished> {
        let (said, construct) = match section {
            "rules" => (&self.rules.iter().find(|rule| say(&rule.name) == name)?.said, 15),
            "tasks" => (&self.rules.iter().find(|rule| say(&rule.task) == name)?.said, 16),
            "ai actions" => (&self.proposals.iter().find(|one| say(&one.name) == name)?.said, 23),
            _ => return None,
        };
        Some(Wished {
            said: said.clone(),
            construct: Some(construct),
            why: "it does not fit what is kept and who sees it, so it is not planned".into(),
        })
    }

    /// The silence that a rule watches, and who does what follows.
    pub(crate) fn silence(&self) -> Option<Silence> {
        self.rules.iter().find_map(|rule| match &rule.occasion {
            Occasion::Silent(silence) => {
                let task = self.tasks.iter().find(|task| task.name == rule.task)?;
                let roles = vec![task.owner.clone(), task.fallback.clone()];
                Some(Silence { roles, ..silence.clone() })
            }
            Occasion::When(_) => None,
        })
    }

    /// Whether all of a sentence is planned here.
    pub(crate) fn understood(&self, said: &str) -> bool {
        self.settled.iter().any(|(known, _)| known == said)
    }

    fn settle(&mut self, one: &Parsed, constructs: &[u32]) {
        self.settled.push((one.sentence.text.clone(), constructs.to_vec()));
    }

    fn wish(&mut self, one: &Parsed, construct: u32, why: &str) {
        self.wished.push(Wished {
            said: one.sentence.text.clone(),
            construct: Some(construct),
            why: why.into(),
        });
    }

    /// The task of this name and content, made once; another content gets another name.
    fn task(&mut self, mut task: Task, world: &World) -> String {
        let wanted = task.name.clone();
        for number in 2..9 {
            match self.tasks.iter().find(|known| known.name == task.name) {
                Some(known) if *known == task => return task.name,
                None if !taken(&task.name, world) => break,
                _ => task.name = format!("{wanted} {number}"),
            }
        }
        let name = task.name.clone();
        self.tasks.push(task);
        name
    }

    fn named(&self, wanted: &str) -> String {
        let free = |name: &str| self.rules.iter().all(|rule| rule.name != name);
        if free(wanted) {
            return wanted.to_owned();
        }
        (2..99).map(|number| format!("{wanted} {number}")).find(|name| free(name)).unwrap_or_default()
    }
}

/// The roles that a sentence names.
pub(crate) fn roles_in(tokens: &[Token], world: &World) -> Vec<String> {
    people::mentions(tokens, world).into_iter().flat_map(|mention| mention.roles).collect()
}

/// Lets those apply what AI proposes who were said to accept it, before grants are made of what was said.
pub(crate) fn prepare(parsed: &[Parsed], world: &mut World, rules: &mut Rules) {
    for one in parsed {
        for (of, field) in conditions::compared_texts(&one.sentence, world) {
            if let Some(written) =
                world.entities.get_mut(&of).and_then(|entity| entity.fields.get_mut(&field))
            {
                "clinical decimal 0..100000, queryable".clone_into(written);
            }
        }
    }
    proposals::prepare(parsed, world, rules);
}

/// Whether a sentence that narrows was understood here, and is about nobody's access.
pub(crate) fn settles(sentence: &Sentence) -> bool {
    proposals::settles(sentence)
}

/// A sentence with its head, where that was parted from it at a colon: `AI scribe: from the transcript propose a note`.
fn whole(one: &Parsed, world: &World) -> Parsed {
    let mut whole = one.clone();
    let parted = one.sentence.head.is_some() || one.sentence.text.contains(": ");
    if parted && !world.names.is_spanish() {
        let text = one.sentence.text.replacen(": ", " ", 1);
        whole.sentence.tokens = crate::sentences::tokens(&text);
    }
    whole
}

fn taken(name: &str, world: &World) -> bool {
    world.entities.contains_key(name) || world.forms.contains_key(name) || world.roles.contains_key(name)
}

/// A time as the spec writes it: `4 hours`.
fn period(count: u32, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}
