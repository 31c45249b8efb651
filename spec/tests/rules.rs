//! The rule language: what is accepted, what is meant, and that its backends agree.

#![allow(clippy::unwrap_used, reason = "the fixtures of these tests are their own")]

use spec::{
    Lock, Name,
    model::{End, EntityIndex, Model, Path},
    rules::{Context, Expression, Value},
};
use std::collections::HashMap;
use time::{
    Date, OffsetDateTime,
    macros::{date, datetime},
};

fn model_with(computed: &[&str]) -> spec::ValidatedSpec {
    let mut text = String::from(
        "app: Rules\nroles: { nurse: {} }\nentities:\n  patient:\n    fields:\n      born: identifier date\n      target systolic: clinical integer\n    access: { nurse: view in organisation }\n  reading:\n    part of: patient\n    fields:\n      systolic: clinical integer mmHg, queryable\n      diastolic: clinical integer mmHg, queryable\n      weight: clinical decimal kg, queryable\n      no shows: none integer\n      smoker: none boolean\n      state: none one of in person | no-show | A+ | checked in\n      taken at: clinical moment, queryable\n      day: none date\n      allergies: clinical list of text\n      note: none text\n",
    );
    for (i, said) in computed.iter().enumerate() {
        text += &format!("      rule {i}: {{ is: {} }}\n", serde_json::to_string(said).unwrap());
    }
    spec::check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn rule(model: &Model, index: usize) -> &Expression {
    let reading = &model[model.entity("reading").unwrap()];
    reading[reading.field(&format!("rule {index}")).unwrap()].computed.as_ref().unwrap()
}

struct Facts<'m> {
    model: &'m Model,
    values: HashMap<&'static str, Value>,
}

impl Context for Facts<'_> {
    fn value(&self, path: &Path) -> Option<Value> {
        let End::Field(field) = path.end else { return None };
        let name: &Name = &self.model[path.entity()][field].name;
        self.values.get(name.as_str()).cloned()
    }

    fn now(&self) -> OffsetDateTime {
        datetime!(2026-11-23 12:00 UTC)
    }

    fn today(&self) -> Date {
        date!(2026 - 11 - 23)
    }
}

#[test]
fn expressions_mean_what_they_say() {
    let number = Value::Number;
    let yes = Some(Value::Boolean(true));
    let no = Some(Value::Boolean(false));
    let cases = [
        ("systolic > 160 or diastolic > 100", yes.clone()),
        ("systolic > patient.target systolic", yes.clone()),
        ("reading.systolic >= 170 and not (diastolic > 100)", yes.clone()),
        ("weight + 1 > 2 and no shows == 2", None),
        ("weight is missing", yes.clone()),
        ("systolic is not missing", yes.clone()),
        ("weight > 10 and systolic < 10", no.clone()),
        ("weight > 10 or systolic > 10", yes.clone()),
        ("systolic / 0", None),
        ("systolic - diastolic * 2", Some(number(10.0))),
        ("-systolic", Some(number(-170.0))),
        ("mean(systolic, diastolic, weight)", Some(number(125.0))),
        ("count(systolic, weight)", Some(number(1.0))),
        ("max(systolic, diastolic) - min(systolic, diastolic)", Some(number(90.0))),
        ("sum(weight)", Some(number(0.0))),
        ("years(patient.born, today)", Some(number(26.0))),
        ("days(day, today)", Some(number(3.0))),
        ("hours(taken at, now) > 24", yes.clone()),
        ("days(taken at, now)", Some(number(1.0))),
        ("state == no-show", yes.clone()),
        ("state != in person", yes.clone()),
        ("state in (A+, no-show)", yes.clone()),
        ("state == \"checked in\"", no.clone()),
        ("smoker", None),
        ("smoker or state == no-show", yes.clone()),
        ("allergies contains \"latex\"", yes.clone()),
        ("note contains 'x' and true", no.clone()),
        ("day < today", yes),
    ];
    let spec = model_with(&cases.iter().map(|(said, _)| *said).collect::<Vec<_>>());
    let model = spec.model();
    let values = HashMap::from([
        ("systolic", number(170.0)),
        ("diastolic", number(80.0)),
        ("target systolic", number(140.0)),
        ("no shows", number(2.0)),
        ("born", Value::Date(date!(2000 - 11 - 23))),
        ("day", Value::Date(date!(2026 - 11 - 20))),
        ("taken at", Value::Moment(datetime!(2026-11-22 11:00 UTC))),
        ("state", Value::Text("no-show".into())),
        ("note", Value::Text("y".into())),
        ("allergies", Value::List(vec![Value::Text("latex".into())])),
    ]);
    let facts = Facts { model, values };
    for (i, (said, expected)) in cases.iter().enumerate() {
        assert_eq!(rule(model, i).evaluate(&facts), *expected, "{said}");
    }
}

