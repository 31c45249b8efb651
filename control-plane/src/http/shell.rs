//! How a page of the dashboard begins: who reads it, where they can go, the token of its forms.

use safeguards::axum::extract::FromRequestParts;
use safeguards::axum::http::request::Parts;
use safeguards::pages::{Reader, View};
use safeguards::web::{Arrival, Problem};

use super::{Site, assets};
use crate::accounts::{AccountRole, Member};
use crate::error::Refusal;

/// A view for the page of this request.
#[derive(Clone, Debug)]
pub struct Shell(pub View);

impl FromRequestParts<Site> for Shell {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let platform = &site.platform;
        let mut view = View::new("Health Coder", platform.clock.now())
            .here(parts.uri.path())
            .legal(crate::agreement::LINKS)
            .also(assets::stylesheet_path(), assets::script_path());
        if let Some(token) = parts.extensions.get::<Arrival>().and_then(|arrival| arrival.csrf.clone()) {
            view = view.csrf(token);
        }
        let Some(member) = parts.extensions.get::<Member>() else { return Ok(Self(view)) };
        let identity = &platform.identity;
        let profile = identity.profile(member.session().row()).await.map_err(Refusal::from)?;
        let organisation =
            identity.organisation_name(member.account().into()).await.map_err(Refusal::from)?;
        let role = match member.role() {
            AccountRole::Owner => "Owner",
            AccountRole::Builder => "Builder",
        };
        view = view.reader(Reader {
            name: profile.display_name.unwrap_or(profile.email),
            organisation,
            role: role.to_owned(),
        });
        for (text, to) in super::pages::DESTINATIONS {
            view = view.destination(*text, *to);
        }
        if member.role() == AccountRole::Owner {
            view = view.destination("People", "/account/people");
        }
        Ok(Self(view))
    }
}
