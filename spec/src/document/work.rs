//! What people do with the records (constructs 9, 12–25) and what the planner notes.

use super::{Grouping, Path, Period, Sort};
use crate::{
    decode::{document, words},
    field_type::FieldType,
    name::Name,
};

document! {
    /// A permission that a person gives and takes back (construct 9).
    pub struct Permission called "a permission" {
        /// The role that gives it.
        required "by" by: Name,
        /// The role that receives it.
        required "to" to: Name,
        /// What it gives: `view reading`, `view patient(name)`.
        required "gives" gives: Vec<String>,
        /// When it ends: `revoked`, or `date or revoked`.
        "until" until: Option<String>,
    }
}

document! {
    /// A questionnaire, versioned, branching and scored (construct 12).
    pub struct Form called "a form" {
        /// The version, frozen with each answer.
        "version" version: Option<u32>,
        /// The entity that an answer is about, and a part of.
        required "about" about: Name,
        /// The roles that fill it in.
        required "filled by" filled_by: Vec<Name>,
        /// The roles that read answers, where they may view the record it is about.
        "read by" read_by: Vec<Name>,
        /// The questions, in order.
        required "ask" ask: Vec<Item>,
        /// An expression over the answers, such as `sum(items)`.
        "score" score: Option<String>,
        /// Whether those who fill it in may correct it afterwards.
        "corrections" corrections: bool,
        /// Whether the person signs it by typing the name.
        "signature" signature: bool,
        /// What people call it.
        "label" label: Option<String>,
    }
}

document! {
    /// One question of a form.
    pub struct Item called "a question of a form" {
        /// Its name, by which expressions call it.
        required "question" question: Name,
        /// The type of the answer.
        required "type" field_type: FieldType,
        /// What people read.
        "label" label: Option<String>,
        /// A hint below the label.
        "hint" hint: Option<String>,
        /// Asked only when this expression over earlier answers holds.
        "when" when: Option<String>,
        /// The field of the record that the answer also fills.
        "fills" fills: Option<Name>,
    }
}

document! {
    /// A saved, audited query; also of what is missing (construct 13).
    pub struct List called "a list" {
        /// The entity whose records it lists.
        required "of" of: Name,
        /// Which of them.
        "where" filter: Option<String>,
        /// Those without a record of this entity …
        "without" without: Option<Name>,
        /// … in this time.
        "in" within: Option<Period>,
        /// The moment from which a missing record counts: the enrolment.
        "from" from: Option<Name>,
        /// The order.
        "sort" sort: Vec<Sort>,
        /// The roles that see it.
        required "for" roles: Vec<Name>,
        /// The fields that it shows, where the role may view them.
        "shows" shows: Vec<Path>,
        /// What a person does with an entry: `claim` takes an unassigned record.
        "then" then: Option<Name>,
        /// What people call it.
        "label" label: Option<String>,
    }
}

words! {
    /// How a measure is drawn; a table always stands beside it.
    pub enum ChartKind: "a chart" {
        /// One number.
        #[default]
        Number = "number",
        /// Bars.
        Bar = "bar",
        /// A line.
        Line = "line",
    }
}

document! {
    /// An aggregate: a count, a share, a sum or an average (construct 14).
    pub struct Measure called "a measure" {
        /// The entity whose records are counted.
        required "of" of: Name,
        /// Which of them; all, unless said.
        "where" filter: Option<String>,
        /// The share of those for which this holds.
        "share" share: Option<String>,
        /// The average of this field.
        "average" average: Option<Name>,
        /// The sum of this field.
        "sum" sum: Option<Name>,
        /// What it is broken down by.
        "by" by: Option<Grouping>,
        /// Cells with fewer records are hidden; 11 unless said.
        "hide under" hide_under: Option<u32>,
        /// How it is drawn.
        "chart" chart: ChartKind,
        /// The roles that see it.
        required "for" roles: Vec<Name>,
        /// What people call it.
        "label" label: Option<String>,
    }
}

document! {
    /// What happens by itself (construct 15).
    pub struct Rule called "a rule" {
        /// The entity whose records the condition is about.
        "of" of: Option<Name>,
        /// The condition, judged when a value that it reads is written: a threshold, or a state that a record moves to.
        "when" when: Option<String>,
        /// Or: a record enters this list, once each time.
        "enters" enters: Option<Name>,
        /// The tasks and messages that follow.
        required "do" then: Vec<String>,
        /// What people call it; the task says it as its reason.
        "label" label: Option<String>,
    }
}

