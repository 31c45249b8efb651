//! Forms, lists, measures, calendars and pages.

use super::{
    CalendarIndex, EntityIndex, FieldIndex, FormIndex, Hop, ListIndex, MeasureIndex, Path, RoleIndex, ToldBy,
};
use crate::{
    document::{ChartKind, Entry, Interval, Overlap, Period},
    name::Name,
    rules::Expression,
};

/// A questionnaire. Its answers are records of [`Form::entity`], a part of what it is about.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The version, frozen with each answer.
    pub version: u32,
    /// The entity that an answer is about.
    pub about: EntityIndex,
    /// The entity that holds the answers; one field a question, and `score` if there is one.
    pub entity: EntityIndex,
    /// The roles that fill it in.
    pub filled_by: Vec<RoleIndex>,
    /// The questions, in order.
    pub questions: Vec<FormQuestion>,
    /// The computed field that holds the score.
    pub score: Option<FieldIndex>,
    /// The field in which the person signs by typing the name.
    pub signature: Option<FieldIndex>,
}

/// One question of a form.
#[derive(Clone, Debug)]
pub struct FormQuestion {
    /// The field of the form's entity that holds the answer.
    pub field: FieldIndex,
    /// Asked only when this holds of earlier answers.
    pub when: Option<Expression>,
    /// The field of the record that the answer also fills.
    pub fills: Option<FieldIndex>,
}

/// A saved, audited query.
#[derive(Clone, Debug)]
pub struct List {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The entity whose records it lists.
    pub entity: EntityIndex,
    /// Which of them; `Expression::sql` says it to the database.
    pub filter: Option<Expression>,
    /// Those for which something is missing.
    pub without: Option<Without>,
    /// The order.
    pub sort: Vec<SortKey>,
    /// The roles that see it.
    pub roles: Vec<RoleIndex>,
    /// What it shows, where the role may view it.
    pub shows: Vec<Path>,
    /// Whether a person takes an unassigned entry.
    pub claim: bool,
}

/// Records for which nothing came in a while.
#[derive(Clone, Debug)]
pub struct Without {
    /// What is missing.
    pub entity: EntityIndex,
    /// The column of the missing record that names the listed one.
    pub link: Hop,
    /// The moment by which it is placed in time: a field of the missing record, or its creation.
    pub at: Path,
    /// For how long.
    pub within: Period,
    /// The moment from which it counts: a field of the listed record, or its creation.
    pub from: Path,
}

/// A field to sort by.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The value; plain or queryable.
    pub by: Path,
    /// From the greatest to the least.
    pub descending: bool,
}

/// An aggregate.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The entity whose records are counted.
    pub entity: EntityIndex,
    /// Which of them.
    pub filter: Option<Expression>,
    /// What is computed.
    pub aggregate: Aggregate,
    /// What it is broken down by.
    pub by: Option<TimeAxis>,
    /// Cells with fewer records are hidden.
    pub hide_under: u32,
    /// How it is drawn.
    pub chart: ChartKind,
    /// The roles that see it, each over the records that it may list.
    pub roles: Vec<RoleIndex>,
}

/// What a measure computes.
#[derive(Clone, Debug)]
pub enum Aggregate {
    /// How many.
    Count,
    /// The share of those for which this holds.
    Share(Expression),
    /// The average of a field.
    Average(FieldIndex),
    /// The sum of a field.
    Sum(FieldIndex),
}

/// What a measure is broken down by.
#[derive(Clone, Debug)]
pub struct TimeAxis {
    /// Steps of time, for a date or a moment; `None` groups by the value itself.
    pub interval: Option<Interval>,
    /// The value.
    pub path: Path,
}

/// A book of appointments.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The entity that is booked.
    pub entity: EntityIndex,
    /// The moment at which it begins; plain or queryable.
    pub start: FieldIndex,
    /// The moment at which it ends; else [`Calendar::slot`] after the start.
    pub end: Option<FieldIndex>,
    /// Links to what is booked.
    pub resources: Vec<FieldIndex>,
    /// When one can book; always, when empty.
    pub hours: Vec<OpeningHours>,
    /// What happens when a resource is taken.
    pub overlap: Overlap,
    /// Whether a person may wait for a place.
    pub waitlist: bool,
    /// The length of a place in the book.
    pub slot: Period,
    /// The roles that see it.
    pub roles: Vec<RoleIndex>,
    /// The field by which entries are told apart.
    pub kind: Option<FieldIndex>,
    /// What an entry shows, where the role may view it.
    pub shows: Vec<Path>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// Hours on some days of the week, in minutes after midnight of the app's time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    /// The days.
    pub days: Vec<Weekday>,
    /// From.
    pub from: u16,
    /// Until; after `from`.
    pub until: u16,
}

/// What a person gives and takes back; each giving is a record of [`Permission::entity`].
#[derive(Clone, Debug)]
pub struct Permission {
    /// Its name.
    pub name: Name,
    /// The entity that holds what was given, a part of whoever gives it.
    pub entity: EntityIndex,
    /// The role that gives it.
    pub by: RoleIndex,
    /// The role that receives it.
    pub to: RoleIndex,
    /// The entities whose records it opens; the giver's own is always one.
    pub gives: Vec<EntityIndex>,
}

/// What its participants write to each other about a record; each message is a record of [`Conversation::entity`].
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The entity that holds the messages, a part of what they are about.
    pub entity: EntityIndex,
    /// What they are about.
    pub about: EntityIndex,
    /// The roles that take part: each for the records that are their own, or that they are responsible for.
    pub between: Vec<RoleIndex>,
}

