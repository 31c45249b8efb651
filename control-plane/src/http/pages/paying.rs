//! Plan and payment: the pages of [`crate::billing`] and the buttons on them. Owners alone come here.

use safeguards::axum::extract::State;
use safeguards::axum::http::Uri;
use safeguards::axum::response::Response;
use safeguards::pages::{FormData, Page};

use super::{Decision, Result, go};
use crate::accounts::Owner;
use crate::billing::{PaymentError, pages};
use crate::error::Refusal;
use crate::http::{Shell, Site};

pub(super) async fn show(State(site): State<Site>, owner: Owner, Shell(view): Shell) -> Result<Page> {
    let payments = &site.payments;
    let standing = site.billing.standing(owner.account()).await?;
    let subscription = payments.subscription(owner.account()).await?;
    Ok(pages::billing(&view, owner.account(), &standing, &subscription, payments.takes_payments()))
}

pub(super) async fn checkout(State(site): State<Site>, owner: Owner, Shell(view): Shell) -> Result<Page> {
    let platform = &site.platform;
    let profile = platform.identity.profile(owner.session().row()).await?;
    let origin = platform.configuration.dashboard_origin();
    let address =
        site.payments.checkout(owner.account(), Some(profile.email), &origin).await.map_err(refused)?;
    Ok(pages::leaving(&view, "Subscribe to the BAA plan", &address))
}

pub(super) async fn portal(State(site): State<Site>, owner: Owner, Shell(view): Shell) -> Result<Page> {
    let origin = site.platform.configuration.dashboard_origin();
    let address = site.payments.portal(owner.account(), &origin).await.map_err(refused)?;
    Ok(pages::leaving(&view, "Card and invoices", &address))
}

/// Back from the provider's page, which names the page that was paid. The provider's word counts, not the
/// address: it is asked.
pub(super) async fn paid(
    State(site): State<Site>,
    owner: Owner,
    Shell(view): Shell,
    uri: Uri,
) -> Result<Page> {
    let query = FormData::parse(uri.query().unwrap_or_default().as_bytes());
    if let Some(page) = query.first("page") {
        site.payments.confirm(owner.account(), page).await.map_err(refused)?;
    }
    let standing = site.billing.standing(owner.account()).await?;
    Ok(pages::paid(&view, &standing))
}

async fn cancelling(site: &Site, owner: &Owner) -> Result<Decision> {
    let name = site.platform.identity.organisation_name(owner.account().into()).await?;
    let back = ("Plan and payment".to_owned(), "/billing".to_owned());
    Ok(Decision { title: "Cancel the plan", back, confirm: pages::cancel(&name) })
}

pub(super) async fn show_cancel(State(site): State<Site>, owner: Owner, Shell(view): Shell) -> Result<Page> {
    Ok(cancelling(&site, &owner).await?.ask(&view))
}

pub(super) async fn cancel(
    State(site): State<Site>,
    owner: Owner,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    match cancelling(&site, &owner).await?.taken(&view, data) {
        Ok(()) => arrange(&site, &owner, true).await,
        Err(again) => Ok(*again),
    }
}

pub(super) async fn resume(State(site): State<Site>, owner: Owner) -> Result<Response> {
    arrange(&site, &owner, false).await
}

async fn arrange(site: &Site, owner: &Owner, ends: bool) -> Result<Response> {
    // The request names the wish: a form that is sent twice by a slip is two wishes with one effect.
    let wish = owner.session().visit().request.to_string();
    site.payments.arrange_end(owner.account(), ends, &wish).await.map_err(refused)?;
    Ok(go("/billing"))
}

fn refused(error: PaymentError) -> Refusal {
    match error {
        PaymentError::Store(error) => Refusal::Store(error),
        PaymentError::Provider(_) => crate::seams::BillingError::Unavailable(error.to_string()).into(),
        other => Refusal::conflict(&other.to_string()),
    }
}
