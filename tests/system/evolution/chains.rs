//! Random chains of changes over filled databases: a spec that changes at random, and the rows that it implies.

use std::collections::BTreeMap;
use std::fmt::Write;

use safeguards::store::Store;
use safeguards::testing::TestDatabase;
use spec::ValidatedSpec;
use uuid::Uuid;

use super::{Version, assert_as_if_new, both, person};
use crate::{Choices, execute, leaked, rows};

/// What a field of a random spec holds.
#[derive(Clone, Debug)]
enum Holds {
    Count(u64),
    Word,
    Choice(usize),
    Sealed,
    Searchable,
    Link(usize),
}

#[derive(Clone, Debug)]
struct FieldOf {
    key: usize,
    name: String,
    was: Option<String>,
    holds: Holds,
}

#[derive(Clone, Debug)]
struct EntityOf {
    key: usize,
    name: String,
    was: Option<String>,
    parent: Option<usize>,
    states: usize,
    grants: usize,
    fields: Vec<FieldOf>,
}

/// A random spec, which changes at random.
struct Changing {
    choices: Choices,
    next: usize,
    entities: Vec<EntityOf>,
}

const STATES: [&str; 4] = ["new", "open", "closed", "archived"];
const LETTERS: [&str; 6] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];
const GRANTS: [&str; 3] = [
    "view, create, update in organisation",
    "view in organisation",
    "view, create, update, delete in organisation",
];

impl Changing {
    fn new(seed: u64) -> Self {
        let mut new = Self { choices: Choices(seed), next: 0, entities: Vec::new() };
        for _ in 0..3 {
            new.add_entity();
        }
        new
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.choices.below(limit as u64)).unwrap()
    }

    fn key(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn add_entity(&mut self) {
        let key = self.key();
        let parent = (!self.entities.is_empty() && self.below(3) > 0).then(|| {
            let at = self.below(self.entities.len());
            self.entities[at].key
        });
        let (states, grants) = (if self.below(2) == 0 { 0 } else { 2 }, self.below(GRANTS.len()));
        self.entities.push(EntityOf {
            key,
            name: format!("thing {key}"),
            was: None,
            parent,
            states,
            grants,
            fields: vec![],
        });
        for _ in 0..3 {
            self.add_field(self.entities.len() - 1);
        }
    }

    fn add_field(&mut self, at: usize) {
        let key = self.key();
        let holds = match self.below(6) {
            0 => Holds::Count(10),
            1 => Holds::Word,
            2 => Holds::Choice(2),
            3 => Holds::Sealed,
            4 => Holds::Searchable,
            // To one that is there already, so that links make no ring.
            _ if at > 0 => {
                let to = self.below(at);
                Holds::Link(self.entities[to].key)
            }
            _ => Holds::Word,
        };
        self.entities[at].fields.push(FieldOf { key, name: format!("value {key}"), was: None, holds });
    }

    /// Changes one to three things, each of them anything that an app may change.
    fn change(&mut self) {
        for entity in &mut self.entities {
            entity.was = None;
            entity.fields.iter_mut().for_each(|field| field.was = None);
        }
        for _ in 0..=self.below(3) {
            let at = self.below(self.entities.len());
            let key = self.entities[at].key;
            let field = self.below(self.entities[at].fields.len());
            let fresh = self.key();
            match self.below(9) {
                0 => self.add_entity(),
                1 | 2 => self.add_field(at),
                3 => {
                    let entity = &mut self.entities[at];
                    entity.was.get_or_insert(entity.name.clone());
                    entity.name = format!("thing {fresh}");
                }
                4 => {
                    let field = &mut self.entities[at].fields[field];
                    field.was.get_or_insert(field.name.clone());
                    field.name = format!("value {fresh}");
                }
                5 if self.entities[at].fields.len() > 1 => {
                    self.entities[at].fields.remove(field);
                }
                6 if self.entities.len() > 2 => {
                    let needed = self.entities.iter().any(|other| {
                        other.parent == Some(key)
                            || other
                                .fields
                                .iter()
                                .any(|field| matches!(field.holds, Holds::Link(to) if to == key))
                    });
                    if !needed {
                        self.entities.remove(at);
                    }
                }
                7 => match &mut self.entities[at].fields[field].holds {
                    Holds::Count(most) => *most += 5,
                    Holds::Choice(count) => *count = (*count + 1).min(LETTERS.len()),
                    _ => self.entities[at].states = (self.entities[at].states + 1).clamp(2, STATES.len()),
                },
                _ => self.entities[at].grants = self.below(GRANTS.len()),
            }
        }
    }

    fn name(&self, key: usize) -> &str {
        &self.entities.iter().find(|entity| entity.key == key).expect("it is there").name
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "app: Changing\nroles:\n  owner: { privileged: true, administers: [people] }\n  nurse: {}\nentities:\n",
        );
        let mut changes = String::new();
        for entity in &self.entities {
            let _ = writeln!(text, "  {}:", entity.name);
            if let Some(parent) = entity.parent {
                let _ = writeln!(text, "    part of: {}", self.name(parent));
            }
            let _ = writeln!(text, "    fields:");
            for field in &entity.fields {
                let holds = match &field.holds {
                    Holds::Count(most) => format!("none integer 0..{most}"),
                    Holds::Word => "none text".to_owned(),
                    Holds::Choice(count) => format!("none one of {}", LETTERS[..*count].join(" | ")),
                    Holds::Sealed => "clinical text".to_owned(),
                    Holds::Searchable => "identifier phone, searchable".to_owned(),
                    Holds::Link(to) => format!("link {}", self.name(*to)),
                };
                let _ = writeln!(text, "      {}: {holds}", field.name);
            }
            let _ = writeln!(text, "    access:\n      nurse: {}", GRANTS[entity.grants]);
            if entity.states > 0 {
                let states = &STATES[..entity.states];
                let _ = writeln!(text, "    lifecycle:\n      states: [{}]\n      moves:", states.join(", "));
                for pair in states.windows(2) {
                    let _ = writeln!(
                        text,
                        "        to {}: {{ from: {}, to: {}, by: nurse }}",
                        pair[1], pair[0], pair[1]
                    );
                }
            }
        }
        // Records first: a field is renamed in the record's new name.
        for entity in &self.entities {
            let _ = entity.was.as_ref().map(|was| writeln!(changes, "  {}: {{ was: {was} }}", entity.name));
        }
        for entity in &self.entities {
            for field in &entity.fields {
                let _ = field
                    .was
                    .as_ref()
                    .map(|was| writeln!(changes, "  {}.{}: {{ was: {was} }}", entity.name, field.name));
            }
        }
        if !changes.is_empty() {
            let _ = write!(text, "changes:\n{changes}");
        }
        text
    }
}

