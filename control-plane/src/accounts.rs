//! Who works on an account, and what is theirs.
//!
//! Ownership is checked here and nowhere else: a project, a version, a build is reached as [`Owned`], which
//! only [`Member::owned`] makes, and it looks in the member's own account. What is another's is not there.

use std::fmt;
use std::ops::Deref;

use safeguards::audit::AuditContext;
use safeguards::identity::{PersonId, Session};

use crate::Platform;
use crate::error::{Refusal, Result};
use crate::ids::AccountId;
use crate::seams::Pending;

/// What somebody is on an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountRole {
    /// Invites people, pays, signs, opens production, cancels; and all that a builder does.
    Owner,
    /// Writes prompts, builds, looks at previews.
    Builder,
}

/// A signed-in person at work on their account.
#[derive(Clone)]
pub struct Member {
    session: Session,
    role: AccountRole,
}

/// A member who is an owner of the account: proof for what a builder may not do.
#[derive(Clone)]
pub struct Owner(Member);

/// A record of the member's own account: proof that somebody may reach it.
#[derive(Clone)]
pub struct Owned<T> {
    record: T,
    member: Member,
}

/// A kind of record that belongs to an account.
pub trait Belongs: Sized + Send {
    /// By what it is asked for.
    type Id: Send + 'static;

    /// The record of that account; another's is none.
    fn find(platform: &Platform, account: AccountId, id: Self::Id) -> Pending<'_, Option<Self>, Refusal>;
}

impl Member {
    /// The member behind a session.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`]: the session's roles are none of ours, or it lacks a second factor.
    pub fn of(session: Session) -> Result<Self> {
        // Both roles are privileged, so identity has asked for it; a session from before says so here.
        if !session.has_second_factor() {
            return Err(Refusal::Forbidden("sign in again, with your security code"));
        }
        let role = if session.has_role("owner") {
            AccountRole::Owner
        } else if session.has_role("builder") {
            AccountRole::Builder
        } else {
            return Err(Refusal::Forbidden("you are not a member of this account any more"));
        };
        Ok(Self { session, role })
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.session.principal().organisation().into()
    }

    /// The person.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.session.principal().person()
    }

    /// What they are on it.
    #[must_use]
    pub fn role(&self) -> AccountRole {
        self.role
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What the audit events of this request share.
    #[must_use]
    pub fn circumstances(&self) -> &AuditContext {
        &self.session.circumstances
    }

    /// Proof of being an owner.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`]: they are a builder.
    pub fn owner(&self) -> Result<Owner> {
        match self.role {
            AccountRole::Owner => Ok(Owner(self.clone())),
            AccountRole::Builder => Err(Refusal::Forbidden("only an owner of the account may do this")),
        }
    }

    /// A record of the member's own account.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]: there is none, or it is another account's.
    pub async fn owned<T: Belongs>(&self, platform: &Platform, id: T::Id) -> Result<Owned<T>> {
        let record = T::find(platform, self.account(), id).await?.ok_or(Refusal::NotFound)?;
        Ok(Owned { record, member: self.clone() })
    }
}

impl Deref for Owner {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.0
    }
}

impl<T> Owned<T> {
    /// Whose it is, and who asks.
    pub fn member(&self) -> &Member {
        &self.member
    }
}

impl<T> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.record
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Member").field("role", &self.role).finish_non_exhaustive()
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Owner")
    }
}

impl<T> fmt::Debug for Owned<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Owned")
    }
}
