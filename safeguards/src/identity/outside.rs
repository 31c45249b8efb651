//! Whoever stands before an open page: nobody who is known, in the role of that page alone.
//!
//! Such a session is no row, has no cookie and no token, and is made here and nowhere else. It acts in one organisation, with the
//! entities that the page names; of all actions it has two, to make what the page asks for and to list what it shows
//! ([`Principal::may_ever`]), and of those what `access.rs` grants to the page's role, in the app and in row-level
//! security. It can view nothing by its id, and so never what was sent.

use std::sync::Arc;

use uuid::Uuid;

use super::names::{OrganisationId, PersonId, Role, RoleName};
use super::principal::Session;
use super::service::Identity;
use crate::access::Principal;
use crate::audit::{AuditContext, Purpose};

/// The writer of what nobody who is known has written, in `created_by_id`. No person has this id.
pub const OUTSIDE: Uuid = Uuid::max();

/// How the names of pages' roles begin. A spec's names hold no colon, so nobody can be given such a role.
const BEGINS: &[u8] = b":page ";

/// The part of an app that acts, as the audit log names it. There is no address beside it: who it was is not known and not kept.
const PART: &str = "open-page";

/// The role in which an open page acts.
#[derive(Debug)]
pub struct PageRole(Role);

impl PageRole {
    /// A role by its name, `:page` and the page's own. Another name does not compile where the role is a `static`.
    pub const fn named(name: &'static str) -> Self {
        let (bytes, mut at) = (name.as_bytes(), 0);
        assert!(bytes.len() > BEGINS.len(), "the role of a page is called after it");
        while at < BEGINS.len() {
            assert!(bytes[at] == BEGINS[at], "the role of a page begins with `:page `");
            at += 1;
        }
        Self(Role::named(name))
    }
}

impl Identity {
    /// Whoever stands before an open page of an organisation, for one request; `reaches` are the entities that the page names.
    pub(crate) fn outside(
        &self,
        role: &'static PageRole,
        organisation: OrganisationId,
        reaches: Arc<[&'static str]>,
    ) -> Session {
        let nobody = PersonId::new(OUTSIDE);
        let principal =
            Principal::new(nobody, organisation, vec![RoleName::from(&role.0)], Purpose::Operations);
        let circumstances = AuditContext::system(Arc::clone(self.clock()), organisation.uuid(), PART);
        Session::of_the_app(self, principal.outside().within(reaches), circumstances)
    }
}
