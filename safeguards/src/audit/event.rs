//! What an audit event says: who did what, to whose data, from where, why, for whom, on what basis.
//! It is enough for an accounting of disclosures (45 CFR 164.528) and for activity review (164.308).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Digest;
use crate::clock::Clock;

/// A closed enum with one spelling for each value, the same in the database, the chain and exports.
macro_rules! spelled {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The spelling.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value so spelled.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

spelled! {
    /// What was done.
    Action {
        /// A record was made.
        Create = "create",
        /// A record was changed.
        Update = "update",
        /// A record was removed.
        Delete = "delete",
        /// A record passed from one state of its lifecycle to another.
        Move = "move",
        /// One record was shown.
        View = "view",
        /// Several records were shown; the event names each.
        List = "list",
        /// PHI left as paper.
        Print = "print",
        /// PHI left as a file.
        Download = "download",
        /// PHI, or a notice about it, left as a message.
        Email = "email",
        /// A person signed in.
        Login = "login",
        /// Somebody tried to sign in and could not.
        LoginFailed = "login-failed",
        /// A session ended.
        Logout = "logout",
        /// Access was refused.
        Denied = "denied",
        /// A key was made, rotated, unwrapped or destroyed.
        Key = "key",
        /// An archive was made.
        Export = "export",
        /// A setting, grant, role or account changed.
        Configure = "configure",
        /// Expired events were removed; the event carries the signed checkpoints.
        Sweep = "sweep",
        /// References to an erased subject were rewritten; the event lists each.
        Erase = "erase",
        /// A database came back from a backup.
        Restore = "restore",
        /// A clinician opened a record in an emergency.
        BreakGlass = "break-glass",
        /// An administrator looked through another person's eyes.
        Impersonate = "impersonate",
        /// A model was asked, or its proposal applied.
        Assist = "assist",
    }
}

impl Action {
    /// Whether repetitions within a window are counted instead of written one by one.
    #[must_use]
    pub fn coalesces(self) -> bool {
        matches!(self, Self::View | Self::List)
    }

    /// Whether PHI left the organisation's own pages, if a recipient is named.
    #[must_use]
    pub fn discloses(self) -> bool {
        matches!(self, Self::Print | Self::Download | Self::Email | Self::Export | Self::View | Self::List)
    }
}

spelled! {
    /// Why PHI was used or disclosed (45 CFR 164.506 to 164.512).
    Purpose {
        /// Treatment, 164.506(c)(1).
        Treatment = "treatment",
        /// Payment, 164.506(c)(1).
        Payment = "payment",
        /// Health care operations, 164.506(c)(1).
        Operations = "operations",
        /// To the individual, 164.502(a)(1)(i).
        Individual = "individual",
        /// Under the individual's authorisation, 164.508.
        Authorisation = "authorisation",
        /// Required by law, 164.512(a).
        RequiredByLaw = "required-by-law",
        /// Public health, 164.512(b).
        PublicHealth = "public-health",
        /// Health oversight, 164.512(d).
        Oversight = "oversight",
        /// Judicial, administrative and law enforcement, 164.512(e) and (f).
        LawEnforcement = "law-enforcement",
        /// Research without authorisation, 164.512(i).
        Research = "research",
        /// To avert a serious threat, 164.512(j), and emergency access, 164.312(a)(2)(ii).
        Emergency = "emergency",
        /// Support and maintenance by a business associate, 164.504(e).
        Support = "support",
    }
}

impl Purpose {
    /// Whether a disclosure for this purpose belongs in an accounting (45 CFR 164.528(a)(1) excepts
    /// treatment, payment, operations, the individual's own requests and authorisations).
    #[must_use]
    pub fn accountable(self) -> bool {
        !matches!(
            self,
            Self::Treatment | Self::Payment | Self::Operations | Self::Individual | Self::Authorisation
        )
    }
}

spelled! {
    /// How it ended.
    Outcome {
        /// It was done.
        Succeeded = "succeeded",
        /// Policy refused it.
        Denied = "denied",
        /// It could not be done.
        Failed = "failed",
    }
}

/// The name under which people of the platform act in a tenant's log, by the founder's leave (HC-10). Who of them it was
/// stands as the event's recipient.
pub const PLATFORM_SUPPORT: &str = "platform-support";

/// Who acts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A signed-in person.
    Person(Uuid),
    /// A part of the system, by its name: `scheduler`, `migration`.
    System(&'static str),
    /// Nobody known yet: the door before signing in.
    Anonymous,
}

impl Actor {
    /// The spelling in the log.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::System(name) => format!("system:{name}"),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
}

/// A person's id is personal data.
impl fmt::Debug for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Actor([sealed])")
    }
}

/// The circumstances that the events of one request share.
#[derive(Clone, Debug)]
pub struct AuditContext {
    /// Tells when each event happened.
    pub clock: Arc<dyn Clock>,
    /// The covered entity whose log this is.
    pub organisation: Uuid,
    /// Who acts.
    pub actor: Actor,
    /// The administrator behind the actor, while impersonating.
    pub impersonator: Option<Uuid>,
    /// The session, if there is one.
    pub session: Option<Uuid>,
    /// The address the request came from.
    pub address: Option<IpAddr>,
    /// The request.
    pub request: Option<Uuid>,
    /// Why, unless the event says otherwise.
    pub purpose: Purpose,
}

impl AuditContext {
    /// What concerns the environment and no organisation in it: sweeps, migrations, root keys.
    #[must_use]
    pub fn environment(clock: Arc<dyn Clock>, name: &'static str) -> Self {
        Self::system(clock, Uuid::nil(), name)
    }

