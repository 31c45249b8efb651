//! Sentences as founders type them, by the stage of the grammar that has to carry them: verbs of no list, lists and whom they
//! are of, deeds that leave a record, and who is meant.

use planner::plan;

/// A prompt, what its plan says, and what it must not say.
const SAID: &[(&str, &[&str], &[&str])] = &[
    // A clause that begins with somebody has a verb, whatever it is.
    (
        "Nurses write call notes for patients. The medical director frobnicates calls and reads the call notes.",
        &["medical director: view in organisation"],
        &["medical director frobnicates"],
    ),
    (
        "We need an app for nurses to log vitals and for doctors to review them.",
        &["nurse: view, create, update in organisation", "doctor: view assigned"],
        &[],
    ),
    // Of whom or what a list is.
    (
        "Teachers fill in a rating scale about the child (attention, behavior, mood). The school psychologist writes reports.",
        &["attention: clinical", "behavior: clinical", "rating scale:"],
        &[],
    ),
    (
        "Fracture clinic. Nurses put on casts and log them: limb, cast type, applied date, removal date. Patients see their own casts.",
        &["  cast:\n", "cast type: clinical text"],
        &["  visit:\n"],
    ),
    (
        "The pharmacist reviews every patient daily and records drug, indication, day of therapy and culture result.",
        &["  review:\n", "day of therapy:", "culture result:"],
        &["  visit:\n"],
    ),
    (
        "Every foster child has a passport with their name, date of birth, allergies and pediatrician. Caseworkers create the passport.",
        &["  passport:\n", "date of birth: identifier date"],
        &["pediatrician: view"],
    ),
    // `exercises done` is a value, and `before and after` are two.
    (
        "Therapists log water temp, exercises done, pain before and after, exit weight of their patients at each visit.",
        &["exercises done:", "pain before:", "pain after:"],
        &[],
    ),
    // CL-1: what restricts nobody takes nothing away.
    (
        "Ward app. Day doctors write handovers of patients. Nurses read the handovers. Nobody outside the ward sees them.",
        &["nurse: view in organisation"],
        &["was not understood whole"],
    ),
    (
        "Orthotists record visits (cobb angle, height) of patients. The orthopedic surgeon can view everything but edits nothing.",
        &["orthopedic surgeon: view in organisation"],
        &["orthopedic surgeon: view, create"],
    ),
    (
        "A coach reviews her clients' diaries and writes a weekly plan. Clients fill in a diary (bedtime, wake time). A coach can't open another coach's clients.",
        &["coach: view assigned"],
        &["coach: view in organisation"],
    ),
    // CL-1: of what was only seen in part, no more is changed.
    (
        "Doctors write the encounter: chief complaint, assessment, plan, prescriptions. A pharmacy volunteer sees prescriptions only and marks them dispensed.",
        &[],
        &["  encounter:\n    part of: patient\n    fields:\n      prescriptions"],
    ),
    // What every calendar refuses is neither a value nor a restriction.
    (
        "Dentists write treatment notes of patients. The front desk books appointments with a dentist. Prevent double booking.",
        &["overlap: refuse"],
        &["double"],
    ),
    // A place is said by its own.
    (
        "Clinic group. Therapists write visit notes for their patients. The clinic director sees everything at their own clinic.",
        &["clinic director: view in clinic", "clinic: { inside: organisation }"],
        &[],
    ),
    (
        "Remote monitoring. Each patient enters vitals every morning (weight, blood pressure, pulse). A nurse reviews the vitals.",
        &["patient: { self: patient }", "patient: view, create own"],
        &[],
    ),
    // Parents of children whom nobody has named.
    (
        "A pediatric sleep clinic. Parents fill in a sleep log (bedtime, naps). The sleep specialist writes a plan and parents read the plan.",
        &["parent: { self: patient }", "parent: view, create own"],
        &[],
    ),
    // Slips in heads, too.
    (
        "Free clinic. docters write the encunter: assessment, plan. Nurses log vitals of patients.",
        &["doctor: view, create"],
        &["docter"],
    ),
    // Spanish: all persons of a verb, and what is filled in.
    (
        "Consulta de psicología. Cada paciente llena el PHQ-9. La psicóloga escribe notas de sesión y ajustamos el plan.",
        &["  phq 9:\n", "filled by: [paciente]"],
        &[],
    ),
    (
        "Somos la enfermería de un colegio. La enfermera registra cada visita del alumno (hora, motivo, temperatura). Los padres ven las visitas de su hijo.",
        &["enfermera: view, create, update in organisation", "motivo:"],
        &["enfermeria: {}"],
    ),
];

#[test]
fn what_founders_type_is_read_by_its_grammar() {
    let mut wrong = Vec::new();
    for (prompt, says, never) in SAID {
        let text = match plan(prompt) {
            Ok(plan) => plan.text,
            Err(error) => format!("no plan: {error}"),
        };
        let without = says.iter().filter(|line| !text.contains(**line));
        wrong.extend(without.map(|line| format!("{prompt}\n  without {line}\n{text}")));
        let with = never.iter().filter(|line| text.contains(**line));
        wrong.extend(with.map(|line| format!("{prompt}\n  with {line}\n{text}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
