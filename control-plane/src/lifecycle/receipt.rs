//! Archives on their way home, and the receipt for them.

use std::fs;
use std::path::{Path, PathBuf};

use safeguards::audit::{Action, Event, append};
use safeguards::identity::{PersonId, Session};
use safeguards::sql;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::departure::{Departure, Lifecycle};
use super::error::DepartureError;
use crate::ids::{AccountId, DepartureId, EnvironmentId};

/// Proof that whoever asks showed within the last ten minutes all that they sign in with.
#[derive(Debug)]
pub struct StepUp(());

impl StepUp {
    /// Of a session whose person showed it lately.
    ///
    /// # Errors
    /// [`DepartureError::StepUp`] where they did not.
    pub fn of(session: &Session) -> Result<Self, DepartureError> {
        session.proved_lately().map(|()| Self(())).map_err(|_| DepartureError::StepUp)
    }

    /// For tests, which have no browser.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn in_a_test() -> Self {
        Self(())
    }
}

/// An archive that awaits its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepartureArchive {
    /// Of which environment.
    pub environment: EnvironmentId,
    /// Its name in the store of archives.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of the sealed file, in hexadecimal.
    pub sha256: String,
    /// The key that signed what is in it.
    pub signed_by: String,
    /// The last line of its witness.
    pub head: Option<String>,
    /// When it was made.
    pub made_at: OffsetDateTime,
    /// When it was last downloaded.
    pub fetched_at: Option<OffsetDateTime>,
    /// When its owner confirmed that they hold it.
    pub confirmed_at: Option<OffsetDateTime>,
}

