//! What everybody finds first: what all pages have in common, and the first page of each role.

use safeguards::pages::{Card, ENGLISH, Home, Zone};
use safeguards::slice::Front;
use safeguards::slice::prelude::*;
use safeguards::slice::zone::{self, Change};

use crate::access;
use crate::lists;

/// What all pages have in common.
pub static FRONT: Front = Front {
    application: "Home blood pressure",
    words: &ENGLISH,
    // America/New_York
    zone: Zone {
        name: "ET",
        offset_at: |moment| {
            zone::daylight(
                moment,
                -300,
                Change { month: 3, sunday: 2, hour: 7 },
                Change { month: 11, sunday: 1, hour: 6 },
            )
        },
    },
    patients: &["patient"],
    destinations,
    role_label,
};

/// The main navigation: a role, what a place is called, its path.
const DESTINATIONS: &[(&str, &str, &str)] = &[
    ("owner", "Patients", "/patients"),
    ("owner", "People", "/account/people"),
    ("nurse", "Patients", "/patients"),
    ("nurse", "Measures", "/measures"),
    ("physician", "Patients", "/patients"),
    ("patient", "My details", "/patients"),
    ("patient", "Diary", "/pages/diary"),
];

fn destinations(roles: &[&str]) -> Vec<(&'static str, &'static str)> {
    let mut places = vec![("Home", "/")];
    for (role, text, path) in DESTINATIONS {
        if roles.contains(role) && !places.contains(&(*text, *path)) {
            places.push((text, path));
        }
    }
    places
}

fn role_label(role: &str) -> &str {
    match role {
        "owner" => "Owner",
        "nurse" => "Nurse",
        "physician" => "Physician",
        "patient" => "Patient",
        other => other,
    }
}

/// `GET /`: the start of the viewer's day: what waits for them, what is booked, and where to go.
pub async fn page(viewer: Viewer) -> Result<Page> {
    let mut page = viewer.view.welcome();
    let mut cards: Vec<Card> = Vec::new();
    if viewer.is(&["patient"]) {
        for record in crate::patients::search(&viewer, &Wanted::first(5)).await? {
            let id = record.written.id;
            page = page.action("Add reading", format!("/patients/{id}/readings/new"));
            let found = crate::readings::search(&viewer, &Wanted::with("patient_id", id)).await?;
            if !found.is_empty() {
                page = page.with(crate::readings::pages::chart(&viewer, &found));
            }
            cards.push(Card::new("Readings", format!("/patients/{id}/readings")));
            cards.push(Card::new("My details", format!("/patients/{id}")));
        }
    }
    if viewer.is(&["nurse", "physician"]) {
        let found = lists::high_readings(&viewer, &Wanted::first(5)).await?;
        page = page.with(lists::high_readings_table(&viewer, &found).await?);
        cards.push(Card::new("High readings", "/lists/high-readings"));
    }
    if viewer.is(&["nurse"]) {
        let found = lists::silent(&viewer, &Wanted::first(5)).await?;
        page = page.with(lists::silent_table(&viewer, &found).await?);
        cards.push(Card::new("Silent", "/lists/silent"));
    }
    if viewer.is(&["owner"]) {
        let found = crate::patients::search(&viewer, &Wanted::first(5)).await?;
        page = page.with(crate::patients::pages::table(&viewer, "Latest patients", &found).await?);
    }
    if viewer.may(&access::PATIENT, Action::List) && viewer.may(&access::PATIENT, Action::Move("assign")) {
        let found = crate::patients::unassigned(&viewer, 5).await?;
        if !found.is_empty() {
            page = page
                .with(crate::patients::pages::table(&viewer, "Patients assigned to nobody", &found).await?);
        }
    }
    for (text, path) in
        destinations(&viewer.roles()).into_iter().skip(1).filter(|(text, _)| *text != "My details")
    {
        if !cards.iter().any(|card| card.is_called(text)) {
            cards.push(Card::new(text, path));
        }
    }
    Ok(page.with(Home::new().cards("Go to", cards)))
}
