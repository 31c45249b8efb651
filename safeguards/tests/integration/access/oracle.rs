//! Random policies over random rows: what SQL and masks show is what a few lines of plain Rust would show.

use super::world::{CLINIC, ELSEWHERE, World, migrate};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use safeguards::access::{
    Action, Context, Entity, Error, Field, Grant, Kind, Mask, Never, Result, Shown, leading_view,
};
use safeguards::crypto::{Binding, Purpose};
use safeguards::{Clock, sql, tenant, testing};
use std::collections::BTreeMap;
use uuid::Uuid;

const PERSON: Uuid = Uuid::from_u128(0x77);

/// A row as the test made it.
#[derive(Clone, Debug)]
struct Thing {
    here: bool,
    a: Option<i64>,
    b: i64,
    linked: bool,
    mine: bool,
}

/// Conditions, each in SQL and in Rust; `None` is SQL's "unknown".
type Condition = (&'static str, fn(&Thing) -> Option<bool>);

const CONDITIONS: &[Condition] = &[
    ("TRUE", |_| Some(true)),
    ("things.a = 1", |thing| thing.a.map(|a| a == 1)),
    ("things.a <> 1", |thing| thing.a.map(|a| a != 1)),
    ("things.b > 1", |thing| Some(thing.b > 1)),
    ("things.created_by_id = :person", |thing| Some(thing.mine)),
    ("EXISTS (SELECT 1 FROM links l WHERE l.thing_id = things.id AND l.person_id = :person)", |thing| {
        Some(thing.linked)
    }),
    ("things.created_at > :now", |_| Some(false)),
    ("(things.b = 0 OR things.a IS NULL)", |thing| Some(thing.b == 0 || thing.a.is_none())),
];

const MASKS: &[Mask] = &[
    Mask::All,
    Mask::Only(&["a"]),
    Mask::Only(&["b", "c"]),
    Mask::Except(&["a"]),
    Mask::Except(&["c", "d"]),
    Mask::Only(&["d"]),
    Mask::Only(&[]),
];
const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const ROLES: [&str; 2] = ["a", "b"];

/// A grant or a clause, by the numbers of its role, condition and mask.
#[derive(Clone, Debug)]
struct Rule {
    role: usize,
    condition: usize,
    mask: usize,
    label: bool,
    update: bool,
}

#[derive(Clone, Debug)]
struct PolicyCase {
    grants: Vec<Rule>,
    nevers: Vec<Rule>,
    roles: Vec<usize>,
    /// What the statement filters and sorts by.
    using: Option<usize>,
    /// Which row is written to, and which field.
    write: (prop::sample::Index, usize),
}

fn thing() -> impl Strategy<Value = Thing> {
    (prop::bool::weighted(0.8), prop::option::of(0..3i64), 0..3i64, any::<bool>(), any::<bool>())
        .prop_map(|(here, a, b, linked, mine)| Thing { here, a, b, linked, mine })
}

fn rule() -> impl Strategy<Value = Rule> {
    (0..ROLES.len(), 0..CONDITIONS.len(), 0..MASKS.len(), any::<bool>(), any::<bool>())
        .prop_map(|(role, condition, mask, label, update)| Rule { role, condition, mask, label, update })
}

fn policy() -> impl Strategy<Value = PolicyCase> {
    let roles = prop::sample::subsequence(vec![0, 1], 0..=2);
    let rules = |most| prop::collection::vec(rule(), 0..=most);
    let using = prop::option::weighted(0.5, 0..3usize);
    (rules(4), rules(1), roles, using, (any::<prop::sample::Index>(), 0..4usize))
        .prop_map(|(grants, nevers, roles, using, write)| PolicyCase { grants, nevers, roles, using, write })
}

impl PolicyCase {
    fn entity(&self) -> &'static Entity {
        const READ: &[Action] = &[Action::View, Action::List];
        const WRITE: &[Action] = &[Action::View, Action::List, Action::Update];
        let grant = |rule: &Rule| {
            let grant = Grant::to(ROLES[rule.role], if rule.update { WRITE } else { READ });
            let grant = grant.rows(CONDITIONS[rule.condition].0).fields(MASKS[rule.mask]);
            if rule.label { grant.labels(&["part2"]) } else { grant }
        };
        let never = |rule: &Rule| {
            Never::to(ROLES[rule.role]).rows(CONDITIONS[rule.condition].0).fields(MASKS[rule.mask])
        };
        const FIELDS: &[Field] = &[
            Field::plain("a", 1, Kind::Integer),
            Field::plain("b", 2, Kind::Integer),
            Field::clinical("c", 3, Kind::Text),
            Field::clinical("d", 4, Kind::Text).sensitive("part2"),
        ];
        Box::leak(Box::new(Entity {
            fields: FIELDS,
            grants: Vec::leak(self.grants.iter().map(grant).collect()),
            nevers: Vec::leak(self.nevers.iter().map(never).collect()),
            ..Entity::named("thing", 9, "things")
        }))
    }

    fn meets(&self, rule: &Rule, thing: &Thing) -> Option<bool> {
        if self.roles.contains(&rule.role) { CONDITIONS[rule.condition].1(thing) } else { Some(false) }
    }

    /// The grants that meet a row of this organisation, unless a clause hides it.
    fn grants_for<'a>(&'a self, thing: &'a Thing, write: bool) -> Vec<&'a Rule> {
        let hides = |never: &&Rule| MASKS[never.mask] == Mask::All && self.meets(never, thing) != Some(false);
        if !thing.here || self.nevers.iter().any(|never| hides(&never)) {
            return Vec::new();
        }
        let met = |grant: &&Rule| (!write || grant.update) && self.meets(grant, thing) == Some(true);
        self.grants.iter().filter(met).collect()
    }

    fn shows(&self, thing: &Thing, field: &str, write: bool) -> bool {
        let reveals = |grant: &&Rule| MASKS[grant.mask].covers(field) && (field != "d" || grant.label);
        let takes = |never: &Rule| MASKS[never.mask].covers(field) && self.meets(never, thing) != Some(false);
        self.grants_for(thing, write).iter().any(reveals) && !self.nevers.iter().any(takes)
    }

    /// What is listed of the rows: for each, which fields.
    fn expected(&self, things: &BTreeMap<Uuid, Thing>) -> BTreeMap<Uuid, [bool; 4]> {
        let within = |thing: &Thing| {
            !self.grants_for(thing, false).is_empty()
                && self.using.is_none_or(|field| self.shows(thing, NAMES[field], false))
        };
        let shown = |(id, thing): (&Uuid, &Thing)| (*id, NAMES.map(|name| self.shows(thing, name, false)));
        things.iter().filter(|(_, thing)| within(thing)).map(shown).collect()
    }

    /// What becomes of a write: done, forbidden or not found.
    fn write_outcome(&self, thing: &Thing, field: &str) -> &'static str {
        let ever = |grant: &&Rule| self.roles.contains(&grant.role) && grant.update;
        let mut allowed = self.grants.iter().filter(ever);
        let reveals = |grant: &Rule| MASKS[grant.mask].covers(field) && (field != "d" || grant.label);
        if !allowed.any(reveals) {
            return "forbidden";
        }
        if self.shows(thing, field, true) {
            return "done";
        }
        let seen = !self.grants_for(thing, false).is_empty();
        if seen { "forbidden" } else { "not found" }
    }
}

