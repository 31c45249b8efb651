//! What people get wrong, and what they are told: where, what, and what to do next.
//!
//! Each case is one mistake in an otherwise good spec; the snapshot holds what a person reads.

use spec::{Lock, problem::Kind};
use std::fmt::Write;

/// A good spec, of which each case replaces a line.
const GOOD: &str = "\
app: Clinic
places:
  clinic: { inside: organisation }
roles:
  nurse: { in: clinic }
  physician: {}
  patient: { self: patient }
entities:
  patient:
    belongs to: clinic
    assigned to: physician
    reference: PT
    fields:
      name: identifier name, required
      phone: identifier phone, searchable
      weight: clinical decimal kg 20..300, queryable
      goals: narrative
      status: none one of active | discharged
    access:
      nurse: view in clinic
      physician: view, update assigned
      patient: view own
  reading:
    part of: patient
    fields:
      systolic: clinical integer mmHg 50..260, queryable
      pulse: clinical integer
lists:
  heavy: { of: patient, where: weight > 100, for: nurse }
";

fn told(text: &str) -> String {
    match spec::check(text, &Lock::default()) {
        Ok(_) => "nothing is wrong".into(),
        Err(problems) => problems.to_string(),
    }
}

fn replaced(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "the case must change something: {from}");
    GOOD.replacen(from, to, 1)
}

#[test]
fn the_good_spec_is_good() {
    assert_eq!(told(GOOD), "nothing is wrong");
}

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_do() {
    let cases = [
        ("an unknown section", "lists:", "listss:"),
        ("an unknown key", "    belongs to: clinic", "    belong to: clinic"),
        ("a key said twice", "    reference: PT", "    reference: PT\n    reference: PX"),
        ("a relation to nothing", "    part of: patient", "    part of: pateint"),
        ("a place that is not there", "belongs to: clinic", "belongs to: hospital"),
        (
            "a place in itself",
            "clinic: { inside: organisation }",
            "clinic: { inside: ward }\n  ward: { inside: clinic }",
        ),
        ("a part of itself", "    reference: PT", "    reference: PT\n    part of: reading"),
        ("an unknown kind", "clinical decimal kg 20..300", "clinical decimel kg 20..300"),
        ("no class", "clinical decimal kg 20..300, queryable", "decimal kg 20..300"),
        ("an empty range", "20..300", "300..20"),
        ("an unknown flag", "phone, searchable", "phone, serchable"),
        ("a path-like name", "      goals: narrative", "      ../../etc/passwd: narrative"),
        ("a name with accents", "      goals: narrative", "      Médico: narrative"),
        ("a right-to-left name", "      goals: narrative", "      \u{202e}slaog: narrative"),
        ("an Arabic name", "      goals: narrative", "      أهداف: narrative"),
        ("a hidden direction in a text", "app: Clinic", "app: \"Clinic \\u202e\""),
        ("a field that every record has", "      goals: narrative", "      version: none integer"),
        ("a field that ends as another's column", "      goals: narrative", "      phone index: none text"),
        ("an entity in the way of another", "  reading:", "  patient assignment:"),
        ("a grant to a role that is not there", "      nurse: view in clinic", "      nurze: view in clinic"),
        ("a grant without a scope", "      nurse: view in clinic", "      nurse: view"),
        ("a grant at a place where the role is not", "nurse: { in: clinic }", "nurse: { in: organisation }"),
        ("a verb that does not exist", "view, update assigned", "view, updade assigned"),
        ("a field that does not exist", "      nurse: view in clinic", "      nurse: view(nmae) in clinic"),
        ("assigned to those who are not", "      nurse: view in clinic", "      nurse: view assigned"),
        ("a state of no lifecycle", "view, update assigned", "view, update assigned when draft"),
        ("a rule on a name that is not there", "weight > 100", "wieght > 100"),
        ("a rule that does not type-check", "weight > 100", "weight > goals"),
        ("a rule that is no condition", "weight > 100", "weight + 1"),
        ("a rule on a sealed value", "of: patient, where: weight > 100", "of: reading, where: pulse > 100"),
        ("a rule on an identifier", "weight > 100", "name is not missing and phone == \\\"1\\\""),
        ("a choice that is not one", "weight > 100", "status == retired"),
        ("a rule that runs away", "weight > 100", "weight > 100) or (1"),
        ("code in a rule", "weight > 100", "{ std::process::exit(1) }"),
        ("a list for those who may not see", "for: nurse }", "for: patient2 }"),
        ("a default that is none", "clinical integer\n", "clinical integer, default many\n"),
        ("a value of another shape", "  physician: {}", "  physician: [1, 2]"),
        ("a tag", "app: Clinic", "app: !!str Clinic"),
        ("not YAML", "app: Clinic", "app: [Clinic"),
        ("a second document", "app: Clinic", "--- {}\n---\napp: Clinic"),
    ];
    let mut out = String::new();
    for (what, from, to) in cases {
        let _ = writeln!(out, "# {what}\n{}\n", told(&replaced(from, &to.replace("\\\"", "'"))));
    }
    insta::assert_snapshot!(out);
}

