//! What people see of agreements: the public texts, the form to sign, and what was signed.

use maud::html;
use safeguards::pages::{
    Answers, Column, Confirm, Content, Detail, Field, Form, Notice, Page, Row, Table, Tone, View,
};

use super::document::words;
use super::legal::{LEGAL, LegalText};
use super::seal::VerifyingKey;
use super::service::Signed;
use super::standing::AgreementStanding;
use super::statement::{LONGEST_NAME, Signatory};
use super::text::AgreementText;

/// `GET /legal/baa`: public, so that nobody has to sign up to read it (CF-1).
pub fn public(view: &View, text: &AgreementText, key: &VerifyingKey) -> Page {
    view.page("Business Associate Agreement")
        .about("The agreement that every customer of the BAA plan signs before real patients are entered.")
        .with(
            Detail::new()
                .line("Version", text.version)
                .line("Published", super::document::day(text.published))
                .line("SHA-256 of the text", code(&text.sha256()))
                .line("Signatures are by the key", code(&key.to_string())),
        )
        .with(words(text.blocks()))
        .with(others())
}

/// `GET /legal/{name}`.
pub fn legal(view: &View, text: &LegalText) -> Page {
    view.page(text.title()).with(words(text.blocks())).with(others())
}

fn others() -> maud::Markup {
    html! {
        nav aria-label="Other texts" {
            p {
                a href="/legal/baa" { "Business Associate Agreement" }
                @for text in LEGAL { " · " a href=(format!("/legal/{}", text.name)) { (text.title()) } }
            }
        }
    }
}

fn code(text: &str) -> Content {
    Content::markup(text, html! { code { (text) } })
}

/// `GET /agreement`: how it stands, what was signed, and the form if something is to be signed.
pub fn agreement(view: &View, standing: AgreementStanding, signed: &[Signed], text: &AgreementText) -> Page {
    let mut page = view
        .page("Agreement")
        .about("The contract that the law asks for before others hold health records for you.");
    page = match standing {
        AgreementStanding::InForce => page.notice(Notice::success("In force").text("Nothing is to be done.")),
        AgreementStanding::NeverSigned => page.notice(
            Notice::information("Not signed")
                .text("Production opens once you have signed, if your plan is paid."),
        ),
        AgreementStanding::NewerUnsigned => page.notice(
            Notice::warning("A newer version waits for your signature")
                .text("The one you signed holds for 30 days from the publication of the newer one."),
        ),
        AgreementStanding::NewerOverdue => page.notice(
            Notice::danger("A newer version waits for your signature")
                .text("Until it is signed, nothing can be written."),
        ),
        AgreementStanding::Terminated => page.notice(
            Notice::danger("Terminated")
                .text("You can export everything for 30 days. Signing again opens production."),
        ),
        AgreementStanding::WindowOver => {
            page.notice(Notice::danger("Terminated").text("The time to export is over."))
        }
    };
    if !signed.is_empty() {
        page = page.with(list(view, signed));
    }
    if standing == AgreementStanding::InForce {
        return page.with(html! { p { a href="/agreement/terminate" { "Terminate the agreement" } } });
    }
    page.heading(format!("Version {}", text.version)).with(words(text.blocks())).with(form(text))
}

fn list(view: &View, signed: &[Signed]) -> Table {
    Table::new("What was signed")
        .column(Column::new("Version"))
        .column(Column::new("Organisation"))
        .column(Column::new("Signed by"))
        .column(Column::new("When"))
        .column(Column::new("To keep"))
        .rows(signed.iter().map(|one| {
            Row::new()
                .cell(one.version.clone())
                .cell(one.organisation.clone())
                .cell(format!("{}, {}", one.name, one.title))
                .cell(view.moment(one.at))
                .cell(Content::list([
                    Content::link("Signed file (HTML)", format!("/agreement/{}.html", one.id)),
                    Content::link("For printing (PDF)", format!("/agreement/{}.pdf", one.id)),
                ]))
        }))
}

/// The form by which an owner signs.
pub fn form(text: &AgreementText) -> Form {
    Form::new("/agreement")
        .field(
            Field::text("organisation", "Legal name of your organisation")
                .longest(LONGEST_NAME)
                .autocomplete("organization")
                .section("Sign"),
        )
        .field(Field::text("name", "Your full name").longest(LONGEST_NAME).autocomplete("name"))
        .field(
            Field::text("title", "Your title")
                .hint("Your position there, such as Owner or Practice manager.")
                .longest(LONGEST_NAME)
                .autocomplete("organization-title"),
        )
        .field(
            Field::tick("authorised", "I have read this agreement and may sign it for this organisation")
                .hint("Your time and network address are recorded with your signature."),
        )
        .submit(format!("Sign version {}", text.version))
}

