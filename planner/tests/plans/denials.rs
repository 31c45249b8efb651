//! Denials as founders write them, and what is said of emergencies: nobody gets what somebody was said not to get.

use crate::others::{denied_in, wrong};
use planner::{Plan, plan};

const ENGLISH: &str = "Clinic app. Doctors, nurses, receptionists, billing clerks, sales reps and patients. Doctors write visit notes. Nurses record vitals (systolic, pulse). Doctors write prescriptions (drug, dose). Receptionists book appointments. Patients: name, phone, diagnosis, address. ";

const SPANISH: &str = "Aplicación para una clínica. Médicos, enfermeras, recepcionistas, administradores y pacientes. Los médicos escriben notas de evolución. Las enfermeras registran signos vitales (sistólica, pulso). Los médicos escriben recetas (fármaco, dosis). Las recepcionistas agendan citas. Pacientes: nombre, teléfono, diagnóstico, dirección. ";

/// Role–record pairs that must not meet, as in `others`.
const SAID: &[(&str, &[&str])] = &[
    (
        "The front desk can see when the next appointment is but no clinical information whatsoever.",
        &["receptionist:visit note", "receptionist:vital"],
    ),
    ("Billing clerks need the date of the visit, not what was said in it.", &["billing clerk:visit note"]),
    ("Under no circumstances may a sales rep view a prescription.", &["sales rep:prescription"]),
    ("Prescriptions stay between the doctor and the patient.", &["nurse:prescription"]),
    ("Visit notes are for doctors' eyes only.", &["nurse:visit note"]),
    (
        "It is important that receptionists never get to see the diagnosis.",
        &["receptionist:patient.diagnosis"],
    ),
    ("Doctors should not be able to see patients of other doctors.", &["doctor:patient~assigned"]),
    ("Each doctor sees only their own patients and nobody else's.", &["doctor:patient~assigned"]),
    ("Patients must not be able to see visit notes until the doctor signs them.", &["patient:visit note"]),
    ("The diagnosis should be invisible to billing clerks and sales reps.", &["sales rep:patient.diagnosis"]),
    ("Keep visit notes away from nurses and receptionists.", &["nurse:visit note"]),
    ("Nurses are blocked from prescriptions.", &["nurse:prescription"]),
    (
        "Receptionists: appointments + names. Not diagnosis, not address.",
        &["receptionist:patient.diagnosis", "receptionist:patient.address"],
    ),
    ("Billing clerks see prescriptions without the drug.", &["billing clerk:prescription.drug"]),
    (
        "Prescriptions can be viewed by everyone except nurses and sales reps.",
        &["nurse:prescription", "sales rep:prescription"],
    ),
    ("Hide addresses from everyone but receptionists.", &["nurse:patient.address", "doctor:patient.address"]),
    ("Vitals must be hidden from everyone except nurses.", &["doctor:vital"]),
    ("Nobody besides doctors sees the diagnosis.", &["nurse:patient.diagnosis"]),
    (
        "Receptionists have limited access: only appointments.",
        &["receptionist:visit note", "receptionist:vital"],
    ),
    ("Receptionists see appointments; no chart access.", &["receptionist:visit note"]),
    ("receptionists see appointments, thats all", &["receptionist:visit note", "receptionist:vital"]),
    ("Nobody but doctors may see visit notes, not even the nurses.", &["nurse:visit note"]),
    ("The app must prevent nurses from seeing prescriptions.", &["nurse:prescription"]),
    ("Unless they are a doctor, nobody may see prescriptions.", &["nurse:prescription"]),
    ("Billing clerks must not know the drug.", &["billing clerk:prescription"]),
    ("As a nurse I do not want to see prescriptions.", &["nurse:prescription"]),
];

const DICHO: &[(&str, &[&str])] = &[
    ("Las recetas solo las ven los médicos.", &["enfermera:receta"]),
    ("Nadie salvo los médicos puede ver las notas de evolución.", &["enfermera:nota de evolucion"]),
    (
        "Las recepcionistas ven nombre y teléfono, nada más.",
        &["recepcionista:receta", "recepcionista:paciente.diagnostico"],
    ),
    (
        "Ni las enfermeras ni las recepcionistas pueden ver las recetas.",
        &["enfermera:receta", "recepcionista:receta"],
    ),
    ("Los médicos no ven los pacientes de los demás.", &["medico:paciente~assigned"]),
    ("Prohibido que las recepcionistas vean recetas.", &["recepcionista:receta"]),
    ("Ocultar la dirección a las enfermeras.", &["enfermera:paciente.direccion"]),
    ("Las recepcionistas jamás ven las notas.", &["recepcionista:nota de evolucion"]),
];

fn planned(prompt: &str) -> Plan {
    plan(prompt).unwrap_or_else(|error| panic!("{prompt}: {error}"))
}

/// HC-3: however founders say it, what is denied is denied, and no prompt stops for it.
#[test]
fn denials_hold_as_founders_write_them() {
    let mut told = Vec::new();
    for (base, table) in [(ENGLISH, SAID), (SPANISH, DICHO)] {
        for (said, denied) in table {
            let plan = planned(&format!("{base}{said}"));
            let mut found = wrong(&plan.spec, &[]);
            denied.iter().for_each(|rule| denied_in(&plan.spec, rule, &mut found));
            told.extend(found.into_iter().map(|wrong| format!("{said} {wrong}")));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// HC-3: what somebody may in an emergency is declared as breaking the glass, and is no grant.
#[test]
fn an_emergency_is_declared_and_grants_nothing() {
    for said in [
        "In an emergency a doctor may open any chart after giving a reason.",
        "Doctors have emergency access to every patient, with a reason.",
        "Doctors can break the glass.",
        "Doctors may see patients of others only in an emergency.",
    ] {
        let plan = planned(&format!("{ENGLISH}Doctors only see their own patients. {said}"));
        let glass: Vec<String> = plan.spec.security.break_glass.iter().map(ToString::to_string).collect();
        assert_eq!(glass, ["doctor"], "{said}\n{}", plan.text);
        let mut found = Vec::new();
        denied_in(&plan.spec, "doctor:patient~assigned", &mut found);
        assert!(found.is_empty(), "{said} {found:?}");
    }
    let plan = planned(&format!(
        "{SPANISH}En caso de emergencia el médico puede abrir cualquier expediente dando un motivo."
    ));
    assert!(plan.text.contains("break glass: [medico]"), "{}", plan.text);
    assert!(!planned(ENGLISH).text.contains("break glass"), "nobody asked for it");
}

/// HC-3: who was said to get counts, reports or letters gets no records besides.
#[test]
fn whoever_is_told_in_numbers_reads_no_records() {
    for said in [
        "The district nurse wants monthly counts of visits by school.",
        "Prescribers get a PDF summary each quarter.",
    ] {
        let plan = planned(&format!("{ENGLISH}{said}"));
        let mut found = Vec::new();
        for rule in [
            "district nurse:patient",
            "district nurse:vital",
            "prescriber:patient",
            "prescriber:prescription",
        ] {
            denied_in(&plan.spec, rule, &mut found);
        }
        assert!(found.is_empty(), "{said} {found:?}\n{}", plan.text);
    }
}
