//! Prompts that nobody wrote readings for: every plan is valid, nothing leaks, and what a prompt denies
//! is denied.

use planner::plan;
use spec::{AppSpec, Class, Clause, Kind, Scope};

/// A prompt, and role–record pairs that must not meet, as `role:record` or `role:record.field`; a `~`
/// before the scope (`role:record~own`) says that nothing wider is granted.
pub(crate) const PROMPTS: &[(&str, &[&str])] = &[
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