document! {
    /// What somebody has to do (construct 16).
    pub struct Task called "a task" {
        /// The entity whose record it is about; who may not view that record sees no task of it. Unless said, it is the
        /// record that the rule's own is a part of.
        "about" about: Option<Name>,
        /// The role that does it: those of its people who may view the record.
        required "owner" owner: Name,
        /// By when, counted from its making.
        required "due" due: Period,
        /// The role that does it when nobody of the first is there, or nobody did.
        "else" fallback: Option<Name>,
        /// The roles that make one by hand.
        "by" by: Vec<Name>,
        /// The roles that read it beside those who do it.
        "read by" read_by: Vec<Name>,
        /// What people call it.
        "label" label: Option<String>,
    }
}

document! {
    /// A message that leaves the app: never a clinical word (construct 17).
    pub struct Message called "a message" {
        /// By which ways: email, sms.
        required "by" by: Vec<Name>,
        /// The role that receives it.
        required "to" to: Name,
        /// When: `24 hours before appointment.start`. Without it, a rule or a document sends it.
        "when" when: Option<String>,
        /// Before which of them: a condition on that record, such as `status == booked`.
        "where" filter: Option<String>,
        /// What it says; only words without a clinical meaning.
        required "says" says: Vec<Name>,
    }
}

document! {
    /// A conversation, for its participants only (construct 18).
    pub struct Conversation called "a conversation" {
        /// The roles that take part.
        required "between" between: Vec<Name>,
        /// The entity that it is about, one conversation for each record; unless said, the record that one of them is.
        "about" about: Option<Name>,
        /// What people call it.
        "label" label: Option<String>,
    }
}

words! {
    /// What happens when two appointments want the same time.
    pub enum Overlap: "a way to treat an overlap" {
        /// The second is refused.
        #[default]
        Refuse = "refuse",
        /// Both stand.
        Allow = "allow",
    }
}

document! {
    /// A book of appointments (construct 19).
    pub struct Calendar called "a calendar" {
        /// The entity that is booked.
        required "of" of: Name,
        /// The field that holds the beginning.
        required "start" start: Name,
        /// The field that holds the end.
        "end" end: Option<Name>,
        /// Links to what is booked: people, rooms, chairs.
        "resources" resources: Vec<Name>,
        /// When one can book: `mon-fri 08:00-17:00`, several separated by commas.
        "hours" hours: Option<String>,
        /// What happens when a resource is taken.
        "overlap" overlap: Overlap,
        /// Whether a person may wait for a place.
        "waitlist" waitlist: bool,
        /// The length of a place in the book.
        "slot" slot: Option<Period>,
        /// The roles that see it.
        required "for" roles: Vec<Name>,
        /// The field by which entries are told apart.
        "kind" kind: Option<Name>,
        /// The fields that an entry shows, where the role may view them.
        "shows" shows: Vec<Path>,
        /// What people call it.
        "label" label: Option<String>,
    }
}

document! {
    /// A quota (construct 20).
    pub struct Limit called "a limit" {
        /// What is counted.
        required "of" of: Name,
        /// Per day, month or year.
        required "per" per: Name,
        /// The tiers with their amounts.
        required "tiers" tiers: indexmap::IndexMap<String, u32>,
        /// The role that gives a tier to a person.
        "managed by" managed_by: Option<Name>,
    }
}

document! {
    /// A frozen rendering of a record, or an upload (construct 21).
    pub struct Document called "a document" {
        /// The entity that is rendered.
        "of" of: Option<Name>,
        /// The format of the rendering.
        "format" format: Option<Name>,
        /// What it shows.
        "shows" shows: Vec<Path>,
        /// How long its link opens.
        "link" link: Option<Period>,
        /// The role that receives it.
        "to" to: Option<Name>,
        /// The roles that send it, where they may view the record.
        "by" by: Vec<Name>,
        /// What people call it.
        "label" label: Option<String>,
        /// Whether people upload it.
        "upload" upload: bool,
        /// The record that an upload is a part of.
        "part of" part_of: Option<Name>,
        /// The media types of an upload.
        "types" types: Vec<String>,
    }
}

document! {
    /// An import with a key (construct 22).
    pub struct Feed called "a feed" {
        /// The entity that it fills.
        required "into" into: Name,
        /// Its source.
        required "from" from: Name,
        /// The fields that tell two entries apart.
        required "key" key: Vec<Name>,
        /// The roles that import, and may make such records anyway.
        "by" by: Vec<Name>,
        /// What the columns of the file are called, where that is neither the name of the field nor its label.
        "columns" columns: crate::Map<String>,
        /// What people call it.
        "label" label: Option<String>,
    }
}

words! {
    /// What an AI action keeps of its input and output.
    pub enum Keeps: "something that is kept" {
        /// Nothing.
        #[default]
        Nothing = "nothing",
        /// What it proposed.
        Output = "output",
        /// The first 200 characters of the input, where the person ticks it for that run.
        Preview = "preview",
    }
}

