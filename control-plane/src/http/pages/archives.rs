//! Taking an archive home: the file, what opens it, and the receipt for it (HC-12).

use maud::{Markup, html};
use safeguards::axum::extract::{Path, State};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{Detail, Field, Form, FormData, Notice, Show, View};

use super::departures::{archive_at, at};
use super::{Result, go, proved};
use crate::accounts::{Owned, Owner};
use crate::http::{Shell, Site, sending};
use crate::ids::{DepartureId, EnvironmentId};
use crate::lifecycle::{Departure, DepartureArchive, DepartureError};

fn receipt_form(departure: &Departure, environment: EnvironmentId) -> Form {
    Form::new(format!("{}/archives/{environment}/receipt", at(departure.id)))
        .field(
            Field::text("sha256", "SHA-256 of the file that you hold").longest(64).hint(
                "64 digits and letters, what sha256sum, or Get-FileHash on Windows, prints for the file.",
            ),
        )
        .submit("Confirm that I hold it")
}

/// `GET /departures/{departure}/archives/{environment}`: the file, what opens it, and the receipt.
pub(super) async fn archive(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
    Shell(view): Shell,
    Path((_, environment)): Path<(DepartureId, EnvironmentId)>,
) -> Result<Response> {
    archive_page(&site, &owner, &departure, &view, environment, receipt_form(&departure, environment)).await
}

async fn archive_page(
    site: &Site,
    owner: &Owner,
    departure: &Departure,
    view: &View,
    environment: EnvironmentId,
    receipt: Form,
) -> Result<Response> {
    let here = archive_at(departure, environment);
    let proof = match proved(owner, &here) {
        Ok(proof) => proof,
        Err(first) => return Ok(*first),
    };
    let lifecycle = &site.lifecycle;
    let archive = lifecycle.archive(departure.account, departure.id, environment).await?;
    let passphrase =
        lifecycle.passphrase(departure.account, departure.id, environment, owner.person(), &proof).await?;
    let page = view
        .page("Take it home")
        .about("The file is sealed with AES-256. Keep it and its passphrase apart: whoever has both has every record.")
        .back("The end", at(departure.id))
        .with(steps(view, &archive, &passphrase, &here));
    Ok(match archive.confirmed_at {
        Some(at) => {
            page.notice(Notice::success("You hold it").text(format!("Confirmed {}.", view.moment(at))))
        }
        None => page.heading("Your receipt").with(receipt),
    }
    .into_response())
}

fn steps(view: &View, archive: &DepartureArchive, passphrase: &str, here: &str) -> Markup {
    html! {
        ol.steps {
            li { "Download the file. " a.button href={ (here) "/file" } { "Download the archive" } }
            li { "Write down its passphrase, which is shown to you alone:" pre.secret tabindex="0" aria-label="Passphrase" { (passphrase) } }
            li { "Verify it, without any network: " code { "healthcoder export verify FILE --passphrase-file PASSPHRASE-FILE --key KEY" } "." }
            li { "Restore it wherever you like: " code { "healthcoder export restore FILE --passphrase-file PASSPHRASE-FILE --dir NEW-FOLDER" } ". 7-Zip opens it, too; a readme in it says what is where." }
        }
        (Detail::new()
            .line("SHA-256 of the file", archive.sha256.as_str())
            .line("Signed by the key", archive.signed_by.as_str())
            .line("Made", archive.made_at)
            .show(view))
    }
}

pub(super) async fn file(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
    Path((_, environment)): Path<(DepartureId, EnvironmentId)>,
) -> Result<Response> {
    match proved(&owner, &archive_at(&departure, environment)) {
        Ok(proof) => sending::archive(&site, &owner, &departure, environment, &proof).await,
        Err(first) => Ok(*first),
    }
}

pub(super) async fn receipt(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
    Shell(view): Shell,
    Path((_, environment)): Path<(DepartureId, EnvironmentId)>,
    data: FormData,
) -> Result<Response> {
    let sha256 = data.first("sha256").unwrap_or_default();
    let by = owner.person();
    match site.lifecycle.confirm(owner.account(), departure.id, environment, sha256, by).await {
        Ok(()) => Ok(go(at(departure.id))),
        Err(error @ DepartureError::OtherFile) => {
            let form = receipt_form(&departure, environment).fill(&data).mistake("sha256", error.to_string());
            archive_page(&site, &owner, &departure, &view, environment, form).await
        }
        Err(error) => Err(error.into()),
    }
}
