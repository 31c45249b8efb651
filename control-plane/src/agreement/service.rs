//! Signing, ending and showing agreements.

use std::net::IpAddr;
use std::sync::Arc;

use safeguards::store::{Row, Target};
use safeguards::{StoreError, Transaction, sql};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Platform;
use crate::billing;
use crate::ids::AccountId;

use super::document;
use super::key::CountersigningKey;
use super::seal::{self, DocumentKind, SealError, VerifyingKey};
use super::standing::AgreementFacts;
use super::statement::{AgreementName, Signatory, Statement};
use super::text::AgreementText;

/// The agreements of accounts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Agreements {
    platform: Platform,
    key: Arc<CountersigningKey>,
    operator: Signatory,
    printer: Option<Arc<dyn Printer>>,
}

/// Who signs, as the session and the form tell it.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The account that is bound.
    pub account: AccountId,
    /// The person of the account, who must be an owner: whoever makes this has checked it.
    pub person: Uuid,
    /// From which network address.
    pub from: IpAddr,
    /// The version of the text that was shown.
    pub version: String,
    /// The names that were given.
    pub signatory: Signatory,
}

/// Why it could not be signed or ended.
#[derive(Debug, thiserror::Error)]
pub enum AgreementError {
    /// The text that was shown is not the one that is asked for now.
    #[error("this version of the agreement has been replaced; read version {0} and sign that")]
    Replaced(&'static str),
    /// There is nothing to end.
    #[error("no agreement is in force")]
    NotInForce,
    /// The document could not be sealed.
    #[error("the agreement could not be countersigned")]
    Seal(#[from] SealError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A signature, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its id.
    pub id: Uuid,
    /// The version of the text.
    pub version: String,
    /// For which organisation.
    pub organisation: String,
    /// Who signed.
    pub name: String,
    /// As what.
    pub title: String,
    /// When.
    pub at: OffsetDateTime,
}

impl Agreements {
    /// Agreements with this operator, countersigned by this key.
    pub fn new(platform: Platform, key: Arc<CountersigningKey>, operator: Signatory) -> Self {
        Self { platform, key, operator, printer: None }
    }

    /// With a printer.
    #[must_use]
    pub fn printing(mut self, printer: Arc<dyn Printer>) -> Self {
        self.printer = Some(printer);
        self
    }

    /// The public half of the key that countersigns.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// Who is bound on the platform's side.
    pub fn operator(&self) -> &Signatory {
        &self.operator
    }

    /// Signs and countersigns the newest text; answers the signature's id. From the commit on the agreement is in
    /// force, and production's gate is looked at.
    ///
    /// # Errors
    /// [`AgreementError`].
    pub async fn sign(&self, signing: Signing) -> Result<Uuid, AgreementError> {
        let now = self.platform.clock.now();
        let text = AgreementText::newest(now);
        if signing.version != text.version {
            return Err(AgreementError::Replaced(text.version));
        }
        let statement = Statement {
            agreement: AgreementName::BusinessAssociateAgreement,
            version: text.version.to_owned(),
            text_sha256: text.sha256(),
            id: self.platform.ids.next(),
            account: signing.account.uuid(),
            customer: signing.signatory,
            business_associate: self.operator.clone(),
            signed_at: now.replace_microsecond(now.microsecond()).unwrap_or(now),
            signed_from: signing.from,
        };
        let document = document::html(text, &statement, &self.key)?;
        let mut transaction = self.platform.store.begin().await?;
        insert(&mut transaction, &statement, text, signing.person, document).await?;
        billing::call(&self.platform, &mut transaction, signing.account).await?;
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(statement.id)
    }

    /// Ends the account's agreement. `by` is the person who did it, or none for the operator.
    ///
    /// # Errors
    /// [`AgreementError::NotInForce`] if nothing is signed, or it has ended already.
    pub async fn terminate(
        &self,
        account: AccountId,
        by: Option<Uuid>,
        reason: &str,
    ) -> Result<(), AgreementError> {
        let now = self.platform.clock.now();
        let mut transaction = self.platform.store.begin().await?;
        let facts = facts(&mut transaction, account, now).await?;
        if facts.signed_text_published.is_none() || facts.terminated.is_some() {
            return Err(AgreementError::NotInForce);
        }
        sql("INSERT INTO agreement_terminations (id, account_id, at, by_id, reason) VALUES ($1, $2, $3, $4, $5)")
            .bind(self.platform.ids.next())
            .bind(account)
            .bind(now)
            .bind(by)
            .bind(reason)
            .execute(&mut transaction)
            .await?;
        billing::call(&self.platform, &mut transaction, account).await?;
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(())
    }

    /// How the account's agreement stands.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn facts(&self, account: AccountId) -> Result<AgreementFacts, StoreError> {
        let mut transaction = self.platform.store.snapshot().await?;
        facts(&mut transaction, account, self.platform.clock.now()).await
    }

    /// Every signature of the account, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn signatures(&self, account: AccountId) -> Result<Vec<Signed>, StoreError> {
        let rows = sql("SELECT id, version, organisation, name, title, signed_at FROM agreement_signatures
             WHERE account_id = $1 ORDER BY signed_at DESC, id DESC")
        .bind(account)
        .fetch_all(&self.platform.store)
        .await?;
        rows.iter().map(signed).collect()
    }

    /// The same statement as PDF, countersigned now. The HTML file is what was signed; this is for who files paper.
    ///
    /// # Errors
    /// [`PrintError`] in words for the person.
    pub fn printed(&self, document: &[u8]) -> Result<Vec<u8>, PrintError> {
        let printer = self.printer.as_ref().ok_or(PrintError::NotConfigured)?;
        let verified = seal::verify(document, Some(self.verifying_key())).map_err(|_| PrintError::Failed)?;
        let text = verified.statement.text().ok_or(PrintError::UnknownText)?;
        let pages = printer.print(text, &verified.statement, &self.verifying_key())?;
        self.key.seal(&pages, DocumentKind::Pdf, &verified.statement).map_err(|_| PrintError::Failed)
    }

    /// The countersigned file of one of the account's own signatures, byte for byte as it was made.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn document(&self, account: AccountId, signature: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sql("SELECT document FROM agreement_signatures WHERE account_id = $1 AND id = $2")
            .bind(account)
            .bind(signature)
            .fetch_optional(&self.platform.store)
            .await?;
        row.map(|row| row.bytes("document")).transpose()
    }
}