/// Invariant 2: no spec can turn a safeguard off; each refusal offers the nearest safe thing.
#[test]
fn the_floor_holds() {
    let cases = [
        ("audit off", "lists:", "security: { audit: off }\nlists:"),
        ("encryption off", "lists:", "security: { encryption: off }\nlists:"),
        ("authentication off", "lists:", "security: { authentication: off }\nlists:"),
        ("no second factor", "lists:", "security: { mfa: off }\nlists:"),
        ("a day without activity", "lists:", "security: { idle: 24 hours }\nlists:"),
        ("a hundred attempts", "lists:", "security: { attempts: 100, lockout: 1 minute }\nlists:"),
        ("a short memory", "lists:", "retention: { audit: 5 years }\nlists:"),
        ("PHI everywhere", "nurse: view in clinic", "nurse: view everywhere"),
        ("an identifier that is none", "identifier phone, searchable", "none phone"),
        ("a birth date that is clinical", "      goals: narrative", "      date of birth: clinical date"),
        ("free text that is none", "      goals: narrative", "      goals: none long text"),
        ("a guessable look-up", "identifier name, required", "identifier name, searchable"),
        ("an open narrative", "goals: narrative", "goals: narrative long text, queryable"),
        (
            "a public page of PHI",
            "lists:",
            "pages: { all: { for: nurse, shows: [patient], entry: public } }\nlists:",
        ),
        ("a task for nobody", "lists:", "tasks: { call: { owner: nurse, due: 4 hours } }\nlists:"),
        (
            "a clinical message",
            "lists:",
            "messages: { hello: { by: sms, to: patient, says: [clinic, weight] } }\nlists:",
        ),
        ("an unattested vendor", "lists:", "sub-processors: { vendor: { for: sms } }\nlists:"),
        ("a patient who breaks the glass", "lists:", "security: { break glass: [patient] }\nlists:"),
        ("an impersonator of nobody", "lists:", "security: { impersonation: nurse }\nlists:"),
        (
            "a long link",
            "lists:",
            "documents: { packet: { of: reading, shows: [systolic], to: patient, by: [nurse], link: 7 days } }\nlists:",
        ),
    ];
    let mut out = String::new();
    for (what, from, to) in cases {
        let text = replaced(from, to);
        let problems = spec::check(&text, &Lock::default()).expect_err(what);
        assert!(
            problems.iter().any(|problem| problem.kind == Kind::Floor && problem.help.is_some()),
            "{what}: {problems}"
        );
        let _ = writeln!(out, "# {what}\n{problems}\n");
    }
    insta::assert_snapshot!(out);
}

#[test]
fn every_mistake_is_told_at_once() {
    let mut text = GOOD.to_owned();
    for (from, to) in [
        ("identifier phone, searchable", "identifer phone"),
        ("view, update assigned", "view, updade assigned"),
        ("weight > 100", "wieght > 100"),
        ("part of: patient", "part of: pateint"),
        ("goals: narrative", "goals: naratve"),
    ] {
        text = text.replacen(from, to, 1);
    }
    let problems = spec::check(&text, &Lock::default()).unwrap_err();
    let lines: Vec<_> = problems.iter().map(|problem| problem.span.unwrap().line).collect();
    assert_eq!(lines, [15, 17, 21, 24, 29], "{problems}");
}

