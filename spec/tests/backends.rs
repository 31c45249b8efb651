//! The interpreter and the Rust that is written for the same expressions agree, whatever the values.
//!
//! `golden/rules.rs` holds what the Rust backend writes for [`EXPRESSIONS`]. It is compiled here with the functions
//! that a generated project carries, and a test fails when it is stale (`UPDATE_GOLDEN=1` writes it anew).
#![allow(clippy::unwrap_used, reason = "the fixtures of these tests are their own")]

#[allow(unreachable_pub, reason = "as written for a project")]
#[rustfmt::skip]
#[path = "golden/rules.rs"]
mod golden;
#[allow(dead_code, unreachable_pub, clippy::cast_precision_loss, reason = "a project carries it as a whole")]
#[path = "../src/rules/runtime.rs"]
mod rules;

use golden::{Inputs, Outcome};
use proptest::prelude::*;
use quote::{format_ident, quote};
use spec::{
    Lock, ValidatedSpec,
    model::{End, Model, Path},
    rules::{Context, Expression, Type, Value},
};
use std::sync::LazyLock;
use time::{Date, Duration, OffsetDateTime, Time, macros::date, macros::datetime};

const EXPRESSIONS: &[&str] = &[
    "a > 160 or b > 100",
    "a > 1 and b > 1 or not (a == b)",
    "not (a > b) and flag",
    "a + b * 2 - a / b",
    "-(a - b) <= 3",
    "a / (b - 1) > 0",
    "sum(a, b, 1)",
    "count(a, b)",
    "min(a, b)",
    "max(a, b)",
    "mean(a, b)",
    "a is missing or b is not missing",
    "(a / 0) is missing",
    "years(day, today)",
    "years(day, other day) >= 18",
    "days(day, other day)",
    "days(at, now)",
    "hours(at, now) > 72",
    "day < other day",
    "day == today or at < now",
    "state == no-show",
    "state != in person and state == second state",
    "state in (A+, no-show)",
    "word == \"x\" or word contains \"y\"",
    "words contains \"x\"",
    "flag == true",
    "flag",
];

static SPEC: LazyLock<ValidatedSpec> = LazyLock::new(|| {
    let mut text = String::from(
        "app: A\nroles: { nurse: {} }\nentities:\n  it:\n    fields:\n      a: none decimal\n      b: none decimal\n      flag: none boolean\n      day: none date\n      other day: none date\n      at: none moment\n      state: none one of in person | no-show | A+\n      second state: none one of in person | no-show | A+\n      word: none text\n      words: none list of text\n",
    );
    for (i, said) in EXPRESSIONS.iter().enumerate() {
        text += &format!("      rule {i}: {{ is: {} }}\n", serde_json::to_string(said).unwrap());
    }
    text += "    access: { nurse: view in organisation }\n";
    spec::check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"))
});

fn expression(index: usize) -> &'static Expression {
    let model: &Model = SPEC.model();
    let entity = &model[model.entity("it").unwrap()];
    entity[entity.field(&format!("rule {index}")).unwrap()].computed.as_ref().unwrap()
}

fn field_name(path: &Path) -> &'static str {
    let End::Field(field) = path.end else { unreachable!("the expressions name fields only") };
    SPEC.model()[path.entity()][field].name.as_str()
}

