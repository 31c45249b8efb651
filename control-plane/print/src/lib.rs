//! Signed agreements as PDF, by krilla: PDF/A-2a and PDF/UA-1, so that they open in fifty years and are read aloud today.
//!
//! The letter is Libertinus Serif (SIL Open Font License), which has Latin, Greek, Cyrillic and Hebrew letters. A name in
//! others cannot be printed with it; that is said, and the HTML file, which shows every letter, is the one to keep.

mod layout;
mod letters;
mod pdf;

use control_plane::agreement::{AgreementText, PrintError, Printer, Statement, VerifyingKey};

/// Prints agreements.
#[derive(Clone, Copy, Debug, Default)]
pub struct PdfPrinter;

impl Printer for PdfPrinter {
    fn print(
        &self,
        text: &AgreementText,
        statement: &Statement,
        key: &VerifyingKey,
    ) -> Result<Vec<u8>, PrintError> {
        let faces = letters::Faces::load().ok_or(PrintError::Failed)?;
        let pages = layout::lay_out(&faces, text, statement, key)?;
        pdf::write(&faces, &pages, text, statement)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use control_plane::agreement::{
        AgreementName, BAA, CountersigningKey, DocumentKind, SealError, Signatory, verify,
    };
    use uuid::Uuid;

    use super::*;

    fn statement(name: &str) -> Statement {
        Statement {
            agreement: AgreementName::BusinessAssociateAgreement,
            version: "1.0".to_owned(),
            text_sha256: BAA[0].sha256(),
            id: Uuid::from_u128(1),
            account: Uuid::from_u128(2),
            customer: Signatory::new("Clínica São José – Κλινική – Клиника", name, "Owner").unwrap(),
            business_associate: Signatory::new("Health Coder", "Operations", "Operator").unwrap(),
            signed_at: time::macros::datetime!(2026-11-26 15:00:07 UTC),
            signed_from: "203.0.113.7".parse().unwrap(),
        }
    }

    /// HC-4: the printed agreement is a valid archival and accessible PDF, and proves itself like the HTML file.
    #[test]
    fn a_printed_agreement_proves_itself() {
        let root = tempfile::tempdir().unwrap();
        let key = CountersigningKey::open(root.path()).unwrap();
        let statement = statement(&format!("Ada {}", "Ruizlongname".repeat(14)));
        let pages = PdfPrinter.print(&BAA[0], &statement, &key.verifying_key()).unwrap();
        assert_eq!(
            pages,
            PdfPrinter.print(&BAA[0], &statement, &key.verifying_key()).unwrap(),
            "same words, same bytes"
        );
        let sealed = key.seal(&pages, DocumentKind::Pdf, &statement).unwrap();
        assert_eq!(verify(&sealed, Some(key.verifying_key())).unwrap().statement, statement);
        let mut altered = sealed.clone();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        assert_eq!(verify(&altered, Some(key.verifying_key())), Err(SealError::Altered));
        let printer: Arc<dyn Printer> = Arc::new(PdfPrinter);
        assert_eq!(format!("{printer:?}"), "PdfPrinter");
    }

    /// A letter that cannot be printed is said, and never left out.
    #[test]
    fn a_letter_that_cannot_be_printed_is_said() {
        let root = tempfile::tempdir().unwrap();
        let key = CountersigningKey::open(root.path()).unwrap().verifying_key();
        let refused = PdfPrinter.print(&BAA[0], &statement("أدا"), &key);
        assert_eq!(refused, Err(PrintError::Letter('أ')));
    }
}
