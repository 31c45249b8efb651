//! AI actions: what they read and propose resolves, and whoever applies it may write it anyway.

use spec::model::AiInput;
use spec::{Lock, ValidatedSpec, check};

/// A practice with two kinds of actions, into which a test puts its own.
fn practice(actions: &str, more: &str) -> String {
    format!(
        "app: Practice\n\
         roles:\n  owner: {{ privileged: true, administers: [people, agreements] }}\n  clinician: {{}}\n  desk: {{}}\n  clerk: {{}}\n\
         entities:\n  visit:\n    title: [reason]\n    fields:\n      reason: clinical text, required\n      transcript: narrative\n      \
         length: clinical integer\n    access:\n      clinician: view, create, update in organisation\n      desk: view(reason), \
         create(reason) in organisation\n  note:\n    part of: visit\n    title: [plan]\n    fields:\n      plan: narrative\n      \
         severity: clinical one of mild | severe\n      scan: clinical file\n      code: clinical text, required\n    access:\n      \
         clinician: view, create, update in organisation\n      owner: view in organisation\n\
         ai actions:\n{actions}\n{more}"
    )
}

fn valid(actions: &str, more: &str) -> ValidatedSpec {
    check(&practice(actions, more), &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

const VENDOR: &str = "sub-processors:\n  model vendor: { for: [ai scribe], attested by: owner }\n";

/// CC-13: an action says what it reads, of whom it asks, and who applies it; without a provider the app answers itself.
#[test]
fn an_action_resolves() {
    let spec = valid(
        "  scribe: { from: dictation, proposes: \"note(plan, severity)\", applied by: [clinician], provider: model vendor }\n  \
         sum up: { from: transcript, proposes: \"note(plan)\", applied by: [author], keeps: [output], cache: hash }\n  \
         code it: { from: transcript, proposes: \"new note(code)\", applied by: [clinician] }",
        VENDOR,
    );
    let model = spec.model();
    let [scribe, sum_up, code_it] = model.ai_actions.as_slice() else { panic!("three actions") };
    let (visit, note) = (model.entity("visit").unwrap(), model.entity("note").unwrap());
    assert_eq!(
        (scribe.on, scribe.entity, scribe.input, scribe.makes_parts),
        (note, note, AiInput::Given, false)
    );
    assert_eq!(scribe.provider, Some(0));
    assert!(matches!(sum_up.input, AiInput::Above(_)) && sum_up.author_only && sum_up.cached);
    assert_eq!(sum_up.applied_by, [model.role("clinician").unwrap()], "those who may write it");
    assert_eq!(
        (code_it.on, code_it.entity, code_it.makes_parts, code_it.provider),
        (visit, note, true, None)
    );
    assert!(matches!(code_it.input, AiInput::Field(_)));
    assert!(spec::buildable(&spec).is_empty());
}

/// HC-3, CF-23: what would let somebody write or read more than they may, or data go where nobody attests, is refused with its
/// place.
#[test]
fn an_action_opens_nothing() {
    for (actions, more, at, why) in [
        (
            "  a: { from: x, proposes: \"note(plan)\", applied by: [owner] }",
            "",
            "/applied by",
            "may not create",
        ),
        (
            "  a: { from: x, proposes: \"note(plan)\", applied by: [desk] }",
            "",
            "/applied by",
            "may not create",
        ),
        ("  a: { from: transcript, proposes: \"visit(reason)\", applied by: [desk] }", "", "", ""),
        ("  a: { from: x, proposes: \"note\", applied by: [clinician] }", "", "/proposes", "which fields"),
        (
            "  a: { from: x, proposes: \"note(scan)\", applied by: [clinician] }",
            "",
            "/proposes",
            "nothing that can be proposed",
        ),
        ("  a: { from: x, proposes: \"note(dose)\", applied by: [clinician] }", "", "/proposes", "no field"),
        (
            "  a: { from: x, proposes: \"new visit(reason)\", applied by: [clinician] }",
            "",
            "/proposes",
            "no part",
        ),
        (
            "  a: { from: x, proposes: \"new note(plan)\", applied by: [clinician] }",
            "",
            "/proposes",
            "must be filled in",
        ),
        (
            "  a: { from: length, proposes: \"visit(reason)\", applied by: [clinician] }",
            "",
            "/from",
            "no text",
        ),
        (
            "  a: { from: x, proposes: \"note(plan)\", applied by: [clinician], cache: hash }",
            "",
            "/cache",
            "not kept",
        ),
        (
            "  a: { from: x, proposes: \"note(plan)\", applied by: [clinician], cache: memory }",
            "",
            "/cache",
            "no way",
        ),
        (
            "  a: { from: x, proposes: \"note(plan)\", applied by: [clinician], provider: vendor }",
            "",
            "/provider",
            "not among",
        ),
        (
            "  a: { from: x, proposes: \"note(plan)\", applied by: [clinician] }",
            "sub-processors:\n  vendor: { for: [ai], attested by: clerk }\n",
            "/attested by",
            "not privileged",
        ),
    ] {
        let problems = match check(&practice(actions, more), &Lock::default()) {
            Ok(_) => panic!("it is let through: {actions}"),
            Err(problems) => problems,
        };
        let said = problems.to_string();
        let placed = problems.iter().any(|problem| problem.pointer.to_string().contains(at));
        assert!(placed && said.contains(why), "{actions}\n{said}");
    }
}
