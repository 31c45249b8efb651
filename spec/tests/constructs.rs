//! Files, signatures, limits, permissions, rules and tasks: what they mean, and what is refused in words.

use spec::access::{Action, Reach};
use spec::{Lock, ValidatedSpec, check};

const PRACTICE: &str = "
app: Practice
roles:
  owner: { privileged: true, administers: [people] }
  nurse: {}
  patient: { self: patient }
  family: {}
entities:
  patient:
    title: [name]
    fields: { name: identifier name }
    access: { nurse: 'view, create in organisation', patient: view own }
  scan:
    part of: patient
    fields: { image: clinical file, taken on: 'clinical date, queryable', note: narrative }
    access: { nurse: 'view, create, update in organisation', patient: 'view(image, taken on) own' }
";

fn practice(more: &str) -> ValidatedSpec {
    let text = format!("{PRACTICE}{more}");
    check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

fn refused(text: &str) -> String {
    match check(text, &Lock::default()) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

/// CL-3: who may view a record may open its files, and that is an action of its own.
#[test]
fn to_view_a_record_is_to_open_its_files() {
    let spec = practice("");
    let model = spec.model();
    let scan = model.entity("scan").expect("it is there");
    for role in ["nurse", "patient"] {
        let role = model.role(role).expect("it is there");
        assert!(
            model
                .grants(role, scan)
                .any(|grant| grant.allows(Action::View) && grant.allows(Action::Download))
        );
    }
    let patient = model.entity("patient").expect("it is there");
    assert!(model[patient].grants.iter().all(|grant| !grant.allows(Action::Download)), "it has no file");
    assert!(spec::buildable(&spec).is_empty());
}

/// CF-10: what is signed has signatures as parts, which those who sign give and nobody else.
#[test]
fn signatures_are_given_by_those_who_sign() {
    let spec = practice("").document().clone();
    drop(spec);
    let text = PRACTICE.replace("    fields: { image", "    signed by: [nurse]\n    fields: { image");
    let spec = check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    let model = spec.model();
    let scan = model.entity("scan").expect("it is there");
    let signatures = model[scan].signatures.expect("they are implied");
    let gives = |role: &str| {
        let role = model.role(role).expect("it is there");
        model.grants(role, signatures).any(|grant| grant.allows(Action::Create))
    };
    assert!(gives("nurse") && !gives("patient") && !gives("owner"));
    assert!(model.entity("scan addendum").is_some(), "what is learnt later has a place");
    let changed = |grant: &spec::access::Grant| grant.allows(Action::Update) || grant.allows(Action::Delete);
    assert!(!model[signatures].grants.iter().any(changed));
}

/// HC-3: a permission opens what its giver sees of their own, and no more.
#[test]
fn nobody_gives_more_than_they_hold() {
    let spec = practice("permissions:\n  family access: { by: patient, to: family, gives: [view scan] }\n");
    let model = spec.model();
    let (family, scan) = (model.role("family").expect("a role"), model.entity("scan").expect("an entity"));
    let grants: Vec<_> = model.grants(family, scan).collect();
    let [grant] = grants[..] else { panic!("{grants:?}") };
    assert!(matches!(grant.reach, Reach::Permitted(_)) && grant.narrowed);
    let opens = |name: &str| grant.fields.covers(model[scan].field(name).expect("a field"));
    assert!(opens("image") && opens("taken on") && !opens("note"), "the patient does not see the note");
    assert!(!grant.allows(Action::Update) && !grant.allows(Action::Create));
}

#[test]
fn what_cannot_be_kept_is_refused_in_words() {
    let with = |more: &str| format!("{PRACTICE}{more}");
    let cases = [
        (PRACTICE.replace("clinical file", "'clinical file, required'"), "not required"),
        (PRACTICE.replace("clinical file", "clinical list of file"), "a list"),
        (PRACTICE.replace("create, update in", "create in"), "nobody may put the file `image`"),
        (
            PRACTICE.replace("part of: patient\n", "part of: patient\n    title: [image]\n"),
            "cannot be called by its file",
        ),
        (
            with("limits:\n  scans: { of: scan, per: week, tiers: { Free: 2 } }\n"),
            "`week` is no period of a limit",
        ),
        (with("limits:\n  scans: { of: scan, per: day, tiers: {} }\n"), "a limit has an amount"),
        (
            with(
                "limits:\n  a: { of: scan, per: day, tiers: { A: 1 } }\n  b: { of: scan, per: year, tiers: { A: 1 } }\n",
            ),
            "has a limit already",
        ),
        (with("permissions:\n  p: { by: nurse, to: family, gives: [view scan] }\n"), "is no record"),
        (
            with("permissions:\n  p: { by: patient, to: nurse, gives: [view scan] }\n"),
            "may do more than a permission gives",
        ),
        (
            with("permissions:\n  p: { by: patient, to: family, gives: [update scan] }\n"),
            "nothing that can be given",
        ),
        (
            with("permissions:\n  p: { by: patient, to: family, gives: [view scan], until: never }\n"),
            "when a permission ends",
        ),
        (
            PRACTICE.replace("part of: patient\n", "part of: patient\n    signed by: [owner]\n"),
            "`owner` signs `scan`, but may not view any",
        ),
    ];
    for (text, said) in cases {
        let problems = refused(&text);
        assert!(problems.contains(said), "{said}\n{problems}\n{text}");
    }
}

const WATCHED: &str = "
app: Practice
roles:
  owner: { privileged: true, administers: [people] }
  nurse: {}
  desk: {}
  patient: { self: patient }
entities:
  patient:
    title: [name]
    fields: { name: identifier name, phone: identifier phone }
    access:
      owner: view in organisation
      nurse: view, create in organisation
      desk: view(name, phone) in organisation
      patient: view own
  reading:
    part of: patient
    fields:
      systolic: clinical integer
      mood: { type: 'clinical one of calm | low', sensitivity: psychotherapy }
    access:
      owner: view in organisation
      nurse: view, create in organisation
      patient: view, create own
lists:
  silent: { of: patient, without: reading, in: 3 days, for: [nurse] }
rules:
  high: { of: reading, when: systolic > 180, do: [call back] }
  gone: { enters: silent, do: [call back] }
tasks:
  call back: { owner: nurse, due: 4 hours, else: owner }
";

/// CL-1: a task is a part of what it is about, and of those who may view that, only those whom it names see it.
#[test]
fn a_task_is_about_a_record_and_for_those_it_names() {
    let spec = check(WATCHED, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(spec::buildable(&spec).is_empty());
    let model = spec.model();
    let (task, patient) = (model.entity("call back").expect("it is implied"), model.entity("patient"));
    assert_eq!(model[task].parent.as_ref().map(|parent| parent.entity), patient, "whom the reading is about");
    let may = |role: &str, action: Action| {
        let role = model.role(role).expect("it is there");
        model.grants(role, task).any(|grant| grant.allows(action))
    };
    assert!(["nurse", "owner"].iter().all(|role| may(role, Action::View) && may(role, Action::Move(0))));
    assert!(["desk", "patient"].iter().all(|role| !may(role, Action::View)));
    assert!(
        model.roles().all(|(_, role)| !may(role.name.as_str(), Action::Create)),
        "nobody makes one by hand"
    );
    assert_eq!(model.rules.iter().map(|rule| rule.tasks.len()).sum::<usize>(), 2);
}

/// Safe answer 3: what a task says has the strictest class of what the rule read.
#[test]
fn a_task_inherits_the_strictest_class() {
    let why = |text: &str| {
        let spec = check(text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let task = spec.model().entity("call back").expect("it is implied");
        let entity = &spec.model()[task];
        entity[entity.field("why").expect("it says why")].class
    };
    assert_eq!(why(WATCHED), spec::Class::Narrative);
    let named =
        WATCHED.replace("{ of: reading, when: systolic > 180,", "{ of: patient, when: 'name == \"Ana\"',");
    assert_eq!(why(&named), spec::Class::Identifier);
}

/// By hand a task is made by whom the spec names, of the records that they may view, though by name only.
#[test]
fn a_task_by_hand_is_within_reach_of_who_makes_it() {
    let text = WATCHED.replace(
        "else: owner }",
        "else: owner }\n  ring: { about: patient, owner: desk, due: 1 hour, else: owner, by: [desk] }",
    );
    let spec = check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    let model = spec.model();
    let (desk, task) = (model.role("desk").expect("a role"), model.entity("ring").expect("it is implied"));
    assert!(
        model.grants(desk, task).any(|grant| grant.allows(Action::Create) && grant.reach == Reach::Viewable)
    );
}

#[test]
fn what_nobody_could_do_is_refused_in_words() {
    let cases = [
        ("else: owner", "by: [nurse]", "nobody does `call back` when `nurse` does not"),
        ("else: owner", "else: nurse", "`nurse` is no help"),
        ("owner: nurse", "owner: desk", "`desk` may not view `systolic`, and would learn of it"),
        ("else: owner", "else: somebody", "there is no role `somebody`"),
        ("when: systolic", "when: mood == calm and systolic", "carries a sensitivity label"),
        ("of: reading, when", "when", "whose values does `high` judge?"),
        ("enters: silent", "enters: silence", "there is no list `silence`"),
        ("owner: nurse,", "about: reading, owner: nurse,", "no way leads from a `patient` to the `reading`"),
        ("systolic > 180", "1 > 2", "reads nothing that is written"),
        ("do: [call back]", "do: [call bak]", "there is no task or message `call bak`"),
        ("enters: silent", "enters: silent, when: systolic > 1", "a rule waits for one thing"),
    ];
    for (from, to, said) in cases {
        let text = WATCHED.replacen(from, to, 1);
        let problems = refused(&text);
        assert!(problems.contains(said), "{said}\n{problems}\n{text}");
    }
}

/// A rule tells somebody outside the app; a message that nothing sends is named.
#[test]
fn a_rule_sends_a_message() {
    let message = "messages:\n  notice: { by: [sms], to: patient, says: [app] }\nrules:";
    let told = |text: &str| {
        let spec = check(text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let not_yet: Vec<String> = spec::buildable(&spec).iter().map(|not| not.pointer.to_string()).collect();
        (spec.model().rules.iter().map(|rule| rule.messages.len()).sum::<usize>(), not_yet)
    };
    let text = WATCHED.replace("rules:", message);
    assert_eq!(told(&text), (0, vec!["/messages/notice".to_owned()]));
    let text = text.replacen("do: [call back]", "do: [call back, notice]", 1);
    assert_eq!(told(&text), (1, Vec::new()));
}

/// CL-1: those who take part in a conversation are the people of the record, by what it says today; nobody else has a grant,
/// and nobody changes a word.
#[test]
fn a_conversation_is_between_those_whose_record_it_is() {
    let text = PRACTICE
        .replace(
            "  patient:\n    title",
            "  patient:\n    assigned to: { role: nurse, by: [owner] }\n    title",
        )
        .replace("view, create in organisation'", "view, create assigned', owner: 'view in organisation'")
        .replace("view, create, update in organisation'", "view, create, update assigned'");
    let spec = check(
        &format!("{text}conversations:\n  questions: {{ between: [patient, nurse] }}\n"),
        &Lock::default(),
    )
    .unwrap_or_else(|problems| panic!("{problems}"));
    assert!(spec::buildable(&spec).is_empty());
    let model = spec.model();
    let conversation = &model.conversations[0];
    let messages = &model[conversation.entity];
    assert_eq!((messages.table.as_str(), messages.plural.as_str()), ("questions_messages", "Questions"));
    assert_eq!(model[conversation.about].name, "patient");
    let reaches: Vec<_> =
        messages.grants.iter().map(|grant| (model[grant.role].name.as_str(), grant.reach.clone())).collect();
    let expected = [("patient", Reach::Own("person_id".into())), ("nurse", Reach::Assigned { past: false })];
    assert_eq!(reaches, expected, "the owner views every patient, and no message");
    let changed = |grant: &spec::access::Grant| grant.allows(Action::Update) || grant.allows(Action::Delete);
    assert!(!messages.grants.iter().any(changed));
}

/// HC-3: whoever nothing links to the record is not let in by being named.
#[test]
fn who_takes_part_is_said_by_the_record() {
    for (said, expected) in [
        (
            "{ between: [patient, nurse] }",
            "nothing says which `nurse` takes part in the conversation about a `patient`",
        ),
        ("{ between: [patient] }", "nobody answers in `questions`"),
        ("{ between: [patient, doctor] }", "there is no role `doctor`"),
        ("{ between: [nurse, owner] }", "`questions` is about no record"),
        ("{ between: [patient, patient] }", "`patient` takes part twice"),
        ("{ between: [patient, nurse], about: visit }", "there is no entity `visit`"),
    ] {
        let told = refused(&format!("{PRACTICE}conversations:\n  questions: {said}\n"));
        assert!(told.contains(expected), "{said}: {told}");
    }
}

/// A feed fills what those who import may make anyway, and finds it again by a key that a statement can ask for.
#[test]
fn a_feed_has_a_key_and_somebody_who_may() {
    let text = PRACTICE
        .replace("    title: [name]\n    fields", "    reference: PT\n    title: [name]\n    fields")
        .replace("note: narrative }", "note: narrative, serial: none text }");
    let feed = |said: &str| format!("{text}feeds:\n  scans: {said}\n");
    let good = feed("{ into: scan, from: csv, key: [serial], by: [nurse], columns: { note: Remarks } }");
    let spec = check(&good, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(spec::buildable(&spec).is_empty());
    let (model, feed_of) = (spec.model(), &spec.model().feeds[0]);
    let columns: Vec<_> = feed_of
        .columns
        .iter()
        .map(|column| (model[feed_of.entity][column.field].name.as_str(), column.header.as_deref()))
        .collect();
    assert_eq!(
        columns,
        [("taken on", None), ("note", Some("Remarks")), ("serial", None)],
        "a file is no cell"
    );
    let other = check(&good.replace("from: csv", "from: hl7"), &Lock::default()).expect("it means something");
    assert_eq!(spec::buildable(&other)[0].pointer.to_string(), "/feeds/scans/from");
    for (said, expected) in [
        ("{ into: scan, from: csv, key: [note], by: [nurse] }", "no record is found again by `note`"),
        (
            "{ into: scan, from: csv, key: [serial], by: [patient] }",
            "`patient` imports `scan`, but may not make one",
        ),
        ("{ into: scan, from: csv, key: [serial] }", "nobody imports `scans`"),
        ("{ into: scan, from: csv, key: [number], by: [nurse] }", "there is no field of `scan` `number`"),
        ("{ into: scans, from: csv, key: [serial], by: [nurse] }", "there is no entity `scans`"),
    ] {
        let told = refused(&feed(said));
        assert!(told.contains(expected), "{said}: {told}");
    }
    let told = refused(&good.replace("reference: PT", "label: Patient"));
    assert!(told.contains("a line cannot say which `patient` it is about"), "{told}");
}
