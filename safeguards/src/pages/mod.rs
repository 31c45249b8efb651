//! Pages as components: plain data goes in, accessible HTML comes out.
//!
//! A handler takes a [`View`] (who is looking, in which language and time zone), makes a [`Page`]
//! of it and adds components. Each component is a struct with a builder and implements [`Show`]:
//!
//! ```
//! use safeguards::pages::{Column, Page, Row, Table, View};
//!
//! fn patients(view: &View, found: &[(String, i64)]) -> Page {
//!     view.page("Patients").action("New patient", "/patients/new").with(
//!         Table::new("Patients in your care")
//!             .column(Column::new("Name").sort("name"))
//!             .column(Column::new("Weight").numeric())
//!             .rows(found.iter().map(|(name, weight)| {
//!                 Row::new().cell(name).measure(*weight, "kg").to("/patients/1")
//!             }))
//!             .empty("No patients yet", "Add the first one."),
//!     )
//! }
//! ```
//!
//! What holds for all of them:
//!
//! - They work with JavaScript off; the one script only enhances.
//! - There is no inline script, style or style attribute, and nothing comes from elsewhere (CC-9), so
//!   that the content security policy can forbid it all.
//! - What people typed is escaped by maud and isolated for direction (`<bdi>`), so that an Arabic name
//!   does not turn a line around. `PreEscaped` is not used.
//! - What a reader may not see is [`Content::Hidden`], which is never an empty field.
//! - Every text of our own comes from [`Words`].

mod account;
mod assets;
mod audit;
mod calendar;
mod chart;
mod compliance;
mod content;
mod detail;
mod english;
mod file;
mod form;
mod home;
mod listing;
mod measure;
mod notice;
mod page;
mod patient;
mod problem;
mod sign_in;
mod table;
mod tabs;
mod view;
mod words;

pub use account::{Account, Device, Devices};
pub use assets::{assets, script_path, stylesheet_path};
pub use audit::{Look, WhoLooked};
pub use calendar::{Booking, Calendar, Hours, Resource, Span};
pub use chart::{Bars, Lines, Point, Series};
pub use compliance::{Compliance, Control, Standing};
pub use content::{Content, Tone};
pub use detail::{Changed, Detail};
pub use english::ENGLISH;
pub use file::FileForm;
pub use form::{
    Answer, Answers, Choice, Confirm, Field, Form, FormData, Kind, Mistake, Shape, UnexpectedAnswer,
};
pub use home::{Card, Home, Task};
#[cfg(feature = "tenant")]
pub(crate) use listing::LAST_PAGE;
pub use listing::{Direction, Listing};
pub use measure::{Count, Figure, SMALLEST_CELL};
pub use notice::Notice;
pub use page::{Page, Show};
pub use patient::{Allergies, PatientBanner};
pub use problem::problem_page;
pub use sign_in::{CodeEntry, Enrolment, RecoveryCodes, SignIn};
#[cfg(feature = "tenant")]
pub(crate) use table::FIND;
pub use table::{Column, Filters, Row, Table};
pub use tabs::Tabs;
pub use view::{Announcement, Audience, Broken, Destination, Looking, Reader, View, Zone};
pub use words::Words;
