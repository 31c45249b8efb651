//! What of the platform's own tables lies sealed, and where each value is bound to (HC-6).

use safeguards::crypto::{Binding, Purpose, Sealed};
use uuid::Uuid;

use crate::Platform;
use crate::error::{Refusal, Result};
use crate::ids::AccountId;

/// A sealed column. Its numbers never change: values are bound to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// `prompts.body`
    PromptBody,
    /// `prompts.answers`
    PromptAnswers,
    /// `versions.spec`
    VersionSpec,
    /// `versions.lock`
    VersionLock,
    /// `versions.custom`
    VersionCustom,
    /// `support_grants.reason`
    SupportReason,
    /// `notices.body`
    NoticeBody,
    /// `app_providers.secret`
    ProviderKey,
}

impl Column {
    /// Stable ids of entity and field.
    const fn place(self) -> (u32, u32) {
        match self {
            Self::PromptBody => (1, 1),
            Self::PromptAnswers => (1, 2),
            Self::VersionSpec => (2, 1),
            Self::VersionLock => (2, 2),
            Self::VersionCustom => (2, 3),
            Self::SupportReason => (3, 1),
            Self::NoticeBody => (4, 1),
            Self::ProviderKey => (5, 1),
        }
    }
}

impl Platform {
    /// Seals text under the account's own key, bound to its row.
    pub(crate) async fn seal(
        &self,
        account: AccountId,
        column: Column,
        row: impl Into<Uuid>,
        text: &str,
    ) -> Result<Vec<u8>> {
        let ring = self.keys.ring(account.uuid()).await?;
        let binding = self.binding(account, column, row.into());
        Ok(ring.seal(Purpose::Field, &binding, text.as_bytes())?.into_bytes())
    }

    /// Opens what [`Platform::seal`] sealed in this place.
    pub(crate) async fn open_sealed(
        &self,
        account: AccountId,
        column: Column,
        row: impl Into<Uuid>,
        sealed: Vec<u8>,
    ) -> Result<String> {
        let ring = self.keys.ring(account.uuid()).await?;
        let binding = self.binding(account, column, row.into());
        let plain = ring.open(Purpose::Field, &binding, &Sealed::from_bytes(sealed))?;
        String::from_utf8(plain.to_vec()).map_err(|_| Refusal::Fault("sealed text is no UTF-8"))
    }

    fn binding(&self, account: AccountId, column: Column, row: Uuid) -> Binding {
        let (entity, field) = column.place();
        Binding { environment: self.environment, organisation: account.uuid(), entity, field, row }
    }
}
