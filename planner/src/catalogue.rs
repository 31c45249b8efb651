//! The healthcare catalogue: roles, records and fields as data, in the files of `catalogue/`.
//!
//! Types and PHI classes follow the elements of FHIR R4 and the 18 identifiers of Safe Harbor
//! (45 CFR 164.514(b)(2)). What is not in the catalogue is clinical: ignorance narrows.

use crate::words::key_of;
use indexmap::IndexMap;
use serde::Deserialize;
use std::{collections::HashMap, sync::OnceLock};

/// What a role is to a patient; decides what an unsaid scope becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleKind {
    /// The person cared for.
    #[serde(rename = "self")]
    Subject,
    /// Has patients of their own.
    Panel,
    /// Cares for everybody at the place.
    Care,
    /// Schedules and bills.
    Office,
    /// Runs the place.
    Owner,
    /// Helps from outside.
    Support,
    /// Acts for a patient.
    Proxy,
    /// Has no clinical reach.
    Business,
}

/// What a record is to a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EntityKind {
    /// The person cared for.
    Subject,
    /// A part of that person's record.
    Clinical,
    /// A time with people and rooms.
    Schedule,
    /// Links to the person.
    Business,
    /// Nobody is in it.
    Thing,
}

/// A kind of record that health products keep.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EntityConcept {
    pub(crate) name: String,
    #[serde(default)]
    also: Vec<String>,
    /// Synonyms that never stay the name.
    #[serde(default)]
    alias: Vec<String>,
    /// Words that mean it only where nothing else of that name is recorded.
    #[serde(default)]
    weak: Vec<String>,
    /// Whether a synonym stays the name.
    #[serde(default)]
    keep: bool,
    pub(crate) kind: EntityKind,
    /// Written by the patient.
    #[serde(default)]
    pub(crate) by: Option<RoleKind>,
    #[serde(default)]
    pub(crate) fhir: Option<String>,
    pub(crate) fields: Vec<String>,
    #[serde(default)]
    pub(crate) always: Vec<String>,
    #[serde(default)]
    pub(crate) states: Vec<String>,
    #[serde(default)]
    pub(crate) own: IndexMap<String, String>,
    #[serde(default, rename = "field too")]
    pub(crate) field_too: bool,
    /// Booked together with people.
    #[serde(default)]
    pub(crate) resource: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct RoleEntry {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    kind: RoleKind,
}

/// A value that health products ask for, or a group of them.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FieldConcept {
    pub(crate) name: String,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    keep: bool,
    /// The record that it describes where it is said of another: the sets of an exercise plan.
    #[serde(default)]
    pub(crate) of: Option<String>,
    #[serde(default, rename = "type")]
    pub(crate) written: Option<String>,
    #[serde(default)]
    pub(crate) fields: Vec<String>,
    #[serde(default, rename = "fhir")]
    _fhir: Option<String>,
}

#[derive(Deserialize)]
struct Entities {
    entity: Vec<EntityConcept>,
}
#[derive(Deserialize)]
struct Roles {
    role: Vec<RoleEntry>,
}
#[derive(Deserialize)]
struct Fields {
    field: Vec<FieldConcept>,
}

/// Long words whose slips are mended; short and rare ones are left as they are, since *lesion* is no slip
/// of *lesson*.
const OFTEN_MISSPELT: &[&str] = &[
    "patient",
    "appointment",
    "doctor",
    "physician",
    "receptionist",
    "therapist",
    "medication",
    "prescription",
    "clinician",
    "provider",
    "allergy",
    "diagnosis",
    "treatment",
    "insurance",
    "questionnaire",
    "dentist",
    "hygienist",
    "caregiver",
    "pharmacist",
    "immunization",
    "vaccination",
    "encounter",
    "temperature",
    "physiotherapist",
    "psychologist",
    "counselor",
    "assessment",
    "procedure",
    "address",
    "systolic",
    "diastolic",
    "result",
    "register",
    "schedule",
    "pharmacy",
    "technician",
    "hospital",
    "psychiatrist",
    "nutritionist",
    "cardiologist",
    "dermatologist",
    "referral",
    "symptom",
    "measurement",
    "therapy",
    "midwife",
    "coordinator",
    "surgeon",
];

