//! What the planner believes so far: roles, records, fields and what was said about them.

use crate::{
    catalogue::{EntityConcept, EntityKind, RoleKind, catalogue},
    clauses::{Clause, Phrase},
    fields::NewField,
    sentences::Sentence,
    words::{key, key_of},
};
use indexmap::IndexMap;

/// A sentence with its clauses.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    pub(crate) sentence: Sentence,
    pub(crate) clauses: Vec<Clause>,
}

/// A role to be.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) kind: RoleKind,
    /// Whether the prompt lets them in: for a patient that means a login.
    pub(crate) acts: bool,
    pub(crate) open: bool,
    pub(crate) assumed: bool,
    /// `only` bounded what they do: no default adds to it.
    pub(crate) bounded: bool,
}

/// A record to be.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) concept: Option<&'static EntityConcept>,
    pub(crate) kind: EntityKind,
    pub(crate) part_of: Option<String>,
    pub(crate) fields: IndexMap<String, String>,
    pub(crate) states: Vec<String>,
    /// Written as an enumeration, so that every state can follow the first.
    pub(crate) loose: bool,
    pub(crate) locked: bool,
    pub(crate) addenda: bool,
    pub(crate) reference: Option<String>,
    pub(crate) assumed: bool,
    /// Who signs it, so that it changes no more.
    pub(crate) signed_by: Vec<String>,
    /// Who has it to do, where it is part of nobody's record: `drivers see the orders assigned to them`.
    pub(crate) assigned_to: Vec<String>,
    /// Who gives it to them; whoever makes it, where nobody was said to.
    pub(crate) assigned_by: Vec<String>,
}

impl Entity {
    pub(crate) fn new(concept: Option<&'static EntityConcept>, kind: EntityKind) -> Self {
        Self {
            concept,
            kind,
            part_of: None,
            fields: IndexMap::new(),
            states: Vec::new(),
            loose: false,
            locked: false,
            addenda: false,
            reference: None,
            assumed: false,
            signed_by: Vec::new(),
            assigned_to: Vec::new(),
            assigned_by: Vec::new(),
        }
    }

    /// Adds a field unless one of that name stands.
    pub(crate) fn add(&mut self, field: NewField) {
        self.fields.entry(field.name).or_insert(field.written);
    }
}

/// A questionnaire to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) fields: IndexMap<String, String>,
    pub(crate) filled_by: Vec<String>,
    pub(crate) read_by: Vec<String>,
    pub(crate) signature: bool,
    /// Whether its answers are added up.
    pub(crate) scored: bool,
    /// Those who may correct what they sent.
    pub(crate) correctors: Vec<String>,
    /// Whether all who fill it in may.
    pub(crate) corrections: bool,
}

/// Everything believed so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) place: Option<String>,
    pub(crate) roles: IndexMap<String, Role>,
    pub(crate) entities: IndexMap<String, Entity>,
    pub(crate) forms: IndexMap<String, Form>,
    /// The roles that patients are assigned to.
    pub(crate) assigned: Vec<String>,
    pub(crate) team: bool,
    pub(crate) assigners: Vec<String>,
    pub(crate) assumed: Vec<String>,
    /// What English names were in the founder's language.
    pub(crate) names: crate::spanish::Names,
    /// Roles that reach only what they wrote themselves, of these records.
    pub(crate) authors: Vec<(String, String)>,
    /// Roles that were said to reach only people of their own: no sentence takes them further.
    pub(crate) own_only: Vec<String>,
    /// Values that the prompt says are kept nowhere: `no names anywhere`.
    pub(crate) absent: Vec<String>,
    /// Who writes the prompt: `I am a school nurse`.
    pub(crate) narrator: Option<String>,
    /// Those who may break the glass in an emergency.
    pub(crate) breakers: Vec<String>,
    /// Who does what leaves a record: `nurses visit patients`, a visit.
    pub(crate) doers: Vec<(String, String)>,
    /// What is done to people there, as the prompt calls it in passing: `after each scan`, `missed treatments`.
    pub(crate) events: Vec<String>,
    /// Kinds of records that are worked with by themselves somewhere in the prompt.
    pub(crate) spoken: Vec<String>,
    /// Whom `staff` means, where the prompt says `front-desk staff`.
    pub(crate) crew: Option<String>,
}

