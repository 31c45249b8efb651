//! Where your own code joins in: before a record is written, before a step is taken, on a record's page, and by itself at its
//! times.
//!
//! Each function of [`Extensions`] is a place, typed by its entity, and does nothing. `src/custom/mod.rs` says otherwise:
//!
//! ```ignore
//! pub struct Custom;
//!
//! impl Extensions for Custom {
//!     // Any of the functions below, as an `async fn`.
//! }
//! ```
//!
//! What it decides comes on top of the policy, never in its stead: what a person may not write, a derived answer may not,
//! either, and what is locked stays locked. It sees what the viewer may see, and asks slices for more.

use std::future::ready;

use safeguards::app::Scheduled;
use safeguards::slice::prelude::*;

/// The places, by entity; and what happens by itself.
pub trait Extensions: Sync {
    /// What your code does by itself: when, in which role, and with which records. For example
    /// `vec![Schedule::daily("close old notes", clock(3, 0)).acting_as("nurse").reaching(&NOTE)]`.
    fn schedules(&self) -> Vec<Schedule> {
        Vec::new()
    }

    /// Does what a schedule is for, by its name, once in its period and for one organisation at a time. The viewer is nobody in
    /// particular: it reaches what the schedule names, as far as its role reaches every record. What fails is tried again, up to
    /// three times, and what it had written is there.
    fn scheduled(&self, _: &Viewer, _: &'static str) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }
    /// Adds to the answers of a patient what follows from them, before they are judged. A new one has no id yet.
    fn derive_patient(
        &self,
        _: &Viewer,
        _: Option<Uuid>,
        answers: Answers,
    ) -> impl Future<Output = Result<Answers>> + Send {
        ready(Ok(answers))
    }

    /// Judges the answers of a patient before they are written: a `Problem` refuses them.
    fn validate_patient(
        &self,
        _: &Viewer,
        _: Option<Uuid>,
        _: &Answers,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Adds to the page of a patient, below all else.
    fn section_of_patient(
        &self,
        _: &Viewer,
        _: &crate::patients::Patient,
        page: Page,
    ) -> impl Future<Output = Result<Page>> + Send {
        ready(Ok(page))
    }

    /// Adds to the answers of a reading what follows from them, before they are judged. A new one has no id yet.
    fn derive_reading(
        &self,
        _: &Viewer,
        _: Option<Uuid>,
        answers: Answers,
    ) -> impl Future<Output = Result<Answers>> + Send {
        ready(Ok(answers))
    }

    /// Judges the answers of a reading before they are written: a `Problem` refuses them.
    fn validate_reading(
        &self,
        _: &Viewer,
        _: Option<Uuid>,
        _: &Answers,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Adds to the page of a reading, below all else.
    fn section_of_reading(
        &self,
        _: &Viewer,
        _: &crate::readings::Reading,
        page: Page,
    ) -> impl Future<Output = Result<Page>> + Send {
        ready(Ok(page))
    }
}

/// What stands in for `src/custom/mod.rs` where it has no `Custom`.
#[allow(dead_code, reason = "where it has one, this is not made")]
struct Custom;

impl Extensions for Custom {}

/// What your own code does by itself.
pub fn schedules() -> Vec<Schedule> {
    extensions().schedules()
}

/// Has your own code do what a schedule is for.
pub fn on_schedule(viewer: Viewer, schedule: &'static str) -> Scheduled {
    Box::pin(async move { extensions().scheduled(&viewer, schedule).await })
}

/// The app's own extensions.
pub fn extensions() -> impl Extensions {
    // A name that a block takes in stands before the one around it: `custom::Custom` if there is one, else ours.
    #[allow(unused_imports, reason = "a folder from before there were extensions has none")]
    use crate::custom::*;
    Custom
}

/// The answers of a patient as they are written: with what is derived, and judged.
pub async fn prepared_patient(viewer: &Viewer, id: Option<Uuid>, answers: &Answers) -> Result<Answers> {
    let own = extensions();
    let derived = own.derive_patient(viewer, id, answers.clone()).await?;
    let derived = derived.as_fields_of(&crate::access::PATIENT, answers)?;
    own.validate_patient(viewer, id, &derived).await?;
    Ok(derived)
}

/// The answers of a reading as they are written: with what is derived, and judged.
pub async fn prepared_reading(viewer: &Viewer, id: Option<Uuid>, answers: &Answers) -> Result<Answers> {
    let own = extensions();
    let derived = own.derive_reading(viewer, id, answers.clone()).await?;
    let derived = derived.as_fields_of(&crate::access::READING, answers)?;
    own.validate_reading(viewer, id, &derived).await?;
    Ok(derived)
}