/// The catalogue, indexed by phrases in the singular.
pub(crate) struct Catalogue {
    entities: Vec<EntityConcept>,
    fields: Vec<FieldConcept>,
    entity_index: HashMap<String, (usize, String)>,
    weak_index: HashMap<String, (usize, String)>,
    field_index: HashMap<String, (usize, String)>,
    role_index: HashMap<String, (RoleKind, String)>,
    words: Vec<String>,
}

/// The catalogue, read once.
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(Catalogue::embedded)
}

impl Catalogue {
    fn embedded() -> Self {
        let entities: Entities = toml::from_str(include_str!("../catalogue/entities.toml"))
            .expect("the embedded file is read by a test");
        let fields: Fields = toml::from_str(include_str!("../catalogue/fields.toml"))
            .expect("the embedded file is read by a test");
        let roles: Roles = toml::from_str(include_str!("../catalogue/roles.toml"))
            .expect("the embedded file is read by a test");
        let (entities, fields) = (entities.entity, fields.field);
        let (mut entity_index, mut weak_index) = (HashMap::new(), HashMap::new());
        for (at, entity) in entities.iter().enumerate() {
            entity_index.insert(key_of(&entity.name), (at, entity.name.clone()));
            for phrase in &entity.also {
                let name = if entity.keep { key_of(phrase) } else { entity.name.clone() };
                entity_index.entry(key_of(phrase)).or_insert((at, name));
            }
            for phrase in &entity.alias {
                entity_index.entry(key_of(phrase)).or_insert((at, entity.name.clone()));
            }
            for phrase in &entity.weak {
                weak_index.entry(key_of(phrase)).or_insert((at, entity.name.clone()));
            }
        }
        let mut field_index = HashMap::new();
        for (at, field) in fields.iter().enumerate() {
            field_index.insert(key_of(&field.name), (at, field.name.clone()));
            for phrase in &field.also {
                // An abbreviation is said in full.
                let short = matches!(
                    phrase.as_str(),
                    "hr" | "bpm" | "temp" | "spo2" | "rr" | "o2 sat" | "sats" | "reps" | "hb" | "hba1c"
                );
                let name = if field.keep && !short { phrase.clone() } else { field.name.clone() };
                field_index.entry(key_of(phrase)).or_insert((at, name));
            }
        }
        let mut role_index = HashMap::new();
        for entry in &roles.role {
            for name in entry.name.iter().chain(&entry.names) {
                role_index.entry(key_of(name)).or_insert((entry.kind, name.clone()));
            }
        }
        let mut words: Vec<String> = OFTEN_MISSPELT.iter().map(|word| (*word).to_owned()).collect();
        // Of the rest, only long words are told from others by one slip.
        let phrases = role_index.keys().chain(entity_index.keys()).chain(field_index.keys());
        let long = |word: &&str| word.len() > 6 && word.chars().all(|c| c.is_ascii_lowercase());
        words.extend(phrases.flat_map(|phrase| phrase.split(' ')).filter(long).map(str::to_owned));
        words.sort_unstable();
        words.dedup();
        Self { entities, fields, entity_index, weak_index, field_index, role_index, words }
    }

    /// The kind of record that a phrase names, and the name that it gets.
    pub(crate) fn entity(&self, key: &str) -> Option<(&EntityConcept, &str)> {
        let found = self.entity_index.get(key).filter(|_| !hidden(key))?;
        Some((&self.entities[found.0], found.1.as_str()))
    }

    /// What a word means weakly.
    pub(crate) fn weak_entity(&self, key: &str) -> Option<&EntityConcept> {
        self.weak_index.get(key).map(|(at, _)| &self.entities[*at])
    }

    /// The value that a phrase names, and the name that it gets.
    pub(crate) fn field(&self, key: &str) -> Option<(&FieldConcept, &str)> {
        let found = self.field_index.get(key).filter(|_| !hidden(key))?;
        Some((&self.fields[found.0], found.1.as_str()))
    }

