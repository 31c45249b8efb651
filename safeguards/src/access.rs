//! Access: who may see and do what. It is the only way to tenant data.
//!
//! An app declares its policy on one page, `access.rs`: for each entity its fields and its grants ([`Entity`],
//! [`Field`], [`Grant`]). A slice writes its SQL in sight, with slots, and runs it by a [`Context`], which every
//! session holds. Between the two stands this module, and does the same for each statement:
//!
//! 1. **Rows.** `{visible}` becomes the grants' conditions for the principal's roles and the action, each bound
//!    to the organisation. No grant is `FALSE`. On PostgreSQL [`row_level_security`] states the same a second time.
//! 2. **Inference.** A field that a filter, a sort or a measure reads must be visible in a row for the row to count. The
//!    library finds these fields in the words of the statement; [`Statement::using`] adds what is not in them.
//! 3. **Evidence.** Reads are in the audit log, durably, before anything is returned, with every id that is shown;
//!    writes in the transaction that they are. Refusals are events, too.
//! 4. **Fields.** `{reach}` tells which grants met in a row; only what they reveal is unsealed, the rest is
//!    [`Shown::Hidden`]. Grants add up; [`Never`] and sensitivity labels win.
//!
//! ```
//! use safeguards::access::{Action, Context, Entity, Field, Grant, Kind, Lock, Mask, Record, Result, Shown, Unsealed, Written};
//! use safeguards::tenant;
//! use uuid::Uuid;
//!
//! // access.rs ------------------------------------------------------------------------------------------------
//! const READ: &[Action] = &[Action::View, Action::List];
//! const ASSIGNED: &str = "EXISTS (SELECT 1 FROM patient_assignments a WHERE a.patient_id = patients.id
//!     AND a.person_id = :person AND a.starts_at <= :now AND (a.ends_at IS NULL OR a.ends_at > :now))";
//!
//! pub static PATIENT: Entity = Entity {
//!     reference: Some("PT"),
//!     subject: Some("id"),
//!     fields: &[
//!         Field::identifier("name", 1, Kind::Text),
//!         Field::identifier("phone", 2, Kind::Phone).lookup("phone_index"),
//!         Field::clinical("weight", 3, Kind::Decimal).queryable(),
//!         Field::narrative("goals", 4),
//!     ],
//!     grants: &[
//!         Grant::to("owner", &[Action::View, Action::List, Action::Create, Action::Update]),
//!         Grant::to("provider", &[Action::View, Action::List, Action::Update]).rows(ASSIGNED),
//!         Grant::to("patient", READ).rows("patients.person_id = :person"),
//!         Grant::to("sales rep", READ).fields(Mask::Only(&["reference"])),
//!     ],
//!     ..Entity::named("patient", 1, "patients")
//! };
//!
//! pub static READING: Entity = Entity {
//!     subject: Some("patient_id"),
//!     fields: &[
//!         Field::plain("patient_id", 1, Kind::Uuid),
//!         Field::clinical("systolic", 2, Kind::Integer).queryable(),
//!         Field::plain("status", 3, Kind::Text),
//!     ],
//!     grants: &[Grant::to("provider", &[Action::View, Action::List, Action::Create, Action::Move("sign")])],
//!     lock: Some(Lock::on("readings.status = 'signed'")),
//!     ..Entity::named("reading", 2, "readings")
//! };
//!
//! // patients.rs ----------------------------------------------------------------------------------------------
//! pub struct Patient {
//!     pub written: Written,
//!     pub name: Shown<String>,
//!     pub goals: Shown<Option<String>>,
//! }
//!
//! impl Record for Patient {
//!     const ENTITY: &'static Entity = &PATIENT;
//!
//!     fn read(row: &Unsealed<'_>) -> Result<Self> {
//!         Ok(Self { written: Written::read(row)?, name: row.field("name")?, goals: row.field("goals")? })
//!     }
//! }
//!
//! /// Hidden and missing are the same `Error::NotFound`.
//! pub async fn show(session: &Context, id: Uuid) -> Result<Patient> {
//!     tenant!("SELECT reference, created_at, name, goals, {reach} FROM patients WHERE id = $1 AND {visible}")
//!         .bind(id)
//!         .show(session, Action::View)
//!         .await
//! }
//!
//! pub async fn by_phone(session: &Context, phone: &str) -> Result<Vec<Patient>> {
//!     tenant!("SELECT reference, name, goals, {reach} FROM patients WHERE phone_index = $1 AND {visible}")
//!         .lookup("phone", phone)
//!         .list(session)
//!         .await
//! }
//!
//! pub async fn rename(session: &Context, id: Uuid, version: i64, name: Option<String>) -> Result<i64> {
//!     tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
//!         .field_if("name", name)
//!         .update(session, &PATIENT, Action::Update, id, version)
//!         .await
//! }
//!
//! // readings.rs ----------------------------------------------------------------------------------------------
//! pub async fn create(session: &Context, patient: Uuid, systolic: i64) -> Result<Uuid> {
//!     tenant!("INSERT INTO readings ({fields}) VALUES ({values})")
//!         .field("patient_id", patient)
//!         .field("systolic", systolic)
//!         .field("status", "draft")
//!         .insert(session, &READING)
//!         .await
//! }
//!
//! pub async fn sign(session: &Context, id: Uuid, version: i64) -> Result<i64> {
//!     tenant!("UPDATE readings SET {fields} WHERE id = {id} AND version = {version} AND status = 'draft' AND {visible}")
//!         .field("status", "signed")
//!         .update(session, &READING, Action::Move("sign"), id, version)
//!         .await
//! }
//! # assert!(PATIENT.problems().is_empty() && READING.problems().is_empty());
//! ```
//!
//! # Slots
//!
//! | slot | stands for |
//! |---|---|
//! | `{visible}` | the policy; and in a write, the lock |
//! | `{reach}` | the grants that met, the row's id, version and subject; in the list of what is selected |
//! | `{fields}`, `{values}` | what [`Statement::field`] writes, with its blind indexes, and who, when and which version (CF-9) |
//! | `{id}`, `{version}` | the row that a write is about, as the person saw it |
//! | `{filters}`, `{order}` | [`Statement::filter`] and [`Statement::order`] |
//! | `{among}` | [`Statement::among`] |
//! | `{cap}` | in a [`Statement::search`]: one row more than can be searched |
//! | `{person}`, `{organisation}`, `{now}` | the principal's, and the moment |
//!
//! A statement selects columns by their own names, since masks work by name; it calls its table by its own name, and asks
//! other tables only if they have no policy ([`Statement::beside`]). What breaks these rules is a fault of the program,
//! found by [`Statement::check`] in a generated test; a missing or avoidable `{visible}` does not even compile.
//!
//! # Writes
//!
//! A write changes the row of one id and version. If none was changed, the reason is found in the same transaction: another
//! version is [`Error::Conflict`], a closed row [`Error::Locked`] (CF-10), a field that was sent and may not be written, or
//! a row that may be seen but not changed, [`Error::Forbidden`], anything else [`Error::NotFound`]. Then the
//! new row must be one that the principal may leave behind ([`Grant::after`]), or nothing is kept.
//!
//! # Uniqueness
//!
//! "This record number is taken" is an answer about another patient. So a set in [`Entity::unique`] is asked among the rows
//! that the writer may view, and only there; the migration has no constraint for it. Two people who see
//! different patients can each enter the same number; who sees both is shown a possible duplicate, which is also what a
//! clinic wants of two cards of one person. A constraint of the database that a hidden row breaks all the same is
//! answered like any row out of reach; for such a constraint, write it over columns that tell nothing (a slot of a calendar).
//!
//! # Conditions
//!
//! Conditions are static text. They may ask other tables, by `EXISTS`, for the columns that lead from record to record:
//! links, the person, the state. On PostgreSQL they see these columns through a view of the schema `fence`
//! ([`leading_view`]), whatever the person may read of those records, as they do on SQLite.