async fn list(
    context: &Context,
    entity: &'static Entity,
    using: Option<usize>,
) -> Result<BTreeMap<Uuid, [bool; 4]>> {
    let statement = match using {
        None => tenant!("SELECT a, b, c, d, {reach} FROM things WHERE {visible}"),
        Some(0) => {
            tenant!("SELECT a, b, c, d, {reach} FROM things WHERE {visible} AND (a >= 0 OR a IS NULL)")
        }
        Some(1) => tenant!("SELECT a, b, c, d, {reach} FROM things WHERE {visible} ORDER BY b"),
        Some(_) => tenant!("SELECT a, b, c, d, {reach} FROM things WHERE {visible}").using(&["c"]),
    };
    let rows = statement.list_of(context, entity, |row| {
        let shown = [
            !row.field::<Option<i64>>("a")?.is_hidden(),
            !row.field::<i64>("b")?.is_hidden(),
            matches!(row.field::<String>("c")?, Shown::Value(text) if text == "c"),
            matches!(row.field::<String>("d")?, Shown::Value(text) if text == "d"),
        ];
        Ok((row.id()?, shown))
    });
    Ok(rows.await?.into_iter().collect())
}

async fn case(world: &World, things: &[Thing], policies: &[PolicyCase]) -> Result<(), TestCaseError> {
    let things = insert(world, things).await;
    for policy in policies {
        let entity = policy.entity();
        let roles: Vec<_> = policy.roles.iter().map(|role| ROLES[*role]).collect();
        let context = world.as_person(PERSON, &roles);
        let listed =
            list(&context, entity, policy.using).await.map_err(|e| TestCaseError::fail(e.to_string()))?;
        let expected = policy.expected(&things);
        prop_assert_eq!(&listed, &expected, "{:?}", policy);
        let counted = match policy.using {
            Some(0) => tenant!("SELECT count(a) AS n, count(*) AS n2 FROM things WHERE {visible}"),
            _ => tenant!("SELECT count(*) AS n FROM things WHERE {visible}"),
        };
        let visible = things.values().filter(|thing| match policy.using {
            Some(0) => policy.shows(thing, "a", false) && thing.a.is_some(),
            _ => !policy.grants_for(thing, false).is_empty(),
        });
        let counted =
            counted.count(&context, entity).await.map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(counted, i64::try_from(visible.count()).unwrap(), "{:?}", policy);
        if things.is_empty() {
            continue;
        }
        let (id, thing) = things.iter().nth(policy.write.0.index(things.len())).unwrap();
        // Only fields that no condition reads, so that the row stays where it is.
        let field = if policy.write.1 % 2 == 0 { "c" } else { "d" };
        let version =
            sql("SELECT version FROM things WHERE id = $1").bind(*id).fetch_one(&world.database.owner);
        let version = version.await.unwrap().integer("version").unwrap();
        let written =
            tenant!("UPDATE things SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
                .field(field, field)
                .update(&context, entity, Action::Update, *id, version)
                .await;
        let outcome = match written {
            Ok(_) => "done",
            Err(Error::Forbidden) => "forbidden",
            Err(Error::NotFound) => "not found",
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert_eq!(outcome, policy.write_outcome(thing, field), "{:?} {:?}", policy, thing);
    }
    Ok(())
}

async fn insert(world: &World, things: &[Thing]) -> BTreeMap<Uuid, Thing> {
    let store = &world.database.owner;
    for table in [sql("DELETE FROM links"), sql("DELETE FROM things")] {
        table.execute(store).await.unwrap();
    }
    let mut made = BTreeMap::new();
    for (number, thing) in things.iter().enumerate() {
        let id = Uuid::from_u128(0x1000 + number as u128);
        let organisation = if thing.here { CLINIC } else { ELSEWHERE };
        let maker = if thing.mine { PERSON } else { Uuid::from_u128(0x78) };
        let ring = world.keys.ring(organisation).await.unwrap();
        let sealed = |field: u32, text: &str| {
            let environment = world.keys.environment();
            let binding = Binding { environment, organisation, entity: 9, field, row: id };
            ring.seal(Purpose::Field, &binding, text.as_bytes()).unwrap().into_bytes()
        };
        sql("INSERT INTO things (id, organisation_id, version, created_at, created_by_id, updated_at, updated_by_id, a, b, c, d)
             VALUES ($1, $2, 1, $3, $4, $3, $4, $5, $6, $7, $8)")
        .bind(id)
        .bind(organisation)
        .bind(world.clock.now())
        .bind(maker)
        .bind(thing.a)
        .bind(thing.b)
        .bind(sealed(3, "c"))
        .bind(sealed(4, "d"))
        .execute(store)
        .await
        .unwrap();
        if thing.linked {
            let link = sql("INSERT INTO links (thing_id, person_id) VALUES ($1, $2)").bind(id).bind(PERSON);
            link.execute(store).await.unwrap();
        }
        made.insert(id, thing.clone());
    }
    made
}

fn run(database: impl Future<Output = testing::TestDatabase>, cases: u32, policies: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(async {
        let database = database.await;
        let sqlite = "CREATE TABLE things (id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, version INTEGER NOT NULL,
            created_at TEXT NOT NULL, created_by_id TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by_id TEXT NOT NULL,
            a INTEGER, b INTEGER NOT NULL, c BLOB, d BLOB) STRICT;
            CREATE TABLE links (thing_id TEXT NOT NULL, person_id TEXT NOT NULL) STRICT;";
        let postgres = "CREATE TABLE things (id uuid PRIMARY KEY, organisation_id uuid NOT NULL, version bigint NOT NULL,
            created_at timestamptz NOT NULL, created_by_id uuid NOT NULL, updated_at timestamptz NOT NULL,
            updated_by_id uuid NOT NULL, a bigint, b bigint NOT NULL, c bytea, d bytea);
            CREATE TABLE links (thing_id uuid NOT NULL, person_id uuid NOT NULL,
                organisation_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-0000000000c1');";
        let postgres = postgres.to_owned() + &leading_view("links", &["thing_id", "person_id"]);
        migrate(&database, sqlite.to_owned(), postgres).await;
        World::over(database).await
    });
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let strategy = (prop::collection::vec(thing(), 0..7), prop::collection::vec(policy(), policies));
    let outcome = TestRunner::new(config)
        .run(&strategy, |(things, policies)| runtime.block_on(case(&world, &things, &policies)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// CL-1, CL-2: 1,200 random policies over random rows, on SQLite.
#[test]
fn sql_agrees_with_an_oracle_on_sqlite() {
    run(testing::sqlite(), 60, 20);
}

/// The same on PostgreSQL, where unknown and false are told apart by another hand.
#[test]
fn sql_agrees_with_an_oracle_on_postgres() {
    run(testing::postgres(), 15, 20);
}