/// Rows as the test knows them: entity, row, field, value as text.
type Known = BTreeMap<usize, BTreeMap<Uuid, BTreeMap<usize, String>>>;

/// The state of a record among its values.
const STATE: usize = 0;
const NOTHING: &str = "-";

/// Writes two rows of each entity, and remembers them.
async fn write_rows(
    changing: &mut Changing,
    spec: &ValidatedSpec,
    database: &TestDatabase,
    known: &mut Known,
) {
    let store = &database.owner;
    let at = "'2026-11-23T11:18:03.000000Z'";
    for entity in changing.entities.clone() {
        let of = &spec.model()[spec.model().entity(&entity.name).unwrap()];
        for _ in 0..2 {
            let id = Uuid::from_u128(u128::from(changing.choices.below(u64::MAX)));
            let mut columns = vec![
                "id".to_owned(),
                "organisation_id".into(),
                "version".into(),
                "created_at".into(),
                "created_by_id".into(),
                "updated_at".into(),
                "updated_by_id".into(),
            ];
            let (organisation, person) = (Uuid::from_u128(1), Uuid::from_u128(9));
            let mut values = vec![
                format!("'{id}'"),
                format!("'{organisation}'"),
                "1".into(),
                at.into(),
                format!("'{person}'"),
                at.into(),
                format!("'{person}'"),
            ];
            if let (Some(parent), Some(column)) = (entity.parent, &of.parent) {
                let Some(above) = known.get(&parent).and_then(|rows| rows.keys().next().copied()) else {
                    continue;
                };
                columns.push(column.column.clone());
                values.push(format!("'{above}'"));
            }
            let mut row = BTreeMap::new();
            for field in &entity.fields {
                let is = &of[of.field(&field.name).unwrap()];
                let number = changing.choices.below(11);
                let (literal, value) = match &field.holds {
                    Holds::Count(_) => (number.to_string(), number.to_string()),
                    Holds::Word => (format!("'word {number}'"), format!("word {number}")),
                    Holds::Choice(count) => {
                        let choice = LETTERS[usize::try_from(number).unwrap() % count];
                        (format!("'{choice}'"), choice.to_owned())
                    }
                    Holds::Sealed | Holds::Searchable => {
                        let hex = format!("{number:02x}ff");
                        let literal = if store.is_postgres() {
                            format!("'\\x{hex}'::bytea")
                        } else {
                            format!("x'{hex}'")
                        };
                        (literal, hex)
                    }
                    Holds::Link(to) => {
                        match known.get(to).and_then(|rows| rows.keys().next_back().copied()) {
                            // A part of the same whole would have to have the same parent.
                            Some(to_id) if entity.parent.is_none() => {
                                (format!("'{to_id}'"), to_id.to_string())
                            }
                            _ => continue,
                        }
                    }
                };
                columns.push(is.column.clone());
                values.push(literal);
                row.insert(field.key, value);
            }
            if let Some(lifecycle) = &of.lifecycle {
                columns.push(of[lifecycle.field].column.clone());
                values.push("'open'".into());
                row.insert(STATE, "open".to_owned());
            }
            execute(
                store,
                format!("INSERT INTO {} ({}) VALUES ({})", of.table, columns.join(", "), values.join(", ")),
            )
            .await;
            known.entry(entity.key).or_default().insert(id, row);
        }
    }
}