impl World {
    /// The record of the person cared for.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.entities
            .iter()
            .find(|(_, entity)| entity.kind == EntityKind::Subject)
            .map(|(name, _)| name.as_str())
    }

    /// The role whose login is the person cared for.
    pub(crate) fn self_role(&self) -> Option<&str> {
        self.roles
            .iter()
            .find(|(_, role)| role.kind == RoleKind::Subject && role.acts)
            .map(|(name, _)| name.as_str())
    }

    /// Whether a role counts money: it books nobody and registers nobody, and knows a patient by what it is told.
    pub(crate) fn bills(&self, role: &str) -> bool {
        ["bill", "account", "bookkeep", "insurance", "factur", "contab", "claim", "collection", "payment"]
            .iter()
            .any(|word| role.contains(word))
            && self.roles.get(role).is_some_and(|known| known.kind == RoleKind::Office)
    }

    /// Roles of this kind.
    pub(crate) fn of_kind(&self, kind: RoleKind) -> Vec<String> {
        self.roles.iter().filter(|(_, role)| role.kind == kind).map(|(name, _)| name.clone()).collect()
    }

    /// The roles that a phrase names; `staff` and `users` can name several.
    pub(crate) fn roles_of(&self, phrase: &Phrase) -> Vec<String> {
        let words: Vec<&str> = phrase.words.iter().map(String::as_str).collect();
        // `people with tinnitus`: those whose records they are.
        if words == ["people"]
            && self.roles_named("person").is_empty()
            && let Some(own) = self.self_role()
        {
            return vec![own.to_owned()];
        }
        let said = key(&words);
        let found = self.roles_named(&said);
        // `every therapist`, `therapists`: all who are called so.
        let several = phrase.all || words.last().is_some_and(|last| crate::words::singular(last) != *last);
        if found.is_empty() && several && words.len() == 1 && said.len() > 4 {
            let all: Vec<String> =
                self.roles.keys().filter(|known| known.ends_with(&format!(" {said}"))).cloned().collect();
            return if all.len() > 1 { all } else { found };
        }
        // `nurses working nights`: they are nurses.
        if found.is_empty()
            && let Some(at) =
                words.iter().position(|word| matches!(*word, "working" | "covering" | "caring" | "based"))
            && at > 0
        {
            return self.roles_named(&key(&words[..at]));
        }
        found
    }

    /// As [`Self::roles_of`], from a key.
    pub(crate) fn roles_named(&self, said: &str) -> Vec<String> {
        let found = self.roles_called(said);
        // `the billing lady`, `the pharmacy team`.
        match crate::roles::without_crew(said) {
            bare if found.is_empty() && bare != said => self.roles_called(bare),
            _ => found,
        }
    }

    fn roles_called(&self, said: &str) -> Vec<String> {
        if let Some(name) = self.roles.keys().find(|name| key_of(name) == said) {
            return vec![name.clone()];
        }
        // `the treating therapist`, where there is one kind of them.
        if let Some(bare) = ["treating ", "responsible "].iter().find_map(|word| said.strip_prefix(word)) {
            let alike: Vec<&String> = self
                .roles
                .keys()
                .filter(|known| *known == bare || known.ends_with(&format!(" {bare}")))
                .collect();
            if let [one] = alike.as_slice() {
                return vec![(*one).clone()];
            }
        }
        if let Some((kind, name)) = catalogue().role(said)
            && let Some((known, _)) = self.roles.iter().find(|(known, role)| {
                role.kind == kind && (subset(name, known) || subset(known, name) || *known == name)
            })
        {
            return vec![known.clone()];
        }
        match said {
            "user" | "everyone" | "everybody" | "person" | "anyone" | "anybody" => {
                let mut people: Vec<String> =
                    self.roles.iter().filter(|(_, role)| role.open).map(|(name, _)| name.clone()).collect();
                if people.is_empty() && said == "user" {
                    people = self.self_role().map(str::to_owned).into_iter().collect();
                }
                return people;
            }
            "i" | "we" | "me" | "us" if self.narrator.is_some() => {
                return self.narrator.clone().into_iter().collect();
            }
            // Whoever the records are about, by whichever general word.
            "patient" | "client" | "customer" | "individual" | "service user"
                if self.roles.iter().any(|(name, role)| {
                    role.kind == RoleKind::Subject
                        && matches!(
                            name.as_str(),
                            "patient" | "client" | "customer" | "member" | "resident" | "participant"
                        )
                }) =>
            {
                return self
                    .roles
                    .iter()
                    .find(|(_, role)| role.kind == RoleKind::Subject)
                    .map(|(name, _)| name.clone())
                    .into_iter()
                    .collect();
            }
            "crew" if !self.roles.contains_key("crew") => return self.of_kind(RoleKind::Care),
            "staff" if self.crew.is_some() => return self.crew.clone().into_iter().collect(),
            "staff" | "team" | "employee" | "staff member" | "team member" | "worker" => {
                return self
                    .roles
                    .iter()
                    .filter(|(_, role)| {
                        matches!(
                            role.kind,
                            RoleKind::Panel | RoleKind::Care | RoleKind::Office | RoleKind::Business
                        )
                    })
                    .map(|(name, _)| name.clone())
                    .collect();
            }
            _ => {}
        }
        // Two words for the same people, where the prompt has only one of them.
        const ALIKE: &[&[&str]] = &[
            &[
                "receptionist",
                "reception",
                "front desk",
                "front office",
                "front desk staff",
                "reception desk",
                "desk",
            ],
            &["biller", "billing", "billing staff", "billing clerk", "billing team", "billing department"],
            &["doctor", "physician"],
            &["admin", "administrator"],
            &["vet", "veterinarian"],
            &["gp", "general practitioner", "family doctor"],
            &["dietitian", "dietician"],
            &["carer", "caregiver"],
            &["ma", "medical assistant"],
            &["technician", "tech"],
            &["hr", "human resource", "hr manager"],
            &["sale", "sales", "sale rep", "sale representative", "sales rep", "sales representative"],
        ];
        if let Some(alike) = ALIKE.iter().find(|alike| alike.contains(&said)) {
            let held: Vec<&String> =
                self.roles.keys().filter(|known| alike.contains(&key_of(known).as_str())).collect();
            if let [one] = held.as_slice() {
                return vec![(*one).clone()];
            }
        }
        let near: Vec<&String> = self
            .roles
            .keys()
            .filter(|known| {
                said.split(' ').count() > 1 && subset(known, said) || subset(said, known) && said.len() > 2
            })
            .collect();
        match near.as_slice() {
            [one] => vec![(*one).clone()],
            _ => Vec::new(),
        }
    }

    /// The record that a phrase names.
    pub(crate) fn entity_of(&self, words: &[String]) -> Option<String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.entity_named(&key(&words))
    }

    /// As [`Self::entity_of`], from a key.
    pub(crate) fn entity_named(&self, said: &str) -> Option<String> {
        if said.is_empty() {
            return None;
        }
        if let Some(name) = self.entities.keys().find(|name| key_of(name) == said) {
            return Some(name.clone());
        }
        let concept = catalogue().entity(said).map(|(concept, _)| concept.name.clone());
        let alike = |wanted: &str| {
            let mut found = self
                .entities
                .iter()
                .filter(|(_, entity)| entity.concept.is_some_and(|concept| concept.name == wanted))
                .map(|(name, _)| name.clone());
            let first = found.next();
            if found.next().is_none() { first } else { None }
        };
        if let Some(found) = concept.as_deref().and_then(alike) {
            return Some(found);
        }
        if let Some(found) = catalogue().weak_entity(said).and_then(|concept| alike(&concept.name)) {
            return Some(found);
        }
        // `procedure` for `dental procedure`, `plan` for `treatment plan`, one of a kind only.
        let near: Vec<&String> = self
            .entities
            .keys()
            .filter(|known| {
                let known = key_of(known);
                known.ends_with(&format!(" {said}"))
                    || said.ends_with(&format!(" {known}"))
                    || known.starts_with(&format!("{said} "))
            })
            .collect();
        if let [one] = near.as_slice() {
            return Some((*one).clone());
        }
        if said.ends_with(" note") && self.entities.get("note").is_some_and(|note| note.fields.len() > 2) {
            return Some("note".into());
        }
        // `their own test results`, where there is one kind of test: its record.
        if let Some(one) = self.tested(said) {
            return Some(one);
        }
        // `write the run report` of a run.
        let written = [" report", " record", " entry", " sheet", " chart"]
            .iter()
            .find_map(|end| said.strip_suffix(end));
        if let Some(bare) = written
            && concept.is_none()
            && let Some(name) = self.entities.keys().find(|name| key_of(name) == bare)
            && self.subject() != Some(name.as_str())
        {
            return Some(name.clone());
        }
        // `UDS` of a urine drug screen: the first letters of its name.
        let first_letters =
            |name: &str| -> String { name.split(' ').filter_map(|word| word.chars().next()).collect() };
        if concept.is_none() && (2..=5).contains(&said.len()) && !said.contains(' ') {
            let mut short = self.entities.keys().filter(|name| {
                let letters = first_letters(name);
                name.contains(' ') && (letters == said || letters.strip_suffix('s') == Some(said))
            });
            if let (Some(name), None) = (short.next(), short.next()) {
                return Some(name.clone());
            }
        }
        if concept.is_none()
            && let Some(RoleKind::Subject) = catalogue().role(said).map(|(kind, _)| kind)
        {
            return self.subject().map(str::to_owned);
        }
        None
    }

    /// Whether some record has a value of this key.
    pub(crate) fn has_value(&self, key: &str) -> bool {
        self.entities.values().any(|entity| entity.fields.keys().any(|name| key_of(name) == key))
    }

    /// The one test whose results are spoken of.
    pub(crate) fn tested(&self, said: &str) -> Option<String> {
        if !matches!(said, "test result" | "result" | "screening result") {
            return None;
        }
        const TESTS: &[&str] = &[" test", " screen", " screening"];
        let mut tests = self.entities.keys().filter(|name| TESTS.iter().any(|end| name.ends_with(end)));
        let one = tests.next()?;
        tests.next().is_none().then(|| one.clone())
    }

    /// The parts of a record, and their parts.
    pub(crate) fn parts(&self, whole: &str) -> Vec<String> {
        let mut out = vec![whole.to_owned()];
        let mut at = 0;
        while at < out.len() {
            for (name, entity) in &self.entities {
                if entity.part_of.as_deref() == Some(out[at].as_str()) && !out.contains(name) {
                    out.push(name.clone());
                }
            }
            at += 1;
        }
        out
    }

    /// Adds an assumption once.
    pub(crate) fn assume(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.assumed.contains(&text) {
            self.assumed.push(text);
        }
    }
}

/// Whether every word of one phrase stands in the other, and both name the same kind of people by their last: a
/// triage nurse is a nurse, a volunteer coordinator no volunteer.
fn subset(part: &str, whole: &str) -> bool {
    let head = |phrase: &str| phrase.rsplit(' ').next().map(crate::words::singular);
    if head(part) != head(whole) {
        return false;
    }
    let whole: Vec<String> = whole.split(' ').map(crate::words::singular).collect();
    part.split(' ').all(|word| whole.contains(&crate::words::singular(word)))
}