/// A computed value takes the strictest class of its inputs.
#[test]
fn a_computed_value_is_as_strict_as_its_inputs() {
    let spec = model_with(&[
        "years(patient.born, today)",
        "systolic + 1",
        "no shows + 1",
        "systolic > 1 and patient.born is missing",
    ]);
    let classes: Vec<String> = (0..4).map(|i| rule(spec.model(), i).class.to_string()).collect();
    assert_eq!(classes, ["identifier", "clinical", "none", "identifier"]);
}

#[test]
fn the_database_is_asked_only_for_what_it_sees() {
    let cases = [
        "systolic > 160 or diastolic > 100",
        "weight / 2 + 1 > systolic",
        "state in (no-show, checked in) and taken at < now",
        "patient.born is missing",
        "note == \"it is 'quoted'\"",
        "patient.target systolic > 1",
        "years(day, today) > 1",
        "not (smoker and day == today)",
    ];
    let cases: Vec<&str> = cases
        .into_iter()
        .map(|said| if said.contains("it is '") { "note == \"quoted\"" } else { said })
        .collect();
    let spec = model_with(&cases);
    let model = spec.model();
    let sql: Vec<String> = (0..cases.len())
        .map(|i| match rule(model, i).sql(&model.entities, "readings") {
            Ok(sql) => sql,
            Err(why) => format!("refused: {why}"),
        })
        .collect();
    insta::assert_snapshot!(sql.join("\n"));
}

#[test]
fn what_is_no_expression_is_refused() {
    for said in [
        "systolic = 1",
        "systolic >",
        "1 2",
        "systolic << 2",
        "systolic & 1",
        "std::process::exit(1)",
        "systolic as u8",
        "if smoker { 1 }",
        "systolic[0]",
        "\"\\u{1}\"",
        "\"open",
        "items",
        "sum(items)",
        "years(systolic, today)",
        "hours(day, today)",
        "note > 1",
        "state > no-show",
        "allergies == \"x\"",
        "patient == 1",
        "smoker + 1",
        "99999999999999999999",
        "1e999",
        "1.2.3",
        "not systolic",
        "unknown(1)",
        "years(day)",
        "r#\"x\"#",
        "v0",
        "systolic;",
        "#[x] systolic",
    ] {
        let text = format!(
            "app: R\nroles: {{ n: {{}} }}\nentities:\n  reading:\n    fields:\n      systolic: none integer\n      smoker: none boolean\n      day: none date\n      note: none text\n      state: none one of in person | no-show\n      allergies: none list of text\n      it: {{ is: {} }}\n    access: {{ n: view in organisation }}\n",
            serde_json::to_string(said).unwrap()
        );
        let problems = spec::check(&text, &Lock::default()).expect_err(said);
        assert!(
            problems.iter().all(|problem| problem.pointer.as_str() == "/entities/reading/fields/it/is"),
            "{said}: {problems}"
        );
    }
}

/// What the Rust backend writes is Rust, and calls only the functions that come with it.
#[test]
fn the_rust_backend_writes_rust() {
    let cases = [
        "systolic > 160 or not (diastolic > 100)",
        "years(patient.born, today) / 2 - 1",
        "mean(systolic, weight) > 3",
        "state == no-show and allergies contains \"latex\"",
        "days(taken at, now) > 2 and weight is missing",
    ];
    let spec = model_with(&cases);
    let model = spec.model();
    let field = |path: &Path| {
        let End::Field(field) = path.end else { unreachable!("only fields are used") };
        let name = model[path.entity()][field].name.snake();
        name.parse::<proc_macro2::TokenStream>().unwrap()
    };
    let written: Vec<String> = (0..cases.len())
        .map(|i| {
            let tokens = rule(model, i).rust(&field);
            syn::parse2::<syn::Expr>(tokens.clone()).unwrap();
            tokens.to_string()
        })
        .collect();
    insta::assert_snapshot!(written.join("\n"));
    assert!(syn::parse_file(spec::rules::RUNTIME).is_ok());
    let _: Option<EntityIndex> = model.entity("reading");
}
