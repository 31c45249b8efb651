//! What is written can be read: documents, texts and the lock round-trip.

use proptest::prelude::*;
use spec::{Access, FieldType, Lock, Name};

#[test]
fn a_document_is_written_as_a_person_would_and_reads_the_same() {
    let reading = spec::read(include_str!("home_bp.yaml"));
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    let yaml = reading.document.to_yaml();
    let again = spec::read(&yaml);
    assert!(again.problems.is_empty(), "{}\n{yaml}", again.problems);
    assert_eq!(again.document, reading.document, "{yaml}");
    assert!(yaml.contains("      name: identifier name, required\n"), "{yaml}");
    assert!(yaml.starts_with("app: Home blood pressure\nabout: "), "{yaml}");
}

/// Model answers come as JSON; it is the same language.
#[test]
fn json_reads_as_the_same_document() {
    let yaml = spec::read(include_str!("home_bp.yaml")).document;
    let pretty = serde_json::to_string_pretty(&yaml.to_json()).unwrap();
    let compact = yaml.to_json().to_string();
    for text in [pretty, compact] {
        let json = spec::read(&text);
        assert!(json.problems.is_empty(), "{}", json.problems);
        assert_eq!(json.document, yaml);
    }
}

#[test]
fn json_escapes_and_tabs_are_read() {
    let text = "{\n\t\"app\": \"Caf\\u00e9 \\ud83d\\ude00 \\\"A\\/B\\\"\",\n\t\"roles\": {\"nurse\": {}},\n\t\"entities\": {}\n}";
    assert_eq!(spec::read(text).document.app, "Café 😀 \"A/B\"");
}

/// A rename is a rename, and an id is never given twice.
#[test]
fn the_lock_keeps_ids_through_renames_and_removals() {
    let spec = |entities: &str, changes: &str| {
        format!("app: A\nroles: {{ nurse: {{}} }}\nentities:\n{entities}{changes}")
    };
    let entity = |name: &str, field: &str| {
        format!(
            "  {name}: {{ fields: {{ {field}: none text }}, access: {{ nurse: view in organisation }} }}\n"
        )
    };
    let valid =
        |text: &str, lock: &Lock| spec::check(text, lock).unwrap_or_else(|problems| panic!("{problems}"));

    let first = valid(&spec(&(entity("plan", "title") + &entity("visit", "reason")), ""), &Lock::default());
    let name = |text: &str| text.parse::<Name>().unwrap();
    assert_eq!(first.lock().entity(&name("visit")), Some(2));

    let renamed = spec(
        &(entity("program", "heading") + &entity("note", "text")),
        "changes: { program: { was: plan }, program.heading: { was: title } }\n",
    );
    let second = valid(&renamed, first.lock());
    assert_eq!(second.lock().entity(&name("program")), Some(1));
    assert_eq!(second.lock().field(&name("program"), &name("heading")), Some(1));
    assert_eq!(second.lock().entity(&name("note")), Some(3), "the id of `visit` is not given again");

    let third = valid(&spec(&entity("visit", "reason"), ""), second.lock());
    assert_eq!(third.lock().entity(&name("visit")), Some(2), "what comes back is what it was");
    let text = third.lock().to_string();
    assert_eq!(text.parse::<Lock>().unwrap(), *third.lock(), "{text}");
    insta::assert_snapshot!(text, @r"
    # Stable ids of entities and fields. Sealed values are bound to them: commit this file, and
    # never edit it by hand. Renames are said in app.yaml under `changes`.
    retired 1 program
      1 heading
    entity 2 visit
      1 reason
    retired 3 note
      1 text
    ");
}

#[test]
fn a_damaged_lock_is_refused() {
    for text in [
        "entity x patient",
        "  1 name",
        "entity 1 patient\nentity 1 visit",
        "entity 1 patient\n  1 a\n  1 b",
        "other 1 patient",
    ] {
        assert!(text.parse::<Lock>().is_err(), "{text}");
    }
}

fn a_name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,6}([ -][a-z0-9]{1,5}){0,2}".prop_filter("keywords of the grammar", |name| {
        !name.split(' ').any(|word| {
            ["own", "in", "via", "when", "by", "assigned", "everywhere", "never", "list"].contains(&word)
        }) && !["view", "create", "update", "delete", "print", "download", "export", "assign"]
            .iter()
            .any(|verb| name.starts_with(verb))
    })
}