fn written() -> String {
    let functions = (0..EXPRESSIONS.len()).map(|i| {
        let expression = expression(i);
        let name = format_ident!("rule_{i}");
        let doc = format!(" `{}`", expression.said);
        let tokens = expression.rust(&|path| {
            let name = format_ident!("{}", field_name(path).replace(' ', "_"));
            match field_name(path) {
                "state" | "second state" | "word" | "words" => quote!(inputs.#name.as_deref()),
                _ => quote!(inputs.#name),
            }
        });
        let outcome = match expression.result {
            Type::Boolean => quote!(Outcome::Boolean),
            _ => quote!(Outcome::Number),
        };
        quote! {
            #[doc = #doc]
            pub fn #name(inputs: &Inputs, today: Date, now: OffsetDateTime) -> Outcome {
                #outcome(#tokens)
            }
        }
    });
    let names = (0..EXPRESSIONS.len()).map(|i| format_ident!("rule_{i}"));
    let file = quote! {
        //! What the Rust backend writes for the expressions of `backends.rs`.
        #![allow(unused_variables, clippy::all, missing_docs, reason = "as written for a project, of which this is a part")]
        use crate::rules;
        use time::{Date, OffsetDateTime};

        #[derive(Clone, Debug)]
        pub struct Inputs {
            pub a: Option<f64>,
            pub b: Option<f64>,
            pub flag: Option<bool>,
            pub day: Option<Date>,
            pub other_day: Option<Date>,
            pub at: Option<OffsetDateTime>,
            pub state: Option<String>,
            pub second_state: Option<String>,
            pub word: Option<String>,
            pub words: Option<Vec<String>>,
        }

        #[derive(Clone, Debug, PartialEq)]
        pub enum Outcome {
            Boolean(Option<bool>),
            Number(Option<f64>),
        }

        pub const ALL: &[fn(&Inputs, Date, OffsetDateTime) -> Outcome] = &[#(#names),*];

        #(#functions)*
    };
    prettyplease::unparse(&syn::parse2(file).unwrap())
}

#[test]
fn the_golden_is_what_the_backend_writes() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rules.rs");
    let written = written();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == written, "run this test with UPDATE_GOLDEN=1");
}

struct Facts<'i>(&'i Inputs, OffsetDateTime);

impl Context for Facts<'_> {
    fn value(&self, path: &Path) -> Option<Value> {
        let text = |text: &Option<String>| text.clone().map(Value::Text);
        match field_name(path) {
            "a" => self.0.a.map(Value::Number),
            "b" => self.0.b.map(Value::Number),
            "flag" => self.0.flag.map(Value::Boolean),
            "day" => self.0.day.map(Value::Date),
            "other day" => self.0.other_day.map(Value::Date),
            "at" => self.0.at.map(Value::Moment),
            "state" => text(&self.0.state),
            "second state" => text(&self.0.second_state),
            "word" => text(&self.0.word),
            "words" => {
                self.0.words.clone().map(|words| Value::List(words.into_iter().map(Value::Text).collect()))
            }
            other => unreachable!("{other} is no input"),
        }
    }

    fn now(&self) -> OffsetDateTime {
        self.1
    }

    fn today(&self) -> Date {
        self.1.date()
    }
}

fn inputs() -> impl Strategy<Value = Inputs> {
    let number = || proptest::option::of(prop_oneof![Just(0.0), Just(1.0), -200.0..200.0_f64]);
    let day = || {
        proptest::option::of((0..60_000_i64).prop_map(|days| date!(1900 - 01 - 01) + Duration::days(days)))
    };
    let moment = proptest::option::of(
        (-9_000_000..9_000_000_i64)
            .prop_map(|seconds| datetime!(2026-11-23 12:00 UTC) + Duration::seconds(seconds)),
    );
    let state = || proptest::option::of("in person|no-show|A\\+");
    let word = proptest::option::of("[xy]{0,3}");
    let words = proptest::option::of(proptest::collection::vec("[xy]", 0..3));
    (
        number(),
        number(),
        proptest::option::of(any::<bool>()),
        day(),
        day(),
        moment,
        state(),
        state(),
        word,
        words,
    )
        .prop_map(|(a, b, flag, day, other_day, at, state, second_state, word, words)| Inputs {
            a,
            b,
            flag,
            day,
            other_day,
            at,
            state,
            second_state,
            word,
            words,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_interpreter_and_the_rust_backend_agree(inputs in inputs(), hour in 0..24_u8) {
        let now = OffsetDateTime::new_utc(date!(2026 - 11 - 23), Time::from_hms(hour, 0, 0).unwrap());
        for (i, compiled) in golden::ALL.iter().enumerate() {
            let expression = expression(i);
            let value = expression.evaluate(&Facts(&inputs, now));
            let expected = match expression.result {
                Type::Boolean => Outcome::Boolean(value.map(|value| value == Value::Boolean(true))),
                _ => Outcome::Number(value.map(|value| match value { Value::Number(number) => number, other => panic!("{other:?}") })),
            };
            let found = compiled(&inputs, now.date(), now);
            prop_assert_eq!(found, expected, "{} of {:?}", expression.said, inputs);
        }
    }
}
