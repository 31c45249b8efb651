
/// How many messages say when something is.
async fn reminders(trial: &Trial) -> Vec<String> {
    letters(trial, "When: ").await
}

/// So many hours from now, as a program says it.
fn hours_ahead(trial: &Trial, hours: u64) -> String {
    let at = trial.services().clock.now() + std::time::Duration::from_secs(hours * 3_600);
    format!("{}T{:02}:{:02}:00Z", at.date(), at.hour(), at.minute())
}

const PROVIDER: Caller = Caller::Person("provider@example.org");

async fn patient(trial: &Trial) -> (String, String) {
    let patients = trial.get(PROVIDER, "/api/patients").await.json();
    let word = |field: &str| patients[0][field].as_str().unwrap_or_default().to_owned();
    (word("id"), word("name"))
}

async fn booked(trial: &Trial, patient: &str, start: String, status: &str) -> Value {
    let body = json!({ "patient_id": patient, "start": start, "status": status });
    let made = trial.send(PROVIDER, Method::POST, "/api/appointments", &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()
}

/// CL-7: a reminder goes once by each way, and says where and when, and nothing else; what is moved is told anew, and what
/// is cancelled is not told.
#[test]
fn a_reminder_goes_once() {
    trial("reminders", async |trial| {
        let (patient, name) = patient(trial).await;
        let before = reminders(trial).await.len();
        booked(trial, &patient, hours_ahead(trial, 5), "cancelled").await;
        booked(trial, &patient, hours_ahead(trial, 50), "booked").await;
        let soon = booked(trial, &patient, hours_ahead(trial, 6), "booked").await;
        let told = reminders(trial).await;
        assert_eq!(told.len(), before + 2, "{told:?}");
        assert!(told.iter().all(|letter| !letter.contains(&name) && letter.contains("From ")), "{told:?}");
        assert_eq!(reminders(trial).await.len(), before + 2);

        let path = format!("/api/appointments/{}", soon["id"].as_str().unwrap_or_default());
        let moved = json!({ "version": soon["version"], "start": hours_ahead(trial, 7) });
        let moved = trial.send(PROVIDER, Method::PATCH, &path, &moved).await;
        assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);
        assert_eq!(reminders(trial).await.len(), before + 4);
    });
}

/// Construct 15: a rule has somebody told outside the app, once an episode, in words that say nothing of what it found.
#[test]
fn a_rule_has_somebody_told() {
    trial("told", async |trial| {
        let (patient, _) = patient(trial).await;
        let before = letters(trial, "Sign in here: ").await.len();
        for (dose, told) in [(5, 0), (950, 1)] {
            let body = json!({ "patient_id": patient, "peptide": "Thymosin", "dose": dose.to_string() });
            let made = trial.send(PROVIDER, Method::POST, "/api/protocols", &body).await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
            let letters = letters(trial, "Sign in here: ").await;
            assert_eq!(letters.len(), before + told);
            assert!(letters.iter().all(|letter| !letter.contains("950") && !letter.contains("Thymosin")));
        }
    });
}

/// CL-7: ten wrong codes, and the link is dead, for whoever has it.
#[test]
fn a_link_takes_ten_wrong_codes() {
    trial("wrong_codes", async |trial| {
        let sent = sent(trial, &DOCUMENTS[0]).await.expect("it is sent");
        let link = link(&newest(trial, LINK).await);
        trial.submit(Caller::Anonymous, &format!("{link}/code"), &[]).await;
        let code = code(&newest(trial, CODE).await);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..10 {
            trial.submit(Caller::Anonymous, &link, &[("code", wrong)]).await;
        }
        let late = trial.submit(Caller::Anonymous, &link, &[("code", &code)]).await;
        assert!(late.status == StatusCode::NOT_FOUND && !shows(&late, &sent), "{}", late.text);
    });
}

/// CC-10: a record that is removed takes along what was sent of it.
#[test]
fn a_removed_record_takes_its_packets_along() {
    trial("removed", async |trial| {
        let sent = sent(trial, &DOCUMENTS[0]).await.expect("it is sent");
        let link = link(&newest(trial, LINK).await);
        let path = format!("/api/protocols/{}", sent.record);
        let version = trial.get(sent.sender, &path).await.json()["version"].clone();
        let removed = trial.delete(sent.sender, &format!("{path}?version={version}")).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text);
        assert_eq!(trial.page(Caller::Anonymous, &link).await.status, StatusCode::NOT_FOUND);
        let kept = safeguards::sql("SELECT count(*) AS n FROM sent_packets WHERE content IS NOT NULL");
        if !trial.services().store.is_postgres() {
            let kept = kept.fetch_one(&trial.services().store).await.expect("it can be counted");
            assert_eq!(kept.integer("n").expect("a number"), 0);
        }
    });
}

/// CL-3, CL-10: whose record it is finds in the accounting that a packet was sent and opened.
#[test]
fn the_accounting_tells_of_a_packet() {
    trial("accounting", async |trial| {
        sent(trial, &DOCUMENTS[0]).await.expect("it is sent");
        let link = link(&newest(trial, LINK).await);
        trial.submit(Caller::Anonymous, &format!("{link}/code"), &[]).await;
        let code = code(&newest(trial, CODE).await);
        trial.submit(Caller::Anonymous, &link, &[("code", &code)]).await;
        let mut told = 0;
        let owner = Caller::Person("owner@example.org");
        for patient in trial.get(owner, "/api/patients").await.ids() {
            let looks = trial.get(owner, &format!("/api/patients/{patient}/who-looked")).await.json();
            told += looks["disclosures"].as_array().map_or(0, Vec::len);
        }
        assert_eq!(told, 2);
    });
}