/// An import: the lines of a file become records, or change them.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The entity that it fills.
    pub entity: EntityIndex,
    /// The fields that tell two entries apart, within the record that they are a part of.
    pub key: Vec<FieldIndex>,
    /// The roles that import.
    pub by: Vec<RoleIndex>,
    /// The fields that a line can fill.
    pub columns: Vec<FeedColumn>,
}

/// A column of a file that is imported.
#[derive(Clone, Debug)]
pub struct FeedColumn {
    /// The field that it fills.
    pub field: FieldIndex,
    /// What the spec calls it, beside the field's name and its label.
    pub header: Option<String>,
}

/// What somebody has to do about a record; each is a record of [`Task::entity`].
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The entity that holds the tasks, a part of what they are about.
    pub entity: EntityIndex,
    /// What they are about.
    pub about: EntityIndex,
    /// The role that does it.
    pub owner: RoleIndex,
    /// The role that does it when nobody of the first is there, or nobody did.
    pub fallback: RoleIndex,
    /// By when, counted from its making.
    pub due: Period,
}

/// What happens by itself.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// When it happens.
    pub occasion: Occasion,
    /// The tasks that it makes.
    pub tasks: Vec<RaisedTask>,
    /// The messages that it sends.
    pub messages: Vec<ToldBy>,
}

/// When a rule happens.
#[derive(Clone, Debug)]
pub enum Occasion {
    /// Something is written of a record, by which the condition begins to hold.
    Written {
        /// The entity.
        of: EntityIndex,
        /// The condition, over the record's own fields.
        when: Expression,
    },
    /// A record enters a list.
    Enters(ListIndex),
}

/// A task that a rule makes.
#[derive(Clone, Debug)]
pub struct RaisedTask {
    /// The position in [`super::Model::tasks`].
    pub task: usize,
    /// The way from the record of the rule to what the task is about; empty where that is the record itself.
    pub way: Vec<Hop>,
}

/// How many records of a kind somebody may make.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The entity whose new records are counted.
    pub entity: EntityIndex,
    /// In which time.
    pub per: LimitPeriod,
    /// The tiers with their amounts; whoever was given none has the first.
    pub tiers: Vec<(String, u32)>,
    /// The role that gives a person a tier.
    pub managed_by: Option<RoleIndex>,
}

/// The time in which is counted, on the clocks of the app's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitPeriod {
    /// From midnight to midnight.
    Day,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// A page of its own.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The roles that see it; none of a page that anybody may come to.
    pub roles: Vec<RoleIndex>,
    /// What it shows, in order.
    pub shows: Vec<PageItem>,
    /// How one comes to it.
    pub entry: Entry,
}

/// One thing on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageItem {
    /// The records of an entity.
    Entity(EntityIndex),
    /// A list.
    List(ListIndex),
    /// A measure.
    Measure(MeasureIndex),
    /// A form to fill in.
    Form(FormIndex),
    /// A calendar.
    Calendar(CalendarIndex),
    /// A number over time.
    Chart(EntityIndex, FieldIndex),
    /// A new record to fill in, by whoever stands before an open page: these fields, and no word of any record.
    Ask(EntityIndex, Vec<FieldIndex>),
    /// The records of an entity on an open page: these fields of each, and nothing else.
    Records(EntityIndex, Vec<FieldIndex>),
}

impl Page {
    /// Whether one comes to it without an account.
    pub fn is_open(&self) -> bool {
        matches!(self.entry, Entry::Public | Entry::Kiosk)
    }
}

/// What AI proposes and a person applies.
#[derive(Clone, Debug)]
pub struct AiAction {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The entity of the record on whose page it stands.
    pub on: EntityIndex,
    /// The entity for which it proposes: that of the page, or a part of it.
    pub entity: EntityIndex,
    /// The fields that it proposes, in order.
    pub fields: Vec<FieldIndex>,
    /// Whether new parts are proposed, and not other values of the record itself.
    pub makes_parts: bool,
    /// What it reads.
    pub input: AiInput,
    /// What people call what it reads.
    pub input_label: String,
    /// The roles that run it and apply what it proposes.
    pub applied_by: Vec<RoleIndex>,
    /// Whether only who made the record of the page does.
    pub author_only: bool,
    /// Whether what it proposed is kept, sealed.
    pub keeps_output: bool,
    /// Whether the first 200 characters of the input are kept where the person ticks it for that run.
    pub keeps_preview: bool,
    /// Whether it takes only text in which no identifier is found, confirmed for each run.
    pub de_identified: bool,
    /// Whether an identical input is answered from what was kept.
    pub cached: bool,
    /// The provider: the position among [`super::Model::sub_processors`]. Without one, the app's own engine answers alone.
    pub provider: Option<usize>,
}

/// What an AI action reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AiInput {
    /// Text that the person gives for this run; it is in memory only.
    Given,
    /// A field of the record on whose page it stands.
    Field(FieldIndex),
    /// A field of the record that this one is a part of.
    Above(FieldIndex),
}

/// A company that processes data for the app.
#[derive(Clone, Debug)]
pub struct SubProcessor {
    /// Its name.
    pub name: Name,
    /// What for.
    pub purposes: Vec<String>,
    /// The role that attests the agreement with it, organisation by organisation.
    pub attested_by: RoleIndex,
}
