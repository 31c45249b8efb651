//! Whatever a spec says, what is generated is what we wrote: free text stays text, names stay names.

#[path = "hostile/oracle.rs"]
mod oracle;

use oracle::{assert_same_program, assert_sound_name, generated};
use proptest::prelude::*;

const TEXTS: &[&str] = &[
    "\"); std::process::exit(1); //",
    "*/ fn evil() {} /*",
    "'; DROP TABLE patients; --",
    "{{ app.title }} {% raw %} {# #}",
    "line one\nline two\r\n//! line three",
    "\u{202e}txt.exe\u{2066}",
    "r#\"raw\"# \\ \\\" \u{0}",
    "<script>alert(1)</script> & \"quotes\"",
    "${jndi:ldap://x} $(rm -rf /) `id`",
    "مرحبا 世界 🩺",
    "]]> --> <!-- [a](javascript:b)",
];

#[test]
fn text_that_would_run_stays_text() {
    let taken = TEXTS.iter().filter(|text| generated(text).is_some()).count();
    assert!(taken > 3, "only {taken} of the hostile texts are taken at all");
    for text in TEXTS {
        assert_same_program(text);
    }
}

#[test]
fn names_of_rust_and_of_sql_are_names() {
    for name in
        ["visit", "select", "self", "type", "order", "string", "option", "viewer", "x-ray", "co2 level"]
    {
        assert!(assert_sound_name(name), "{name:?} is a fair name");
    }
    for name in ["../../etc/passwd", "", " ", "a;b", "\u{202e}tac", "{{ x }}"] {
        assert!(!assert_sound_name(name), "{name:?} is no name");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_text_leaves_the_program_as_it_is(text in "\\PC{1,80}") {
        assert_same_program(&text);
    }

    #[test]
    fn any_name_that_is_taken_generates_what_can_be_read(name in "[a-z0-9 _'./é-]{1,24}") {
        assert_sound_name(&name);
    }
}
