//! Business associate agreements: the text, who signed it when, and what is in force (45 CFR 164.504(e)(2)).
//!
//! A text is published once and never changes ([`AgreementText`]); a table says which paragraph keeps which clause of the
//! law, and a test holds the text to it ([`CLAUSES`]). The owner signs, the platform countersigns
//! ([`CountersigningKey`]), and the customer takes home a file that proves itself offline ([`verify`]).

mod clauses;
mod document;
mod key;
mod legal;
pub mod pages;
mod seal;
mod service;
mod standing;
mod statement;
mod text;

pub use clauses::{CLAUSES, Clause};
pub use document::{day, html, moment, words};
pub use key::{CountersigningKey, CountersigningKeyError};
pub use legal::{LEGAL, LINKS, LegalText};
pub use seal::{DocumentKind, SealError, Verified, VerifyingKey, verify};
pub(crate) use service::documents;
pub use service::{AgreementError, Agreements, PrintError, Printer, Signed, Signing, facts};
pub use standing::{AgreementFacts, AgreementStanding, RETURN_WINDOW, TIME_TO_SIGN};
pub use statement::{AgreementName, LONGEST_NAME, Signatory, SignatoryError, Statement};
pub use text::{AgreementText, BAA, Block, blocks};
