//! What a rule says to the database is what the interpreter says, on both.

use crate::{Choices, execute, rows};
use safeguards::testing;
use spec::{
    Lock,
    model::{End, Model, Path},
    rules::{Context, Value},
};
use std::collections::BTreeMap;
use time::{Date, Duration, OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-23 11:18:03 UTC);

const EXPRESSIONS: &[&str] = &[
    "a > 160 or b > 100",
    "a > 1 and b > 1 or not (a == b)",
    "not (a > b) and flag",
    "a + b * 2 - n / b > 3",
    "n / 2 > 0",
    "(n / b) is missing",
    "-(a - b) <= 3 or n == 2",
    "a is missing or day is not missing",
    "day < other day",
    "day == today or at < now",
    "state == no-show",
    "state != in person and n != 1",
    "state in (A+, no-show)",
    "word == \"x\"",
    "flag == false",
    "flag or flag is missing",
    "owner.limit > a",
    "owner.limit is missing and owner is not missing",
];

#[derive(Debug)]
struct Facts<'m> {
    model: &'m Model,
    values: BTreeMap<&'static str, Option<Value>>,
}

impl Context for Facts<'_> {
    fn value(&self, path: &Path) -> Option<Value> {
        let name = match path.end {
            End::Field(field) => self.model[path.entity()][field].name.as_str(),
            End::Title => "owner",
            other => unreachable!("{other:?} is no input"),
        };
        self.values[name].clone()
    }

    fn now(&self) -> OffsetDateTime {
        NOW
    }

    fn today(&self) -> Date {
        NOW.date()
    }
}

fn literal(value: &Value) -> String {
    let moment = time::macros::format_description!(
        "'[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z'"
    );
    match value {
        Value::Boolean(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => format!("'{text}'"),
        Value::Date(date) => format!("'{date}'"),
        Value::Moment(at) => at.format(moment).unwrap(),
        other => unreachable!("{other:?} is no column"),
    }
}

fn values(choices: &mut Choices) -> BTreeMap<&'static str, Option<Value>> {
    let mut out = BTreeMap::new();
    for name in ["a", "b", "n", "limit", "flag", "day", "other day", "at", "state", "word", "owner"] {
        let value = match name {
            "a" | "b" | "limit" => Value::Number(choices.one(&[0.0, 1.0, 2.0, 2.5, 160.5, 170.0, -3.0])),
            "n" => Value::Number(choices.one(&[0.0, 1.0, 2.0, 3.0, -5.0])),
            "flag" => Value::Boolean(choices.below(2) == 0),
            "day" | "other day" => Value::Date(NOW.date() + Duration::days(choices.one(&[-400, -1, 0, 1]))),
            "at" => Value::Moment(NOW + Duration::microseconds(choices.one(&[-1, 0, 1, 5_000_000]))),
            "state" => Value::Text(choices.one(&["in person", "no-show", "A+"]).into()),
            "word" => Value::Text(choices.one(&["x", "X", ""]).into()),
            _ => Value::Record,
        };
        out.insert(name, (choices.below(4) > 0).then_some(value));
    }
    if out["owner"].is_none() {
        out.insert("limit", None);
    }
    out
}

#[tokio::test]
async fn the_database_and_the_interpreter_agree() {
    let mut text = String::from(
        "app: A\nroles: { nurse: {} }\nentities:\n  owner:\n    fields: { limit: none decimal }\n    access: { nurse: view in organisation }\n  it:\n    part of: owner\n    fields:\n      a: none decimal\n      b: none decimal\n      n: none integer\n      flag: none boolean\n      day: none date\n      other day: none date\n      at: none moment\n      state: none one of in person | no-show | A+\n      word: none text\n",
    );
    for (i, said) in EXPRESSIONS.iter().enumerate() {
        text += &format!("      rule {i}: {{ is: {said:?} }}\n");
    }
    let spec = spec::check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    let model = spec.model();
    let it = &model[model.entity("it").unwrap()];
    let databases = [(testing::blank_sqlite().await, false), (testing::blank_postgres().await, true)];
    let mut choices = Choices(7);
    let worlds: Vec<_> = (0..200).map(|_| values(&mut choices)).collect();
    let mut held = 0;
    for (database, postgres) in &databases {
        let [number, boolean, date, moment] = if *postgres {
            ["double precision", "boolean", "date", "timestamptz"]
        } else {
            ["REAL", "INTEGER", "TEXT", "TEXT"]
        };
        let integer = if *postgres { "bigint" } else { "INTEGER" };
        execute(
            &database.owner,
            format!("CREATE TABLE owners (id bigint, organisation_id bigint, \"limit_\" {number})"),
        )
        .await;
        execute(
            &database.owner,
            format!("CREATE TABLE its (id bigint, organisation_id bigint, owner_id bigint, a {number}, b {number}, n {integer}, flag {boolean}, day {date}, other_day {date}, at {moment}, state text, word text)"),
        )
        .await;
        for (i, values) in worlds.iter().enumerate() {
            let value = |name: &str| values[name].as_ref().map_or_else(|| "NULL".to_owned(), literal);
            let owner = if values["owner"].is_some() { i.to_string() } else { "NULL".into() };
            if values["owner"].is_some() {
                execute(&database.owner, format!("INSERT INTO owners VALUES ({i}, 1, {})", value("limit")))
                    .await;
            }
            let columns =
                ["a", "b", "n", "flag", "day", "other day", "at", "state", "word"].map(value).join(", ");
            execute(&database.owner, format!("INSERT INTO its VALUES ({i}, 1, {owner}, {columns})")).await;
        }
        for (i, said) in EXPRESSIONS.iter().enumerate() {
            let expression = it[it.field(&format!("rule {i}")).unwrap()].computed.as_ref().unwrap();
            let condition =
                expression.sql(&model.entities, &it.table).unwrap_or_else(|why| panic!("{said}: {why}"));
            let condition = condition
                .replace(":now", &literal(&Value::Moment(NOW)))
                .replace(":today", &literal(&Value::Date(NOW.date())));
            let found =
                rows(&database.owner, format!("SELECT id FROM {} WHERE {condition} ORDER BY id", it.table))
                    .await;
            let found: Vec<i64> = found.iter().map(|row| row.integer("id").unwrap()).collect();
            let expected: Vec<i64> = (0_i64..)
                .zip(&worlds)
                .filter(|(_, values)| expression.holds(&Facts { model, values: (*values).clone() }))
                .map(|(id, _)| id)
                .collect();
            assert_eq!(found, expected, "{said}: {condition}");
            held += expected.len();
        }
    }
    assert!(held > 1_000, "rules that never hold would prove nothing: {held}");
}
