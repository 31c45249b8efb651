//! Sentences about what happens by itself, as founders write them, in two clinics.

use crate::by_itself::planned;
use planner::plan;

const CLINIC: &str = "Heart clinic app. Patients log daily readings: systolic, diastolic, pulse, weight in kg, oxygen saturation, and pain 0-10. Nurses, doctors and pharmacists see all patients and all readings. Doctors write visit notes (findings, plan): draft, then signed. Receptionists book appointments; status: booked, done, no-show. Nurses and doctors see visit notes and appointments. Lab technicians enter lab results (potassium, creatinine, hemoglobin); status: pending, final. Nurses and doctors see lab results.";
const CLINICA: &str = "App para una clínica de cardiología. Los pacientes registran lecturas diarias: sistólica, diastólica, pulso, peso y dolor 0-10. Las enfermeras y los médicos ven a todos los pacientes y todas las lecturas. Los médicos escriben notas de visita (hallazgos, plan).";

/// Sentences as founders write them, each in one of two clinics, and what they ask for; written before any of them was
/// planned.
const SAID: &[(&str, &str, &[&str])] = &[
    (
        CLINIC,
        "If a systolic reading exceeds 170, the nurse should be notified.",
        &["systolic > 170 -> nurse"],
    ),
    (
        CLINIC,
        "Nurses get an alert whenever oxygen saturation falls below 90.",
        &["oxygen saturation < 90 -> nurse"],
    ),
    (
        CLINIC,
        "Potassium above 5.5 must be flagged to the doctor immediately.",
        &["potassium > 5.5 -> doctor"],
    ),
    (
        CLINIC,
        "When pulse is under 45 or over 130, page the doctor.",
        &["pulse < 45 or pulse > 130 -> doctor"],
    ),
    (CLINIC, "Doctors are told within 1 hour when hemoglobin is less than 7.", &["hemoglobin < 7 -> doctor"]),
    (CLINIC, "Let the nurse know if a patient reports pain of at least 7.", &["pain >= 7 -> nurse"]),
    (CLINIC, "Send the nurse a notification if weight goes over 150 kg.", &["weight > 150 -> nurse"]),
    (
        CLINIC,
        "A nurse is warned if blood pressure is over 160/100.",
        &["systolic > 160 or diastolic > 100 -> nurse"],
    ),
    (CLINIC, "As soon as a lab result is final, notify the doctor.", &["status == final -> doctor"]),
    (
        CLINIC,
        "Once the visit note is signed, the nurse gets a task to read it.",
        &["status == signed -> nurse"],
    ),
    (CLINIC, "Nurses follow up on no-shows.", &["status == no show -> nurse"]),
    (
        CLINIC,
        "When somebody does not show up for an appointment, alert the nurse.",
        &["status == no show -> nurse"],
    ),
    (
        CLINIC,
        "If a patient hasn't logged a reading in 5 days, the nurse calls them.",
        &["silent 5 days -> nurse"],
    ),
    (
        CLINIC,
        "Nurses get a list of patients with no readings for a week and call them.",
        &["silent 1 week -> nurse"],
    ),
    (CLINIC, "Tell the nurse about patients who stopped logging for 3 days.", &["silent 3 days -> nurse"]),
    (CLINIC, "Alert the pharmacist if potassium is over 6.", &[]),
    (CLINIC, "Alert the patient's daughter if pain is over 8.", &[]),
    (CLINIC, "Alert the nurse if weight goes up more than 2 kg in a week.", &[]),
    (
        CLINIC,
        "Nurses return calls within 2 hours, otherwise a doctor does.",
        &["by hand 2 hours -> nurse else doctor"],
    ),
    (CLINIC, "The doctor must call the patient back within one day.", &["by hand 1 day -> doctor"]),
    (
        CLINIC,
        "AI writes a first draft of the visit note from the recording, and the doctor edits and signs it.",
        &["ai visit note by doctor"],
    ),
    (
        CLINIC,
        "Use AI to summarise the visit into a visit note that the doctor approves.",
        &["ai visit note by doctor"],
    ),
    (
        CLINIC,
        "An AI scribe listens and prepares the visit note for the doctor to review.",
        &["ai visit note by doctor"],
    ),
    (
        CLINIC,
        "Claude suggests the plan of the visit note; doctors decide.",
        &["ai visit note by doctor via anthropic"],
    ),
    (CLINIC, "Staff log in with their hospital login.", &["sso"]),
    (CLINIC, "We use Azure AD for single sign-on.", &["sso"]),
    (CLINIC, "Patients sign in with Google.", &[]),
    (CLINICA, "Alertar al médico cuando el pulso sea mayor de 130.", &["pulso > 130 -> medico"]),
    (CLINICA, "Si el dolor es de 8 o más, se avisa a la enfermera.", &["dolor >= 8 -> enfermera"]),
    (
        CLINICA,
        "La enfermera llama al paciente si no registra lecturas en 3 días.",
        &["silent 3 days -> enfermera"],
    ),
    (CLINICA, "Una IA redacta la nota de visita y el médico la aprueba.", &["ai nota de visita by medico"]),
    (CLINICA, "El personal inicia sesión con su cuenta de Microsoft.", &["sso"]),
];

/// Prints how many of them are planned as asked: `cargo nextest run -p planner sentences_of_founders --no-capture`.
#[test]
#[allow(clippy::print_stderr, reason = "a score is for reading")]
fn sentences_of_founders_become_rules_tasks_and_proposals() {
    let (mut right, mut wrong) = (0, 0);
    for (clinic, said, asked) in SAID {
        let told = match plan(&format!("{clinic} {said}")) {
            Ok(plan) => planned(&plan.spec),
            Err(error) => {
                eprintln!("    {said}\n      {error}");
                continue;
            }
        };
        let got: Vec<String> = told
            .iter()
            .flat_map(|(kind, list)| {
                list.iter().filter_map(move |one| match kind.as_str() {
                    "rules" => Some(match one.strip_prefix("silent ") {
                        Some(rest) => {
                            let at = rest.find(|c: char| c.is_ascii_digit()).unwrap_or_default();
                            format!("silent {}", &rest[at..])
                        }
                        None => one.split_once(": ").map_or(one.as_str(), |(_, rest)| rest).to_owned(),
                    }),
                    "tasks" => Some(format!("by hand {}", one.trim_start_matches("in "))),
                    "ai" => Some(format!("ai {one}")),
                    "sso" => Some("sso".into()),
                    _ => None,
                })
            })
            .collect();
        let same = got.len() == asked.len()
            && got
                .iter()
                .zip(*asked)
                .all(|(got, asked)| got == asked || got.starts_with(&format!("{asked} else ")));
        right += usize::from(same);
        wrong += usize::from(!same && !got.is_empty());
        if !same {
            eprintln!("    {said}\n      asked {asked:?}, planned {got:?}");
        }
    }
    eprintln!("sentences: {right} of {}, {wrong} planned otherwise than asked", SAID.len());
    assert!(right >= 29 && wrong == 0, "{right} right, {wrong} planned otherwise than asked");
}
