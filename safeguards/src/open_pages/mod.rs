//! Pages that anybody may come to, without an account (construct 24 of the language of specs).
//!
//! ```text
//! who administers people ──fresh proof──▶ an address of 128 random bits, of one organisation
//!                                              │ GET  /p/{address}            what it shows, and the form
//! anybody ─────────────────────────────────────┤ POST /p/{address}/{ticket}   one answer ──▶ a record, sealed, in the log
//!                                              ▼ GET  /p/{address}/received   the same for everybody
//! ```
//!
//! - **Closed** until somebody who administers people opens it, and from the moment on that they close it. An address that was
//!   never given, one that was closed and one of an organisation that has ended answer alike, so that no address tells
//!   which organisations there are.
//! - **Nobody** stands before it: a principal in the role of the page, which can make what the page asks for and list what it
//!   shows ([`crate::identity::PageRole`]). Nothing that was sent is ever read back by it.
//! - **A ticket** is in each form: that it was made here, for this page, at most twelve hours ago, and sends one answer. A
//!   browser that says it comes from elsewhere is refused before that, as everywhere.
//! - **Counted** in the database, so that a restart forgives nothing: how often a caller sends, and how often all of them do.
//!   A caller is a keyed hash of an address's network, kept for a day.
//! - **What is sent** is text: it is sealed, shown as text, and leads nowhere.

mod addresses;
mod counts;
mod office;
mod tickets;
mod visits;

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use uuid::Uuid;

use crate::access::Entity;
use crate::app::Services;
pub use crate::identity::PageRole;
use crate::pages::{Answers, Form, Table};
use crate::slice::{Front, Result, Viewer};
pub(crate) use office::{PAGES, offered};

/// Where this part's keyed hashes are made; the library's own tables count down from `u32::MAX`.
const OPEN_PAGES: u32 = u32::MAX - 70;
/// What proves that a form was made here.
const TICKET: u32 = 1;
/// Whoever sends, as they are counted.
const CALLER: u32 = 2;

/// What a page answers, later.
pub type Later<'v, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'v>>;

/// A page that anybody may come to, as `open_pages.rs` of an app declares it.
#[derive(Debug)]
pub struct OpenPage {
    /// Its name in the spec.
    pub name: &'static str,
    /// The same in addresses of whoever opens and closes it.
    pub path: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// The role in which it acts.
    pub role: PageRole,
    /// What it shows, in order.
    pub shows: &'static [Listed],
    /// What it asks for.
    pub asks: Option<Asked>,
}

impl OpenPage {
    /// The entities that it names.
    fn reaches(&self) -> Arc<[&'static str]> {
        let shown = self.shows.iter().map(|shown| shown.entity.name);
        shown.chain(self.asks.iter().map(|asked| asked.entity.name)).collect()
    }
}

/// Records that anybody sees.
#[derive(Debug)]
pub struct Listed {
    /// Of what.
    pub entity: &'static Entity,
    /// The fields that the page names, as a table.
    pub table: for<'v> fn(&'v Viewer) -> Later<'v, Table>,
}

/// What anybody may send.
#[derive(Debug)]
pub struct Asked {
    /// Of what it becomes a record.
    pub entity: &'static Entity,
    /// The fields that the page names, as a form.
    pub form: fn(&Viewer) -> Form,
    /// Makes the record.
    pub write: for<'v> fn(&'v Viewer, &'v Answers) -> Later<'v, Uuid>,
}

/// What this part works with, beside the services: what the app declares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    pub(crate) front: &'static Front,
    pub(crate) pages: &'static [&'static OpenPage],
}

impl Declared {
    fn page(&self, is_it: impl Fn(&OpenPage) -> bool) -> Option<&'static OpenPage> {
        self.pages.iter().copied().find(|page| is_it(page))
    }
}

/// The routes of whoever comes, and of whoever opens pages and closes them.
pub(crate) fn routes(services: Services, declared: Declared) -> Router {
    visits::routes(services.clone(), declared).merge(office::routes(services, declared))
}