    /// The role that a phrase names.
    ///
    /// Whoever is called `…ologist` has patients, whether or not the catalogue has met them.
    pub(crate) fn role<'k>(&'k self, key: &'k str) -> Option<(RoleKind, &'k str)> {
        if let Some(found) = self.role_index.get(key).filter(|_| !hidden(key)) {
            return Some((found.0, found.1.as_str()));
        }
        let specialist = !key.contains(' ') && crate::roles::treats_by_name(key);
        specialist.then_some((RoleKind::Panel, key))
    }

    /// Every name of a role.
    #[cfg(test)]
    pub(crate) fn role_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.role_index.keys().cloned().collect();
        names.sort();
        names
    }

    /// The one word of the catalogue that a misspelt word is nearest to, one slip away.
    pub(crate) fn respell(&self, word: &str) -> Option<&str> {
        if word.len() < 5 || self.words.binary_search_by(|known| known.as_str().cmp(word)).is_ok() {
            return None;
        }
        // `trained` is no slip of *trainer*: how a word ends says what it is.
        let ends_alike = |known: &str| {
            OFTEN_MISSPELT.contains(&known)
                || word.len() > 6 && known.as_bytes()[known.len() - 2..] == word.as_bytes()[word.len() - 2..]
        };
        let mut near = self
            .words
            .iter()
            .filter(|known| one_slip(known.as_bytes(), word.as_bytes()) && ends_alike(known));
        match (near.next(), near.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}

/// Whether a test has taken this noun out of the catalogue.
#[cfg(test)]
fn hidden(key: &str) -> bool {
    tests::HIDDEN.with_borrow(|hidden| hidden.contains(key))
}

/// The catalogue has all its nouns.
#[cfg(not(test))]
fn hidden(_: &str) -> bool {
    false
}

/// Whether two words differ by one letter added, lost, changed, or two swapped; the first letter stands.
fn one_slip(known: &[u8], word: &[u8]) -> bool {
    // `paediatric` and `pediatric` are two ways to write one word.
    let plain = |word: &[u8]| String::from_utf8_lossy(word).replace("ae", "e").replace("oe", "e");
    if word.windows(2).chain(known.windows(2)).any(|pair| pair == b"ae" || pair == b"oe")
        && plain(known) == plain(word)
    {
        return false;
    }
    if known.len().abs_diff(word.len()) > 1 || known.first() != word.first() || known == word {
        return false;
    }
    let same = known.iter().zip(word).take_while(|(a, b)| a == b).count();
    let (a, b) = (&known[same..], &word[same..]);
    match known.len().cmp(&word.len()) {
        std::cmp::Ordering::Less => a == &b[1..],
        std::cmp::Ordering::Greater => &a[1..] == b,
        std::cmp::Ordering::Equal => {
            a[1..] == b[1..] || (a.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spec::{Class, FieldType};
    use std::{
        cell::RefCell,
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    thread_local! {
        /// Nouns that a test has taken out.
        pub(super) static HIDDEN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    }

    /// The nouns of the catalogue that a prompt says, as the grammar reads it.
    fn nouns(prompt: &str) -> BTreeSet<String> {
        let mut sentences = crate::sentences::split(prompt);
        if crate::spanish::is_spanish(&sentences) {
            sentences = crate::spanish::read(sentences).0;
        }
        let mut out = BTreeSet::new();
        for sentence in &sentences {
            let text = sentence.plain();
            let words: Vec<&str> = text.split_whitespace().collect();
            for at in 0..words.len() {
                for width in 1..=4 {
                    let key = words.get(at..at + width).map(crate::words::key).unwrap_or_default();
                    let known = catalogue();
                    let noun = known.entity(&key).is_some()
                        || known.field(&key).is_some()
                        || known.role(&key).is_some();
                    if noun && !defaults().contains(&key) {
                        out.insert(key);
                    }
                }
            }
        }
        out
    }

    /// Nouns that plans have by default, whatever their prompt says: the heads of concepts and their fields.
    fn defaults() -> &'static BTreeSet<String> {
        static DEFAULTS: OnceLock<BTreeSet<String>> = OnceLock::new();
        DEFAULTS.get_or_init(|| {
            let known = catalogue();
            let of_records = known.entities.iter().flat_map(|entity| {
                let named = entity.fields.iter().chain(&entity.always).chain(entity.own.keys());
                named.chain([&entity.name]).cloned().collect::<Vec<_>>()
            });
            let of_groups = known.fields.iter().flat_map(|field| field.fields.clone());
            // A slip of the pen is mended towards these, which the prompt itself does not say.
            let mended = OFTEN_MISSPELT.iter().map(|word| (*word).to_owned());
            of_records.chain(of_groups).chain(mended).map(|name| key_of(&name)).collect()
        })
    }

    /// A grammar, not a table of answers: without the nouns that one fixture alone has, every other fixture
    /// is planned as before, word for word.
    #[test]
    fn what_one_prompt_taught_the_catalogue_changes_no_other_plan() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let mut prompts: BTreeMap<String, String> = BTreeMap::new();
        for entry in fs::read_dir(folder).expect("the fixtures are there").flatten() {
            if let Ok(prompt) = fs::read_to_string(entry.path().join("prompt.md")) {
                prompts.insert(entry.file_name().to_string_lossy().into_owned(), prompt);
            }
        }
        let said: BTreeMap<&String, BTreeSet<String>> =
            prompts.iter().map(|(name, prompt)| (name, nouns(prompt))).collect();
        let mut times: BTreeMap<&String, usize> = BTreeMap::new();
        for noun in said.values().flatten() {
            *times.entry(noun).or_default() += 1;
        }
        let text =
            |prompt: &str| crate::plan(prompt).map_or_else(|error| error.to_string(), |plan| plan.text);
        let mut changed = Vec::new();
        for (name, prompt) in &prompts {
            let own = &said[name];
            let others: BTreeSet<String> = times
                .iter()
                .filter(|(noun, times)| **times == 1 && !own.contains(**noun))
                .map(|(noun, _)| (*noun).clone())
                .collect();
            assert!(others.len() > 50, "there are nouns to take out");
            let whole = text(prompt);
            HIDDEN.set(others);
            let without = text(prompt);
            HIDDEN.take();
            if whole != without {
                changed.push(format!("{name}:\n{}", first_difference(&whole, &without)));
            }
        }
        assert!(changed.is_empty(), "{}", changed.join("\n"));
    }

    fn first_difference(one: &str, other: &str) -> String {
        one.lines()
            .zip(other.lines())
            .find(|(one, other)| one != other)
            .map(|(one, other)| format!("    {one}\n    {other}"))
            .unwrap_or_default()
    }

    #[test]
    fn every_type_of_the_catalogue_is_a_type_of_the_language() {
        let catalogue = Catalogue::embedded();
        for field in &catalogue.fields {
            match &field.written {
                Some(written) if written == "file" => {}
                Some(written) => {
                    let read = written.parse::<FieldType>();
                    assert!(read.is_ok(), "{}: {written}: {read:?}", field.name);
                }
                None => assert!(!field.fields.is_empty(), "{}", field.name),
            }
            for part in &field.fields {
                assert!(catalogue.field(&key_of(part)).is_some(), "{part}");
            }
        }
        for entity in &catalogue.entities {
            for written in entity.own.values() {
                assert!(written.parse::<FieldType>().is_ok(), "{}: {written}", entity.name);
            }
        }
    }

    /// No identifier of Safe Harbor stands in the catalogue as anything weaker.
    #[test]
    fn what_identifies_is_an_identifier() {
        for field in &Catalogue::embedded().fields {
            if let Some(Ok(read)) = field.written.as_deref().map(str::parse::<FieldType>) {
                assert!(!read.kind.identifies() || read.class == Class::Identifier, "{}", field.name);
            }
        }
    }

    #[test]
    fn slips_are_found_and_other_words_left_alone() {
        assert_eq!(catalogue().respell("pateints"), None, "keys are singular");
        assert_eq!(catalogue().respell("pateint"), Some("patient"));
        assert_eq!(catalogue().respell("appointmnet"), Some("appointment"));
        assert_eq!(catalogue().respell("patience"), None);
        assert_eq!(catalogue().respell("bicycle"), None);
    }
}
