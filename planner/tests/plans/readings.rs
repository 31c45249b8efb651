//! Plain sentences, and the lines of the plan that a careful reader expects of each.

use planner::plan;

/// A prompt, what its plan says, and what it must not say.
const READINGS: &[(&str, &[&str], &[&str])] = &[
    // CF-10: a lock that is said in passing is a lock.
    (
        "A dental practice. Dentists write treatment notes, which are locked once signed.",
        &["states: [draft, signed]", "locked: [signed]"],
        &[],
    ),
    ("Doctors write visit notes that lock after signing.", &["locked: [signed]"], &[]),
    ("Doctors write visit notes, which they sign and lock.", &["locked: [signed]"], &[]),
    (
        "Nurses record wounds. The wound care physician signs each visit note, after which nobody can change it.",
        &["locked: [signed]", "wound care physician: view, create, update assigned"],
        &["was not understood whole"],
    ),
    (
        "Therapists write session notes and sign them, and from then on no one can edit them.",
        &["locked: [signed]", "therapist: view, create, update"],
        &["was not understood whole"],
    ),
    ("Therapists keep session notes. They are locked on signature.", &["locked: [signed]"], &[]),
    // What people do at home is written down by them.
    (
        "Patients take their blood pressure at home, morning and evening. Nurses see the readings of the patients assigned to them.",
        &["patient: view, create own", "nurse: view assigned"],
        &["nurse: view, create"],
    ),
    (
        "Patients check their weight every day. Nurses see the readings of their patients.",
        &["patient: view, create own"],
        &["nurse: view, create"],
    ),
    (
        "Patients record each evening whether they took their medication, how they slept and their pain 0-10. Nurses see the entries of their patients.",
        &["took medication: clinical boolean", "pain: clinical integer 0..10", "nurse: view assigned"],
        &["medications:", "nurse: view in organisation"],
    ),
    // What is only looked at is not written to.
    (
        "Therapists write exercise plans. Patients see their own exercise plan and log each day whether they did the exercises and their pain from 0 to 10.",
        &["patient: view own", "did exercises: clinical boolean"],
        &[],
    ),
    // What a patient gives their family and takes back again.
    (
        "Patients log readings. Families can be given read access by the patient and lose it again.",
        &["by: patient, to: family member, gives: [\"view patient\", \"view reading\"]"],
        &["family member: view"],
    ),
    (
        "Patients log readings. The patient can give family members access to their readings and take it back.",
        &["by: patient, to: family member, gives: [\"view reading\"]"],
        &["family member: view"],
    ),
    (
        "App for a memory care home. Caregivers record meals for each resident. Medication is given by med techs: drug, dose, time, given or refused with a reason. Keep it simple, our staff is not technical.",
        &["med tech: view, create, update in organisation", "dose: clinical text"],
        &["not technical"],
    ),
    // Who was named last is who is written to.
    (
        "Patients log readings. The nurse watches a list, the physician sets the target per patient and can message them.",
        &["between: [physician, patient]"],
        &[],
    ),
    // CL-1: a denial grants nothing, and does not swallow what was granted before it.
    (
        "Clients log mood. Therapists write notes and see their clients. Coders see no notes of any kind.",
        &[],
        &["coder: view"],
    ),
    (
        "The front desk books appointments and sees contact details but never the session notes. Therapists write session notes for patients.",
        &["front desk: view(name, date of birth, phone, email)"],
        &["It was not understood whole"],
    ),
    // Who has no account reaches nothing in any app; that takes nothing from those who have one.
    (
        "Nurses record vitals. Doctors see their patients. Nobody outside of the clinic can see anything.",
        &["nurse: view, create, update in organisation"],
        &["access: {}"],
    ),
    // CL-1: who sees names and phone numbers sees these, and nothing else of the person.
    (
        "Nurses can see patient names and phone numbers. Doctors write visit notes.",
        &["nurse: view(name, phone) in organisation"],
        &["nurse: view in organisation"],
    ),
    // Who has no login reaches nothing, however it is said.
    (
        "Physicians order methadone doses (dose in mg, take-home days) for clients. Clients have no login.",
        &["take home days: clinical integer"],
        &["self: client", "client: view own"],
    ),
    // Family caregivers see nothing without the permission of whom they care for.
    (
        "Neurologists write care plans. Caregivers can view the care plan of the person they care for.",
        &["what a caregiver may see"],
        &["caregiver: view"],
    ),
    // Values belong to what stands before them.
    (
        "Our nurses visit patients at home, take photos of wounds and record size, depth, drainage and odor.",
        &["wound:", "photo: clinical file", "size: clinical text", "odor: clinical text"],
        &["record size:", "visit:"],
    ),
    (
        "Nurses record vaccines given with lot number, site, dose, and the date.",
        &["lot number: clinical text", "site: clinical text"],
        &["vaccines given:"],
    ),
    (
        "Parents log seizures of their child (date, how long it lasted, type). Neurologists see the seizures of their patients.",
        &["duration: clinical integer minutes", "parent: { self: child }"],
        &["long: clinical text"],
    ),
    (
        "Physical therapists assign exercises with sets, reps and hold seconds; patients tick them off and rate pain 0-10. Nobody except the treating therapist and the patient sees any of it.",
        &["exercise:", "sets: clinical integer", "physical therapist: view, create assigned"],
        &["treating therapist: {}"],
    ),
    (
        "Hygienists chart pocket depths (tooth number, bleeding). Dentists review.",
        &["dentist: {}"],
        &["construct: 14"],
    ),
    // Both sides of a range are watched.
    (
        "Patients log blood glucose in mg/dL. Nurses get a list of readings below 54 or above 300.",
        &["blood glucose < 54", "blood glucose > 300"],
        &[],
    ),
    (
        "Patients log their weight. Coaches get alerted when weight rises more than 2 kg in 3 days.",
        &[],
        &["weight > 2"],
    ),
    // Who does it may stand over its bullets.
    (
        "A program for people after a heart attack. Patients:\n* log weight and pulse every day\n* see their plan\nCoaches (nurses):\n* write call notes\n* see only their patients",
        &["patient: view, create own", "coach: view assigned", "coach: view, create, update assigned"],
        &[],
    ),
    // A questionnaire that everybody knows has its questions and its sum.
    (
        "Clients fill out a PHQ-9 and a GAD-7 before each session. Therapists see scores of their own clients.",
        &[
            "question: thoughts of self harm",
            "question: feeling afraid",
            "score: \"little interest or pleasure + ",
        ],
        &["score: clinical"],
    ),
    // What is built is planned, where the plainest words say it.
    (
        "Patients and their doctor can message each other. Doctors write visit notes.",
        &["messages: { between: [patient, doctor] }"],
        &["construct: 18"],
    ),
    (
        "Patients log in and see their appointments. Receptionists book appointments for patients. Remind patients by text a day before their appointment. Physios write treatment notes.",
        &[
            "reminder: { by: [sms], to: patient, when: 24 hours before appointment.start, where: \"status == booked\"",
        ],
        &["construct: 17"],
    ),
    (
        "Patients wear a glucose sensor. The nurse imports readings from a CSV file with time and value. Doctors see readings of their patients.",
        &["reading import: { into: reading, from: csv, key: [time], by: [nurse] }", "reference: PT"],
        &["construct: 22"],
    ),
    (
        "Nurses write a discharge summary with diagnosis, medications and follow-up date. Patients see their own discharge summary. Nurses send the discharge summary to the patient by a secure link.",
        &["of: discharge summary, format: page", "to: patient, by: [nurse]"],
        &["construct: 24"],
    ),
    (
        "We don't need billing or messaging. Therapists write notes, and clients see their own notes.",
        &[],
        &["construct: 18"],
    ),
    // A name is a name, and no deed.
    (
        "An ALS clinic tracks weight and speech at each visit. Neurologists write assessments.",
        &["app: \"ALS clinic\""],
        &[],
    ),
    (
        "The Contractor shall provide a web-based system for the county jail's medical unit. The system shall allow physicians to write progress notes of inmates.",
        &["app: \"County jail's medical unit\""],
        &[],
    ),
    (
        "A symptom diary for people with long covid.",
        &["app: \"Symptom diary\"", "patient: view, create own"],
        &["appointment:"],
    ),
    // CL-1: a result that nobody was said to write is not written by whom it is about.
    (
        "House managers log drug tests (date, panel, result) of residents. Residents see their own test results.",
        &["drug test:", "resident: view own"],
        &["test result:", "resident: view, create"],
    ),
    // CL-1: who is told by text has no login; whose results nobody sees but two writes them still.
    (
        "Nurses log INR of patients. Patients get their next test date and dose by text, no login.",
        &[],
        &["self: patient"],
    ),
    (
        "Lab staff enter test results (HIV, syphilis) of donors. Only the medical director and lab staff see positive results.",
        &["lab: view, create"],
        &["medical director: view"],
    ),
    (
        "Nurses record pain 0-10 at each visit. Volunteers see the address and phone, never diagnoses.",
        &["volunteer: view(address, phone) in organisation"],
        &[],
    ),
    // Values belong to what they are told of.
    (
        "Cataract surgery tracking. For each eye we store: visual acuity before, visual acuity after, lens power, surgery date. Surgeons enter them.",
        &["eye:", "visual acuity before:", "surgery date: clinical date"],
        &[],
    ),
    (
        "Members weigh in every Monday (weight in kg, waist in cm). Dietitians see the entries of their members.",
        &["waist: clinical decimal cm"],
        &["monday:"],
    ),
    (
        "The athlete fills in a symptom checklist every day (headache, dizziness, light sensitivity, each 0-6). Physicians see it.",
        &["headache: clinical integer 0..6", "light sensitivity: clinical integer 0..6"],
        &[],
    ),
    (
        "Patients upload a photo of a mole with body location, size and age. Dermatologists write assessments.",
        &["mole:", "photo: clinical file"],
        &["photo:\n    part of"],
    ),
    (
        "Pharmacists verify orders, nurses start the infusion and record start time, stop time, rate in ml per hour, reactions, and vital signs every 30 minutes.",
        &["infusion:", "stop time:", "reactions:", "systolic:"],
        &["record start time:"],
    ),
    (
        "midwife practice app pls. moms book visits, we write notes for each visit: blood pressure, fundal height in cm, weight. moms can read their own visit notes but not edit.",
        &["app: \"Midwife practice\"", "midwife: view, create, update assigned", "mom: view own"],
        &["visit note:"],
    ),
    (
        "App para una consulta de reumatología. Los reumatólogos registran en cada visita el número de articulaciones dolorosas, la VSG, la PCR y el DAS28. Los pacientes anotan cada día su dolor de 0 a 10.",
        &["reumatologo: {}", "vsg: clinical text", "das28: clinical text"],
        &["das28:\n", "access: {}"],
    ),
    // CL-1: who sees some values of the person reads no questionnaire of theirs.
    (
        "Summer camp for kids. Parents fill in a health form (allergies, insulin type, emergency contact). Camp nurses log blood sugar of each camper. Counselors only see allergies and emergency contact of campers in their cabin.",
        &["counselor: view(allergies, emergency contact)"],
        &["read by: [parent, counselor]", "read by: [counselor"],
    ),
    // CF-10: that nobody deletes takes nothing else from who writes.
    (
        "Doctors prescribe opioids: drug, dose, quantity, refills. Nobody can delete a prescription. Patients see their own prescriptions.",
        &["doctor: view, create, update assigned"],
        &["delete"],
    ),
    (
        "Coordinators review applications of donors (new, in review, approved, rejected). Doctors see everything.",
        &["states: [new, in review, approved, rejected]", "approve: {"],
        &["rejected: clinical"],
    ),
    (
        "Track insulin pump settings for each patient (basal rate, carb ratio, correction factor, target range). Diabetes educators update the settings.",
        &["insulin pump setting:", "carb ratio: clinical"],
        &[],
    ),
    (
        "Stroke rehab: patients, speech therapists, occupational therapists, physical therapists. Each therapist writes session notes with minutes. Notes lock after signing.",
        &["speech therapist: {}", "locked: [signed]"],
        &["  therapist: {}", "  lock:"],
    ),
    ("I want a website for my bakery with orders and delivery.", &["names no health product"], &[]),
    (
        "Employees report injuries at work, the safety officer follows them up.",
        &["safety officer:"],
        &["names no health product"],
    ),
    // What people do that is written down, though no noun names a record.
    (
        "Clients log what they eat and how they felt afterwards. Dietitians follow their clients' meals and leave a comment on each.",
        &["meal:", "food: clinical", "client: view, create own", "dietitian: view assigned", "comment:"],
        &["visit:", "dietitian: view, create, update assigned\n    fhir: NutritionIntake"],
    ),
    (
        "Outreach workers shall record each dose, including date, drug, dose in mg and any side effects. Outreach workers shall only have access to the clients assigned to them.",
        &[
            "dose:",
            "drug: clinical",
            "side effects: narrative",
            "outreach worker: view, create, update assigned",
        ],
        &["outreach worker: view, create, update in organisation", "visit:"],
    ),
    (
        "Each dressing change belongs to a burn, a burn belongs to a patient. Nurses take a picture of the burn at every dressing change and note location, depth (superficial, partial, full) and infection signs.",
        &["dressing change:\n    part of: burn", "infection signs: clinical", "picture: clinical file"],
        &["visit:"],
    ),
    (
        "School nurses enter for each student: grade, right eye, left eye. Teachers see nothing.",
        &["school nurse: {}", "right eye: clinical"],
        &["teacher: view"],
    ),
    // CL-1: of whom nothing is said but what hangs on leave, a link or numbers, they get nothing by default.
    (
        "Nurses write care plans of participants. Participants' caregivers can view the care plan if the participant agrees and until they withdraw.",
        &["care plan:"],
        &["caregiver: view"],
    ),
    (
        "Hematologists write pain plans. ER doctors from other hospitals can open a pain plan with a link that expires after 24 hours.",
        &["hematologist: view, create, update assigned"],
        &["er doctor: view"],
    ),
    (
        "Nurses record burns (location, tbsa, depth). Research assistants may read TBSA and depth, de-identified.",
        &["research assistant: view(tbsa, depth)"],
        &["research assistant: view in organisation", "research assistant: view(name"],
    ),
    // CL-1: nothing else is nothing else, whatever was spoken of before.
    (
        "Adult day care center. Participants: name, address, phone. Drivers see the pick up list: name, address. The nurse gives meds. Aides: no meds. Drivers: nothing else.",
        &["driver: view(name, address) in organisation"],
        &["driver: view in organisation"],
    ),
    // CL-1: what is assigned is seen by those who have it to do, and opens nobody's record.
    (
        "A DME shop for patients at home. Intake staff register customers (name, phone, address) and create an order: item, quantity, status (requested, approved, delivered). Delivery drivers see the item of the orders assigned to them and mark them delivered.",
        &["assigned to: { role: [delivery driver], team: one", "deliver: {"],
        &[
            "delivery driver: view, update",
            "delivery driver: view in organisation",
            "delivery driver: view(name, phone",
        ],
    ),
    // CL-1: what somebody only looks over is written by whoever was said to write it.
    (
        "Technicians take retinal photos. Ophthalmologists grade them. Primary care doctors see results of their own patients.",
        &[],
        &["primary care doctor: view, create"],
    ),
    (
        "Owners bring their pets. Vets write visit notes. Owners only see their own pets.",
        &["pet owner: { self: pet }", "pet owner: view own", "owner: { privileged: true"],
        &[],
    ),
    (
        "Visits of patients. Visit status: submitted, in review, prescribed, declined. Doctors write visits.",
        &["states: [submitted, in review, prescribed, declined]"],
        &["visit status:"],
    ),
    (
        "Psicología infantil. Las psicólogas escriben notas de sesión que solo ellas pueden leer. Para cada niño guardamos colegio, curso y alergias. Los médicos escriben recetas.",
        &["colegio:", "curso:", "nota de sesion:"],
        &["alergia:\n", "ella: {}"],
    ),
    // CL-1: who may not open charts still books, and knows whom.
    (
        "RNs chart infusions (bag, start, end). Front desk books appointments of clients. Front desk should not be able to open charts.",
        &["front desk: view, create, update in organisation"],
        &["front desk: view in organisation"],
    ),
];

#[test]
fn plain_sentences_are_read_as_a_careful_reader_does() {
    let mut wrong = Vec::new();
    for (prompt, says, never) in READINGS {
        let text = match plan(prompt) {
            Ok(plan) => plan.text,
            Err(error) => format!("no plan: {error}"),
        };
        wrong.extend(
            says.iter()
                .filter(|line| !text.contains(**line))
                .map(|line| format!("{prompt}\n  without {line}\n{text}")),
        );
        wrong.extend(
            never
                .iter()
                .filter(|line| text.contains(**line))
                .map(|line| format!("{prompt}\n  with {line}\n{text}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
