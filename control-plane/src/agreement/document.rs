//! The agreement as a file for the customer's records: one page of HTML that needs nothing else.

use maud::{DOCTYPE, Markup, html as markup};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::key::CountersigningKey;
use super::seal::{DocumentKind, SealError, VerifyingKey};
use super::statement::{Signatory, Statement};
use super::text::{AgreementText, Block};

/// A time that cannot be misread: `26 Nov 2026, 15:00:07 UTC`.
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]:[second] UTC");

/// A day that cannot be misread: `26 Nov 2026`.
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:short] [year]");

/// Holds neither angle brackets, ampersands nor double quotes: maud writes it as it stands.
const STYLE: &str = "
:root { color-scheme: light dark; }
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 Georgia, 'Times New Roman', serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin-bottom: .25rem; }
h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.number { float: left; width: 2.6rem; color: GrayText; font-variant-numeric: tabular-nums; }
.words { margin-left: 2.6rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; padding: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem .4rem 0; border-bottom: 1px solid GrayText; }
th { width: 11rem; font-weight: normal; color: GrayText; }
code { font: .85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
@media (max-width: 30rem) { th, td { display: block; width: auto; } th { border-bottom: 0; padding-bottom: 0; } }
@media print { body { margin: 0; max-width: none; font-size: 10.5pt; } h2 { break-after: avoid; } .page { break-before: page; } }
";

/// The words of a text, section by section; also what the public page shows.
pub fn words(blocks: impl Iterator<Item = Block<'static>>) -> Markup {
    markup! {
        @for block in blocks {
            @match block {
                Block::Title(_) => {}
                Block::Section(heading) => { h2 { (heading) } }
                Block::Paragraph { number: Some(number), words } => {
                    p id=(format!("p{number}")) { span.number { (number) } " " span.words { (words) } }
                }
                Block::Paragraph { number: None, words } => { p { (words) } }
            }
        }
    }
}

/// The agreement as a self-contained HTML file, countersigned.
///
/// # Errors
/// [`SealError`] if the page has no place for the signature, which would be a fault of ours.
pub fn html(
    text: &AgreementText,
    statement: &Statement,
    key: &CountersigningKey,
) -> Result<Vec<u8>, SealError> {
    key.seal(page(text, statement, &key.verifying_key()).as_bytes(), DocumentKind::Html, statement)
}

fn page(text: &AgreementText, statement: &Statement, key: &VerifyingKey) -> String {
    let title = format!("Business Associate Agreement {}", text.version);
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (statement.customer.organisation()) }
                style { (STYLE) }
            }
            "\n"
            body {
                main {
                    h1 { "Business Associate Agreement" }
                    (words(text.blocks()))
                    (signatures(statement, key))
                }
                "\n"
            }
        }
        "\n"
    };
    page.into_string()
}

fn signatures(statement: &Statement, key: &VerifyingKey) -> Markup {
    markup! {
        section.page {
            h2 { "Signature page" }
            (party("Customer", &statement.customer, statement.signed_at))
            (party("Business Associate", &statement.business_associate, statement.signed_at))
            table {
                caption { "The signature" }
                tr { th scope="row" { "Text" } td { "Version " (statement.version) ", SHA-256 " code { (statement.text_sha256) } } }
                tr { th scope="row" { "Signed from" } td { code { (statement.signed_from) } } }
                tr { th scope="row" { "Signature" } td { code { (statement.id) } } }
                tr { th scope="row" { "Account" } td { code { (statement.account) } } }
                tr { th scope="row" { "Countersigned by key" } td { code { (key) } } }
            }
            p {
                "This file proves itself. " code { "healthcoder agreement verify FILE --key KEY" }
                " checks it without a network; it fails if one letter of the file was changed. "
                "Compare the key with the one that Business Associate publishes."
            }
        }
    }
}

fn party(role: &str, signatory: &Signatory, at: OffsetDateTime) -> Markup {
    markup! {
        table {
            caption { (role) }
            tr { th scope="row" { "Organisation" } td { (signatory.organisation()) } }
            tr { th scope="row" { "Signed by" } td { (signatory.name()) } }
            tr { th scope="row" { "Title" } td { (signatory.title()) } }
            tr { th scope="row" { "Signed at" } td { (moment(at)) } }
        }
    }
}

/// A moment as the documents write it.
pub fn moment(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(TIME).unwrap_or_else(|_| at.to_string())
}

/// A day, in UTC, as the documents and the dashboard write it.
pub fn day(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(DAY).unwrap_or_else(|_| at.to_string())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::super::seal::verify;
    use super::super::statement::AgreementName;
    use super::super::text::BAA;
    use super::*;

    fn statement() -> Statement {
        Statement {
            agreement: AgreementName::BusinessAssociateAgreement,
            version: "1.0".to_owned(),
            text_sha256: BAA[0].sha256(),
            id: Uuid::from_u128(1),
            account: Uuid::from_u128(2),
            customer: Signatory::new("Main St </body> Clinic", "Ada <b>Ruiz</b>", "Owner").unwrap(),
            business_associate: Signatory::new("Health Coder", "Operations", "Operator").unwrap(),
            signed_at: datetime!(2026-11-26 15:00:07 UTC),
            signed_from: "2001:db8::7".parse().unwrap(),
        }
    }

    /// HC-4, CL-9: the file holds every word of the text, who signed it, and a signature that is found whole offline.
    #[test]
    fn the_file_says_all_of_it_and_proves_itself() {
        let root = tempfile::tempdir().unwrap();
        let key = CountersigningKey::open(root.path()).unwrap();
        let file = html(&BAA[0], &statement(), &key).unwrap();
        // Opened again, it is the same key.
        let key = CountersigningKey::open(root.path()).unwrap().verifying_key();
        assert_eq!(verify(&file, Some(key)).unwrap().statement, statement());
        let page = String::from_utf8(file).unwrap();
        for block in BAA[0].blocks() {
            let (Block::Title(words) | Block::Section(words) | Block::Paragraph { words, .. }) = block;
            assert!(page.contains(&words.replace('"', "&quot;")), "{words}");
        }
        for said in [
            "Ada &lt;b&gt;Ruiz&lt;/b&gt;",
            "Owner",
            "26 Nov 2026, 15:00:07 UTC",
            "2001:db8::7",
            &BAA[0].sha256(),
        ] {
            assert!(page.contains(said), "{said}");
        }
        // It needs nothing from elsewhere (CC-9).
        for reach in ["http://", "https://", "src=", "<script", "<link", "url("] {
            assert!(!page.contains(reach), "{reach}");
        }
    }

    /// A signing key that others can read is refused, and so is a file that is none.
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        CountersigningKey::open(root.path()).unwrap();
        let path = root.path().join("agreement-signing-key");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = CountersigningKey::open(root.path()).unwrap_err().to_string();
        assert!(refused.contains("has mode 640; it must be 600"), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "no key").unwrap();
        let refused = CountersigningKey::open(root.path()).unwrap_err().to_string();
        assert!(refused.ends_with("is not an agreement signing key"), "{refused}");
    }
}