async fn assert_known(changing: &Changing, spec: &ValidatedSpec, store: &Store, known: &Known, text: &str) {
    for entity in &changing.entities {
        let of = &spec.model()[spec.model().entity(&entity.name).unwrap()];
        let mut columns: Vec<(usize, String)> = entity
            .fields
            .iter()
            .map(|field| {
                let column = &of[of.field(&field.name).unwrap()].column;
                let bytes = matches!(field.holds, Holds::Sealed | Holds::Searchable);
                let shown = match (bytes, store.is_postgres()) {
                    (false, _) => format!("CAST({column} AS text)"),
                    (true, true) => format!("encode({column}, 'hex')"),
                    (true, false) => format!("lower(nullif(hex({column}), ''))"),
                };
                (field.key, format!("coalesce({shown}, '{NOTHING}')"))
            })
            .collect();
        columns.extend(of.lifecycle.iter().map(|lifecycle| (STATE, of[lifecycle.field].column.clone())));
        let selected: Vec<String> = columns.iter().map(|(key, shown)| format!("{shown} AS f{key}")).collect();
        let select = format!("SELECT CAST(id AS text) AS id, {} FROM {}", selected.join(", "), of.table);
        let mut found = BTreeMap::new();
        for row in rows(store, select).await {
            let id: Uuid = row.text("id").unwrap().parse().unwrap();
            let values = columns.iter().map(|(key, _)| (*key, row.text(leaked(format!("f{key}"))).unwrap()));
            found.insert(id, values.collect::<BTreeMap<_, _>>());
        }
        let mut wanted = known.get(&entity.key).cloned().unwrap_or_default();
        for row in wanted.values_mut() {
            // What is gone is gone, what is new is empty, and a new state is the first.
            row.retain(|key, _| columns.iter().any(|(kept, _)| kept == key));
            for (key, _) in &columns {
                let new = if *key == STATE { STATES[0] } else { NOTHING };
                row.entry(*key).or_insert_with(|| new.to_owned());
            }
        }
        assert_eq!(found, wanted, "the rows of {}\n{text}", entity.name);
    }
}

/// Chains of changes over filled databases of both kinds. `CHAINS` says how many, ten changes each.
#[tokio::test(flavor = "multi_thread")]
async fn construct_25_after_random_changes_the_data_are_what_the_changes_imply() {
    let chains: u64 = std::env::var("CHAINS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    for seed in 0..chains {
        for database in both().await {
            let mut changing = Changing::new(seed);
            let mut version = Version::first(&changing.text());
            version.apply(&database).await;
            person(&database.owner).await;
            let mut known = Known::new();
            write_rows(&mut changing, &version.spec, &database, &mut known).await;
            for _ in 0..10 {
                changing.change();
                let text = changing.text();
                version = version.next(&text);
                version.apply(&database).await;
                known.retain(|key, _| changing.entities.iter().any(|entity| entity.key == *key));
                assert_known(&changing, &version.spec, &database.owner, &known, &text).await;
                assert_as_if_new(&version, &text, &database).await;
                for (key, rows) in &mut known {
                    let entity = changing.entities.iter().find(|entity| entity.key == *key).unwrap();
                    for row in rows.values_mut() {
                        row.retain(|field, _| {
                            *field == STATE || entity.fields.iter().any(|kept| kept.key == *field)
                        });
                        if entity.states > 0 {
                            row.entry(STATE).or_insert_with(|| STATES[0].to_owned());
                        }
                    }
                }
                write_rows(&mut changing, &version.spec, &database, &mut known).await;
            }
        }
    }
}
