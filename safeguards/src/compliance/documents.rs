//! What people are told and accept, by version (CC-12), and what an organisation agrees to (CL-9).

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::sealing::{Column, open, seal};
use super::text::Text;
use super::{Facts, answers, begin, below, finish, first_organisation, operator};
use crate::access::{Context, Error};
use crate::app::Services;
use crate::audit::{self, Event};
use crate::pages::{Detail, Field, Form, FormData, Notice, Page};
use crate::slice::{Result, Viewer, go};
use crate::store::{Row, sql};
use crate::web::{Path, Problem};

/// A document of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// What everybody is told and accepts.
    Privacy,
    /// Between an organisation and the company that runs the app for it.
    Agreement,
    /// The same for the GDPR.
    Processing,
}

impl Document {
    pub(super) const ALL: [Self; 3] = [Self::Privacy, Self::Agreement, Self::Processing];

    /// In addresses and in rows.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Privacy => "privacy",
            Self::Agreement => "baa",
            Self::Processing => "dpa",
        }
    }

    pub(super) fn parse(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|document| document.name() == name).ok_or_else(Problem::not_found)
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Privacy => "Privacy notice",
            Self::Agreement => "Business associate agreement",
            Self::Processing => "Data processing agreement",
        }
    }

    /// Whether an organisation accepts it, by who administers its agreements.
    fn binds_the_organisation(self) -> bool {
        self != Self::Privacy
    }

    fn capacity(self) -> &'static str {
        if self.binds_the_organisation() { "organisation" } else { "person" }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Privacy => include_str!("texts/privacy.md"),
            Self::Agreement => include_str!("texts/agreement.md"),
            Self::Processing => include_str!("texts/processing.md"),
        }
    }

    /// The text as it is in force.
    pub(super) async fn text(self, services: &Services, facts: &Facts) -> Result<Text> {
        Ok(Text::filled(self.source(), facts, &operator(services).await?))
    }
}

/// The latest acceptance of a document.
pub(super) struct Acceptance {
    pub(super) version: String,
    pub(super) at: OffsetDateTime,
    id: Uuid,
    person: Uuid,
    signature: Option<Vec<u8>>,
}

/// Who signed for an organisation.
#[derive(Serialize, Deserialize)]
struct Signature {
    name: String,
    title: String,
}

