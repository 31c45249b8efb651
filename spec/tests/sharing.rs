//! What leaves an app: who receives it, what it may say and show, and who sends it (constructs 17 and 21, CL-7).

use spec::{Lock, check};

const SPEC: &str = r#"app: Clinic
roles:
  owner: { privileged: true, administers: [people] }
  provider: {}
  patient: { self: patient }
entities:
  patient:
    fields: { name: "identifier name, required", email: identifier email, goals: narrative }
    access: { provider: "view, create in organisation", patient: view own }
  protocol:
    part of: patient
    fields: { dose: clinical integer, stock: none integer, secret: narrative, remark: { type: narrative, sensitivity: part2 } }
    access: { provider: "view, create in organisation", owner: view(stock) in organisation, patient: "view(dose, remark) own" }
  visit:
    part of: patient
    fields: { start: "none moment, required", reason: "clinical one of a | b, queryable", status: none one of booked | cancelled }
    access: { provider: "view, create in organisation", patient: view own }
documents:
  packet: { of: protocol, format: page, shows: [dose], link: 24 hours, to: patient, by: [provider] }
messages:
  ready: { by: [email], to: patient, says: [organisation, link] }
  reminder: { by: [email], to: patient, when: 24 hours before visit.start, where: "status == booked", says: [organisation, time] }
"#;

#[test]
fn messages_and_documents_are_resolved() {
    let spec = check(SPEC, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(spec::buildable(&spec), []);
    let model = spec.model();
    let [packet] = model.documents.as_slice() else { panic!("{:?}", model.documents) };
    assert_eq!((packet.way.len(), packet.says.len(), packet.link.minutes()), (1, 2, 24 * 60));
    let reminder = model.messages[1].before.as_ref().expect("it goes by itself");
    assert_eq!((reminder.before.minutes(), reminder.filter.is_some()), (24 * 60, true));
}

/// CL-7: each with what is wrong and what to do.
#[test]
fn what_would_tell_too_much_is_refused() {
    for (from, to, said) in [
        (
            "says: [organisation, time]",
            "says: [organisation, reason]",
            "`reason` could tell something clinical",
        ),
        ("status == booked", "reason == a", "to be told would tell something of `reason`"),
        (
            "says: [organisation, link]",
            "says: [organisation, time]",
            "`ready` has no time that it could tell",
        ),
        (
            "[email], to: patient, when",
            "[sms], to: patient, when",
            "a `patient` has no field to which `sms` could go",
        ),
        ("[email], to: patient, when", "[pigeon], to: patient, when", "nothing goes by `pigeon`"),
        ("24 hours before visit.start", "tomorrow", "does not say how long before what"),
        ("before visit.start", "before visit.reason", "`reason` is not a moment"),
        ("to: patient, says", "to: provider, says", "no record holds the address of a `provider`"),
        ("shows: [dose]", "shows: [secret]", "`patient` may not view `secret`, and would receive it"),
        ("shows: [dose]", "shows: [remark]", "`remark` carries a sensitivity label"),
        (", by: [provider]", "", "nobody sends `packet`"),
        ("by: [provider]", "by: [owner]", "`owner` may not view `dose`, and would send it"),
        ("link: 24 hours", "link: 7 days", "a link to PHI opens for at most 24 hours"),
        (
            "patient: \"view(dose, remark) own\"",
            "patient: never dose",
            "may not view `dose`, and would receive it",
        ),
    ] {
        let text = SPEC.replacen(from, to, 1);
        assert_ne!(text, SPEC, "{from}");
        let problems = match check(&text, &Lock::default()) {
            Ok(_) => panic!("{to} is valid"),
            Err(problems) => problems.to_string(),
        };
        assert!(problems.contains(said), "{said}\n{problems}");
    }
}

/// What cannot be built is named with its place, and never left out in silence.
#[test]
fn what_cannot_be_built_is_named() {
    for (from, to, at) in [
        ("format: page", "format: pdf", "/documents/packet/format"),
        ("shows: [dose]", "shows: [dose, patient]", "/documents/packet/shows/1"),
        ("shows: [dose]", "shows: [patient.name]", "/documents/packet/shows/0"),
        ("documents:", "documents:\n  scan: { upload: true }", "/documents/scan"),
        ("says: [organisation, link]", "says: [organisation]", "/messages/ready"),
        ("says: [organisation, time]", "says: [reference]", "/messages/reminder/says/0"),
    ] {
        let spec = check(&SPEC.replacen(from, to, 1), &Lock::default())
            .unwrap_or_else(|problems| panic!("{problems}"));
        let named: Vec<String> = spec::buildable(&spec).iter().map(|not| not.pointer.to_string()).collect();
        assert!(named.iter().any(|pointer| pointer == at), "{at} is not among {named:?}");
    }
}
