//! Who answers for privacy (45 CFR 164.530(a)) and for security (164.308(a)(2)), with the ways to reach them (CF-21).

use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sealing::{Column, opened, seal};
use super::{begin, below, finish, only_who_answers};
use crate::access::{Context, Error};
use crate::audit::{self, Event};
use crate::crypto::Keys;
use crate::pages::{Detail, Field, Form, FormData, Page, Shape};
use crate::slice::{Result, Viewer, go};
use crate::store::{Store, sql};
use crate::web::Problem;

/// What somebody answers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    Privacy,
    Security,
}

impl Duty {
    pub(super) const ALL: [Self; 2] = [Self::Privacy, Self::Security];

    fn name(self) -> &'static str {
        match self {
            Self::Privacy => "privacy",
            Self::Security => "security",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Privacy => "Privacy officer",
            Self::Security => "Security officer",
        }
    }
}

/// How an officer is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) name: String,
    pub(super) email: String,
    #[serde(default)]
    pub(super) phone: String,
}

/// The officer of an organisation; their contact is public.
pub(super) async fn officer(
    store: &Store,
    keys: &Keys,
    organisation: Uuid,
    duty: Duty,
) -> Result<Option<Contact>> {
    let named = sql("SELECT id, contact FROM compliance_officers WHERE organisation_id = $1 AND duty = $2")
        .bind(organisation)
        .bind(duty.name())
        .fetch_optional(store)
        .await
        .map_err(Error::from)?;
    let Some(row) = named else { return Ok(None) };
    let (id, sealed) = (row.uuid("id").map_err(Error::from)?, row.bytes("contact").map_err(Error::from)?);
    let text = opened(keys, organisation, Column::Contact, id, sealed).await?;
    Ok(Some(serde_json::from_str(&text).map_err(|_| Problem::internal("officer"))?))
}

pub(super) async fn of(context: &Context, duty: Duty) -> Result<Option<Contact>> {
    officer(&context.store, &context.keys, context.principal.organisation().uuid(), duty).await
}

/// An officer as a section of a page.
pub(super) fn shown(duty: Duty, contact: Option<Contact>) -> Detail {
    let detail = Detail::new().title(duty.label());
    match contact {
        None => detail.line("Named", "Nobody yet"),
        Some(contact) => {
            let detail = detail.line("Name", contact.name).line("E-mail", contact.email);
            if contact.phone.is_empty() { detail } else { detail.line("Phone", contact.phone) }
        }
    }
}

pub(super) async fn show(viewer: Viewer) -> Result<Page> {
    only_who_answers(&viewer)?;
    officers_page(&viewer, form(&viewer).await?).await
}

async fn form(viewer: &Viewer) -> Result<Form> {
    let mut form = Form::new("/account/compliance/officers");
    for duty in Duty::ALL {
        let known = of(viewer, duty).await?;
        let named = |part: &str| format!("{}_{part}", duty.name());
        form = form
            .field(Field::text(named("name"), "Name").section(duty.label()).longest(120))
            .field(Field::shaped(Shape::Email, named("email"), "E-mail"))
            .field(Field::shaped(Shape::Phone, named("phone"), "Phone").optional());
        if let Some(contact) = known {
            form = form
                .with(&named("name"), contact.name)
                .with(&named("email"), contact.email)
                .with(&named("phone"), contact.phone);
        }
    }
    Ok(form.submit("Name them").cancel("/account/compliance"))
}

async fn officers_page(viewer: &Viewer, form: Form) -> Result<Page> {
    let page = below(viewer, "Privacy and security officers").narrow();
    Ok(page
        .about("Everybody can reach them: they stand on the app's public pages and in security.txt.")
        .with(form))
}

pub(super) async fn name(viewer: Viewer, data: FormData) -> Result<Response> {
    only_who_answers(&viewer)?;
    let answers = match form(&viewer).await?.parse(&viewer.view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(officers_page(&viewer, *form).await?.into_response()),
    };
    let organisation = viewer.principal.organisation().uuid();
    let mut contacts = Vec::new();
    for duty in Duty::ALL {
        let text = |part: &str| {
            let name = format!("{}_{part}", duty.name());
            answers.text(&name).unwrap_or_default().to_owned()
        };
        let contact = Contact { name: text("name"), email: text("email"), phone: text("phone") };
        let words = serde_json::to_string(&contact).map_err(|_| Problem::internal("officer"))?;
        let id = viewer.ids.next();
        contacts.push((duty, id, seal(&viewer, Column::Contact, id, &words).await?));
    }
    let mut transaction = begin(&viewer).await?;
    for (duty, id, contact) in contacts {
        // The contact is sealed to its row, so both are new; nothing refers to the row by its id.
        sql("INSERT INTO compliance_officers (id, organisation_id, duty, contact, named_at, named_by_id)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (organisation_id, duty) DO UPDATE SET id = excluded.id, contact = excluded.contact,
                 named_at = excluded.named_at, named_by_id = excluded.named_by_id")
        .bind(id)
        .bind(organisation)
        .bind(duty.name())
        .bind(contact)
        .bind(viewer.clock.now())
        .bind(viewer.principal.person())
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
    }
    let event = Event::new(audit::Action::Configure).entity("officers").note("named");
    finish(&viewer, transaction, event).await?;
    Ok(go("/account/compliance"))
}
