//! Whoever stands before an open page: nobody who is known, in the role of that page alone. And whoever fills a form in by a link.
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
/// The same of a form that is filled in by a link.
const BY_LINK: &str = "form-link";

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
        self.without_a_row(role, (OUTSIDE, PART), organisation, reaches)
    }

    /// Whoever fills a form in by a link and a code, for one request. They act as the record that the link was sent of: its id
    /// stands where a person's does, so that the conditions of the page's grants bind to it. No person has the id of a record.
    pub(crate) fn answering(
        &self,
        role: &'static PageRole,
        organisation: OrganisationId,
        record: Uuid,
        reaches: Arc<[&'static str]>,
    ) -> Session {
        self.without_a_row(role, (record, BY_LINK), organisation, reaches)
    }

    fn without_a_row(
        &self,
        role: &'static PageRole,
        (whoever, part): (Uuid, &'static str),
        organisation: OrganisationId,
        reaches: Arc<[&'static str]>,
    ) -> Session {
        let whoever = PersonId::new(whoever);
        let principal =
            Principal::new(whoever, organisation, vec![RoleName::from(&role.0)], Purpose::Operations);
        let circumstances = AuditContext::system(Arc::clone(self.clock()), organisation.uuid(), part);
        Session::of_the_app(self, principal.outside().within(reaches), circumstances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Action;

    /// CL-1: nobody who is known can have the role of a page, and whoever stands before one views, changes and removes nothing.
    #[test]
    fn whoever_stands_before_an_open_page_makes_and_lists_and_does_nothing_else() {
        static ROLE: PageRole = PageRole::named(":page ask");
        let role = RoleName::from(&ROLE.0);
        assert!(role.as_str().contains(':'), "a spec could name it");
        let organisation = OrganisationId::new(Uuid::from_u128(7));
        let outside =
            Principal::new(PersonId::new(OUTSIDE), organisation, vec![role], Purpose::Operations).outside();
        assert!(outside.may_ever(Action::Create) && outside.may_ever(Action::List));
        let others = [
            Action::View,
            Action::Update,
            Action::Delete,
            Action::Print,
            Action::Download,
            Action::Export,
            Action::Move("assign"),
        ];
        assert!(others.into_iter().all(|action| !outside.may_ever(action)));
    }
}
