//! What a person writes: the 25 constructs of the language as types.
//!
//! A document is not yet believed: names may lead nowhere and grants may reach too far. Only
//! [`crate::validate`] turns it into a [`crate::ValidatedSpec`].

mod entity;
mod text;
mod work;

pub use entity::{
    AssignedTo, Entity, Field, Lifecycle, Move, PastAccess, PlaceDocument, RoleDocument, SignUp, Team, View,
};
pub use text::{Grouping, Interval, Path, Period, PeriodUnit, Sort};
pub use work::{
    AiAction, Calendar, Change, ChartKind, Conversation, Document, Entry, Feed, Form, Item, Keeps, Limit,
    List, Measure, Message, Overlap, Page, Permission, Policy, Question, Refused, Retention, Rule, Security,
    SubProcessor, Task, Wish,
};

use crate::{
    decode::{Map, document, words},
    name::Name,
    problem::{Kind, Pointer, Problem, Problems},
    source::{Content, Source},
};

words! {
    /// The language of an app's pages.
    pub enum Language: "a language that apps speak" {
        /// English.
        #[default]
        English = "en",
        /// Spanish.
        Spanish = "es",
    }
}

document! {
    /// A health product in words short enough to read aloud to a compliance officer.
    pub struct AppSpec called "a spec" {
        /// The product's name, as people read it.
        required "app" app: String,
        /// What it is for, in a sentence or two.
        "about" about: String,
        /// The language of its pages.
        "language" language: Language,
        /// The time zone in which days begin, as in the IANA database.
        "time zone" time_zone: Option<String>,
        /// Places below the organisation, which is the covered entity and is implied (construct 5).
        "places" places: Map<PlaceDocument>,
        /// Who works with it.
        required "roles" roles: Map<RoleDocument>,
        /// What it keeps (constructs 1–4, 6–8, 10, 11).
        required "entities" entities: Map<Entity>,
        /// What a person gives and takes back (construct 9).
        "permissions" permissions: Map<Permission>,
        /// Questionnaires (construct 12).
        "forms" forms: Map<Form>,
        /// Saved, audited queries (construct 13).
        "lists" lists: Map<List>,
        /// Aggregates and charts (construct 14).
        "measures" measures: Map<Measure>,
        /// What happens by itself (construct 15).
        "rules" rules: Map<Rule>,
        /// What somebody has to do (construct 16).
        "tasks" tasks: Map<Task>,
        /// Messages that leave the app, without a clinical word (construct 17).
        "messages" messages: Map<Message>,
        /// Conversations between participants (construct 18).
        "conversations" conversations: Map<Conversation>,
        /// Books of appointments (construct 19).
        "calendars" calendars: Map<Calendar>,
        /// Quotas (construct 20).
        "limits" limits: Map<Limit>,
        /// Frozen renderings and uploads (construct 21).
        "documents" documents: Map<Document>,
        /// Imports (construct 22).
        "feeds" feeds: Map<Feed>,
        /// What AI proposes and a person applies (construct 23).
        "ai actions" ai_actions: Map<AiAction>,
        /// Pages of their own (construct 24).
        "pages" pages: Map<Page>,
        /// How this version differs from the last: `program: { was: plan }` (construct 25).
        "changes" changes: indexmap::IndexMap<String, Change>,
        /// Policies whose acceptance is recorded.
        "policies" policies: Map<Policy>,
        /// Security settings, each only stricter than the floor.
        "security" security: Security,
        /// Companies that process data for the app, each attested before it is called.
        "sub-processors" sub_processors: Map<SubProcessor>,
        /// How long things are kept.
        "retention" retention: Retention,
        /// What the planner would like to know, each with its safe default.
        "questions" questions: Vec<Question>,
        /// What was not said, and was assumed.
        "assumed" assumed: Vec<String>,
        /// What was said, and cannot be had.
        "refused" refused: Vec<Refused>,
        /// What was said, and cannot be built yet.
        "not yet" not_yet: Vec<Wish>,
        /// What was said, and was not understood.
        "not understood" not_understood: Vec<String>,
    }
}

/// A spec read from text: whatever could be understood, every problem met on the way, and where
/// everything stands.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What was understood; defaults stand where something was not.
    pub document: AppSpec,
    /// What could not be understood.
    pub problems: Problems,
    /// Where everything stands; `None` when the text is no tree at all.
    pub source: Option<Source>,
}

/// Reads a spec from YAML or JSON text. Bad input never panics; it becomes problems with spans.
pub fn read(text: &str) -> Reading {
    let (source, duplicates) = match Source::read(text) {
        Ok(read) => read,
        Err(problem) => {
            return Reading { document: AppSpec::default(), problems: Problems(vec![problem]), source: None };
        }
    };
    let mut problems = Problems(duplicates);
    let root = Pointer::root();
    let document = if matches!(source.root().content, Content::Map(_)) {
        crate::decode::Decode::decode(source.root(), &root, &mut problems)
    } else {
        problems.push(
            Problem::new(&root, Kind::Shape, "a spec is a map of sections")
                .help("begin with `app: The name of your product`"),
        );
        AppSpec::default()
    };
    problems.locate(&source);
    Reading { document, problems, source: Some(source) }
}

impl Problems {
    /// Gives each problem its span and puts them in the order of the text.
    pub(crate) fn locate(&mut self, source: &Source) {
        for problem in &mut self.0 {
            problem.span = problem.span.or_else(|| Some(source.span(&problem.pointer)));
        }
        self.0.sort_by_key(|problem| problem.span.map(|span| span.start));
    }
}

/// The name of the implied place above all others: the covered entity.
pub fn organisation() -> Name {
    "organisation".parse().expect("a literal of the name grammar")
}