/// Rust and SQL keywords are good names; they are escaped at the identifier door.
#[test]
fn keywords_are_good_names() {
    let mut text = String::from("app: Words\nroles:\n  user: {}\nentities:\n");
    for word in [
        "order",
        "group",
        "select",
        "table",
        "type",
        "match",
        "fn",
        "self",
        "index",
        "user",
        "plan",
        "transaction",
        "box",
    ] {
        let _ = writeln!(
            text,
            "  {word}:\n    fields: {{ type: none text, order: none integer, where: none text, async: none boolean, from: none date, primary: none text }}\n    access: {{ user: view, create, update in organisation }}"
        );
    }
    let text = text
        .replace("view, create, update in", "\"view, create, update in")
        .replace("organisation }", "organisation\" }");
    let spec = spec::check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    for (_, entity) in spec.model().entities() {
        assert!(syn::parse_str::<syn::Ident>(&entity.table).is_ok(), "{}", entity.table);
        assert!(syn::parse_str::<syn::Ident>(&entity.name.pascal()).is_ok(), "{}", entity.name.pascal());
        for field in &entity.fields {
            assert!(syn::parse_str::<syn::Ident>(&field.column).is_ok(), "{}", field.column);
        }
    }
}

fn many(entities: usize) -> String {
    let mut text = String::from("app: Many\nroles:\n  nurse: {}\nentities:\n");
    for i in 0..entities {
        let _ = write!(
            text,
            "  thing {i}:\n    assigned to: nurse\n    fields:\n      name: identifier name\n      other: link thing {}\n      amount: clinical decimal kg 0..10, queryable\n      twice: {{ is: amount * 2 }}\n      born: identifier date\n      notes: narrative\n      state: none one of a | b\n    access:\n      nurse: view, update assigned\n",
            (i + 1) % entities
        );
    }
    text
}

/// 300 entities are no burden: validation is linear, and its answer is the same each time.
#[test]
fn three_hundred_entities_are_valid() {
    let text = many(300);
    let spec = spec::check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(spec.model().entities.len(), 300);
    let again = spec::check(&text, spec.lock()).unwrap();
    assert_eq!(again.lock(), spec.lock());
    assert_eq!(format!("{:?}", again.model()), format!("{:?}", spec.model()));
}

#[test]
fn a_megabyte_is_the_most() {
    let text = format!("app: \"{}\"\n", "a".repeat(spec::LARGEST));
    insta::assert_snapshot!(told(&text), @r"
    1:1 /: a spec has at most 1 MB; this text has 1000008 bytes
        help: split the product into several apps, or move long texts out of the spec
    ");
    // A megabyte of small mistakes is answered too, each once.
    let text = format!("app: A\n{}", (0..10_000).map(|i| format!("section {i}: 1\n")).collect::<String>());
    assert_eq!(spec::check(&text, &Lock::default()).unwrap_err().len(), 10_002);
}

#[test]
fn deep_nesting_is_refused_before_it_hurts() {
    for text in [
        format!("app: {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000),
        (0..400).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        replaced("weight > 100", &format!("{}weight > 1{}", "(".repeat(200), ")".repeat(200))),
        replaced("weight > 100", &format!("{}(weight > 1)", "not ".repeat(100))),
    ] {
        let told = told(&text);
        assert!(!told.is_empty());
    }
    insta::assert_snapshot!(told(&format!("app: {}{}", "[".repeat(30), "]".repeat(30))), @"1:30 /: this is nested more than 24 levels deep");
}

#[test]
fn aliases_do_not_explode() {
    let mut text = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (this, last) in
        [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f"), ("h", "g"), ("i", "h")]
    {
        let _ =
            writeln!(text, "{this}: &{this} [{}]", format!("*{last}, ").repeat(10).trim_end_matches(", "));
    }
    insta::assert_snapshot!(told(&text), @r"
    2:8 /: aliases (`*…`) are not part of the language
        help: write the value out
    ");
}

#[test]
fn spans_underline_what_is_wrong_in_any_script() {
    let text =
        GOOD.replacen("app: Clinic", "app: Клиника عيادة 😀", 1).replacen("weight > 100", "wieght > 100", 1);
    let problems = spec::check(&text, &Lock::default()).unwrap_err();
    let span = problems.iter().next().unwrap().span.unwrap();
    assert_eq!(&text[span.start..span.end], "wieght > 100");
    assert_eq!((span.line, span.column), (29, 32));
}
