//! What the gate finds, and how its findings can be used.

use deidentify::{Kind, replace, scan};
use proptest::prelude::*;

fn found(text: &str) -> Vec<(Kind, &str)> {
    scan(text).into_iter().map(|finding| (finding.kind, &text[finding.range])).collect()
}

/// CC-2: writing an identifier oddly does not carry it past the gate.
#[test]
fn odd_writing_hides_nothing() {
    assert_eq!(found("ssn 2\u{200b}19-09-9999"), [(Kind::SocialSecurity, "2\u{200b}19-09-9999")]);
    assert_eq!(found("ssn ２１９‑０９‑９９９９"), [(Kind::SocialSecurity, "２１９‑０９‑９９９９")]);
    assert_eq!(found("call 212\u{a0}555\u{2011}0143"), [(Kind::Phone, "212\u{a0}555\u{2011}0143")]);
    assert_eq!(
        found("write to maria (at) example (dot) com"),
        [(Kind::Email, "maria (at) example (dot) com")]
    );
}

#[test]
fn a_fax_is_a_fax() {
    assert_eq!(found("Fax 212-555-0143, phone 212-555-0144")[0].0, Kind::Fax);
    assert_eq!(found("Fax 212-555-0143, phone 212-555-0144")[1].0, Kind::Phone);
}

/// HC-6: what was taken out comes back where the text stays, and nowhere else.
#[test]
fn placeholders_are_reversible_where_the_list_is_kept() {
    let text = "Maria Garcia called; tell Maria Garcia that 212-555-0143 is wrong.";
    let (sent, kept) = replace(text, &scan(text));
    assert_eq!(sent, "[name 1] called; tell [name 1] that [phone 1] is wrong.");
    assert_eq!(kept.restore(&sent), text);
    assert_eq!(format!("{kept:?}"), "Placeholders(2 values)", "the values cannot be printed");
}

proptest! {
    /// Any text is scanned without a panic; findings lie in order on characters; nothing is lost by replacing.
    #[test]
    fn any_text_is_scanned(text in "\\PC{0,200}") {
        let findings = scan(&text);
        let mut at = 0;
        for finding in &findings {
            prop_assert!(finding.range.start >= at && finding.range.end > finding.range.start);
            prop_assert!(text.get(finding.range.clone()).is_some());
            at = finding.range.end;
        }
        let (sent, kept) = replace(&text, &findings);
        prop_assert_eq!(kept.restore(&sent), text);
    }

    /// A number of social security is found whatever stands around it.
    #[test]
    fn a_number_is_found_anywhere(before in "[a-z ]{0,40}", after in "[a-z ,.]{0,40}") {
        let text = format!("{before} 219-09-9999 {after}");
        prop_assert!(scan(&text).iter().any(|finding| &text[finding.range.clone()] == "219-09-9999"));
    }
}