document! {
    /// What AI proposes and a person applies (construct 23).
    pub struct AiAction called "an AI action" {
        /// What it reads: a text field of the record, or of the record above it; any other name is a text that the person
        /// gives for that run.
        required "from" from: Name,
        /// What it proposes: `note(subjective, plan)` for fields of a record, `new suggestion(code)` for parts of one.
        required "proposes" proposes: String,
        /// Who applies it: `author`, or roles.
        required "applied by" applied_by: Vec<Name>,
        /// What is kept.
        "keeps" keeps: Vec<Keeps>,
        /// Whether it takes only text in which no identifier is found, confirmed for each run.
        "de-identified" de_identified: bool,
        /// The provider, from the sub-processors.
        "provider" provider: Option<Name>,
        /// `hash`: an identical input is answered from cache.
        "cache" cache: Option<Name>,
        /// What people call it.
        "label" label: Option<String>,
    }
}

words! {
    /// How one comes to a page.
    pub enum Entry: "a way to enter a page" {
        /// Signed in.
        #[default]
        SignedIn = "signed in",
        /// By a link that was sent.
        Link = "link",
        /// On a shared device.
        Kiosk = "kiosk",
        /// Anybody.
        Public = "public",
    }
}

document! {
    /// A page of its own (construct 24).
    pub struct Page called "a page" {
        /// The roles that see it; none of a public page.
        "for" roles: Vec<Name>,
        /// What it shows: entities, lists, measures, forms, calendars, `chart of reading.systolic`. A public page names fields: it
        /// shows `service(name, price)` of what holds nothing about patients, and asks for `form of request(name, phone)`.
        required "shows" shows: Vec<String>,
        /// How one comes to it. A public page is closed until somebody who administers people opens it.
        "entry" entry: Entry,
        /// What people call it.
        "label" label: Option<String>,
    }
}

document! {
    /// A change since the last version (construct 25).
    pub struct Change called "a change" {
        /// Its former name.
        "was" was: Option<Name>,
        /// `after confirmation`: it is retired.
        "retire" retire: Option<String>,
    }
}

document! {
    /// A policy whose acceptance is recorded by version.
    pub struct Policy called "a policy" {
        /// The version.
        required "version" version: String,
        /// Whether a change is announced.
        "notice" notice: bool,
        /// `recorded`: who accepted which version is on record.
        "acceptance" acceptance: Option<Name>,
    }
}

document! {
    /// Security settings; each may only be stricter than the floor.
    pub struct Security called "the security section" {
        /// Idle time after which a session ends; at most 60 minutes.
        "idle" idle: Option<Period>,
        /// Failed attempts before a lockout; at most 8.
        "attempts" attempts: Option<u32>,
        /// The length of a lockout; at least 15 minutes.
        "lockout" lockout: Option<Period>,
        /// `optional` or `required`; privileged roles always need it.
        "mfa" mfa: Option<Name>,
        /// `oidc`: the customer's own identity provider.
        "sso" sso: Option<Name>,
        /// The role that may look as a colleague in an emergency, with a reason; it administers people. Without this line it
        /// is the first that does.
        "impersonation" impersonation: Option<Name>,
        /// Roles that may break the glass.
        "break glass" break_glass: Vec<Name>,
        /// `on`; it cannot be off.
        "audit" audit: Option<Name>,
        /// `on`; it cannot be off.
        "encryption" encryption: Option<Name>,
        /// `on`; it cannot be off.
        "authentication" authentication: Option<Name>,
    }
}

document! {
    /// A company that processes data for the app.
    pub struct SubProcessor called "a sub-processor" {
        /// What for.
        required "for" purpose: Vec<String>,
        /// The role that attests a BAA before the first call.
        "attested by" attested_by: Option<Name>,
    }
}

document! {
    /// How long things are kept.
    pub struct Retention called "the retention section" {
        /// The audit log; at least 6 years (45 CFR 164.316(b)(2)).
        "audit" audit: Option<Period>,
    }
}

document! {
    /// What the planner would like to know.
    pub struct Question called "a question" {
        /// Where in the spec the answer goes, as a pointer.
        "about" about: String,
        /// The question.
        required "ask" ask: String,
        /// Possible answers.
        "options" options: Vec<String>,
        /// The safe answer, taken unless another is given.
        "default" default: String,
        /// Whether nothing is built until it is answered.
        "blocks" blocks: bool,
    }
}

document! {
    /// What was said and cannot be had.
    pub struct Refused called "a refusal" {
        /// The words of the prompt.
        required "said" said: String,
        /// Why not.
        required "why" why: String,
        /// What there is instead.
        "instead" instead: String,
    }
}

document! {
    /// What was said and cannot be built yet.
    pub struct Wish called "a wish" {
        /// The words of the prompt.
        required "said" said: String,
        /// The construct of the language that it needs, 1 to 25.
        "construct" construct: Option<u32>,
        /// Why not yet.
        "why" why: String,
    }
}