impl Lifecycle {
    /// The archives of a departure.
    ///
    /// # Errors
    /// The database failed.
    pub async fn archives_of(
        &self,
        account: AccountId,
        departure: DepartureId,
    ) -> Result<Vec<DepartureArchive>, DepartureError> {
        let rows = sql("SELECT a.environment_id, a.name, a.bytes, a.sha256, a.signed_by, a.head, a.made_at, a.fetched_at,
                 a.confirmed_at
             FROM departure_archives a JOIN departures d ON d.id = a.departure_id
             WHERE a.departure_id = $1 AND d.account_id = $2 ORDER BY a.environment_id")
        .bind(departure)
        .bind(account)
        .fetch_all(&self.platform.store)
        .await?;
        let archive = |row: &safeguards::store::Row| -> Result<DepartureArchive, DepartureError> {
            Ok(DepartureArchive {
                environment: EnvironmentId::new(row.uuid("environment_id")?),
                name: row.text("name")?,
                bytes: row.integer("bytes")?.unsigned_abs(),
                sha256: row.text("sha256")?,
                signed_by: row.text("signed_by")?,
                head: row.optional_text("head")?,
                made_at: row.timestamp("made_at")?,
                fetched_at: row.optional_timestamp("fetched_at")?,
                confirmed_at: row.optional_timestamp("confirmed_at")?,
            })
        };
        rows.iter().map(archive).collect()
    }

    /// Copies an archive into a file, sealed as it is, and says the passphrase that opens it. Both belong to the owner.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`] where there is none, or none any more.
    #[expect(
        clippy::too_many_arguments,
        reason = "whose, of what, by whom, where to, and on what proof: all differ"
    )]
    pub async fn fetch(
        &self,
        account: AccountId,
        departure: DepartureId,
        environment: EnvironmentId,
        by: PersonId,
        to: &Path,
        _proof: &StepUp,
    ) -> Result<Zeroizing<String>, DepartureError> {
        let archive = self.archive(account, departure, environment).await?;
        let passphrase = self.secret_of(&archive.name)?;
        // The event comes before the archive leaves.
        let mut transaction = self.platform.store.begin().await?;
        sql("UPDATE departure_archives SET fetched_at = $3 WHERE departure_id = $1 AND environment_id = $2")
            .bind(departure)
            .bind(environment)
            .bind(self.platform.clock.now())
            .execute(&mut transaction)
            .await?;
        let event = Event::new(Action::Download).entity("archive").record(environment.uuid());
        append(&mut transaction, &self.context(account, Some(by)), event).await?;
        transaction.commit().await?;
        self.archives.fetch(&archive.name, to).await?;
        Ok(passphrase)
    }

    /// What opens an archive. It belongs to the owner, and is kept apart from the archive.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`] where there is none, or none any more.
    pub async fn passphrase(
        &self,
        account: AccountId,
        departure: DepartureId,
        environment: EnvironmentId,
        by: PersonId,
        _proof: &StepUp,
    ) -> Result<Zeroizing<String>, DepartureError> {
        let archive = self.archive(account, departure, environment).await?;
        let passphrase = self.secret_of(&archive.name)?;
        let event = Event::new(Action::View).entity("passphrase of an archive").record(environment.uuid());
        self.platform.audit.record(&self.context(account, Some(by)), event).await?;
        Ok(passphrase)
    }

    /// The archive of this environment.
    ///
    /// # Errors
    /// [`DepartureError::NotFound`] where there is none.
    pub async fn archive(
        &self,
        account: AccountId,
        departure: DepartureId,
        environment: EnvironmentId,
    ) -> Result<DepartureArchive, DepartureError> {
        let archives = self.archives_of(account, departure).await?;
        archives
            .into_iter()
            .find(|archive| archive.environment == environment)
            .ok_or(DepartureError::NotFound)
    }

    pub(super) fn secret_of(&self, name: &str) -> Result<Zeroizing<String>, DepartureError> {
        let passphrase = match fs::read_to_string(self.passphrase_file(name)) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(DepartureError::NotFound);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Zeroizing::new(passphrase.trim().to_owned()))
    }

    /// The receipt: the owner holds a file of this SHA-256.
    ///
    /// # Errors
    /// [`DepartureError::OtherFile`] where it is not that of the archive.
    pub async fn confirm(
        &self,
        account: AccountId,
        departure: DepartureId,
        environment: EnvironmentId,
        sha256: &str,
        by: PersonId,
    ) -> Result<(), DepartureError> {
        let archive = self.archive(account, departure, environment).await?;
        if !sha256.trim().eq_ignore_ascii_case(&archive.sha256) || archive.fetched_at.is_none() {
            return Err(DepartureError::OtherFile);
        }
        let mut transaction = self.platform.store.begin().await?;
        sql("UPDATE departure_archives SET confirmed_at = $3, confirmed_by_id = $4
             WHERE departure_id = $1 AND environment_id = $2 AND confirmed_at IS NULL")
        .bind(departure)
        .bind(environment)
        .bind(self.platform.clock.now())
        .bind(by.uuid())
        .execute(&mut transaction)
        .await?;
        self.record(&mut transaction, account, by, departure, "receipt confirmed").await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Where what opens an archive lies.
    pub(super) fn passphrase_file(&self, name: &str) -> PathBuf {
        self.platform.configuration.keys_folder().join("archives").join(format!("{name}.passphrase"))
    }

    /// The environments whose records are to be taken home: of the whole project, its production; of an
    /// organisation, the environment that it is in.
    pub(super) async fn to_archive(
        &self,
        departure: &Departure,
    ) -> Result<Vec<EnvironmentId>, DepartureError> {
        if let Some((environment, _)) = departure.organisation {
            return Ok(vec![environment]);
        }
        let rows = sql("SELECT id FROM environments WHERE project_id = $1 AND kind = 'production'
             AND version_id IS NOT NULL AND destroyed_at IS NULL ORDER BY id")
        .bind(departure.project)
        .fetch_all(&self.platform.store)
        .await?;
        rows.iter().map(|row| Ok(EnvironmentId::new(row.uuid("id")?))).collect()
    }
}