/// The countersigned files of an account, each with its id, the newest first: what goes home with an archive.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn documents(
    platform: &Platform,
    account: AccountId,
) -> Result<Vec<(Uuid, Vec<u8>)>, StoreError> {
    let rows = sql("SELECT id, document FROM agreement_signatures WHERE account_id = $1
         ORDER BY signed_at DESC, id DESC")
    .bind(account)
    .fetch_all(&platform.store)
    .await?;
    rows.iter().map(|row| Ok((row.uuid("id")?, row.bytes("document")?))).collect()
}

/// Prints agreements. It is a part of its own, so that only who wants paper carries fonts.
pub trait Printer: Send + Sync + std::fmt::Debug {
    /// The agreement as PDF, before it is sealed.
    ///
    /// # Errors
    /// [`PrintError`].
    fn print(
        &self,
        text: &AgreementText,
        statement: &Statement,
        key: &VerifyingKey,
    ) -> Result<Vec<u8>, PrintError>;
}

/// Why an agreement was not printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// No printer is configured.
    #[error("this platform does not print; keep the HTML file, which is the signed one")]
    NotConfigured,
    /// A name has a letter that the printed letter has not.
    #[error("the letter `{0}` cannot be printed; keep the HTML file, which is the signed one")]
    Letter(char),
    /// The words are not known to this program any more.
    #[error("this version of the text is not known here; keep the HTML file, which is the signed one")]
    UnknownText,
    /// The printer failed.
    #[error("the agreement could not be printed; keep the HTML file, which is the signed one")]
    Failed,
}

async fn insert(
    transaction: &mut Transaction,
    statement: &Statement,
    text: &AgreementText,
    person: Uuid,
    document: Vec<u8>,
) -> Result<(), StoreError> {
    sql("INSERT INTO agreement_signatures (id, account_id, version, text_sha256, text_published_at, organisation,
             name, title, signed_at, signed_from, signed_by_id, document)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
    .bind(statement.id)
    .bind(statement.account)
    .bind(&statement.version)
    .bind(&statement.text_sha256)
    .bind(text.published)
    .bind(statement.customer.organisation())
    .bind(statement.customer.name())
    .bind(statement.customer.title())
    .bind(statement.signed_at)
    .bind(statement.signed_from.to_string())
    .bind(person)
    .bind(document)
    .execute(transaction)
    .await
    .map(drop)
}

/// What is known of the account's agreement at `now`.
///
/// # Errors
/// The database cannot be read.
pub async fn facts(
    on: &mut Transaction,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<AgreementFacts, StoreError> {
    let signed = sql("SELECT text_published_at, signed_at FROM agreement_signatures
         WHERE account_id = $1 ORDER BY text_published_at DESC, signed_at DESC LIMIT 1")
    .bind(account)
    .fetch_optional(&mut *on)
    .await?;
    let signatures = sql("SELECT max(signed_at) AS at FROM agreement_signatures WHERE account_id = $1");
    let last_signed = last(&mut *on, signatures, account).await?;
    let ends = sql("SELECT max(at) AS at FROM agreement_terminations WHERE account_id = $1");
    let ended = last(on, ends, account).await?;
    Ok(AgreementFacts {
        signed_text_published: signed.map(|row| row.timestamp("text_published_at")).transpose()?,
        newest_text_published: AgreementText::newest(now).published,
        // Signed again after its end, it is a new agreement.
        terminated: ended.filter(|ended| last_signed.is_none_or(|signed| signed < *ended)),
    })
}

async fn last(
    on: impl Into<Target<'_>>,
    statement: safeguards::store::Statement,
    account: AccountId,
) -> Result<Option<OffsetDateTime>, StoreError> {
    statement.bind(account).fetch_one(on).await?.optional_timestamp("at")
}

fn signed(row: &Row) -> Result<Signed, StoreError> {
    Ok(Signed {
        id: row.uuid("id")?,
        version: row.text("version")?,
        organisation: row.text("organisation")?,
        name: row.text("name")?,
        title: row.text("title")?,
        at: row.timestamp("signed_at")?,
    })
}