fn a_field_type() -> impl Strategy<Value = String> {
    let flags =
        proptest::sample::subsequence(vec!["required", "unique", "part2", "minor", "default 5"], 0..4);
    let numbers = (
        "(clinical|none|identifier|narrative)",
        "(list of )?",
        "(integer|decimal|money)",
        "( mmHg| kg| per minute)?",
        "( 0\\.\\.10| -5\\.5\\.\\.| \\.\\.300)?",
    )
        .prop_map(|(class, list, kind, unit, range)| format!("{class} {list}{kind}{unit}{range}"));
    let others = (
        "(clinical|none|identifier)",
        "(list of )?",
        "(text|long text|name|email|phone|address|url|mrn|member id|ssn|boolean|date|time|moment|duration|icd-10-cm|cdt@2026|one of a \\| b c \\| d-e|one of A\\+ \\| 5 mg/kg)",
    )
        .prop_map(|(class, list, kind)| format!("{class} {list}{kind}"));
    let links = ("(list of )?", a_name()).prop_map(|(list, name)| format!("{list}link {name}"));
    (prop_oneof![numbers, others, links, Just("identifier".to_owned()), Just("narrative".to_owned())], flags)
        .prop_map(|(head, flags)| std::iter::once(head.as_str()).chain(flags).collect::<Vec<_>>().join(", "))
}

fn an_access() -> impl Strategy<Value = String> {
    let verb = (
        prop_oneof!["(view|list|create|update|delete|print|download|export|assign)", a_name()],
        proptest::collection::vec(a_name(), 0..3),
    )
        .prop_map(
            |(verb, names)| if names.is_empty() { verb } else { format!("{verb}({})", names.join(", ")) },
        );
    let scope = prop_oneof![
        Just(" own".to_owned()),
        Just(" assigned".to_owned()),
        Just(" everywhere".to_owned()),
        a_name().prop_map(|place| format!(" in {place}")),
        a_name().prop_map(|field| format!(" own by {field}")),
    ];
    let grant = (
        proptest::collection::vec(verb, 1..4),
        scope,
        proptest::option::of(proptest::collection::vec(a_name(), 1..3)),
        proptest::option::of(proptest::collection::vec("[a-z]{1,8}( [a-z]{3,5})?", 1..3)),
    )
        .prop_map(|(verbs, scope, via, when)| {
            let via = via.map(|via| format!(" via {}", via.join("."))).unwrap_or_default();
            let when = when.map(|when| format!(" when {}", when.join(", "))).unwrap_or_default();
            format!("{}{scope}{via}{when}", verbs.join(", "))
        });
    let never =
        proptest::collection::vec(a_name(), 1..3).prop_map(|names| format!("never {}", names.join(", ")));
    proptest::collection::vec(prop_oneof![4 => grant, 1 => never], 1..4)
        .prop_map(|clauses| clauses.join("; "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn field_types_round_trip(text in a_field_type()) {
        let parsed: FieldType = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        let again: FieldType = parsed.to_string().parse().unwrap_or_else(|e| panic!("{parsed}: {e}"));
        prop_assert_eq!(parsed, again);
    }

    #[test]
    fn access_round_trips(text in an_access()) {
        let parsed: Access = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        let again: Access = parsed.to_string().parse().unwrap_or_else(|e| panic!("{parsed}: {e}"));
        prop_assert_eq!(parsed, again);
    }

    /// Bad input never panics, neither as a document nor as any of its compact texts.
    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,200}") {
        let _ = spec::check(&text, &Lock::default());
        let _ = text.parse::<FieldType>();
        let _ = text.parse::<Access>();
        let _ = text.parse::<Name>();
        let _ = text.parse::<Lock>();
    }

    #[test]
    fn any_text_in_a_field_is_read_without_panic(text in "[a-z0-9 .,;()|=<>\"':@&+-]{0,80}") {
        let quoted = serde_json::to_string(&text).unwrap();
        let yaml = format!("app: A\nroles: {{ nurse: {{}} }}\nentities:\n  patient:\n    fields: {{ a: clinical integer, b: {quoted}, c: {{ is: {quoted} }} }}\n    access: {{ nurse: {quoted} }}\nlists: {{ l: {{ of: patient, where: {quoted}, for: nurse, sort: {quoted} }} }}\n");
        if let Err(problems) = spec::check(&yaml, &Lock::default()) {
            for problem in problems {
                let span = problem.span.expect("every problem of a text has its place");
                prop_assert!(yaml.get(span.start..span.end).is_some(), "{problem}");
            }
        }
    }
}

/// What models are given describes what is read: every key of a spec, and nothing that is not one.
#[test]
fn the_schema_describes_what_is_read() {
    let schema = spec::schema();
    let keys: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys[..5], ["app", "about", "language", "time zone", "places"]);
    assert_eq!(schema["required"], serde_json::json!(["app", "roles", "entities"]));
    assert_eq!(schema["additionalProperties"], false);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        let object = definition["anyOf"].as_array().map_or(definition, |forms| forms.last().unwrap());
        for (key, property) in object["properties"].as_object().into_iter().flatten() {
            assert!(
                property["description"].as_str().is_some_and(|text| text.len() > 2),
                "{name}.{key} says what it is"
            );
        }
    }
    // A document of unknown keys alone names, in its complaints, each key that the schema has.
    let problems = spec::read("nothing known: 1\n").problems.to_string();
    assert!(keys.iter().all(|key| problems.contains(&format!("`{key}`"))), "{problems}");
}