/// What was typed into the form: a signatory, or what is to be put right, each with its field.
///
/// # Errors
/// Fields and words.
pub fn signatory(answers: &Answers) -> Result<Signatory, Vec<(&'static str, String)>> {
    let text = |name: &str| answers.text(name).unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    if answers.boolean("authorised") != Some(true) {
        wrong.push(("authorised", "Say that you may sign for this organisation".to_owned()));
    }
    match Signatory::new(&text("organisation"), &text("name"), &text("title")) {
        Ok(signatory) if wrong.is_empty() => Ok(signatory),
        Ok(_) => Err(wrong),
        Err(errors) => {
            wrong.extend(errors.into_iter().map(|error| (error.field(), capital(&error.to_string()))));
            Err(wrong)
        }
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `GET` and `POST /agreement/terminate`.
pub fn terminate(account: &str) -> Confirm {
    Confirm::new("/agreement/terminate", "Terminate the business associate agreement", account)
        .consequence("From this moment production is read only.")
        .consequence(
            "You can export everything for 30 days. Then it is destroyed, and you get a certificate of it.",
        )
        .consequence("Your subscription goes on until you cancel it.")
        .consequence("Within the 30 days, signing again opens production again.")
        .button("Terminate the agreement")
        .cancel("/agreement")
}

/// The tag of a standing, for other pages.
pub fn tag(standing: AgreementStanding) -> Content {
    let tone = match standing {
        AgreementStanding::InForce => Tone::Good,
        AgreementStanding::NeverSigned => Tone::Quiet,
        AgreementStanding::NewerUnsigned => Tone::Caution,
        _ => Tone::Danger,
    };
    Content::tag(standing.words(), tone)
}

#[cfg(test)]
mod tests {
    use safeguards::pages::FormData;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::super::text::BAA;
    use super::*;

    fn view() -> View {
        View::new("Health Coder", datetime!(2026-11-26 9:00 UTC))
    }

    /// CF-1, CL-14: every text is public, whole, and leads to the others.
    #[test]
    fn the_texts_are_public_and_whole() {
        let root = tempfile::tempdir().unwrap();
        let key = super::super::key::CountersigningKey::open(root.path()).unwrap().verifying_key();
        let page = public(&view(), &BAA[0], &key).markup().into_string();
        assert!(page.contains("45 CFR 164.504(e)(2)(iii)") && page.contains(&key.to_string()));
        for text in LEGAL {
            assert!(page.contains(&format!("/legal/{}", text.name)));
            assert!(legal(&view(), &text).markup().into_string().contains(text.title()));
        }
    }

    /// The form is there when something is to be signed, and signatures are there to be downloaded.
    #[test]
    fn what_can_be_done_depends_on_the_standing() {
        let signed = [Signed {
            id: Uuid::from_u128(7),
            version: "1.0".into(),
            organisation: "Clinic".into(),
            name: "Ada".into(),
            title: "Owner".into(),
            at: datetime!(2026-11-20 9:00 UTC),
        }];
        for standing in AgreementStanding::ALL {
            let page = agreement(&view(), standing, &signed, &BAA[0]).markup().into_string();
            let may_sign = page.contains("Sign version 1.0");
            assert_eq!(may_sign, standing != AgreementStanding::InForce, "{standing:?}");
            assert_eq!(page.contains("/agreement/terminate"), !may_sign, "{standing:?}");
            assert!(page.contains("/agreement/00000000-0000-0000-0000-000000000007.html"));
        }
    }

    /// HC-4: name, title, organisation and authority are all asked for; every mistake is said at its field.
    #[test]
    fn all_that_is_wrong_is_said_at_its_field() {
        let parse = |encoded: &str| {
            let answers = form(&BAA[0]).parse(&view(), FormData::parse(encoded.as_bytes()));
            answers.map(|answers| signatory(&answers))
        };
        let good = parse("organisation=Clinic&name=Ada&title=Owner&authorised=yes");
        assert_eq!(good.unwrap().unwrap().name(), "Ada");
        let missing = parse("organisation=&name=&title=&authorised=yes").unwrap_err();
        assert_eq!(missing.mistakes().len(), 3);
        let turned =
            parse("organisation=Clinic&name=%E2%80%AEada&title=Owner&authorised=yes").unwrap().unwrap_err();
        assert_eq!(
            turned,
            [("name", "Your full name must have letters, numbers and punctuation only".to_owned())]
        );
        let unauthorised = parse("organisation=Clinic&name=Ada&title=Owner");
        assert!(unauthorised.is_err() || unauthorised.unwrap().is_err());
    }
}
