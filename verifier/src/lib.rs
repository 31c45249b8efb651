//! Black-box checks of a running app: does it keep its promises, seen from outside and by a thief of its disk?
//!
//! The verifier knows an app by its spec (`app.yaml`) and its OpenAPI document. It never links the library that apps
//! stand on: it must not trust what it tests, and it could verify an app written in another language. What it is shown it
//! compares with what the spec *means*: for access that is `spec`'s oracle, which decides without SQL, over facts that
//! are read from the app's own archive.
//!
//! A [`Check`] is a value in one table ([`checks()`]): an id, the promises that it stands for, what it needs, and a
//! function from a [`Trial`] to an [`Outcome`]. Three things are kept apart that are easily confused:
//!
//! * *broken*: something was seen that the promise forbids;
//! * *not applicable*: the spec has nothing of the kind, or the trial is of another kind (the reason is told);
//! * *undecided*: the verifier itself could not go on. That is never a pass.
//!
//! A check that looked at nothing cannot pass: `outcome::Sight` counts what was tried.
//!
//! A [`Trial`] of a project is an instance of its own in a throwaway folder, with made-up people, a second organisation
//! with one person for each role, and recruits for whatever locks or ends an account. A trial of a URL only reads.

mod authenticator;
mod browser;
mod check;
mod checks;
mod clock;
mod entity;
mod forms;
mod instance;
mod listener;
mod live;
mod log;
mod outcome;
mod people;
mod planted;
mod postgres;
mod recruits;
mod report;
mod trial;
mod trouble;
mod wire;
mod world;

pub use check::{Check, Group, Needs, run};
pub use checks::all as checks;
pub use instance::{Program, Storage};
pub use live::LiveOptions;
pub use outcome::Outcome;
pub use postgres::{PostgresAddresses, in_database, removed};
pub use report::{Report, Verdict, described};
pub use trial::Trial;
pub use trouble::Trouble;