/// The latest acceptance that counts for whoever asks.
pub(super) async fn accepted(context: &Context, document: Document) -> Result<Option<Acceptance>> {
    let query = match document.binds_the_organisation() {
        true => sql("SELECT id, version, person_id, signature, accepted_at FROM document_acceptances
             WHERE organisation_id = $1 AND document = $2 AND capacity = 'organisation'
             ORDER BY accepted_at DESC, id DESC LIMIT 1"),
        false => sql("SELECT id, version, person_id, signature, accepted_at FROM document_acceptances
             WHERE organisation_id = $1 AND document = $2 AND capacity = 'person' AND person_id = $3
             ORDER BY accepted_at DESC, id DESC LIMIT 1"),
    };
    let query = query.bind(context.principal.organisation()).bind(document.name());
    let query =
        if document.binds_the_organisation() { query } else { query.bind(context.principal.person()) };
    let row = query.fetch_optional(&context.store).await.map_err(Error::from)?;
    Ok(row.map(|row| read(&row)).transpose().map_err(Error::Store)?)
}

fn read(row: &Row) -> crate::store::Result<Acceptance> {
    Ok(Acceptance {
        version: row.text("version")?,
        at: row.timestamp("accepted_at")?,
        id: row.uuid("id")?,
        person: row.uuid("person_id")?,
        signature: row.optional_bytes("signature")?,
    })
}

/// Whether the organisation that asks runs the app itself: it has no agreement with itself.
pub(super) async fn runs_it(context: &Context, services: &Services) -> Result<bool> {
    let first = first_organisation(services).await?;
    let mine = context.principal.organisation().uuid();
    Ok(services.settings.operator.is_none() && first.is_some_and(|(id, _)| id == mine))
}

/// CC-12: tells whoever has not accepted the privacy notice as it is now.
///
/// # Errors
/// The database cannot be asked.
pub async fn changed(viewer: &Viewer, services: &Services, facts: &Facts) -> Result<Option<Notice>> {
    let now = Document::Privacy.text(services, facts).await?.version();
    let last = accepted(viewer, Document::Privacy).await?;
    let words = match last {
        Some(last) if last.version == now => return Ok(None),
        Some(_) => "The privacy notice has changed",
        None => "There is a privacy notice for you",
    };
    let to = format!("/account/compliance/documents/{}", Document::Privacy.name());
    Ok(Some(Notice::information(words).text("Please read it and say that you have.").link("Read it", to)))
}

pub(super) async fn show(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
    Path(document): Path<String>,
) -> Result<Page> {
    let document = Document::parse(&document)?;
    let form = form(&viewer, document);
    document_page(&viewer, &services, &facts, document, form).await
}

fn form(viewer: &Viewer, document: Document) -> Option<Form> {
    let form = Form::new(format!("/account/compliance/documents/{}", document.name()));
    if !document.binds_the_organisation() {
        return Some(form.field(Field::tick("read", "I have read this notice")).submit("Accept"));
    }
    answers(viewer).then(|| {
        form.field(Field::text("name", "Your full name").longest(120).autocomplete("name"))
            .field(
                Field::text("title", "Your title").longest(120).hint("Such as owner, or compliance officer"),
            )
            .field(Field::tick("bind", "I am authorised to bind the organisation"))
            .submit("Sign for the organisation")
    })
}

async fn document_page(
    viewer: &Viewer,
    services: &Services,
    facts: &Facts,
    document: Document,
    form: Option<Form>,
) -> Result<Page> {
    let text = document.text(services, facts).await?;
    let version = text.version();
    let last = accepted(viewer, document).await?;
    let mut page = below(viewer, text.title().to_owned());
    let itself = document.binds_the_organisation() && runs_it(viewer, services).await?;
    let in_force = last.as_ref().is_some_and(|last| last.version == version);
    page = match &last {
        _ if itself => page.notice(Notice::information("Your organisation runs this app itself").text(
            "It has this agreement with those for whom it runs it; with whoever hosts it, it has theirs.",
        )),
        Some(_) if in_force => page.notice(Notice::success("Accepted as it is now")),
        Some(_) => page.notice(Notice::warning("It has changed since it was accepted")),
        None => page.notice(Notice::warning("Not accepted yet")),
    };
    page = page.with(text.markup());
    if let Some(last) = last {
        page = page.with(accepted_detail(viewer, last).await?);
    }
    page = page.with(Detail::new().title("This version").line("SHA-256 of the text", version));
    Ok(match form {
        Some(form) if !in_force && !itself => page.with(form),
        _ => page,
    })
}

async fn accepted_detail(viewer: &Viewer, last: Acceptance) -> Result<Detail> {
    let people = viewer.people([Some(last.person)]).await?;
    let who = people.first().map_or_else(String::new, |called| called.title.clone());
    let detail = Detail::new().title("Accepted").line("By", who).line("At", viewer.view.moment(last.at));
    let detail = match last.signature {
        Some(sealed) => {
            let opened = open(viewer, Column::Signature, last.id, sealed).await?;
            let signed: Signature =
                serde_json::from_str(&opened).map_err(|_| Problem::internal("signature"))?;
            detail.line("Signed as", format!("{}, {}", signed.name, signed.title))
        }
        None => detail,
    };
    Ok(detail.line("Version", last.version))
}

pub(super) async fn accept(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
    Path(document): Path<String>,
    data: FormData,
) -> Result<Response> {
    let document = Document::parse(&document)?;
    let form = form(&viewer, document).ok_or_else(Problem::not_found)?;
    let tick = if document.binds_the_organisation() { "bind" } else { "read" };
    let answered = form.clone().parse(&viewer.view, data.clone());
    let answers = match answered {
        Ok(answers) if answers.boolean(tick) == Some(true) => answers,
        Ok(_) => {
            let form = form.fill(&data).mistake(tick, "Say so, or leave it unsigned.");
            return Ok(document_page(&viewer, &services, &facts, document, Some(form))
                .await?
                .into_response());
        }
        Err(form) => {
            return Ok(document_page(&viewer, &services, &facts, document, Some(*form))
                .await?
                .into_response());
        }
    };
    if document.binds_the_organisation() && runs_it(&viewer, &services).await? {
        return Err(Problem::conflict().detail("Your organisation runs this app itself."));
    }
    let version = document.text(&services, &facts).await?.version();
    let id = viewer.ids.next();
    let signature = match (answers.text("name"), answers.text("title")) {
        (Some(name), Some(title)) => {
            let signed = Signature { name: name.to_owned(), title: title.to_owned() };
            let signed = serde_json::to_string(&signed).map_err(|_| Problem::internal("signature"))?;
            Some(seal(&viewer, Column::Signature, id, &signed).await?)
        }
        _ => None,
    };
    let mut transaction = begin(&viewer).await?;
    sql("INSERT INTO document_acceptances
             (id, organisation_id, person_id, document, version, capacity, signature, accepted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(id)
    .bind(viewer.principal.organisation())
    .bind(viewer.principal.person())
    .bind(document.name())
    .bind(version)
    .bind(document.capacity())
    .bind(signature)
    .bind(viewer.clock.now())
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    let event = Event::new(audit::Action::Configure).entity("document").record(id).note("accepted");
    finish(&viewer, transaction, event).await?;
    Ok(go("/account/compliance"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts {
        app: "Home BP",
        entities: &[],
        audit_years: 7,
        sub_processors: &[],
        assists: false,
        opens_pages: false,
    };

    /// CL-9: every clause that 45 CFR 164.504(e)(2) demands stands in the agreement, and as many of Article 28(3) in the
    /// other.
    #[test]
    fn the_agreements_hold_every_clause_that_the_law_demands() {
        let agreement = Text::filled(Document::Agreement.source(), &FACTS, "Acme Health").plain();
        for clause in [
            "(i)", "(ii)(A)", "(ii)(B)", "(ii)(C)", "(ii)(D)", "(ii)(E)", "(ii)(F)", "(ii)(G)", "(ii)(H)",
            "(ii)(I)", "(ii)(J)", "(iii)",
        ] {
            assert!(agreement.contains(&format!("164.504(e)(2){clause}")), "{clause}");
        }
        let processing = Text::filled(Document::Processing.source(), &FACTS, "Acme Health").plain();
        for letter in 'a'..='h' {
            assert!(processing.contains(&format!("28(3)({letter})")), "{letter}");
        }
    }

    /// CC-12: a version is of the text as it is shown; another operator or another field makes another version.
    #[test]
    fn a_version_is_of_the_text_as_it_is_shown() {
        for document in Document::ALL {
            let one = Text::filled(document.source(), &FACTS, "Acme Health");
            assert_eq!(one.version(), Text::filled(document.source(), &FACTS, "Acme Health").version());
            assert_ne!(one.version(), Text::filled(document.source(), &FACTS, "Other Health").version());
            assert!(!one.plain().contains(['{', '}']), "nothing is left unfilled: {}", one.plain());
        }
    }
}