#[cfg(feature = "tenant")]
mod announced;
mod checked;
mod context;
mod descriptor;
mod error;
mod expand;
mod fence;
mod files;
mod itself;
mod outgoing;
#[cfg(feature = "tenant")]
mod own;
mod policy;
mod read;
mod rls;
mod row;
#[cfg(feature = "tenant")]
mod schedules;
mod search;
mod shown;
mod signing;
mod statement;
mod text;
mod trail;
mod write;

pub use checked::Checked;
pub use context::{BrokenGlass, Context, Principal};
#[cfg(feature = "tenant")]
pub(crate) use descriptor::is_base;
pub use descriptor::{
    Action, Class, Entity, Field, Grant, Kind, Leads, Lock, Mask, Never, RETENTION_MONTHS, Storage,
};
pub use error::{Error, Result};
#[cfg(feature = "tenant")]
pub(crate) use files::PIECE;
pub use files::{CHUNK, FileKind, Interrupted, LARGEST, StoredFile};
pub use itself::{ITSELF, Moment, Raises, Round, Rule, Task, Tells, Watch, round};
#[cfg(feature = "tenant")]
pub(crate) use itself::{acting_for, is_closed, look};
#[cfg(feature = "tenant")]
pub(crate) use outgoing::Waiting;
#[cfg(feature = "tenant")]
pub(crate) use own::{as_json, is_said, login, removal, rows_about, rows_that_go, selves, unlinked};
pub use rls::{leading_view, row_level_security};
pub use row::{FromValue, Record, Unsealed, Written};
#[cfg(feature = "tenant")]
pub(crate) use schedules::Run;
pub use search::{Found, Search};
pub use shown::Shown;
pub use signing::Fingerprint;
#[cfg(feature = "tenant")]
pub(crate) use statement::begin;
pub use statement::{Fill, Statement};
#[cfg(feature = "tenant")]
pub(crate) use trail::in_emergency;
#[cfg(feature = "tenant")]
pub(crate) use write::PAYLOAD;