    /// What a part of the system does on its own, for `organisation`.
    #[must_use]
    pub fn system(clock: Arc<dyn Clock>, organisation: Uuid, name: &'static str) -> Self {
        Self {
            clock,
            organisation,
            actor: Actor::System(name),
            impersonator: None,
            session: None,
            address: None,
            request: None,
            purpose: Purpose::Operations,
        }
    }
}

/// Facts of an event that are not about a person. They are hashed as they stand and never rewritten, so
/// nothing that identifies anyone may be put here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// The end of a window of repeated reads.
    Window {
        /// How often it was read, the first time included.
        count: u64,
        /// The last time.
        last: String,
    },
    /// A short word from the program, such as the state a record moved to.
    Note(String),
    /// The parts of events that were rewritten to one pseudonym.
    Erasure(Erasure),
    /// Up to where lanes were swept.
    Sweep(Vec<Checkpoint>),
    /// What a restore found and what it brought over.
    Restore {
        /// Events that the backup lacked and that were carried over from the newer log.
        carried: u64,
        /// Witnessed events that could not be carried over, since the newer log was lost.
        lost: u64,
    },
}

/// The rewriting of one subject's references to `erased:<pseudonym>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// What stands in place of the subject from now on.
    pub pseudonym: Uuid,
    /// Each part rewritten: lane, sequence, and which part.
    pub parts: Vec<(i64, i64, Part)>,
}

/// Events of `lane` up to and including `sequence` are gone; `hash` is that of the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The lane.
    pub lane: i64,
    /// The last sequence number swept.
    pub sequence: i64,
    /// The hash of that event.
    pub hash: Digest,
}

/// A part of the side row, erased on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Actor, impersonator, session, address and request.
    Who,
    /// Whose data it is.
    Subject,
    /// Recipient and basis.
    Disclosure,
    /// The sealed payload.
    Payload,
    /// One of the records, by its place.
    Record(u32),
}

/// One event, as a handler or the access layer states it.
#[derive(Clone)]
pub struct Event {
    pub(super) action: Action,
    pub(super) entity: Option<&'static str>,
    pub(super) records: Vec<Uuid>,
    pub(super) fields: Vec<u32>,
    pub(super) subject: Option<Uuid>,
    pub(super) purpose: Option<Purpose>,
    pub(super) recipient: Option<String>,
    pub(super) basis: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) payload: Option<Vec<u8>>,
    pub(super) detail: Option<Detail>,
}

impl Event {
    /// An event that succeeded, about nothing yet.
    #[must_use]
    pub fn new(action: Action) -> Self {
        Self {
            action,
            entity: None,
            records: Vec::new(),
            fields: Vec::new(),
            subject: None,
            purpose: None,
            recipient: None,
            basis: None,
            outcome: Outcome::Succeeded,
            payload: None,
            detail: None,
        }
    }

    /// The kind of record, by its name in the spec.
    #[must_use]
    pub fn entity(mut self, name: &'static str) -> Self {
        self.entity = Some(name);
        self
    }

    /// One more record.
    #[must_use]
    pub fn record(mut self, id: impl Into<Uuid>) -> Self {
        self.records.push(id.into());
        self
    }

    /// All the records: a list names every one that it shows.
    #[must_use]
    pub fn records(mut self, ids: impl IntoIterator<Item = Uuid>) -> Self {
        self.records.extend(ids);
        self
    }

    /// The stable ids of the fields shown or written.
    #[must_use]
    pub fn fields(mut self, ids: impl IntoIterator<Item = u32>) -> Self {
        self.fields.extend(ids);
        self
    }

    /// Whose data it is.
    #[must_use]
    pub fn subject(mut self, id: impl Into<Uuid>) -> Self {
        self.subject = Some(id.into());
        self
    }

    /// Why, where it differs from the request's purpose.
    #[must_use]
    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// To whom PHI went: name and, if known, address (45 CFR 164.528(b)(2)(ii)).
    #[must_use]
    pub fn recipient(mut self, recipient: &str) -> Self {
        self.recipient = Some(clean(recipient));
        self
    }

    /// On what basis (45 CFR 164.528(b)(2)(iv)): a citation or the request it answers.
    #[must_use]
    pub fn basis(mut self, basis: &str) -> Self {
        self.basis = Some(clean(basis));
        self
    }

    /// How it ended, where it did not succeed.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// What was written, already sealed under the organisation's key.
    #[must_use]
    pub fn payload(mut self, sealed: Vec<u8>) -> Self {
        self.payload = Some(sealed);
        self
    }

    /// A fact that is not about a person.
    #[must_use]
    pub fn detail(mut self, detail: Detail) -> Self {
        self.detail = Some(detail);
        self
    }

    /// A short word from the program; never a person's input.
    #[must_use]
    pub fn note(self, note: &'static str) -> Self {
        self.detail(Detail::Note(note.to_owned()))
    }
}

/// Record ids, recipients and payloads are never printed.
impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Event")
            .field("action", &self.action)
            .field("entity", &self.entity)
            .field("records", &self.records.len())
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// PostgreSQL's text holds no NUL, and one line is one fact: control characters become spaces, so that
/// no value can stop a batch from being written.
fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A time as it stands in the chain: UTC, to the microsecond, of fixed width, so that text sorts as time
/// does and both databases give back what was written.
#[must_use]
pub fn timestamp(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.microsecond()
    )
}
