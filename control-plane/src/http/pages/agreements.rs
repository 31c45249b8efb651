//! Agreements: the public texts, and signing, keeping and ending one's own.

use safeguards::audit::{Action, Event};
use safeguards::axum::extract::{Path, State};
use safeguards::axum::http::header;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{FormData, Page};
use uuid::Uuid;

use super::{Decision, Result, go};
use crate::accounts::Owner;
use crate::agreement::{AgreementError, AgreementText, LEGAL, PrintError, Signing, pages};
use crate::error::Refusal;
use crate::http::{Shell, Site};

/// A text that everybody may read, `baa` among them.
pub(super) async fn legal(
    State(site): State<Site>,
    Shell(view): Shell,
    Path(name): Path<String>,
) -> Result<Page> {
    if name == "baa" {
        let text = AgreementText::newest(view.now());
        return Ok(pages::public(&view, text, &site.agreements.verifying_key()));
    }
    let text = LEGAL.iter().find(|text| text.name == name).ok_or(Refusal::NotFound)?;
    Ok(pages::legal(&view, text))
}

pub(super) async fn show(State(site): State<Site>, owner: Owner, Shell(view): Shell) -> Result<Page> {
    let standing = site.agreements.facts(owner.account()).await?.standing(view.now());
    let signed = site.agreements.signatures(owner.account()).await?;
    Ok(pages::agreement(&view, standing, &signed, AgreementText::newest(view.now())))
}

pub(super) async fn sign(
    State(site): State<Site>,
    owner: Owner,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    let text = AgreementText::newest(view.now());
    let again = |form| view.page("Agreement").back("Agreement", "/agreement").with(form).into_response();
    let answers = match pages::form(text).parse(&view, data.clone()) {
        Ok(answers) => answers,
        Err(form) => return Ok(again(*form)),
    };
    let signatory = match pages::signatory(&answers) {
        Ok(signatory) => signatory,
        Err(wrong) => {
            let form = pages::form(text).fill(&data);
            return Ok(again(
                wrong.into_iter().fold(form, |form, (field, words)| form.mistake(field, words)),
            ));
        }
    };
    let signing = Signing {
        account: owner.account(),
        person: owner.person().uuid(),
        from: owner.session().visit().address,
        version: text.version.to_owned(),
        signatory,
    };
    site.agreements.sign(signing).await.map_err(refused)?;
    Ok(go("/agreement"))
}

/// A signed file, to keep: as a page that proves itself, or for printing.
pub(super) async fn file(
    State(site): State<Site>,
    owner: Owner,
    Path(name): Path<String>,
) -> Result<Response> {
    let (id, kind) = name.split_once('.').ok_or(Refusal::NotFound)?;
    let id = Uuid::parse_str(id).map_err(|_| Refusal::NotFound)?;
    let document = site.agreements.document(owner.account(), id).await?.ok_or(Refusal::NotFound)?;
    let event = Event::new(Action::Download).entity("agreement").record(id);
    site.platform.audit.record(owner.circumstances(), event).await?;
    let (bytes, mime) = match kind {
        "html" => (document, "text/html; charset=utf-8"),
        "pdf" => (site.agreements.printed(&document).map_err(unprinted)?, "application/pdf"),
        _ => return Err(Refusal::NotFound),
    };
    let disposition = format!("attachment; filename=\"agreement-{id}.{kind}\"");
    let headers = [(header::CONTENT_TYPE, mime.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, bytes).into_response())
}

async fn terminating(site: &Site, owner: &Owner) -> Result<Decision> {
    let name = site.platform.identity.organisation_name(owner.account().into()).await?;
    let back = ("Agreement".to_owned(), "/agreement".to_owned());
    Ok(Decision { title: "Terminate the agreement", back, confirm: pages::terminate(&name) })
}

pub(super) async fn show_terminate(
    State(site): State<Site>,
    owner: Owner,
    Shell(view): Shell,
) -> Result<Page> {
    Ok(terminating(&site, &owner).await?.ask(&view))
}

pub(super) async fn terminate(
    State(site): State<Site>,
    owner: Owner,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    if let Err(again) = terminating(&site, &owner).await?.taken(&view, data) {
        return Ok(*again);
    }
    let by = Some(owner.person().uuid());
    site.agreements.terminate(owner.account(), by, "terminated by its owner").await.map_err(refused)?;
    Ok(go("/agreement"))
}

fn refused(error: AgreementError) -> Refusal {
    match error {
        AgreementError::Store(error) => Refusal::Store(error),
        AgreementError::Seal(_) => Refusal::Fault("an agreement could not be sealed"),
        AgreementError::Replaced(_) => {
            Refusal::Conflict("A newer version has been published. Read that one and sign it.".into())
        }
        AgreementError::NotInForce => Refusal::Conflict("No agreement is in force.".into()),
    }
}

fn unprinted(error: PrintError) -> Refusal {
    match error {
        PrintError::NotConfigured => Refusal::Conflict(
            "This platform prints no PDF. The signed file opens in every browser, which prints it.".into(),
        ),
        _ => Refusal::Fault("an agreement could not be printed"),
    }
}
